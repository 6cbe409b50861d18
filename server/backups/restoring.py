"""Puts a backup back: proved first, then placed whole, with the old data moved aside.

Everything happens in a copy beside the database, which takes its name at the very end; whatever
fails before leaves the data folder as it was. The copy begins a new epoch, so that every device
sends again what it kept since.
"""

import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from anyio import to_thread
from msgspec import Struct

from server.backups.certificates import Certificates, certificates_of, write_tls
from server.backups.copying import CopyError, copy_book
from server.backups.making import FAULTS_SHOWN, one_file, read_back, said_plainly
from server.backups.shelf import (
    DRAFT,
    Backup,
    BackupError,
    backups_in,
    digest_of,
    fingerprint,
    sync_file,
    sync_folder,
    unproved_in,
    write_safely,
)
from server.book import Book
from server.migrations import is_known, migrate
from server.settings import Settings, token_key
from server.tls.store import TlsStore

COMPANIONS: Final = ("-wal", "-shm", "-journal")


class Restored(Struct, frozen=True):
    """What was put back: its epoch by site, and where the data of before lie.

    `faults` is what its replay found, empty where it is proved; `certificates` what came back for
    https.
    """

    backup: Backup
    epochs: dict[str, int]
    aside: tuple[Path, ...]
    faults: tuple[str, ...] = ()
    certificates: Certificates = Certificates()


UNPROVED: Final = (
    "{name} is unproved: its ledger did not replay when it was made ({number} differences), so "
    "stock, progress or open decisions in it may be wrong, though every record of its log is "
    "there. Take an older one, or add --unproved to put it back all the same and run bincard "
    "repair then."
)


def find_backup(source: Path, *, unproved: bool = False) -> Backup:
    """Return the backup that is meant: a folder means its newest. Raises `BackupError`.

    What did not replay is none, but for who asks for `unproved` ones as well.
    """
    if not source.exists():
        raise BackupError(f"There is no {source}. Name the folder of the backups, or one of them.")
    folder = source if source.is_dir() else source.parent
    shelf = sorted(
        (*backups_in(folder), *unproved_in(folder)), key=lambda one: one.note.made, reverse=True
    )
    found = shelf if source.is_dir() else [one for one in shelf if one.name == source.stem]
    usable = [one for one in found if unproved or one.note.proved]
    if usable:
        return usable[0]
    if found:
        raise BackupError(UNPROVED.format(name=found[0].name, number=found[0].note.differences))
    if source.is_dir():
        raise BackupError(f"{source} holds no backup: none has a note that says it was proved.")
    raise BackupError(
        f"{source} has no note beside it ({source.stem}.json), so nobody knows whether it is "
        "whole. Name another backup, or the folder."
    )


async def restore(
    settings: Settings, source: Path, now: int, *, replace: bool, unproved: bool = False
) -> Restored:
    """Put a backup in place. Raises `BackupError`; then nothing was changed.

    With `unproved` one that does not replay is put back as well.
    """
    backup = find_backup(source, unproved=unproved)
    _check_version(backup)
    key = _key_of(backup, settings, replace=replace)
    tls = certificates_of(backup, settings.data, replace=replace)
    here = settings.database_file.parent if settings.is_file else settings.data
    if settings.is_file and settings.database_file.exists() and not replace:
        raise BackupError(
            f"There is a database at {settings.database_file}. If it is broken or not wanted any "
            "more, run this again with --replace: it is moved aside, not deleted."
        )
    with _drafted(backup, here / f"restored{DRAFT}", unproved=unproved) as draft:
        faults = _prove(draft, unproved=unproved)
        epochs = await _begin_epoch(draft, key, now, _least_epoch(backup, settings))
        if settings.is_file:
            old = [*_with_companions(settings.database_file), *_old_tls(settings, tls)]
            aside = _set_aside(settings, old, key, now)
            draft.replace(settings.database_file)
            sync_folder(here)
        else:
            await _fill_server(settings, draft, proved=not faults)
            aside = _set_aside(settings, _old_tls(settings, tls), key, now)
        if not settings.token_key_file.exists():
            write_safely(settings.token_key_file, key)
        write_tls(tls, settings.data)
    return Restored(backup, epochs, aside, faults, tls)


def _prove(draft: Path, *, unproved: bool) -> tuple[str, ...]:
    """Replay what is to be put back; return the faults that are put up with."""
    faults = read_back(draft).faults
    if faults and not unproved:
        shown = "\n".join(faults[:FAULTS_SHOWN])
        raise BackupError(
            f"The ledger in {draft} does not replay ({len(faults)} differences), though it did "
            "when the backup was made. Take an older one, or add --unproved to put it back all "
            f"the same and run bincard repair then.\n{shown}"
        )
    return faults


async def _fill_server(settings: Settings, draft: Path, *, proved: bool) -> None:
    """Copy it into a PostgreSQL; what is there already stays."""
    copy = partial(copy_book, f"sqlite:///{draft}", settings.database, proved=proved)
    try:
        await to_thread.run_sync(copy)
    except CopyError as error:
        raise BackupError(
            f"{error} (Make a new database and name it in BINCARD_DATABASE; the one of now "
            "keeps what it has.)"
        ) from error


