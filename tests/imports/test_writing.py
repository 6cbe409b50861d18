"""What a file says is in the book afterwards, once, or its rows are named."""

import pytest
from msgspec.structs import replace

from server.imports import opening, report
from server.imports.writing import ChangedMeanwhileError, Import, write
from server.reports.valuation import valuation
from sync import records
from tests.imports.conftest import NOW, OPENED
from tests.imports.known import SITE
from tests.world.postgres import on_both

FIRST = "item,bin,quantity\nM,A-01,40\n"
LONGER = f"{FIRST}M,A-02,7\n"


def told(found, opened):
    return "\n".join([*report.lines_of(found), *report.stock_told(found, SITE, opened)])


async def test_rows_are_one_change_and_a_second_time_none(desk):
    data = "partner,kind,name\n9,supplier,Nine\n"
    await desk.load("partners", data)
    changes = "SELECT actor, verb FROM log WHERE verb = 'import of partners'"
    assert await desk.rows(changes) == [("operator", "import of partners")]
    found, _ = await desk.load("partners", data)
    assert (found.decided.rows, found.decided.unchanged) == ([], 1)
    assert len(await desk.rows(changes)) == 1


async def test_the_same_stock_file_twice_is_posted_once(desk):
    found, opened = await desk.load("stock", FIRST)
    assert "Posted: 1 row, 40 pieces." in told(found, opened)
    found, opened = await desk.load("stock", FIRST, opened=OPENED - 5)
    assert "There already: 1 row, 40 pieces." in told(found, opened)
    assert "File 40 = book 40." in told(found, opened)
    assert [row[::2] for row in await desk.stock()] == [("A-01", 40)]


async def test_a_longer_file_posts_only_what_is_new(desk):
    await desk.load("stock", FIRST)
    found, opened = await desk.load("stock", LONGER)
    assert "Posted: 1 row, 7 pieces." in told(found, opened)
    assert "There already: 1 row, 40 pieces." in told(found, opened)
    assert [row[::2] for row in await desk.stock()] == [("A-01", 40), ("A-02", 7)]


@on_both("desk")
async def test_another_quantity_for_stock_that_was_opened_is_a_problem_row_and_not_added(desk):
    await desk.load("stock", FIRST)
    found, opened = await desk.load("stock", LONGER.replace("40", "50"))
    text = told(found, opened)
    assert "line 2: The book opened this stock with 40, the file says 50" in text
    assert "Not in the book: 1 row, 50 pieces, line 2." in text
    assert "File 57 = book 7 + 50 not in it." in text
    assert [row[::2] for row in await desk.stock()] == [("A-01", 40), ("A-02", 7)]


async def test_an_import_that_was_cut_off_goes_on_where_it_was(desk):
    """Of two pushes only the first came to the server."""
    text = "item,bin,quantity,lot\n" + "".join(f"L-1,A-01,1,K{n}\n" for n in range(150))
    found, _ = await desk.read("stock", text)
    stock = [group.stock for group in found.decided.groups]
    await desk.change(opening.DEVICE)
    bodies = opening.opening_operations(SITE, "operator", stock, OPENED)
    first = next(iter(opening.pushes(SITE, opening.source_of(bodies), bodies, NOW)))
    await desk.book.push(opening.DEVICE.device, first, NOW)
    found, opened = await desk.load("stock", text)
    assert "There already: 100 rows, 100 pieces." in told(found, opened)
    assert "Posted: 50 rows, 50 pieces." in told(found, opened)
    assert sum(quantity for _, _, quantity in await desk.stock()) == 150


async def test_the_operator_opens_the_stock_without_a_discrepancy(desk):
    """[R7]"""
    await desk.load("stock", LONGER)
    assert await desk.rows("SELECT code FROM discrepancy") == []
    assert await desk.rows("SELECT DISTINCT actor FROM log WHERE device = 'opening'") == [
        ("operator",)
    ]


