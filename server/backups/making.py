"""Makes a backup while the server works, and believes it only after having replayed it.

SQLite copies one consistent picture while others write; PostgreSQL is copied row by row into such
a file, so a backup needs no tool and goes back into either. The copy is read back, its ledger is
replayed like `bincard verify` does it, and only then it gets its name and its note.
"""

import errno
import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa

from server.backups.copying import copy_book
from server.backups.shelf import (
    DRAFT,
    Backup,
    BackupError,
    Mark,
    Note,
    digest_of,
    fingerprint,
    keep_newest,
    name_for,
    put_key,
    put_note,
    sync_file,
    sync_folder,
)
from server.book.rows import table
from server.book.verify import verify_site
from server.migrations import check_schema, step_of
from server.settings import Settings, token_key

FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FAULTS_SHOWN: Final = 5


def make_backup(settings: Settings, folder: Path, now: int) -> Backup:
    """Copy the database and the key to a folder. Raises `BackupError` and `SchemaOld`."""
    check_schema(settings.database)
    key = token_key(settings.token_key_file)
    with said_plainly(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        put_key(folder, key)
        name = name_for(now)
        draft = folder / f"{name}{DRAFT}"
        try:
            _draft(settings, draft)
            step, marks = read_back(draft)
            note = Note(now, version("bincard"), step, fingerprint(key), draft.stat().st_size,
                        digest_of(draft), marks)  # fmt: skip
            backup = Backup(folder, name, note)
            draft.replace(backup.database)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(folder)
        put_note(backup)
        keep_newest(folder)
    return backup


def _draft(settings: Settings, draft: Path) -> None:
    """Write one consistent picture to a file; writers need not wait for it."""
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if settings.is_file:
        _copy(settings.database_file, draft)
    else:
        copy_book(settings.database, f"sqlite:///{draft}", proved=False)
        one_file(draft)
    sync_file(draft)


def one_file(path: Path) -> None:
    """Let a database be a file that needs no other beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _copy(database: Path, draft: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(draft)) as target,
    ):
        source.backup(target)
        # One file that needs no other beside it.
        target.execute("PRAGMA journal_mode=DELETE")


def read_back(path: Path) -> tuple[str, tuple[Mark, ...]]:
    """Replay a copy of the database; return the step of its tables and how far each site goes.

    Raises `BackupError` when anything in it differs.
    """
    engine = sa.create_engine(f"sqlite:///file:{quote(str(path))}?mode=ro&immutable=1&uri=true")
    try:
        with engine.connect() as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            if sound != "ok":
                raise BackupError(f"{path} is damaged: {sound}")
            row = table("site").c
            found = connection.execute(sa.select(row.site, row.epoch, row.seq, row.link)).all()
            faults = [
                f"{site.site}: {fault}"
                for site in found
                for fault in verify_site(connection, site.site)
            ]
            step = step_of(connection)
    except sa.exc.DatabaseError as error:
        raise BackupError(f"{path} cannot be read as a database: {error.orig}") from error
    finally:
        engine.dispose()
    if faults:
        shown = "\n".join(faults[:FAULTS_SHOWN])
        raise BackupError(
            f"The ledger in {path} does not replay, so it is no backup "
            f"({len(faults)} differences; bincard verify shows them all):\n{shown}"
        )
    return step or "", tuple(Mark(*site) for site in found)


@contextmanager
def said_plainly(folder: Path) -> Generator[None]:
    """Turn what the disk says into a sentence that says what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        words, number = str(error), getattr(error, "errno", None)
        if number in FULL or "disk is full" in words or "disk I/O error" in words:
            room = shutil.disk_usage(folder).free // 2**20 if folder.exists() else 0
            raise BackupError(
                f"There is no room left at {folder} ({room:,} MB free). Nothing was changed: "
                "free some space, or name another folder."
            ) from error
        raise BackupError(f"{folder}: {words}") from error
