"""The clock, the key and the book of this installation, for the server and for every command.

Nothing else reads the clock or the token key. Commands need no more than this: loading what
answers requests would take them longer than their work.
"""

import time
from collections.abc import Callable

from server.book import Book, Daily
from server.book.clock import steady_ms
from server.migrations import check_schema
from server.settings import Settings, token_key


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def open_book(settings: Settings, now: Callable[[], int] = now_ms) -> Book:
    """Return the book of this installation. Raises `SchemaOld` or `SettingsInvalid`."""
    check_schema(settings.database)
    steady = steady_ms if now is now_ms else None
    key = token_key(settings.token_key_file)
    return Book(settings.database, key, now, daily_of(settings), steady)


def daily_of(settings: Settings) -> Daily:
    """Return what one device may bring in a day."""
    return Daily(
        operations=settings.day_operations, bytes=settings.day_mb * 2**20,
        opened=settings.day_discrepancies, blocks=settings.day_blocks,
        revoked_days=settings.revoked_days,
    )  # fmt: skip
