"""What a preview found is written once, however often the file comes."""

import pytest

from server.imports import opening
from server.imports.opening import OpeningRefusedError
from server.imports.tables import preview
from server.imports.writing import Import, write
from sync import records
from tests.imports.fake_book import FakeBook

NOW = 1_795_300_000_000
KNOWN = [
    records.Item(item="A-1", name="Bearing"),
    records.Location(location="06-B-10", warehouse="06"),
    records.Location(location="06-B-11", warehouse="06"),
]
FIRST = b"item,bin,quantity\nA-1,06-B-10,40\n"
LONGER = FIRST + b"A-1,06-B-11,7\n"


async def post(book, data, opened=NOW):
    known = [*KNOWN, *book.rows]
    found = preview("stock", data, known)
    job = Import("PLANT", "2001", data, opened)
    return await write(book, job, found, known, NOW + 1000)


async def test_rows_are_one_change_and_a_second_time_none():
    book = FakeBook("PLANT")
    data = b"partner,kind,name\n9,supplier,Nine\n"
    for _ in range(2):
        found = preview("partners", data, book.rows)
        assert await write(book, Import("PLANT", "2001", data, NOW), found, book.rows, NOW) == ()
    assert book.rows == [records.Partner(partner="9", kind="supplier", name="Nine")]


async def test_the_same_stock_file_twice_is_posted_once():
    book = FakeBook("PLANT")
    first = await post(book, FIRST)
    assert await post(book, FIRST) == first
    assert book.rows == [opening.DEVICE]
    assert len(book.bodies) == 1


async def test_a_longer_file_posts_only_what_is_new():
    book = FakeBook("PLANT")
    await post(book, FIRST)
    verdicts = await post(book, LONGER)
    assert [verdict.outcome for verdict in verdicts] == ["posted", "posted"]
    assert len(book.bodies) == 2


async def test_another_quantity_for_stock_that_was_posted_is_parked_and_not_added():
    book = FakeBook("PLANT")
    await post(book, FIRST)
    (verdict,) = await post(book, FIRST.replace(b"40", b"50"))
    assert verdict.outcome == "parked"


async def test_the_same_file_for_another_moment_is_refused():
    book = FakeBook("PLANT")
    await post(book, FIRST)
    with pytest.raises(OpeningRefusedError, match="fork"):
        await post(book, FIRST, opened=NOW - 1)
