"""What an approval rests on, and what the server does not approve without a person."""

import pytest

from sync.records import Item, Location, Variance
from tests.ledger.test_counts import approve
from tests.ledger.test_trouble import send
from tests.world.lines import clock, key
from tests.world.warehouse import SITE


def line(what, quantity, at, **more):
    return {"key": key(what), "quantity": quantity, "first_wall": at, "last_wall": at,
            "segment": "s1", **more}  # fmt: skip


async def count(  # noqa: PLR0913 - the parts of a count
    world, device, at, lines, *, scope="line", count_id="q", place="B1", **more
):
    """Count a place at a time; lines are (what, quantity). Return the operation's id."""
    at = clock(at)
    did = {
        "verb": "count", "place": {"location": place}, "scope": scope, "count_id": count_id,
        "opened_wall": at - 30_000, "lines": [line(*one, at - 10_000) for one in lines],
    }  # fmt: skip
    identity = world.device(device).envelope(did, at, **more)
    await world.push(device, at)
    return identity


async def decide(world, parts, decisions, *, base=None, count_id="q"):
    """Let fang decide lines (operation, line, what, counted, expected[, place])."""
    lines = []
    for operation, number, what, counted, expected, *place in decisions:
        of = {"operation": operation, "line": number}
        named = {"place": place[0]} if place else {}
        lines.append({"key": key(what), "counted": counted, "expected": expected, "of": of} | named)
    did = {"verb": "approve", "count_id": count_id, "parts": parts, "lines": lines}
    if base is not None:
        world.device("H").base = {"epoch": 1, "cursor": base, "hash": None}
    return await send(world, "H", did, class_="intent", actor="fang")


async def seq(world):
    """Return how far a screen has read that shows everything."""
    return int((await world.read_on()).cursor.split(".")[1])


async def settings(world, *rows, **site):
    await world.book.change(SITE, "x", [*rows, *([world.site(**site)] if site else [])], "changed")


async def test_parts_of_a_count_add_up(warehouse):
    """[C5]"""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 5)])
    two = await count(warehouse, "B", "09:05", [("BE/L1", 3)])
    verdict = await decide(warehouse, [one, two], [(two, 0, "BE/L1", 8, 10)])
    assert verdict["outcome"] == "accepted"
    assert (await warehouse.stock())["B1", "BE/L1"] == 8
    assert await warehouse.variances() == ["B1 BE/L1 5/10 approved", "B1 BE/L1 3/10 approved"]


async def test_an_approval_holds_only_while_none_of_its_parts_is_reversed(warehouse):
    """[C5] The sum of what is left would be no count of anything."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 5)])
    two = await count(warehouse, "B", "09:05", [("BE/L1", 3)])
    await decide(warehouse, [one, two], [(two, 0, "BE/L1", 8, 10)])
    await send(warehouse, "B", {"verb": "reverse", "target": one})
    assert (await warehouse.stock())["B1", "BE/L1"] == 10
    assert await warehouse.variances() == ["B1 BE/L1 5/10 reversed", "B1 BE/L1 3/10 open"]


async def test_a_part_that_was_not_shown_makes_an_approval_stale(warehouse):
    """[C5] [R35]"""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 5)])
    two = await count(warehouse, "B", "09:05", [("BE/L1", 3)])
    verdict = await decide(warehouse, [one], [(one, 0, "BE/L1", 5, 10)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "stale")
    assert [fresh["counted"] for fresh in verdict["fresh"]] == [8]
    verdict = await decide(warehouse, [one, two], [(two, 0, "BE/L1", 8, 10)])
    assert verdict["outcome"] == "accepted"


async def test_a_part_that_comes_later_is_added_to_what_was_approved(warehouse):
    """[C5] The first decision stands at its moment; the later line sets the sum at its own."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 5)])
    await decide(warehouse, [one], [(one, 0, "BE/L1", 5, 10)])
    two = await count(warehouse, "B", "09:05", [("BE/L1", 3)])
    seen = await seq(warehouse)
    verdict = await decide(warehouse, [one, two], [(two, 0, "BE/L1", 8, 5)], base=seen)
    assert verdict["outcome"] == "accepted"
    assert (await warehouse.stock())["B1", "BE/L1"] == 8
    again = await decide(warehouse, [one], [(one, 0, "BE/L1", 5, 10)], base=await seq(warehouse))
    assert (again["outcome"], again["reason"]) == ("refused", "already_decided")


