"""Limits of this process: calls, a bucket for each caller that refills, and open streams.

Generous, they stop floods only. What a device may bring in a day is counted by the book.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from server.refusals import Code, Refusal

CALLERS_MAX: Final = 10_000


class Limiter:
    """Allows `count` calls per `seconds` and caller, all at once or spread.

    The least recently seen callers are forgotten first, so a flood of addresses costs
    no memory without end; a forgotten caller starts with a full bucket.
    """

    def __init__(
        self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count = float(count)
        self._per_second = count / seconds
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one call. Raises `Refusal` when the bucket is empty."""
        now = self._clock()
        left, at = self._buckets.pop(caller, (self._count, now))
        left = min(self._count, left + (now - at) * self._per_second)
        self._buckets[caller] = (max(left - 1, 0) if left >= 1 else left, now)
        if len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        if left < 1:
            seconds = max(1, round((1 - left) / self._per_second))
            raise Refusal(Code.TOO_MANY, retry_after=seconds, seconds=seconds)


class Streams:
    """The open streams of each device: the oldest gives way to one too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, list[asyncio.Event]] = {}
        self._ended = False

    def begin(self, device: str) -> asyncio.Event:
        """Open a stream; it is over when the event is set."""
        over = asyncio.Event()
        if self._ended:
            over.set()
        mine = self._open.setdefault(device, [])
        mine.append(over)
        if len(mine) > self._most:
            mine[0].set()
            del mine[0]
        return over

    def finish(self, device: str, over: asyncio.Event) -> None:
        """Forget a stream that is over, whoever ended it."""
        left = [one for one in self._open.get(device, ()) if one is not over]
        if left:
            self._open[device] = left
        else:
            self._open.pop(device, None)

    def end_all(self) -> None:
        """End every stream, and those that come: the server begins to close."""
        self._ended = True
        for over in [one for mine in self._open.values() for one in mine]:
            over.set()