async def test_nobody_brings_stock_of_the_operator_on_a_device(desk):
    """[R7] Neither as its own, nor as a rescue of the server's own device."""
    await desk.change(opening.DEVICE, records.Device(device="H1", name="Handheld 1"))
    found, _ = await desk.read("stock", LONGER)
    own, rescued = opening.opening_operations(
        SITE, "operator", [group.stock for group in found.decided.groups], OPENED
    )
    (push,) = opening.pushes(SITE, "own", [own], NOW)
    await desk.book.push("H1", push, NOW)
    (push,) = opening.pushes(SITE, "rescued", [rescued], NOW)
    brought = replace(push, device="opening", carrier="c" * 32, leaving=False, exchanges=())
    await desk.book.push("H1", brought, NOW)
    outcomes = await desk.rows("SELECT device, outcome FROM log WHERE kind = 'fact'")
    assert outcomes[0] == ("H1", "parked")  # the ids of opening stock are the import's (E4)
    assert "posted" not in {outcome for _, outcome in outcomes}


async def test_somebody_of_the_roster_opens_the_stock_in_their_own_name(desk):
    await desk.change(records.Person(person="2001", name="Fang", role="supervisor", badge="B1"))
    await desk.load("stock", FIRST, actor="2001")
    await desk.load("stock", LONGER, actor="9999")
    assert await desk.rows("SELECT code, actor FROM discrepancy") == [("ACTOR_NOT_ALLOWED", "9999")]


async def test_what_the_book_parks_is_said_to_be_parked_and_is_not_sent_again(desk):
    await desk.change(records.Device(device="opening", name="Opening stock", revoked=True))
    found, opened = await desk.load("stock", LONGER)
    text = told(found, opened)
    assert "Parked and not in the book (ACTOR_NOT_ALLOWED): 2 rows, 47 pieces, lines 2-3." in text
    assert "File 47 = book 0 + 47 not in it." in text
    assert not report.is_whole(found, SITE, opened)
    found, opened = await desk.load("stock", LONGER)
    assert [one.code for one in found.problems] == ["opened_parked"] * 2
    assert "File 47 = book 0 + 47 not in it." in told(found, opened)
    assert await desk.rows("SELECT count(*) FROM log WHERE device = 'opening'") == [(2,)]


async def test_what_the_book_flags_is_told_with_its_rows(desk):
    """[R15]"""
    text = "item,bin,quantity,lot,expires\nPA-1,A-01,4,K1,2027-01-01\nPA-1,A-01,5,K1,2027-02-01\n"
    found, opened = await desk.load("stock", text)
    assert "Posted, to be looked at (LOT_CONFLICT): 1 row, 5 pieces, line 3." in told(found, opened)
    assert "File 9 = book 9." in told(found, opened)


async def test_an_opening_that_was_taken_back_is_not_opened_again_in_silence(desk):
    _, opened = await desk.load("stock", FIRST)
    (operation,) = opened
    result = records.Result(operation=operation, outcome="posted", reversed=True)
    await desk.change(result)
    found, _ = await desk.read("stock", FIRST)
    assert [(one.line, one.code) for one in found.problems] == [(2, "opened_taken_back")]


async def test_a_site_that_changed_while_the_file_was_read_is_read_again(desk):
    found, known = await desk.read("stock", FIRST)
    await desk.change(records.Item(item="NEW", name="New"))
    with pytest.raises(ChangedMeanwhileError):
        await write(desk.book, Import(SITE, "operator", OPENED), found, known, NOW)
    assert await desk.stock() == []


@on_both("desk")
async def test_the_cost_of_opening_stock_stays_on_the_server(desk):
    text = "item,bin,quantity,unit cost\nM,A-01,400,0.0125\nM,A-02,4,\n"
    _, opened = await desk.load("stock", text)
    costs = await desk.rows("SELECT operation, cost_micro FROM opening_cost")
    assert [cost for _, cost in costs] == [12_500]
    assert {operation for operation, _ in costs} <= set(opened)
    worth = await desk.book.read(lambda connection: valuation(connection, SITE, "M"))
    assert (worth.quantity, worth.value, worth.unvalued) == (404, 505, 0)
    feed = await desk.rows("SELECT payload FROM feed")
    assert not any(b"12500" in payload or b"cost" in payload for (payload,) in feed if payload)
