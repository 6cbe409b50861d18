"""The promises of a book on PostgreSQL while somebody cuts its connections or holds its rows."""

import contextlib
import itertools
import threading

import psycopg
import pytest
import sqlalchemy as sa

from server.book import BusyError
from server.book import writer as writers
from tests.contract.crowd import check_crowd, crowd, patiently
from tests.contract.naive import Naive
from tests.contract.stores import Real, Store, receive, send
from tests.world.warehouse import made

pytestmark = pytest.mark.postgres
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def store(postgres_book):
    store = Store(postgres_book)
    yield store
    store.close()


@contextlib.contextmanager
def held(store, postgres):
    """Hold the row of a site, as a transaction that hangs does."""
    name = sa.make_url(store.url).database
    with psycopg.connect(host=str(postgres.folder), user="bincard", dbname=name) as connection:
        connection.execute("SELECT 1 FROM site WHERE site = %s FOR UPDATE", (store.site,))
        yield


def test_connections_that_are_cut_lose_nothing_and_double_nothing(store, postgres):
    turns, cuts = itertools.count(), []

    def cut():
        # Not at every turn: who is cut all the time gets nothing done.
        if next(turns) % 4 == 0:
            cuts.append(len(postgres.ask(CUT, url=store.url)))

    check_crowd(store, *crowd(store, pushes=3, meanwhile=cut), pushes=3)
    assert sum(cuts) > 8


def test_a_site_that_is_held_up_does_not_hold_up_another_one(store, postgres):
    book, other = store.open(), Store(store.url)
    device, elsewhere = store.handheld(0), other.handheld(1)
    receive(device, store.now())
    receive(elsewhere, other.now())
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(send(book, device, store.now)))
    # One process, both sites: the second push goes past the first.
    beside = Real(other.site, book.book)
    with held(store, postgres):
        waiting.start()
        assert send(beside, elsewhere, other.now).acked.seq == 1
        assert answers == []
    waiting.join()
    assert answers[0].acked.seq == 1
    other.close()


def test_a_lock_that_does_not_come_is_503_and_the_device_sends_again(store, postgres):
    impatient = Store(f"{store.url}&options=-clock_timeout%3D200ms", store.site)
    book, device = impatient.open(), store.handheld(0)
    receive(device, store.now())
    with held(store, postgres), pytest.raises(BusyError):
        send(book, device, store.now)
    assert send(book, device, store.now).acked.seq == 1
    assert {place: quantity for (place, _), quantity in book.stock().items()}["DOCK"] == 1
    impatient.close()


def test_a_statement_that_takes_too_long_is_503(store):
    impatient = Store(f"{store.url}&options=-cstatement_timeout%3D100ms", store.site)
    book = impatient.open()
    with pytest.raises(BusyError):
        book.ask(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(5)"))
    assert book.verify() == []
    impatient.close()


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_too_many_that_wait_are_told_to_come_back(where, tmp_path, request, monkeypatch):
    monkeypatch.setattr(writers, "WAITING_MAX", 3)
    sqlite = where == "sqlite"
    store = Store(made(tmp_path / "b.db") if sqlite else request.getfixturevalue("postgres_book"))
    book, gate = store.open(), threading.Event()
    begun = threading.Event()
    busy = threading.Thread(target=lambda: book.write(lambda _: (begun.set(), gate.wait(20))))
    busy.start()
    begun.wait(20)
    told, done = [], []

    def push(n):
        device = store.handheld(n)
        receive(device, store.now(), f"B{n}")
        try:
            send(book, device, store.now)
        except BusyError as error:
            told.append(error.retry_after_ms)
            gate.set()
        done.append(patiently(lambda: send(book, device, store.now)).acked.seq)

    pushing = [threading.Thread(target=push, args=(n,)) for n in range(8)]
    for thread in pushing:
        thread.start()
    for thread in (*pushing, busy):
        thread.join()
    assert told
    assert all(ms > 0 for ms in told)
    assert done == [1] * 8
    assert book.verify() == []
    store.close()


def test_control_a_feed_numbered_by_a_sequence_does_not_pass(postgres):
    url = postgres.create()
    naive = Naive(postgres, url)
    store = Store(None)
    store.open = lambda: naive
    before, seen = crowd(store, pushes=20)
    with pytest.raises(AssertionError, match="were never seen by the reader"):
        check_crowd(store, before, seen, pushes=20)
    postgres.drop(url)


def test_the_settings_of_a_connection_are_those_that_keep_what_was_answered(store):
    book = store.open()
    shown = {
        name: book.write(lambda c, name=name: c.exec_driver_sql(f"SHOW {name}").scalar())
        for name in ("synchronous_commit", "lock_timeout", "statement_timeout", "application_name")
    }
    assert shown.pop("application_name").startswith("bincard ")
    assert shown == {
        "synchronous_commit": "on", "lock_timeout": "15s", "statement_timeout": "1min",
    }  # fmt: skip


def test_a_server_or_a_database_that_vanished_is_not_waited_for_long(store):
    """Over a socket of this machine the database shows none of it, but it was asked for."""
    book = store.open()
    query = "SELECT name, reset_val FROM pg_settings WHERE name LIKE 'tcp_keepalives_%%'"
    asked = book.write(lambda c: dict(map(tuple, c.exec_driver_sql(query))))
    assert asked == {
        "tcp_keepalives_idle": "60", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
    }  # fmt: skip


def test_behind_a_pooler_nothing_stays_prepared(store):
    through = Store(f"{store.url}&prepared=off", store.site)
    book, device = through.open(), store.handheld(0)
    for _ in range(8):
        receive(device, store.now())
        send(book, device, store.now)
    query = "SELECT count(*) FROM pg_prepared_statements"
    assert book.write(lambda c: c.exec_driver_sql(query).scalar()) == 0
    through.close()
