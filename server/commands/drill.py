"""The fire drill of the backups: one is made, carried away, put back elsewhere and replayed.

It works in a scratch folder beside no device, and leaves the live site and its backups as they
are: the restored site begins its epoch in the scratch folder and goes with it.
"""

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from anyio import to_thread
from sqlalchemy import Connection

from server.backups.certificates import carry_tls
from server.backups.making import make_backup, unproved_words
from server.backups.restoring import find_backup, restore
from server.backups.shelf import Backup, BackupError, Mark, fingerprint
from server.book.rows import table
from server.commands.backups import described
from server.commands.said import Said
from server.installation import now_ms, open_book
from server.settings import Settings, token_key


class Steps:
    """What was done, how long each took, and what did not fit."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.faults: list[str] = []
        self._began = time.perf_counter()

    def done(self, what: str) -> None:
        now = time.perf_counter()
        self.lines.append(f"{now - self._began:6.1f} s  {what}")
        self._began = now

    def report(self) -> Said:
        if self.faults:
            end = "The drill FAILED:\n" + "\n".join(f"- {fault}" for fault in self.faults)
        else:
            end = "The drill went well: this backup can be put back."
        return Said("\n".join([*self.lines, end]), exit_code=1 if self.faults else 0)


async def drill(settings: Settings, source: Path | None) -> Said:
    """Prove a backup; raises what making or restoring one raises."""
    steps = Steps()
    with tempfile.TemporaryDirectory(prefix="bincard-drill-") as scratch:
        if source is None:
            made = await to_thread.run_sync(make_backup, settings, settings.backup_folder, now_ms())
            if not made.note.proved:
                raise BackupError(unproved_words(made))
            steps.done(f"made {made.database.name}: {described(made)}")
        else:
            made = find_backup(source)
            steps.done(f"found {made.database.name}: {described(made)}")
        away = Path(scratch) / "away"
        carried = _carry(made, away)
        steps.done("carried it to another folder with its key")
        data = Path(scratch) / "data"
        elsewhere = replace(
            settings, data=data, database=f"sqlite:///{data / 'bincard.db'}", backups=away
        )
        done = await restore(elsewhere, carried, now_ms(), replace=False)
        epochs = ", ".join(f"{site} epoch {number}" for site, number in done.epochs.items())
        steps.done(f"restored it: {epochs or 'no site yet'}")
        await _look_at_restored(elsewhere, made, steps)
        await _look_at_live(settings, made, steps)
        if fingerprint(token_key(elsewhere.token_key_file)) != made.note.key:
            steps.faults.append("the restored key is another one: no device would be known")
        if done.certificates.missing:
            steps.faults.append("what https needs is not beside it: phones would be warned")
    return steps.report()


def _carry(made: Backup, away: Path) -> Path:
    """Copy a backup as somebody does who takes it off the premises, with all that belongs to it."""
    away.mkdir(mode=0o700)
    for file in (made.database, made.folder / f"{made.name}.json", made.key):
        shutil.copy2(file, away / file.name)
    carry_tls(made, away)
    return away


async def _look_at_restored(elsewhere: Settings, made: Backup, steps: Steps) -> None:
    """Replay what was restored, and find the end of the backup on its chain."""
    book = open_book(elsewhere)
    try:
        steps.faults += [f"restored, {fault}" for fault in book.verify(None)]
        links = await book.read(lambda connection: _links(connection, made.note.sites))
    finally:
        await to_thread.run_sync(book.close)
    for mark in made.note.sites:
        if links[mark.site] != mark.link:
            steps.faults.append(f"{mark.site}: number {mark.seq} is another one than was saved")
    steps.done("replayed it: " + ("no difference" if not steps.faults else "it differs"))


async def _look_at_live(settings: Settings, made: Backup, steps: Steps) -> None:
    """Compare with the site that works: the backup must be where its log once was."""
    book = open_book(settings)
    try:
        links = await book.read(lambda connection: _links(connection, made.note.sites))
        heads = await book.read(_heads)
    finally:
        await to_thread.run_sync(book.close)
    for mark in made.note.sites:
        head = heads.get(mark.site, 0)
        if links[mark.site] != mark.link:
            steps.faults.append(f"{mark.site}: the site that works has another number {mark.seq}")
        steps.done(f"compared {mark.site}: saved to number {mark.seq:,}, now at {head:,}")
    for site in heads.keys() - {mark.site for mark in made.note.sites}:
        steps.faults.append(f"{site} is not in the backup")


def _links(connection: Connection, marks: tuple[Mark, ...]) -> dict[str, str | None]:
    log = table("log").c
    return {
        mark.site: connection.scalar(
            sa.select(log.link).where(log.site == mark.site, log.seq == mark.seq)
        )
        for mark in marks
    }


def _heads(connection: Connection) -> dict[str, int]:
    site = table("site").c
    return {row.site: row.seq for row in connection.execute(sa.select(site.site, site.seq))}
