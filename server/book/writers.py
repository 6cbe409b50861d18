"""Who writes what: one writer for everything on SQLite, one for each site on PostgreSQL.

Sites never share a transaction, so a site that is held up does not hold up another one.
"""

import threading
from concurrent.futures import Future
from typing import TypeVar

from sqlalchemy import Engine

from server.book import laps
from server.book.writer import Grouped, Task, Writer

T = TypeVar("T")

NO_SITE = ""
"""The writer of what belongs to no site."""


class Writers:
    """Hands each task to the writer of its site."""

    def __init__(self, engine: Engine, grouped: Grouped) -> None:
        self._engine = engine
        self._grouped = grouped
        self._side_by_side = engine.dialect.name == "postgresql"
        self._writers: dict[str, Writer] = {}
        self._lock = threading.Lock()
        self._working = False
        self.watches: list[laps.Watch] = []

    def start(self) -> None:
        """Begin to work on what waits already, and on whatever comes."""
        with self._lock:
            self._working = True
            for writer in self._writers.values():
                writer.start()

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._lock:
            for writer in self._writers.values():
                writer.close()

    @property
    def waiting(self) -> int:
        """How many tasks wait for their turn."""
        return sum(writer.waiting for writer in self._all())

    def is_stuck(self, seconds: float) -> bool:
        """Say whether one transaction has taken longer than that, or somebody works no more."""
        return any(writer.is_stuck(seconds) for writer in self._all())

    @property
    def is_dead(self) -> bool:
        """Whether one of them works no more."""
        return self._working and any(writer.is_dead for writer in self._all())

    def submit(self, task: Task[T], site: str | None = None) -> "Future[T]":
        """Queue a task. Raises `BusyError` when too much waits already."""
        return self._writer(site).submit(task)

    def _all(self) -> list[Writer]:
        with self._lock:
            return [*self._writers.values()]

    def _writer(self, site: str | None) -> Writer:
        name = site if site is not None and self._side_by_side else NO_SITE
        with self._lock:
            writer = self._writers.get(name)
            if writer is None:
                writer = self._writers[name] = Writer(self._engine, self._grouped)
                writer.watches = self.watches
                if self._working:
                    writer.start()
        return writer
