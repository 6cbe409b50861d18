"""The same promises behind a pooler that lends each connection for one transaction."""

import pytest

from server.book.engine import WRITER, make_engine
from server.book.leader import Leader
from tests.contract.crowd import check_crowd, crowd
from tests.contract.stores import Store
from tests.world.pooler import Pooler

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def pooler(postgres):
    pooler = Pooler(postgres)
    yield pooler
    pooler.stop()


@pytest.fixture
def store(postgres_book, pooler):
    store = Store(pooler.url(postgres_book))
    yield store
    store.close()


@pytest.fixture
def leaders(store):
    """Two processes that ask who leads, each through connections of its own."""
    engines = [make_engine(store.url, writes=True) for _ in range(2)]
    yield [Leader(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def test_eight_writers_and_a_reader_agree_on_three_connections(store):
    check_crowd(store, *crowd(store))


def test_the_settings_of_a_writer_hold_in_its_transaction_and_for_nobody_after_it(
    store, pooler, postgres_book
):
    names = ("synchronous_commit", "lock_timeout", "statement_timeout")
    query = f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}"
    told = store.open().write(lambda c: tuple(c.exec_driver_sql(query).one()))
    assert told == (WRITER["synchronous_commit"], WRITER["lock_timeout"], "1min")
    for _ in range(6):
        assert pooler.ask(postgres_book, query) == [("on", "0", "0")]


def test_one_leads_and_when_it_is_silent_another_one_does(leaders, store):
    """An advisory lock would be held by whoever borrows that connection, or by nobody."""
    one, other = leaders
    assert [one.leads(), other.leads(), one.leads(), other.leads()] == [True, False, True, False]
    # Three minutes without a word.
    store.open().write(lambda c: c.exec_driver_sql("UPDATE lease SET until = until - 180001"))
    assert [other.leads(), one.leads()] == [True, False]


def test_who_stops_lets_another_one_lead_at_once(leaders):
    one, other = leaders
    assert one.leads()
    other.close()
    assert not other.leads()
    one.close()
    assert other.leads()
