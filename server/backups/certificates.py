"""The authority that phones trust goes along with the backups, and comes back with a restore.

Without it every phone would have to be taught to trust another one. Like the token key each file
stands beside the backups once, named by what is in it, and is for its owner's eyes; a note names
the two that were in use.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from server.backups.shelf import Backup, BackupError, backups_in, unproved_in, write_safely
from server.tls.store import AUTHORITY, SERVER, TlsStore

FILES: Final = (AUTHORITY, SERVER)
PREFIX: Final = "tls-"
MARK: Final = 16
"""Letters of a name that tell one content from every other."""

_OURS: Final = re.compile(r"tls-(authority|server)-[0-9a-f]{16}\.pem")


class Certificates(Struct, frozen=True):
    """What goes into `DATA/tls`, by the names of its files; `missing` is what was not found."""

    files: Mapping[str, bytes] = {}
    missing: tuple[str, ...] = ()


def put_tls(folder: Path, data: Path) -> dict[str, str]:
    """Keep what a data folder speaks https with beside the backups; return the files' marks."""
    marks = {}
    for name in FILES:
        file = TlsStore(data).folder / name
        if file.is_file():
            content = file.read_bytes()
            marks[name] = _mark(content)
            kept = file_on_shelf(folder, name, marks[name])
            if not kept.exists() or kept.read_bytes() != content:
                write_safely(kept, content)
    return marks


def sweep_tls(folder: Path) -> None:
    """Let go of what no note names any more: a private key that is of no use is only a danger."""
    notes = [one.note.tls for one in (*backups_in(folder), *unproved_in(folder))]
    named = {file_on_shelf(folder, *one) for marks in notes for one in marks.items()}
    for file in folder.glob(f"{PREFIX}*.pem"):
        # The folder may be one that others use too.
        if file not in named and _OURS.fullmatch(file.name):
            file.unlink(missing_ok=True)


def certificates_of(backup: Backup, data: Path, *, replace: bool) -> Certificates:
    """Return what a restore must put into the data folder: nothing where it is there already.

    Raises `BackupError` where phones trust another authority than the one that lies there.
    """
    store, marks = TlsStore(data), backup.note.tls
    read = {name: _content(backup, name, mark) for name, mark in marks.items()}
    found = {name: content for name, content in read.items() if content is not None}
    missing = tuple(read.keys() - found.keys())
    # The same authority may have signed a newer certificate here.
    is_here = AUTHORITY in found and _mark(_lying(store, AUTHORITY)) == marks[AUTHORITY]
    if AUTHORITY in missing or is_here:
        return Certificates(missing=missing)
    if found and any(_lying(store, name) for name in FILES) and not replace:
        raise BackupError(
            f"The phones that this backup knows trust another authority than the one in "
            f"{store.folder}: they would be warned of this server. Run this again with --replace "
            "to put the backup's there; the one of now is moved aside."
        )
    return Certificates(found, missing)


def write_tls(certificates: Certificates, data: Path) -> None:
    """Put them in place, for the owner's eyes alone."""
    if certificates.files:
        folder = TlsStore(data).folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in certificates.files.items():
            write_safely(folder / name, content)


def carry_tls(backup: Backup, away: Path) -> None:
    """Copy them to another folder, as somebody does who takes a backup off the premises."""
    for one in backup.note.tls.items():
        file = file_on_shelf(backup.folder, *one)
        if file.exists():
            shutil.copy2(file, file_on_shelf(away, *one))


def file_on_shelf(folder: Path, name: str, mark: str) -> Path:
    """Return where a file stands on the shelf: `tls-authority-MARK.pem`."""
    return folder / f"{PREFIX}{Path(name).stem}-{mark}.pem"


def _lying(store: TlsStore, name: str) -> bytes:
    """Return a file of the data folder; nothing where there is none."""
    file = store.folder / name
    return file.read_bytes() if file.is_file() else b""


def _content(backup: Backup, name: str, mark: str) -> bytes | None:
    """Return a file as it was written; None where it is gone, or damaged."""
    file = file_on_shelf(backup.folder, name, mark)
    content = file.read_bytes() if file.is_file() else b""
    return content if _mark(content) == mark else None


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:MARK]
