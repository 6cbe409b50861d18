"""A database that hangs without a word: cut off, healed, or else the process ends."""

import asyncio
import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from server.book import BusyError
from server.book.engine import address_of, make_engine
from server.watching.watchdog import CUT_S, END_S, EXIT_CODE, Watchdog
from tests.contract.stores import Store, receive, send
from tests.world.postgres import Postgres
from tests.world.warehouse import made

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def alone():
    """A PostgreSQL that may be stopped: no other test asks it."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def store(alone):
    store = Store(alone.migrated())
    yield store
    store.close()


def signalled(postgres, how):
    """Give a signal to the server and each of its processes."""
    children = Path(f"/proc/{postgres.pid}/task/{postgres.pid}/children").read_text().split()
    for pid in (postgres.pid, *map(int, children)):
        os.kill(pid, how)


async def while_it_hangs(postgres, dog, look):
    """Look at a database that is stopped; what was asked of it ends before anybody goes on."""
    signalled(postgres, signal.SIGSTOP)
    try:
        await look()
    finally:
        signalled(postgres, signal.SIGCONT)
    await asyncio.wait([dog._answer._asked])


class Hand:
    """A clock that is set by hand."""

    def __init__(self):
        self.seconds = 1_000.0

    def __call__(self):
        return self.seconds


def watchdog(book):
    clock, ended = Hand(), []
    return Watchdog(book.book, clock, ended.append), clock, ended


def test_a_database_that_hangs_is_cut_and_works_again_when_it_comes_back(store, alone):
    book, device = store.open(), store.handheld(0)
    receive(device, store.now())
    send(book, device, store.now)
    receive(device, store.now())
    dog, clock, ended = watchdog(book)
    told = []

    def push():
        try:
            told.append(send(book, device, store.now))
        except BusyError as error:
            told.append(error)

    waiting = threading.Thread(target=push)

    async def look():
        waiting.start()
        await dog.turn()
        clock.seconds += CUT_S
        await dog.turn()

    asyncio.run(while_it_hangs(alone, dog, look))
    waiting.join(60)
    assert not waiting.is_alive()
    if isinstance(told[0], BusyError):
        # Its second try was cut as well; a device just sends again.
        told.append(send(book, device, store.now))
    assert told[-1].acked.seq == 2
    assert book.verify() == []
    asyncio.run(dog.turn())
    assert ended == []


def test_a_database_that_stays_silent_ends_the_process(store, alone):
    dog, clock, ended = watchdog(store.open())

    async def look():
        await dog.turn()
        clock.seconds += END_S
        await dog.turn()
        dog._book.cut_connections()

    asyncio.run(while_it_hangs(alone, dog, look))
    assert ended == [EXIT_CODE]


def test_a_writer_that_is_gone_takes_the_process_with_it(tmp_path):
    store = Store(made(tmp_path / "book.db"))
    book = store.open()
    dog, _, ended = watchdog(book)
    asyncio.run(dog.turn())
    assert ended == []
    for writer in book.book._writers._all():
        writer.close()
    asyncio.run(dog.turn())
    assert ended == [EXIT_CODE]


def test_of_several_hosts_the_one_is_taken_that_lets_itself_be_written_to(alone):
    """After a failover the old leader may still answer, and would take reads alone."""
    follower = Postgres(default_transaction_read_only="on")
    try:
        url = alone.create()
        name = address_of(url).database
        hosts = f"host=/nowhere&host={follower.folder}&host={alone.folder}"
        both = f"postgresql://bincard@/{name}?{hosts}&target_session_attrs=read-write"
        engine = make_engine(both, writes=True)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE written (n int)")
        engine.dispose()
        assert alone.ask("SELECT count(*) FROM written", url=url) == [(0,)]
    finally:
        follower.remove()


def test_several_hosts_are_written_with_commas():
    found = address_of("postgresql://bincard:a%40b@h1:5432,h2:5433/plant?prepared=off")
    assert (found.password, found.database) == ("a@b", "plant")
    assert found.query["host"] == ("h1:5432", "h2:5433")
    assert found.query["target_session_attrs"] == "read-write"
    assert address_of("postgresql://bincard@h1/plant").query == {}


def test_systemd_hears_that_the_service_lives(tmp_path, monkeypatch):
    where = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listens:
        listens.bind(str(where))
        monkeypatch.setenv("NOTIFY_SOCKET", str(where))
        store = Store(made(tmp_path / "book.db"))
        asyncio.run(watchdog(store.open())[0].turn())
        store.close()
        assert listens.recv(100) == b"WATCHDOG=1"