async def test_an_approval_names_parts_that_are_there(warehouse):
    """[C5]"""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 5)])
    verdict = await decide(warehouse, [one, "nobody"], [(one, 0, "BE/L1", 5, 10)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "count_unknown")


async def test_what_was_set_right_by_hand_after_the_count_is_said_before_it_is_approved(warehouse):
    """[R35] [C4] [R36] Two corrections of one thing are one too many; the desk takes one back."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 8)])
    shown = await seq(warehouse)
    await warehouse.play("09:30 A adjust -2 BE/L1 B1 lost")
    verdict = await decide(warehouse, [one], [(one, 0, "BE/L1", 8, 10)], base=shown)
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "corrected")
    shown = await seq(warehouse)
    verdict = await decide(warehouse, [one], [(one, 0, "BE/L1", 8, 10)], base=shown)
    (flag,) = verdict["flags"]
    assert (verdict["outcome"], flag["code"]) == ("accepted", "DOUBLE_CORRECTION")
    assert (await warehouse.stock())["B1", "BE/L1"] == 6
    back = {"verb": "settle", "discrepancy": flag["discrepancy"], "action": "reverse"}
    settled = await send(warehouse, "H", back, class_="intent", actor="fang")
    assert settled["outcome"] == "accepted"
    assert (await warehouse.stock())["B1", "BE/L1"] == 8


async def test_an_adjustment_that_comes_late_repeats_what_was_approved_meanwhile(warehouse):
    """[R36] Two are missing; whoever wrote them off had not heard that the count was approved."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 8)])
    await decide(warehouse, [one], [(one, 0, "BE/L1", 8, 10)])
    await warehouse.play("09:30 C adjust -2 BE/L1 B1 lost | flagged DOUBLE_CORRECTION")


async def test_an_approved_count_after_the_count_that_was_not_shown_makes_it_stale(warehouse):
    """[R35] [C4]"""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 8)])
    two = await count(warehouse, "C", "10:00", [("BE/L1", 9)], count_id="r")
    shown = await seq(warehouse)
    both = [(two, 0, "BE/L1", 9, 10)]
    await decide(warehouse, [two], both, base=shown, count_id="r")
    verdict = await decide(warehouse, [one], [(one, 0, "BE/L1", 8, 10)], base=shown)
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "corrected")


async def test_a_lot_that_was_not_scanned_is_not_approved_alone(warehouse):
    """[C8] Its label said only the item: what stands beside it may have been counted with it."""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1
        08:01 A receive 4 BE/L2 to B1
    """)
    one = await count(warehouse, "B", "09:00", [("BE/L1", 14)], assumed=["lot"])
    verdict = await decide(warehouse, [one], [(one, 0, "BE/L1", 14, 10)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "not_alone")
    told = [(f["key"]["lot"]["code"], f["counted"], f["expected"]) for f in verdict["fresh"]]
    assert told == [("L1", 14, 10), ("L2", 4, 4)]
    lines = [(one, 0, "BE/L1", 14, 10), (one, None, "BE/L2", 0, 4)]
    assert (await decide(warehouse, [one], lines))["outcome"] == "accepted"
    stock = await warehouse.stock()
    assert (stock["B1", "BE/L1"], ("B1", "BE/L2") in stock) == (14, False)


async def test_a_lot_that_was_scanned_is_approved_alone(warehouse):
    """[C8]"""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1
        08:01 A receive 4 BE/L2 to B1
    """)
    one = await count(warehouse, "B", "09:00", [("BE/L1", 9)])
    assert (await decide(warehouse, [one], [(one, 0, "BE/L1", 9, 10)]))["outcome"] == "accepted"


