"""Rate limits: a bucket per caller that refills steadily. Generous, they stop floods only."""

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
