"""Connections: one that writes, many that read; full durability on the embedded database."""

import sqlite3

import sqlalchemy as sa
from sqlalchemy import Engine, event

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # An acknowledged scan survives a power cut: measured, FULL costs little in batches.
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=15000",
    "PRAGMA cache_size=-65536",
    # The default checkpoint of 1,000 pages stalls a push; 16,000 pages are 64 MB of log.
    "PRAGMA wal_autocheckpoint=16000",
)


def make_engine(url: str, *, writes: bool) -> Engine:
    """Return an engine whose transactions begin as writers, or as readers that cannot write."""
    if not url.startswith("sqlite"):
        message = f"{url.split(':', 1)[0]} is not supported yet: give sqlite:///PATH"
        raise ValueError(message)
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "isolation_level": None},
        pool_size=1 if writes else 8,
        poolclass=sa.QueuePool,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # Taking the write lock at once: two readers that become writers would lose one update.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
