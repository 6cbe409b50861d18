"""What a book promises, on paper, on SQLite and on PostgreSQL: the same tests, word for word."""

import pytest

from sync.messages import Conflict
from sync.records import Item
from tests.contract.crowd import check_crowd, crowd
from tests.contract.stores import Store, move, number_of, read_on, receive, send, start, told_by
from tests.world.warehouse import made


@pytest.fixture(params=["paper", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request, tmp_path):
    if request.param == "paper":
        url = None
    elif request.param == "sqlite":
        url = made(tmp_path / "book.db")
    else:
        url = request.getfixturevalue("postgres_book")
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def book(store):
    return store.open()


def test_what_is_pushed_is_acknowledged_and_comes_by_the_feed(store, book):
    cursor = start(book)
    device = store.handheld(0)
    receive(device, store.now(), "DOCK", 5)
    move(device, store.now(), "DOCK", "B1", 2)
    answer = send(book, device, store.now)
    assert answer.acked.seq == 2
    assert [b'"posted"' in bytes(verdict) for verdict in answer.verdicts] == [True, True]
    found, end = read_on(book, cursor)
    assert sorted({row.version for row in found}) == [number_of(cursor) + 1, number_of(end)]
    stock = {place: quantity for (place, _), quantity in book.stock().items()}
    assert stock == {"DOCK": 3, "B1": 2, "supplier/V1": -5}


def test_what_is_sent_again_is_answered_byte_for_byte_and_changes_nothing(store, book):
    device = store.handheld(0)
    for _ in range(5):
        receive(device, store.now())
    first = send(book, device, store.now)
    cursor, stock = start(book), book.stock()
    again = send(store.open(), device, store.now, from_seq=1)
    assert again.verdicts == first.verdicts
    assert (read_on(book, cursor)[0], book.stock()) == ([], stock)


def test_a_gap_and_a_fork_are_told_and_nothing_of_them_is_kept(store, book):
    device = store.handheld(0)
    for _ in range(3):
        receive(device, store.now())
    assert send(book, device, store.now, from_seq=2) == Conflict(code="gap", need_from=1)
    send(book, device, store.now)
    twin = store.handheld(0)
    for _ in range(4):
        receive(twin, store.now(), "B1")
    told = send(book, twin, store.now)
    assert (told.code, told.have.seq) == ("fork", 0)
    assert {place for place, _ in book.stock()} == {"DOCK", "supplier/V1"}


def test_pages_of_every_length_tell_the_same(store, book):
    cursor = start(book)
    device = store.handheld(0)
    receive(device, store.now(), "DOCK", 100)
    for n in range(6):
        move(device, store.now(), "DOCK", f"B{n}")
    send(book, device, store.now)
    whole = read_on(book, cursor)
    assert [read_on(book, cursor, limit) for limit in (1, 2, 3, 5)] == [whole] * 4


def test_a_change_of_master_data_is_a_number_like_any_other(store, book):
    cursor = start(book)
    device = store.handheld(0)
    receive(device, store.now())
    send(book, device, store.now)
    book.change([Item(item="BE", name="Bearing")])
    receive(device, store.now())
    send(store.open(), device, store.now)
    found, end = read_on(book, cursor)
    assert list(dict.fromkeys(row.version for row in found)) == [
        number_of(cursor) + n for n in (1, 2, 3)
    ]
    assert number_of(end) == number_of(cursor) + 3


def test_a_snapshot_and_the_feed_after_it_are_the_site_as_it_stands(store, book):
    device = store.handheld(0)
    for _ in range(4):
        receive(device, store.now())
        send(book, device, store.now)
    kept, cursor = book.snapshot()
    move(device, store.now(), "DOCK", "B2", 3)
    send(book, device, store.now)
    copy, scope, told = told_by(book, kept, cursor)
    assert (copy, told) == (told_by(store.open(), *store.open().snapshot())[0], scope)


def test_eight_who_write_at_once_leave_no_hole_for_who_reads_on(store):
    check_crowd(store, *crowd(store))
