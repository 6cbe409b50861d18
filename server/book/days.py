"""Which day it is at a site: the rules ask for it, and may not read time zones themselves."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.state import utc_day


@cache
def days_in(zone: str) -> Callable[[int], str]:
    """Return what tells the day of a time in a zone; one that nobody knows is taken for UTC."""
    try:
        here = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return utc_day

    def day_of(ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(here).date().isoformat()

    return day_of
