"""The folder where backups stand: each a database file, and beside it what is known of it.

The note (`.json`) is written last, after the file was read back and replayed: a backup without a
note is none. The token key stands beside them as a file of its own, once per key.

What does not replay is kept as well, under another name and with a note that says what differs:
the facts are in its log, but no device forgets anything by it, and no proved one makes room for it.
"""

import hashlib
import hmac
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

KEPT: Final = 14
UNPROVED_KEPT: Final = 3
PREFIX: Final = "bincard-"
UNPROVED: Final = "unproved-"
"""What begins the name of a copy that does not replay: older programs do not take it for one."""
DRAFT: Final = ".draft"


class BackupError(ValueError):
    """A backup that could not be made or put back; the message says what to do."""


class Mark(Struct, frozen=True):
    """How far a site's log went when the backup was made."""

    site: str
    epoch: int
    seq: int
    link: str


class Note(Struct, frozen=True, omit_defaults=True):
    """What is known of a backup: `made` in ms UTC, `step` of its tables, `key` it belongs to.

    `differences` is how many the replay found, 0 where it is proved; `faults` are the first. `tls`
    names the files that it spoke https with, by their marks.
    """

    made: int
    program: str
    step: str
    key: str
    bytes: int
    sha256: str
    sites: tuple[Mark, ...]
    differences: int = 0
    faults: tuple[str, ...] = ()
    tls: dict[str, str] = {}

    @property
    def proved(self) -> bool:
        return not self.differences


class Backup(Struct, frozen=True):
    """A copy on the shelf with what is known of it; proved, but for those that are asked for by
    `unproved_in`.
    """  # noqa: D205 - one sentence on two lines

    folder: Path
    name: str
    note: Note

    @property
    def database(self) -> Path:
        return self.folder / f"{self.name}.db"

    @property
    def key(self) -> Path:
        return key_file(self.folder, self.note.key)

    def mark(self, site: str) -> Mark | None:
        return next((mark for mark in self.note.sites if mark.site == site), None)


def name_for(made: int, *, proved: bool = True) -> str:
    """Return the name of a backup: its time, so that names sort as backups do."""
    moment = datetime.fromtimestamp(made / 1000, UTC)
    return f"{PREFIX if proved else UNPROVED}{moment:%Y%m%dT%H%M%S}{made % 1000:03}Z"


def backups_in(folder: Path) -> list[Backup]:
    """Return the backups of a folder, the newest first; what has no readable note is none."""
    return [one for one in _noted(folder, PREFIX) if one.note.proved]


def unproved_in(folder: Path) -> list[Backup]:
    """Return what was copied to a folder and did not replay, the newest first."""
    return [one for one in _noted(folder, UNPROVED) if not one.note.proved]


def unproved_now(folder: Path) -> Backup | None:
    """Return the newest copy if it is unproved: then the ledger of today has no backup."""
    unproved, proved = unproved_in(folder)[:1], backups_in(folder)[:1]
    made = proved[0].note.made if proved else 0
    return unproved[0] if unproved and unproved[0].note.made > made else None


def _noted(folder: Path, prefix: str) -> list[Backup]:
    found = []
    for path in folder.glob(f"{prefix}*.json"):
        try:
            note = msgspec.json.decode(path.read_bytes(), type=Note)
        except (OSError, msgspec.MsgspecError):
            continue
        backup = Backup(folder, path.stem, note)
        if backup.database.is_file():
            found.append(backup)
    return sorted(found, key=lambda backup: (backup.note.made, backup.name), reverse=True)


def put_note(backup: Backup) -> None:
    """Write what is known of a backup: from now on it counts."""
    path = backup.folder / f"{backup.name}.json"
    write_safely(path, msgspec.json.format(msgspec.json.encode(backup.note)))


def keep_newest(folder: Path, kept: int = KEPT) -> None:
    """Let go of the oldest backups, each note first; and of drafts that a crash left behind.

    What is unproved has few places of its own: however often it fails, no proved one goes for it.
    """
    for old in (*backups_in(folder)[kept:], *unproved_in(folder)[UNPROVED_KEPT:]):
        (folder / f"{old.name}.json").unlink()
        old.database.unlink()
    copies = (*backups_in(folder), *unproved_in(folder))
    newest = name_for(max((backup.note.made for backup in copies), default=0))
    for draft in folder.glob(f"{PREFIX}*{DRAFT}*"):
        if draft.name < newest:
            draft.unlink(missing_ok=True)


def fingerprint(key: bytes) -> str:
    """Return what names a key without telling anything of it."""
    return hmac.digest(key, b"which key is this", "sha256").hex()[:16]


def key_file(folder: Path, mark: str) -> Path:
    """Return where a key stands on the shelf; another key never takes its place."""
    return folder / f"token-{mark}.key"


def put_key(folder: Path, key: bytes) -> None:
    """Keep the key beside the backups, readable by its owner only."""
    path = key_file(folder, fingerprint(key))
    if not path.exists() or path.read_bytes() != key:
        write_safely(path, key)


def write_safely(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner's eyes, and through to the disk."""
    draft = path.with_name(f"{path.name}{DRAFT}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Bring what was written through to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


sync_folder = sync_file
"""A new name is safe once its folder is on the disk too."""


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file as it is read back."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_same_volume(one: Path, two: Path) -> bool:
    """Say whether two folders would be lost together with one disk."""
    return one.stat().st_dev == two.stat().st_dev
