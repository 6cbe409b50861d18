"""Which day it is at a site: the rules ask for it, and may not read time zones themselves."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.state import utc_day

_QUARTER_MS: Final = 900_000
"""No zone changes its clocks, and no day begins, within a quarter of an hour."""


@cache
def days_in(zone: str) -> Callable[[int], str]:
    """Return what tells the day of a time in a zone; one that nobody knows is taken for UTC."""
    try:
        here = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return utc_day

    @lru_cache(maxsize=4_096)
    def day_of_quarter(quarter: int) -> str:
        moment = datetime.fromtimestamp(quarter * _QUARTER_MS // 1000, UTC)
        return moment.astimezone(here).date().isoformat()

    return lambda ms: day_of_quarter(ms // _QUARTER_MS)


def starts(zone: str, day: str) -> int:
    """Return when a day begins in a zone, in ms since 1970 UTC.

    Looked for among the quarters around its midnight in UTC: some days begin at one o'clock.
    """
    day_of = days_in(zone)
    midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    quarters = range(midnight - 16 * 3_600_000, midnight + 16 * 3_600_000, _QUARTER_MS)
    return quarters[bisect_left(quarters, day, key=day_of)]
