"""One thread writes: whoever stops waiting, or fails, never stops the others."""

import asyncio
import threading

import msgspec
import pytest
import sqlalchemy as sa

from server.book.arriving import Job
from server.book.engine import make_engine
from server.book.faults import BusyError
from server.book.writer import Task, Writer, _groups
from sync.messages import Push


@pytest.fixture
def writer(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}", writes=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE card (line TEXT)")
    writer = Writer(engine, lambda _, __, payloads: payloads)
    writer.start()
    yield writer
    writer.close()
    engine.dispose()


def note(text):
    return Task(lambda c: c.exec_driver_sql("INSERT INTO card VALUES (?)", (text,)), None, None)


def lines(connection):
    return list(connection.scalars(sa.text("SELECT line FROM card")))


async def wait(writer, task):
    return await asyncio.wrap_future(writer.submit(task))


async def test_a_waiter_that_gives_up_does_not_stop_those_behind_it(writer):
    gate = threading.Event()
    first = writer.submit(Task(lambda _: gate.wait(5), None, None))
    behind = writer.submit(note("given up"))
    asyncio.wrap_future(behind).cancel()
    # The loop tells the writer's thread in its next turn.
    while not behind.cancelled():  # noqa: ASYNC110 - the loop itself cancels it
        await asyncio.sleep(0)
    gate.set()
    await asyncio.wrap_future(first)
    await wait(writer, note("still here"))
    assert await wait(writer, Task(lines, None, None)) == ["still here"]


async def test_what_fails_is_told_to_who_waits_and_leaves_nothing_behind(writer):
    def half(connection):
        connection.exec_driver_sql("INSERT INTO card VALUES ('half')")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await wait(writer, Task(half, None, None))
    assert await wait(writer, Task(lines, None, None)) == []


async def test_a_queue_that_is_full_says_so_at_once(writer, monkeypatch):
    gate = threading.Event()
    begun = threading.Event()
    blocked = writer.submit(Task(lambda _: (begun.set(), gate.wait(5)), None, None))
    begun.wait(5)
    monkeypatch.setattr(writer._queue, "maxsize", 1)
    writer._queue.put_nowait(note("waits"))
    with pytest.raises(BusyError):
        writer.submit(note("one too many"))
    gate.set()
    await asyncio.wrap_future(blocked)


async def test_a_commit_that_fails_stops_only_what_was_in_it(writer):
    """Found by the simulation: the connection went on inside the transaction of before."""
    with writer._engine.connect() as connection:
        connection.connection.execute("PRAGMA foreign_keys = ON")

    def of_nobody(connection):
        for sql in (
            "CREATE TABLE parent (line TEXT PRIMARY KEY)",
            "CREATE TABLE child (line TEXT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO child VALUES ('of nobody')",
        ):
            connection.exec_driver_sql(sql)

    with pytest.raises(sa.exc.IntegrityError):
        await wait(writer, Task(of_nobody, None, None))
    await wait(writer, note("still here"))
    assert await wait(writer, Task(lines, None, None)) == ["still here"]


def test_pushes_share_a_transaction_until_it_holds_enough_and_a_replica_stands_in_it_once():
    def push(replica, operations):
        said = Push(v=1, site="S", replica=replica, epoch=1, cursor=0, sent=0, segment="s",
                    operations=(msgspec.Raw(b"{}"),) * operations)  # fmt: skip
        return Task(None, "S", Job("A", said, 0))

    big = [push(f"{n}" * 32, 100) for n in range(5)]
    small = [push("a" * 32, 1), push("b" * 32, 1), push("a" * 32, 1)]
    alone = Task(None, None, None)
    assert [len(group) for group in _groups([*big, *small, alone, *small])] == [3, 4, 1, 1, 2, 1]


@pytest.fixture
def gathering(monkeypatch):
    """A writer that has not begun, and the moments that it waits: each brings one of these."""
    engine = make_engine("sqlite://", writes=True)
    writer, coming = Writer(engine, lambda _, __, payloads: payloads), []

    def moment(_):
        if (task := coming.pop(0)) is not None:
            writer.submit(task)

    monkeypatch.setattr("server.book.writer.time.sleep", moment)
    yield writer, coming
    engine.dispose()


def gathered(writer, *tasks):
    found = list(tasks)
    writer._gather(found)
    return len(found)


def test_those_who_were_answered_together_are_waited_for_together(gathering):
    writer, coming = gathering
    for _ in range(2):
        writer.submit(note("they came together once"))
    assert gathered(writer, note("first")) == 3
    coming += [note("second"), note("third"), note("nobody waits for a fourth")]
    assert gathered(writer, note("first")) == 3
    assert len(coming) == 1


def test_whoever_does_not_come_is_waited_for_one_moment_only(gathering):
    writer, coming = gathering
    writer.submit(note("they came together once"))
    assert gathered(writer, note("first")) == 2
    coming += [None]
    assert gathered(writer, note("alone now")) == 1


def test_a_device_by_itself_is_never_kept_waiting(gathering):
    writer, coming = gathering
    assert gathered(writer, note("alone")) == 1
    assert coming == []