def _check_version(backup: Backup) -> None:
    if not is_known(backup.note.step):
        raise BackupError(
            f"{backup.database} was written by a newer Bincard ({backup.note.program}, tables at "
            f"step {backup.note.step}). Install that version, then restore."
        )


def _key_of(backup: Backup, settings: Settings, *, replace: bool) -> bytes:
    """Return the key that the backup belongs to: without it no device would be known."""
    here = settings.token_key_file
    if here.exists():
        key = token_key(here)
        if fingerprint(key) == backup.note.key:
            return key
        if not replace:
            raise BackupError(
                f"{here} is not the key of this backup: the devices would not be known. Run this "
                "again with --replace to put the backup's key there; the one of now is moved aside."
            )
    if not backup.key.exists():
        raise BackupError(
            f"The key of this backup is missing: {backup.key.name} belongs beside it, or as "
            f"{here}. Without it every device must be enrolled again."
        )
    key = backup.key.read_bytes()
    if fingerprint(key) != backup.note.key:
        raise BackupError(f"{backup.key} is damaged: it is not the key of this backup.")
    return key


@contextmanager
def _drafted(backup: Backup, draft: Path, *, unproved: bool) -> Generator[Path]:
    """Copy the file and prove that it is what was written; whatever fails, none is left."""
    with said_plainly(draft.parent):
        draft.parent.mkdir(parents=True, exist_ok=True)
        _remove(draft)
        try:
            _copy(backup, draft, unproved=unproved)
            yield draft
        finally:
            _remove(draft)


def _copy(backup: Backup, draft: Path, *, unproved: bool) -> None:
    shutil.copyfile(backup.database, draft)
    draft.chmod(0o600)
    if digest_of(draft) != backup.note.sha256:
        raise BackupError(
            f"{backup.database} is damaged: it is not what was written on "
            f"{datetime.fromtimestamp(backup.note.made / 1000, UTC):%Y-%m-%d}. "
            "Name an older backup."
        )
    migrate(f"sqlite:///{draft}", unproved=unproved)
    one_file(draft)


async def _begin_epoch(draft: Path, key: bytes, now: int, least: int) -> dict[str, int]:
    book = Book(f"sqlite:///{draft}", key, lambda: now)
    book.start()
    try:
        epochs = await book.restored(least)
    finally:
        book.close()
    one_file(draft)
    sync_file(draft)
    return epochs


def _least_epoch(backup: Backup, settings: Settings) -> int:
    """Return an epoch that nobody can have seen yet: numbers of lots are named after it."""
    shelf = (*backups_in(backup.folder), *unproved_in(backup.folder))
    notes = [one.note for one in shelf]
    seen = [mark.epoch for note in notes for mark in note.sites]
    with suppress(sqlite3.Error, OSError):
        if settings.is_file and (target := settings.database_file).exists():
            with closing(sqlite3.connect(f"file:{target}?mode=ro", uri=True)) as old:
                seen += [row[0] for row in old.execute("SELECT epoch FROM site")]
    seen += [used.epoch for used in _used(backup.folder)]
    least = max(seen, default=1) + 1
    with suppress(OSError):
        # A folder that cannot be written to costs nothing but this note.
        write_safely(backup.folder / f"epoch-{least}.used", msgspec.json.encode(_Used(least)))
    return least


class _Used(Struct, frozen=True):
    epoch: int


def _used(folder: Path) -> Iterator[_Used]:
    for path in folder.glob("epoch-*.used"):
        with suppress(OSError, msgspec.MsgspecError):
            yield msgspec.json.decode(path.read_bytes(), type=_Used)


def _set_aside(settings: Settings, old: list[Path], key: bytes, now: int) -> tuple[Path, ...]:
    """Move what the backup replaces, and another key, into folders beside them; delete nothing.

    Each stays on its disk: to another one it could not be moved at once, or not at all.
    """
    here = settings.token_key_file
    moved = [path for path in (*old, here) if path.exists()]
    if here in moved and here.read_bytes() == key:
        moved.remove(here)
    name = f"replaced-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%SZ}"
    folders = tuple(dict.fromkeys(path.parent / name for path in moved))
    for aside in folders:
        aside.mkdir(mode=0o700)
    for path in moved:
        path.rename(path.parent / name / path.name)
    for aside in folders:
        sync_folder(aside)
    return folders


def _old_tls(settings: Settings, certificates: Certificates) -> list[Path]:
    """Return the folder that other certificates take the place of."""
    return [TlsStore(settings.data).folder] if certificates.files else []


def _with_companions(path: Path) -> list[Path]:
    return [path, *(path.with_name(f"{path.name}{end}") for end in COMPANIONS)]


def _remove(draft: Path) -> None:
    for path in _with_companions(draft):
        path.unlink(missing_ok=True)
