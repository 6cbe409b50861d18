"""Makes a backup while the server works, and believes it only after having replayed it.

SQLite copies one consistent picture while others write; PostgreSQL is copied row by row into such
a file, so a backup needs no tool and goes back into either. The copy is read back, its ledger is
replayed like `bincard verify` does it, and only then it gets its name and its note. What does not
replay is kept under another name: a ledger that is not understood is no reason to have none.
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
from msgspec import Struct

from server.backups.certificates import put_tls, sweep_tls
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
from server.migrations import check_schema, newest_step, step_of
from server.settings import Settings, token_key

FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FAULTS_SHOWN: Final = 5


def make_backup(settings: Settings, folder: Path, now: int) -> Backup:
    """Copy the database, the key and what https needs to a folder.

    Raises `BackupError` and `SchemaOld`. Its note says whether it is proved.
    """
    check_schema(settings.database)
    key = token_key(settings.token_key_file)
    with said_plainly(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        put_key(folder, key)
        tls = put_tls(folder, settings.data)
        draft = folder / f"{name_for(now)}{DRAFT}"
        try:
            _draft(settings, draft)
            proof = read_back(draft)
            note = Note(now, version("bincard"), proof.step, fingerprint(key), draft.stat().st_size,
                        digest_of(draft), proof.sites, len(proof.faults),
                        proof.faults[:FAULTS_SHOWN], tls)  # fmt: skip
            backup = Backup(folder, name_for(now, proved=note.proved), note)
            draft.replace(backup.database)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(folder)
        put_note(backup)
        keep_newest(folder)
        sweep_tls(folder)
    return backup


def unproved_words(backup: Backup) -> str:
    """Say what a copy that does not replay is worth, and what to do."""
    shown = "\n".join(backup.note.faults)
    return (
        f"UNPROVED: {backup.database} was kept, but its ledger does not replay "
        f"({backup.note.differences} differences). It is no backup: devices forget nothing by it, "
        "and the proved ones stay. bincard verify shows all differences, bincard repair puts right "
        f"what follows from the ledger; then make another one.\n{shown}"
    )


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


class Proof(Struct, frozen=True):
    """What a copy says of itself when it is read back; `faults` is empty where it is proved."""

    step: str
    sites: tuple[Mark, ...]
    faults: tuple[str, ...]


def read_back(path: Path) -> Proof:
    """Replay a copy of the database. Whatever cannot be read in it is a fault, and never raised."""
    engine = sa.create_engine(f"sqlite:///file:{quote(str(path))}?mode=ro&immutable=1&uri=true")
    try:
        with engine.connect() as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            faults = [] if sound == "ok" else [f"the file is damaged: {sound}"]
            row = table("site").c
            found = connection.execute(sa.select(row.site, row.epoch, row.seq, row.link)).all()
            step = step_of(connection) or ""
            for site in found:
                faults += [f"{site.site}: {fault}" for fault in verify_site(connection, site.site)]
    except sa.exc.DatabaseError as error:
        return Proof(newest_step(), (), (f"it cannot be read as a database: {error.orig}",))
    finally:
        engine.dispose()
    return Proof(step, tuple(Mark(*site) for site in found), tuple(faults))


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
