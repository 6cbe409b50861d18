"""What goes wrong below the book, in our words: the databases say it in their own."""

import sqlite3
from typing import Final

import psycopg
import sqlalchemy as sa


class BusyError(Exception):
    """Too much is waiting, or the database is not there; try again after `retry_after_ms`."""

    def __init__(self, retry_after_ms: int = 1_000) -> None:
        super().__init__("too many pushes are waiting")
        self.retry_after_ms = retry_after_ms


class StorageFullError(Exception):
    """The disk is full: nothing was written, the devices keep their queues."""


_FULL: Final = {"53100", "58030"}
"""PostgreSQL's codes: the disk is full, or does not write any more."""

_PASSING: Final = ("08", "40", "53", "57", "25P03", "25006", "55P03")
"""What passes: lost connections, deadlocks, too many clients, timeouts, restarts, a standby."""


def named(error: Exception) -> Exception:
    """Name a full disk, and a database that is held by others or cannot be reached."""
    if isinstance(error, sa.exc.TimeoutError):
        return BusyError()
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    words = str(cause)
    if isinstance(cause, sqlite3.OperationalError):
        if "disk is full" in words or "disk I/O error" in words:
            return StorageFullError(words)
        if "database is locked" in words:
            return BusyError()
    if isinstance(cause, psycopg.OperationalError | psycopg.errors.InternalError_):
        if cause.sqlstate in _FULL:
            return StorageFullError(words)
        if cause.sqlstate is None or cause.sqlstate.startswith(_PASSING):
            return BusyError()
    return error


def is_cut(error: Exception) -> bool:
    """Say whether the connection was lost: nothing of an open transaction has been written."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
