"""Nothing hangs for ever: a silent database is cut off, and a server that stays stuck ends itself.

A process that is stopped, a network that swallows packets: the other side neither answers nor
breaks, and no time-out of the protocol ends it. Whoever restarts the service finds a free port,
and the devices send again what was not acknowledged.
"""

import logging
import os
import time
from collections.abc import Callable
from typing import Final

import anyio
import sqlalchemy as sa

from server.book import Book
from server.watching.asked import Asked, SilentError
from server.watching.systemd import tell_systemd

LOG: Final = logging.getLogger("bincard.server")

LOOK_S: Final = 5.0
ANSWER_S: Final = 3.0
BUSY_S: Final = 10.0
"""A transaction that takes longer than this is looked at; the longest honest ones take a few."""

CUT_S: Final = 20.0
"""From the first look that found it ill: so a database that hangs is cut within half a minute."""

END_S: Final = 90.0
EXIT_CODE: Final = 70


class Watchdog:
    """Looks every few seconds whether the book still answers."""

    def __init__(
        self,
        book: Book,
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._book = book
        self._clock = clock
        self._end = end
        self._answer = Asked(lambda: book.read(_one), ANSWER_S)
        self._ill_since: float | None = None
        self._cut = False

    async def keep(self) -> None:
        """Go on for ever."""
        while True:
            await self.turn()
            await anyio.sleep(LOOK_S)

    async def turn(self) -> None:
        """Look once; do what is due."""
        tell_systemd("WATCHDOG=1")
        if self._book.is_dead:
            self._give_up("nobody writes any more")
            return
        if await self._is_well():
            self._ill_since, self._cut = None, False
            return
        now = self._clock()
        self._ill_since = now if self._ill_since is None else self._ill_since
        ill = now - self._ill_since
        if ill >= END_S:
            self._give_up(f"the database has not answered for {ill:.0f} s")
        elif ill >= CUT_S and not self._cut:
            self._cut = True
            LOG.error("the database has not answered for %.0f s: all connections are cut", ill)
            self._book.cut_connections()

    async def _is_well(self) -> bool:
        try:
            await self._answer.answer()
        except SilentError:
            return False
        return not self._book.is_stuck(BUSY_S)

    def _give_up(self, why: str) -> None:
        """End at once: whatever hangs here would hang in an orderly end, too."""
        LOG.critical("%s: this process ends, to be started anew", why)
        logging.shutdown()
        self._end(EXIT_CODE)


def _one(connection: sa.Connection) -> int | None:
    one: int | None = connection.scalar(sa.text("SELECT 1"))
    return one
