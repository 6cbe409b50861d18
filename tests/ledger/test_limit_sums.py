"""Many small corrections: what each alone may do, and all of a day together may not (R51)."""

import pytest

from server.book.rows import table as table_of
from sync.records import Discrepancy
from tests.world.desk import give_limit, see, settle
from tests.world.lines import key
from tests.world.warehouse import SITE

LIMITED = pytest.mark.usefixtures("limited")
ADJUST = {"verb": "adjust", "key": key("BE/L1"), "quantity": 6, "place": {"location": "B1"},
          "reason": "found"}  # fmt: skip


async def parts(world):
    """Return what is open as beyond the limit in parts: whose, quantity, limit."""
    rows = await world.rows("discrepancy", Discrepancy)
    found = [row.detail for row in rows if (row.code, row.state) == ("LIMIT_IN_PARTS", "open")]
    return sorted((one["actor"], one["quantity"], one["limit"]) for one in found)


@LIMITED
async def test_corrections_that_are_beyond_the_limit_together_are_told_once(table):
    """[R51] Found and lost, at any place; all of them are posted, and each item has its own sum."""
    world = await table("""
        08:00 A adjust 6 BE/L1 B1 found             | posted
        08:10 A adjust -4 BE/L2 B2 broken           | flagged NEGATIVE
        08:15 A adjust 9 CA/L1 B1 found             | posted
        08:20 A issue 1 BE/L1 from B1 to scrap      | flagged LIMIT_IN_PARTS
        08:30 A adjust 2 BE/L1 B3 found             | flagged LIMIT_IN_PARTS
    """)
    assert await parts(world) == [("", 13, 10)]
    assert ("suspense", "BE/L1") not in await world.stock()


@LIMITED
async def test_what_waits_for_a_decision_by_itself_is_not_added_up(table):
    """[R51] [R37]"""
    world = await table("""
        08:00 A adjust 9 BE/L1 B1 found             | posted
        08:10 A adjust 11 BE/L1 B1 found            | flagged OVER_LIMIT
    """)
    assert await parts(world) == []


@LIMITED
async def test_each_day_and_each_device_has_a_sum_of_its_own(table):
    """[R51]"""
    world = await table("""
        08:00 A adjust 9 BE/L1 B1 found             | posted
        08:10 B adjust 9 BE/L1 B1 found             | posted
        1d 08:00 A adjust 9 BE/L1 B1 found          | posted
    """)
    assert await parts(world) == []


@LIMITED
async def test_another_name_on_the_same_device_is_no_new_limit(table):
    """[R51] Unless the server saw that person sign in there."""
    world = await table("""
        08:00 A adjust 6 BE/L1 B1 found             | posted
        08:10 A adjust 6 BE/L1 B1 found by other    | flagged LIMIT_IN_PARTS
    """)
    await see(world, "B")
    await see(world, "B", "other")
    await table("""
        09:00 B adjust 6 CA/L1 B1 found             | posted
        09:10 B adjust 6 CA/L1 B1 found by other    | posted
    """)


@LIMITED
async def test_a_sum_and_its_limit_are_the_same_in_whatever_order_its_parts_come(table, limited):
    """[R51] The least limit holds for all whom the server never saw there."""
    await give_limit(limited, 5, "other")
    world = await table("""
        08:00 A adjust 6 BE/L1 B1 found             | posted
        08:10 A adjust 3 BE/L1 B1 found by other    | flagged LIMIT_IN_PARTS
        08:00 B adjust 3 BE/L1 B1 found by other    | posted
        08:10 B adjust 6 BE/L1 B1 found             | flagged LIMIT_IN_PARTS
    """)
    assert await parts(world) == [("", 9, 5)] * 2


@LIMITED
async def test_once_somebody_has_looked_the_sum_begins_anew(table):
    """[R51]"""
    world = await table("""
        08:00 A adjust 6 BE/L1 B1 found             | posted
        08:10 A adjust 6 BE/L1 B1 found             | flagged LIMIT_IN_PARTS
    """)
    assert await settle(world, "LIMIT_IN_PARTS", "keep") == "accepted"
    await table("""
        08:20 A adjust 6 BE/L1 B1 found             | posted
        08:30 A adjust 6 BE/L1 B1 found             | flagged LIMIT_IN_PARTS
    """)


async def test_without_a_limit_nothing_is_added_up(table):
    """[R51] And what opens stock is no correction."""
    world = await table("""
        08:00 A adjust 6000 BE/L1 B1 found          | posted
        08:10 A adjust 6000 BE/L1 B1 found          | posted
    """)
    assert {row.code for row in await world.rows("discrepancy", Discrepancy)} == set()


@pytest.mark.parametrize("code", ["LIMIT_IN_PARTS", "ACTOR_NOT_SEEN"])
async def test_what_was_settled_of_a_device_waits_for_nothing_after_a_restore(restored, code):
    """[R11] Such a row bears the name of a device, and no operation will ever come of that name."""
    world = restored
    await world.book.change(SITE, "x", [world.site(adjust_limit=10)], "limited")
    world.backup()
    world.device("A").envelope(ADJUST, world.now, actor="fang")
    world.device("A").envelope(ADJUST, world.now)
    await world.book.write(
        lambda connection: connection.execute(
            table_of("sign_in").delete().where(table_of("sign_in").c.device == "A")
        )
    )
    await world.push("A")
    assert await settle(world, code, "keep") == "accepted"
    await world.restore()
    await world.refill("H", "A")
    assert not [row for row in await world.open() if row.startswith("TARGET_UNKNOWN")]
