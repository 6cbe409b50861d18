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
        if self._asked is None:
            self._asked = asyncio.ensure_future(self._question())
        done, _ = await asyncio.wait({self._asked}, timeout=self._wait_s)
        if not done:
            raise SilentError
        asked, self._asked = self._asked, None
        if (error := asked.exception()) is not None:
            raise SilentError from error
        return asked.result()
