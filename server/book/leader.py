"""Which of several processes does what is done once: backups, pruning, snapshots beforehand.

On PostgreSQL it is whoever holds a lock that goes with its connection; SQLite has one process.
"""

import threading
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

LOCK: Final = 0x626361726464
"""Any number that nobody else takes in this database."""


class Leader:
    """Asks for the lock, and keeps it as long as the connection lasts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._holding: Connection | None = None
        self._lock = threading.Lock()

    def leads(self) -> bool:
        """Say whether this process is the one."""
        if self._engine.dialect.name != "postgresql":
            return True
        with self._lock:
            try:
                return self._is_held() or self._take()
            except sa.exc.DBAPIError:
                self._let_go()
                return False

    def close(self) -> None:
        """Let another one lead."""
        with self._lock:
            self._let_go()

    def _is_held(self) -> bool:
        """A connection that was cut has lost the lock, and says so when it is asked anything."""
        return self._holding is not None and self._holding.scalar(sa.text("SELECT true")) is True

    def _take(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.scalar(sa.select(sa.func.pg_try_advisory_lock(LOCK))) is True:
            # Nothing else may be given this connection.
            connection.detach()
            self._holding = connection
            return True
        connection.close()
        return False

    def _let_go(self) -> None:
        if self._holding is not None:
            self._holding.close()
            self._holding = None
