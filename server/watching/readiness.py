"""Whether the server can do its work now, and if not, why: for balancers, and for who is called.

Anybody may ask, so an answer costs little however often it is asked for, and says one word.
"""

import shutil
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from server.book import Book
from server.migrations import newest_step, step_of
from server.refusals import Code
from server.settings import Settings
from server.watching.asked import Asked, SilentError

KEPT_S: Final = 1.0
DATABASE_S: Final = 3.0
"""A database that says nothing for so long is as good as gone."""

STUCK_S: Final = 30.0
"""The longest that one transaction may take: SQLite itself gives up after 15."""


class Readiness:
    """Looks at what the work needs, at most once a second."""

    def __init__(
        self, settings: Settings, book: Book, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._book = book
        self._clock = clock
        self._newest = newest_step()
        self._step = Asked(lambda: book.read(step_now), DATABASE_S)
        self._at = -KEPT_S
        self._last: Code | None = None
        self.stopping = False
        """Set as soon as the server is told to stop."""

    async def fault(self) -> Code | None:
        """Return why the server cannot work now, None when it can."""
        if self.stopping:
            return Code.STOPPING
        if self._clock() - self._at >= KEPT_S:
            self._last = await self._look()
            self._at = self._clock()
        return self._last

    async def _look(self) -> Code | None:
        if self._book.is_stuck(STUCK_S):
            return Code.WRITER_STUCK
        room = shutil.disk_usage(self._settings.data).free
        if room < self._settings.disk_free_mb * 2**20:
            return Code.DISK_LOW
        try:
            step = await self._step.answer()
        except SilentError:
            return Code.DATABASE_SILENT
        return None if step == self._newest else Code.TABLES_OTHER


def step_now(connection: Connection) -> str | None:
    """Look at which step the tables are."""
    return step_of(connection)
