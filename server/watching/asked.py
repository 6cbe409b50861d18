"""A question to something that may hang: asked by one at a time, and waited for only so long.

Whoever looks after a server asks most while it is ill; a thread per question would make it worse.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SilentError(Exception):
    """There was no answer, or no good one."""


class Asked(Generic[T]):
    """Asks again only when the last question was answered."""

    def __init__(self, question: Callable[[], Awaitable[T]], wait_s: float) -> None:
        self._question = question
        self._wait_s = wait_s
        self._asked: asyncio.Future[T] | None = None

    async def answer(self) -> T:
        """Return the answer. Raises `SilentError`."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._question())
            self._asked.add_done_callback(_look_at)
        asked = self._asked
        done, _ = await asyncio.wait({asked}, timeout=self._wait_s)
        if not done:
            raise SilentError
        if (error := asked.exception()) is not None:
            raise SilentError from error
        return asked.result()


def _look_at(asked: asyncio.Future[T]) -> None:
    """Nobody may wait any more for an answer that came late; a fault in it is not news then."""
    if not asked.cancelled():
        asked.exception()
