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
from pathlib import Path
from typing import Final

import msgspec
from anyio import to_thread
from msgspec import Struct

from server.backups.copying import CopyError, copy_book
from server.backups.making import one_file, read_back, said_plainly
from server.backups.shelf import (
    DRAFT,
    Backup,
    BackupError,
    backups_in,
    digest_of,
    fingerprint,
    sync_file,
    sync_folder,
    write_safely,
)
from server.book import Book
from server.migrations import is_known, migrate
from server.settings import Settings, token_key

COMPANIONS: Final = ("-wal", "-shm", "-journal")


class Restored(Struct, frozen=True):
    """What was put back: its epoch by site, and where the data of before lie."""

    backup: Backup
    epochs: dict[str, int]
    aside: tuple[Path, ...]


def find_backup(source: Path) -> Backup:
    """Return the backup that is meant: a folder means its newest. Raises `BackupError`."""
    if not source.exists():
        raise BackupError(f"There is no {source}. Name the folder of the backups, or one of them.")
    if source.is_dir():
        shelf = backups_in(source)
        if not shelf:
            raise BackupError(f"{source} holds no backup: none has a note that says it was proved.")
        return shelf[0]
    found = [one for one in backups_in(source.parent) if one.name == source.stem]
    if not found:
        raise BackupError(
            f"{source} has no note beside it ({source.stem}.json), so nobody knows whether it is "
            "whole. Name another backup, or the folder."
        )
    return found[0]


async def restore(settings: Settings, source: Path, now: int, *, replace: bool) -> Restored:
    """Put a backup in place. Raises `BackupError`; then nothing was changed."""
    backup = find_backup(source)
    _check_version(backup)
    key = _key_of(backup, settings, replace=replace)
    here = settings.database_file.parent if settings.is_file else settings.data
    if settings.is_file and settings.database_file.exists() and not replace:
        raise BackupError(
            f"There is a database at {settings.database_file}. If it is broken or not wanted any "
            "more, run this again with --replace: it is moved aside, not deleted."
        )
    with _drafted(backup, here / f"restored{DRAFT}") as draft:
        epochs = await _begin_epoch(draft, key, now, _least_epoch(backup, settings))
        if settings.is_file:
            aside = _set_aside(settings, _with_companions(settings.database_file), key, now)
            draft.replace(settings.database_file)
            sync_folder(here)
        else:
            await _fill_server(settings, draft)
            aside = _set_aside(settings, [], key, now)
        if not settings.token_key_file.exists():
            write_safely(settings.token_key_file, key)
    return Restored(backup, epochs, aside)


async def _fill_server(settings: Settings, draft: Path) -> None:
    """Copy it into a PostgreSQL; what is there already stays."""
    try:
        await to_thread.run_sync(copy_book, f"sqlite:///{draft}", settings.database)
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
def _drafted(backup: Backup, draft: Path) -> Generator[Path]:
    """Copy the file and prove the copy, its bytes and its ledger; whatever fails, none is left."""
    with said_plainly(draft.parent):
        draft.parent.mkdir(parents=True, exist_ok=True)
        _remove(draft)
        try:
            _copy(backup, draft)
            yield draft
        finally:
            _remove(draft)


def _copy(backup: Backup, draft: Path) -> None:
    shutil.copyfile(backup.database, draft)
    draft.chmod(0o600)
    if digest_of(draft) != backup.note.sha256:
        raise BackupError(
            f"{backup.database} is damaged: it is not what was written on "
            f"{datetime.fromtimestamp(backup.note.made / 1000, UTC):%Y-%m-%d}. "
            "Name an older backup."
        )
    migrate(f"sqlite:///{draft}")
    one_file(draft)
    read_back(draft)


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
    notes = [one.note for one in backups_in(backup.folder)]
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


def _with_companions(path: Path) -> list[Path]:
    return [path, *(path.with_name(f"{path.name}{end}") for end in COMPANIONS)]


def _remove(draft: Path) -> None:
    for path in _with_companions(draft):
        path.unlink(missing_ok=True)
