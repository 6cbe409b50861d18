"""What the desk is offered beside a line is what is checked and set: one moment for all of it."""

from tests.ledger.test_trouble import send
from tests.world.counting import approve, count, decide, line_of, shown
from tests.world.lines import key
from tests.world.postgres import on_both

pytestmark = on_both("warehouse")


async def stock(world, place="B1", what="BE/L1"):
    return (await world.stock()).get((place, what), 0)


async def test_goods_in_a_tote_are_offered_and_checked_at_the_moment_when_the_count_was_done(
    warehouse,
):
    """[C8] Something went into it between the line's scan and the end of the count."""
    tote = {"verb": "move", "key": None, "container": "T1", "from": {"location": "B2"},
            "to": {"location": "B1"}}  # fmt: skip
    await send(warehouse, "A", tote)
    await warehouse.play("""
        08:00:00 A receive 10 BE/L1 to B1
        08:01:00 A move 3 BE/L1 from B1 to =T1
        09:59:55 A move 2 BE/L1 from B1 to =T1
    """)
    await count(warehouse, "B", "09:50", "10:00", "BE/L1=10", scope="line")
    assert await approve(warehouse) == 2
    assert (await stock(warehouse), await stock(warehouse, "container/T1")) == (8, 5)


async def test_the_fresh_line_of_goods_in_a_tote_says_where_they_are(warehouse):
    """[C8] [R35]"""
    tote = {"verb": "move", "key": None, "container": "T1", "from": {"location": "B2"},
            "to": {"location": "B1"}}  # fmt: skip
    await send(warehouse, "A", tote)
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    await warehouse.play("08:01 A move 3 BE/L1 from B1 to =T1")
    one = await count(warehouse, "B", "09:50", "10:00", "BE/L1=10", scope="line")
    (row,) = await shown(warehouse)
    inside = {"key": key("BE/L1"), "counted": 0, "expected": 5, "place": "container/T1",
              "of": {"operation": one, "line": None}}  # fmt: skip
    verdict = await decide(warehouse, "q", [one], [line_of(row), inside])
    assert (verdict["reason"], [f.get("place") for f in verdict["fresh"]]) \
        == ("stale", [None, "container/T1"])  # fmt: skip
    assert (await decide(warehouse, "q", [one], verdict["fresh"]))["outcome"] == "accepted"
    assert await stock(warehouse, "container/T1") == 0


async def test_what_was_left_as_it_is_is_not_asked_again_beside_another(warehouse):
    """[C8] She has said of the other lot that the books are right."""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1
        08:01 A receive 4 BE/L2 to B1
    """)
    one = await count(warehouse, "B", "09:50", "10:00", "BE/L1=9", assumed=["lot"])
    first, other = await shown(warehouse)
    assert (first.key, other.counted) < (other.key, 1)
    await decide(warehouse, "q", [one], [line_of(other)], verb="reject")
    verdict = await decide(warehouse, "q", [one], [line_of(first)])
    assert verdict["outcome"] == "accepted"


async def test_a_part_that_counted_none_is_named_too(warehouse):
    """[C5] Nothing and three are three, at the moment of whoever looked last."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    await count(warehouse, "B", "09:04", "09:05", "BE/L1=0", scope="line")
    await approve(warehouse)
    two = await count(warehouse, "C", "08:59", "09:00", "BE/L1=3", scope="line")
    (row,) = await shown(warehouse)
    verdict = await decide(warehouse, "q", [two], [line_of(row)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "stale")
    assert (await decide(warehouse, "q", [two], verdict["fresh"]))["outcome"] == "accepted"
    assert await stock(warehouse) == 3


async def test_what_one_part_lists_is_no_absence_of_another(warehouse):
    """[C5] [C8] A desk that names the key as not listed is told who lists it."""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1
        08:01 A receive 4 BE/L2 to B1
    """)
    one = await count(warehouse, "B", "09:00", "09:05", "BE/L1=10", assumed=["lot"])
    two = await count(warehouse, "C", "09:01", "09:04", "BE/L2=4", scope="line")
    first = next(row for row in await shown(warehouse) if row.operation == one)
    nobody = {"key": key("BE/L2"), "counted": 0, "expected": 4,
              "of": {"operation": one, "line": None}}  # fmt: skip
    verdict = await decide(warehouse, "q", [one], [line_of(first), nobody])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "stale")
    assert {fresh["of"]["operation"] for fresh in verdict["fresh"]} == {one, two}
    assert (await decide(warehouse, "q", [one], verdict["fresh"]))["outcome"] == "accepted"
    assert (await stock(warehouse), await stock(warehouse, what="BE/L2")) == (10, 4)


async def test_beside_a_line_the_last_part_of_the_whole_place_says_what_was_not_there(warehouse):
    """[C5] [C8] Nothing is missing of it so far: an absence of none, of the part that rules."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", "09:05", "BE/L1=10", assumed=["lot"])
    two = await count(warehouse, "C", "09:06", "09:08", "CA/L1=0")
    await warehouse.play("""
        09:04 A receive 4 BE/L2 to B1
        08:50 D receive 1 BE/L2 to B1
        09:07 E pick 2 BE/L2 from B1
    """)
    first = next(row for row in await shown(warehouse) if row.operation == one)
    verdict = await decide(warehouse, "q", [one], [line_of(first)])
    assert verdict["reason"] == "not_alone"
    assert [fresh["of"]["operation"] for fresh in verdict["fresh"]] == [one, two]
    assert (await decide(warehouse, "q", [one], verdict["fresh"]))["outcome"] == "accepted"
    assert await stock(warehouse, what="BE/L2") == 2
