"""The one thread that writes: pushes that wait for the same site share a transaction.

Durability is paid once per group, so throughput comes from batches and never from weaker
settings. When a group fails, each of its pushes runs again alone; nothing is acknowledged
before the commit.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection, Engine

from server.book import laps
from server.book.faults import BusyError, is_cut, named

T = TypeVar("T")

LOG: Final = logging.getLogger("bincard.book")
GROUP_MAX: Final = 64
OPERATIONS_MAX: Final = 300
"""Whoever brings one operation does not wait for the thousands of those who return from a week."""

WAITING_MAX: Final = 2_000

MOMENT_S: Final = 0.002
"""How long nobody may come before those who came are served."""


class _CutError(Exception):
    """The connection was lost before the commit: nothing was written."""


class Task(Generic[T]):
    """One thing to do in a transaction. Tasks with the same `group` may share one."""

    def __init__(self, run: Callable[[Connection], T], group: str | None, payload: Any) -> None:  # noqa: ANN401 - a group's own business
        self.run = run
        self.group = group
        self.payload = payload
        self.done: Future[T] = Future()
        self.asked = (time.perf_counter(), laps.asker.get())


Grouped = Callable[[Connection, str, Sequence[Any]], Sequence[Any]]


class Writer:
    """Runs tasks one after the other on its own thread; `grouped` runs many of one group."""

    def __init__(self, engine: Engine, grouped: Grouped) -> None:
        self._engine = engine
        self._grouped = grouped
        self._queue: queue.Queue[Task[Any] | None] = queue.Queue(WAITING_MAX)
        self.watches: list[laps.Watch] = []
        self._busy_since: float | None = None
        self._came = (1, 1)
        self._thread = threading.Thread(target=self._loop, name="bincard-writer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._queue.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many tasks wait for their turn."""
        return self._queue.qsize()

    def is_stuck(self, seconds: float) -> bool:
        """Say whether one transaction has taken longer than that, or nobody works at all."""
        since = self._busy_since
        hangs = since is not None and time.monotonic() - since > seconds
        return hangs or self.is_dead

    @property
    def is_dead(self) -> bool:
        """Whether nobody works here: it was never started, or something ended it."""
        return not self._thread.is_alive()

    def submit(self, task: Task[T]) -> "Future[T]":
        """Queue a task. Raises `BusyError` when too much waits already."""
        try:
            self._queue.put_nowait(task)
        except queue.Full:
            raise BusyError from None
        return task.done

    def _loop(self) -> None:
        going = True
        while going:
            tasks = [self._queue.get()]
            self._gather(tasks)
            going = None not in tasks
            self.work([task for task in tasks if task is not None])

    def work(self, tasks: list[Task[Any]]) -> None:
        """Do what came together, on this thread, groups in one transaction each."""
        for group in _groups(tasks):
            self._run(group)

    def _gather(self, tasks: list[Task[Any] | None]) -> None:
        """Add what waits; where several came last time, for as long as more keep coming.

        Those who are answered together ask again together: each alone would pay for a commit.
        A device by itself is never kept waiting.
        """
        self._take(tasks)
        while len(tasks) < max(self._came) and _weight(tasks) < OPERATIONS_MAX:
            had = len(tasks)
            time.sleep(MOMENT_S)
            self._take(tasks)
            if len(tasks) == had:
                break
        self._came = (self._came[1], len(tasks))

    def _take(self, tasks: list[Task[Any] | None]) -> None:
        while len(tasks) < GROUP_MAX:
            try:
                tasks.append(self._queue.get_nowait())
            except queue.Empty:
                break

    def _run(self, tasks: list[Task[Any]]) -> None:
        """Do what is still wanted; once begun, a task cannot be called off any more."""
        wanted = [task for task in tasks if task.done.set_running_or_notify_cancel()]
        if wanted:
            self._busy_since = time.monotonic()
            self._do(wanted)
            self._busy_since = None

    def _do(self, tasks: list[Task[Any]]) -> None:
        group = laps.begin(tasks[0].group or "", [task.asked for task in tasks])
        try:
            results = self._transaction(tasks)
            laps.lap("commit")
        except Exception as error:  # noqa: BLE001 - whatever failed is told to who waits for it
            group.fault = error
            self._tell(group)
            told = named(error)
            # A database that is away is so for each of them: none is tried alone.
            if len(tasks) > 1 and not isinstance(told, BusyError):
                for task in tasks:
                    self._do([task])
                return
            for task in tasks:
                task.done.set_exception(told)
            return
        group.answers = results
        self._tell(group)
        for task, result in zip(tasks, results, strict=True):
            task.done.set_result(result)

    def _tell(self, group: laps.Group) -> None:
        """Let who watches see a group; a fault of theirs is none of who waits for an answer."""
        laps.end()
        if group.site:
            for watch in self.watches:
                try:
                    watch.group_done(group)
                except Exception:
                    LOG.exception("what a group of pushes went through was not noted")

    def _transaction(self, tasks: list[Task[Any]]) -> Sequence[Any]:
        """Do tasks in one transaction; once more when it was cut before anything could be kept.

        What became of a commit that was cut nobody knows: the devices send it again.
        """
        try:
            return self._once(tasks)
        except _CutError:
            LOG.warning("the connection to the database was cut; what was begun is done again")
        try:
            return self._once(tasks)
        except _CutError as error:
            raise BusyError from error

    def _once(self, tasks: list[Task[Any]]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            try:
                transaction = connection.begin()
                results = self._decide(connection, tasks)
            except Exception as error:
                if is_cut(error):
                    # Whatever cut this one has most likely cut all that wait for their turn.
                    connection.invalidate()
                    self._engine.dispose()
                    raise _CutError from error
                raise
            # Not commit() alone: one that fails would leave the connection inside its transaction.
            with transaction:
                return results

    def _decide(self, connection: Connection, tasks: list[Task[Any]]) -> Sequence[Any]:
        group = tasks[0].group
        if group is None:
            return [tasks[0].run(connection)]
        return self._grouped(connection, group, [task.payload for task in tasks])


def _weight(tasks: Sequence[Task[Any] | None]) -> int:
    """Return how many operations tasks bring; what is no push is one."""
    pushes = [task.payload.push if task and task.group is not None else None for task in tasks]
    return sum(len(push.operations) if push else 1 for push in pushes)


def _groups(tasks: list[Task[Any]]) -> list[list[Task[Any]]]:
    """Put neighbours of the same group together, a replica no more than once in each."""
    groups: list[list[Task[Any]]] = []
    seen: set[str] = set()
    operations = 0
    for task in tasks:
        push = task.payload.push if task.group is not None else None
        joins = push is not None and groups and groups[-1][0].group == task.group
        if push and joins and push.replica not in seen and operations < OPERATIONS_MAX:
            groups[-1].append(task)
        else:
            groups.append([task])
            seen.clear()
            operations = 0
        if push:
            seen.add(push.replica)
            operations += len(push.operations)
    return groups
