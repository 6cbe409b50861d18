"""Which of several processes does what is done once: backups, pruning, snapshots beforehand.

On PostgreSQL it is whoever holds a lease: a row with a name and a time. Nothing of it hangs on a
connection, so it means the same behind a pooler that hands out connections for one transaction,
and a process that hangs loses it as surely as one that died. SQLite has one process.
"""

import secrets
import threading
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Engine

LEASE_MS: Final = 3 * 60_000
"""It is asked for every minute (snapshots beforehand), so a working leader never loses it."""

WORK: Final = "everything"

_TAKE: Final = sa.text(
    "INSERT INTO lease (work, holder, until)"
    " VALUES (:work, :holder, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) + :ms)"
    " ON CONFLICT (work) DO UPDATE SET holder = excluded.holder, until = excluded.until"
    " WHERE lease.holder = excluded.holder OR lease.until < excluded.until - :ms"
    " RETURNING holder"
)
"""One statement, so that two who ask at once wait for one another; the database's own clock,
because those of several hosts differ."""

_LET_GO: Final = sa.text("DELETE FROM lease WHERE work = :work AND holder = :holder")


class Leader:
    """Asks for the lease whenever it is to say who leads; `name` is of this process alone."""

    def __init__(self, engine: Engine, name: str | None = None) -> None:
        self._engine = engine
        self._name = {"work": WORK, "holder": name or secrets.token_hex(8)}
        self._held = False
        self._lock = threading.Lock()

    def leads(self) -> bool:
        """Say whether this process is the one."""
        if self._engine.dialect.name != "postgresql":
            return True
        with self._lock:
            try:
                with self._engine.begin() as connection:
                    taken = connection.execute(_TAKE, self._name | {"ms": LEASE_MS})
                    self._held = taken.first() is not None
            except sa.exc.DBAPIError:
                self._held = False
            return self._held

    def close(self) -> None:
        """Let another one lead at once."""
        with self._lock:
            if self._held:
                self._held = False
                self._let_go()

    def _let_go(self) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(_LET_GO, self._name)
        except sa.exc.DBAPIError:
            # A database that is away hears of it when the lease is over.
            return