async def test_goods_in_a_tote_that_stands_in_the_bin_want_their_number_too(warehouse):
    """[C8]"""
    tote = {"verb": "move", "key": None, "container": "T1", "from": {"location": "B2"},
            "to": {"location": "B1"}}  # fmt: skip
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    await send(warehouse, "A", tote)
    into = {"verb": "move", "key": key("BE/L1"), "quantity": 3, "from": {"location": "B1"},
            "to": {"container": "T1"}}  # fmt: skip
    await send(warehouse, "A", into)
    one = await count(warehouse, "B", "09:00", [("BE/L1", 10)])
    verdict = await decide(warehouse, [one], [(one, 0, "BE/L1", 10, 7)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "not_alone")
    assert [fresh.get("place") for fresh in verdict["fresh"]] == [None, "container/T1"]
    lines = [(one, 0, "BE/L1", 10, 7), (one, None, "BE/L1", 0, 3, "container/T1")]
    assert (await decide(warehouse, [one], lines))["outcome"] == "accepted"
    stock = await warehouse.stock()
    assert (stock["B1", "BE/L1"], ("container/T1", "BE/L1") in stock) == (10, False)


async def test_what_may_have_been_counted_with_others_is_not_approved_by_itself(warehouse):
    """[R28] [C8]"""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1
        08:01 A receive 4 BE/L2 to B1
    """)
    await count(warehouse, "B", "09:00", [("BE/L1", 10)], assumed=["lot"])
    await warehouse.heartbeat(warehouse.now + 60_000)
    (row,) = await warehouse.rows("variance", Variance)
    assert (row.state, row.by_hand) == ("open", "not_alone")


@pytest.mark.parametrize(
    ("percent", "item", "counted", "state"),
    [
        (None, None, 8, "approved"),
        (None, None, 7, "open"),
        (20, None, 8, "approved"),
        (10, None, 8, "open"),
        (None, 3, 7, "approved"),
        (None, 0, 9, "open"),
    ],
)
async def test_the_server_approves_what_is_inside_all_tolerances(
    warehouse, percent, item, counted, state
):
    """[R28] Two pieces, perhaps so many percent; an item may have limits of its own."""
    row = Item(item="BE", name="BE", lots=True, count_tolerance=item)
    await settings(warehouse, row, count_tolerance=2, count_tolerance_percent=percent)
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    await count(warehouse, "B", "09:00", [("BE/L1", counted)])
    await warehouse.heartbeat(warehouse.now + 60_000)
    assert await warehouse.variances() == [f"B1 BE/L1 {counted}/10 {state}"]


async def test_a_surplus_at_a_dock_waits_for_a_person(warehouse):
    """[R28] Goods may stand there before anybody has booked them."""
    await settings(warehouse, count_tolerance=2)
    await warehouse.play("08:00 A receive 10 BE/L1 to DOCK")
    await count(warehouse, "B", "09:00", [("BE/L1", 11)], place="DOCK")
    await warehouse.heartbeat(warehouse.now + 60_000)
    (row,) = await warehouse.rows("variance", Variance)
    assert (row.state, row.by_hand) == ("open", "surplus")
    assert (await approve(warehouse, "B"))["outcome"] == "accepted"


async def test_a_surplus_where_production_delivers_waits_for_a_person(warehouse):
    """[R28]"""
    await settings(warehouse, count_tolerance=2)
    made = {"verb": "produce", "key": key("BE/L9"), "quantity": 5, "to": {"location": "B2"}}
    await send(warehouse, "A", made, task={"document": "WO-1", "line": None})
    await warehouse.play("08:00 A receive 10 BE/L1 to B2")
    await count(warehouse, "B", "09:00", [("BE/L1", 11), ("BE/L9", 4)], place="B2")
    await warehouse.heartbeat(warehouse.now + 60_000)
    assert await warehouse.variances() == ["B2 BE/L1 11/10 open", "B2 BE/L9 4/5 approved"]


async def test_a_count_that_was_corrected_since_is_not_approved_by_itself(warehouse):
    """[R28] The adjustment may be the same correction, done by hand."""
    await settings(warehouse, count_tolerance=2)
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    await count(warehouse, "B", "09:00", [("BE/L1", 8)])
    await warehouse.play("09:30 A adjust -2 BE/L1 B1 lost")
    await warehouse.heartbeat(warehouse.now + 60_000)
    (row,) = await warehouse.rows("variance", Variance)
    assert (row.state, row.by_hand) == ("open", "adjusted")


async def test_nothing_is_approved_by_itself_before_everybody_was_heard(warehouse):
    """[R28] [T6]"""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1
        08:00 C receive 1 CA/L1 to B2
    """)
    await count(warehouse, "B", "09:00", [("BE/L1", 10)])
    await warehouse.heartbeat(clock("09:30"), "A", "B")
    assert await warehouse.variances() == ["B1 BE/L1 10/10 open"]
    await warehouse.heartbeat(clock("09:31"), "C")
    assert await warehouse.variances() == ["B1 BE/L1 10/10 approved"]


async def test_kinds_of_places_are_known_to_the_rule(warehouse):
    """[R28] A bin is no dock."""
    await settings(warehouse, Location(location="B3", warehouse="W"), count_tolerance=2)
    await warehouse.play("08:00 A receive 10 BE/L1 to B3")
    await count(warehouse, "B", "09:00", [("BE/L1", 11)], place="B3")
    await warehouse.heartbeat(warehouse.now + 60_000)
    assert await warehouse.variances() == ["B3 BE/L1 11/10 approved"]


async def test_a_serial_that_was_approved_goes_back_when_a_part_of_its_count_is_reversed(warehouse):
    """[C5] [L8]"""
    await warehouse.play("08:00 A receive 1 BE#S1 to B2")
    one = await count(warehouse, "B", "09:00", [("BE/L1", 0)])
    two = await count(warehouse, "B", "09:05", [("BE#S1", 1)])
    verdict = await decide(warehouse, [one, two], [(two, 0, "BE#S1", 1, 0)])
    assert verdict["outcome"] == "accepted"
    assert (await warehouse.stock())["B1", "BE#S1"] == 1
    await send(warehouse, "B", {"verb": "reverse", "target": one})
    stock = await warehouse.stock()
    assert (stock.get(("B1", "BE#S1")), stock["B2", "BE#S1"]) == (None, 1)
