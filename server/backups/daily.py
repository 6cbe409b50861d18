"""A backup every day, as long as the server runs, and what the devices may forget by it."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

import anyio
from anyio import to_process, to_thread

from server.backups.durable import durable_through
from server.backups.making import make_backup, unproved_words
from server.backups.shelf import backups_in, is_same_volume, unproved_in
from server.book import Book
from server.settings import Settings

LOG: Final = logging.getLogger("bincard.backup")

DAY_MS: Final = 86_400_000
FIRST_MS: Final = 300_000
"""A server that has just started has devices to answer first."""

AGAIN_MS: Final = 3_600_000
"""After a failure, say for want of room."""

LOOK_S: Final = 60


def due_at(newest: int | None, started: int, failed: int | None) -> int:
    """Return when the next backup is due: a day after the last one, an hour after a failure."""
    due = started if newest is None else newest + DAY_MS
    after = started if failed is None else failed + AGAIN_MS - FIRST_MS
    return max(due, after + FIRST_MS)


class Keeper:
    """Makes what is due, and tells the book what is safe."""

    def __init__(self, settings: Settings, book: Book, now: Callable[[], int]) -> None:
        self._settings = settings
        self._book = book
        self._now = now
        self._started = now()
        self._failed: int | None = None

    async def keep(self) -> None:
        """Go on for ever."""
        if warning := same_volume_warning(self._settings):
            LOG.warning("%s", warning)
        while True:
            await self.turn()
            await anyio.sleep(LOOK_S)

    async def turn(self) -> None:
        """Look at the shelf once; make a backup when one is due.

        Nothing that fails may get out of here: it would end the server's other tasks with it.
        """
        try:
            await self._turn()
        except Exception:
            LOG.exception("the backups could not be looked after; the next try is in a minute")

    async def _turn(self) -> None:
        newest = await self._look()
        if self._now() < due_at(newest, self._started, self._failed):
            return
        doubt = self._book.clock.doubt()
        if doubt is not None and doubt.refuses:
            # It would be the newest one for as long as the clock was ahead.
            return
        if not await self._book.leads():
            return
        try:
            # In a process of its own: replaying the ledger must not slow the answers down. A
            # server that is told to stop ends it, and the next backup sweeps up what is left.
            made = await to_process.run_sync(
                make_backup, self._settings, self._settings.backup_folder, self._now(),
                cancellable=True,
            )  # fmt: skip
        except Exception:
            self._failed = self._now()
            LOG.exception("no backup was made; the next try is in an hour")
        else:
            self._failed = None
            if not made.note.proved:
                LOG.error("%s", unproved_words(made))
            await self._look()

    async def _look(self) -> int | None:
        """Tell the book what two backups have; return when the newest copy was made.

        One from the future was made while the clock was wrong: it says nothing of when. One that
        does not replay is a copy all the same: the next would be no better.
        """
        folder = self._settings.backup_folder
        shelf = await to_thread.run_sync(backups_in, folder)
        unproved = await to_thread.run_sync(unproved_in, folder)
        if self._settings.backups is not None:
            safe = await self._book.read(partial(durable_through, backups=shelf))
            self._book.tell_durable(safe)
        now = self._now()
        made = [one.note.made for one in (*shelf, *unproved) if one.note.made <= now]
        return max(made, default=None)


def same_volume_warning(settings: Settings) -> str | None:
    """Return what to say when data and backups would be lost with the same disk."""
    if not settings.is_file:
        return None
    folder, data = settings.backups, settings.database_file.parent
    if folder is None or not folder.exists() or not data.exists():
        return None
    if not is_same_volume(data, folder):
        return None
    return (
        f"The backups in {folder} are on the same disk as the database: one broken disk takes "
        "both. Let BINCARD_BACKUP_DIR name a folder on another one."
    )
