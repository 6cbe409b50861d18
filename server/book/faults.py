"""What goes wrong below the book, in our words: the databases say it in their own."""

import sqlite3
from typing import Final

import psycopg
import sqlalchemy as sa

from sync.arrivals import UnreadableError


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


_CUT: Final = {"57P01", "57P02", "57P03", "57P05", "25P03"}
"""Somebody ended the connection: who looks after the server, or its patience with us."""


def named(error: Exception) -> Exception:
    """Name a full disk, and a database that is held by others or cannot be reached."""
    if isinstance(error, sa.exc.TimeoutError):
        return BusyError()
    cause = _cause(error)
    words = str(cause)
    if isinstance(cause, sqlite3.OperationalError):
        if "disk is full" in words or "disk I/O error" in words:
            return StorageFullError(words)
        if "database is locked" in words:
            return BusyError()
    if isinstance(cause, psycopg.DataError):
        # SQLite takes any text and number; what PostgreSQL does not is nothing that anybody has.
        return UnreadableError(words)
    if isinstance(cause, psycopg.OperationalError | psycopg.InternalError):
        if cause.sqlstate in _FULL:
            return StorageFullError(words)
        if cause.sqlstate is None or cause.sqlstate.startswith(_PASSING):
            return BusyError()
    return error


def is_cut(error: Exception) -> bool:
    """Say whether the connection was lost: nothing of an open transaction has been written."""
    cause = _cause(error)
    if isinstance(cause, psycopg.OperationalError | psycopg.InternalError):
        state = cause.sqlstate
        return state is None or state in _CUT or state.startswith("08")
    return False


def unusable(error: Exception) -> str | None:
    """Return what a database says that cannot be used as it is, in one line; None for faults of
    ours. It is for whoever looks after the server: wrong password, no such file, no right to write.
    """  # noqa: D205 - one sentence on two lines
    cause = _cause(error)
    if isinstance(cause, sqlite3.DatabaseError):
        # What a statement of ours did wrong is an SQLITE_ERROR.
        is_ours = getattr(cause, "sqlite_errorname", "SQLITE_ERROR") == "SQLITE_ERROR"
    else:
        theirs = psycopg.OperationalError | psycopg.errors.InsufficientPrivilege
        is_ours = not isinstance(cause, theirs)
    return None if is_ours else f"The database cannot be used: {' '.join(str(cause).split())}"


def _cause(error: Exception) -> BaseException:
    return (error.orig or error) if isinstance(error, sa.exc.DBAPIError) else error
