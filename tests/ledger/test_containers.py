"""Containers and single things stand where they were sighted last, with all that is in them."""

import json

import pytest

from sync.records import Discrepancy, Variance
from sync.stock import CONTAINER
from tests.ledger.test_trouble import decide
from tests.world.postgres import on_both

pytestmark = on_both("warehouse")


async def real(world):
    """Return what stands at places that can be counted, containers themselves left out."""
    return {
        name: quantity
        for name, quantity in (await world.stock()).items()
        if name[0][0] in "BDSc" and not name[1].startswith(CONTAINER) and "/C" not in name[0]
    }


async def container(world, code):
    """Return where a container stands."""
    name = f"{CONTAINER}#{code}"
    return next(place for (place, key), q in (await world.stock()).items() if key == name and q > 0)


async def test_moving_a_pallet_moves_one_thing_and_none_of_its_contents(table):
    """[R21]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to =P1          | posted
        08:01 A receive 5 CA/L1 to =P1           | posted
        08:05 A putaway =P1 to B1                | posted
        08:10 A move =P1 from B1 to B2           | posted
        08:15 B pick 3 BE/L1 from =P1 for SO-1   | posted
    """)
    assert await container(world, "P1") == "B2"
    stock = await world.stock()
    assert (stock["container/P1", "BE/L1"], stock["container/P1", "CA/L1"]) == (7, 5)


async def test_two_devices_that_move_a_pallet_at_different_times_make_a_chain(table):
    """[R20] Each leaves from where the one before brought it; nobody has to look."""
    world = await table("""
        08:00 A move =P1 to B1                   | posted
        08:20 C move =P1 from B2 to B3           | flagged LOCATION_DOUBT
        08:10 B move =P1 from B1 to B2           | posted
    """)
    assert await container(world, "P1") == "B3"
    assert await world.open() == []


async def test_two_devices_that_move_a_pallet_at_once_leave_a_doubt(table):
    """[R20] The later scan wins, and somebody looks for it."""
    world = await table("""
        08:00 A move =P1 to B1                   | posted
        08:10:00 A move =P1 from B1 to B2        | posted
        08:10:00 B move =P1 from B1 to B3        | flagged LOCATION_DOUBT
    """)
    assert await world.open() == ["LOCATION_DOUBT R B3"]


async def test_shipping_a_pallet_takes_out_what_it_and_its_totes_hold(table):
    """[L12] The totes stay in the pallet, and both come back empty."""
    world = await table("""
        08:00 A receive 10 BE/L1 to =P1          | posted
        08:01 A receive 5 CA/L1 to =T1           | posted
        08:02 A receive 1 DB/L1#S1 to =T1        | posted
        08:03 A move =T1 to =P1                  | posted
        08:04 A move =P1 to STAGE                | posted
        09:00 A ship =P1 to customer/C1          | posted
        10:00 A move =P1 from customer/C1 to B1  | posted
    """)
    stock = await world.stock()
    assert stock["customer/C1", "BE/L1"] == 10
    assert stock["customer/C1", "CA/L1"] == 5
    assert stock["customer/C1", "DB/L1#S1"] == 1
    assert await real(world) == {}
    assert await container(world, "T1") == "container/P1"


async def test_what_is_learned_late_of_a_shipped_pallet_has_left_with_it(table):
    """[L12]"""
    world = await table("""
        08:04 A move =P1 to STAGE                | posted
        09:00 A ship =P1 to customer/C1          | posted
        08:00 B receive 10 BE/L1 to =P1          | posted
        08:30 C pick 4 BE/L1 from =P1 for SO-1   | posted
        08:10 B receive 5 CA/L1 to =T1           | posted
        08:20 B move =T1 to =P1                  | posted
        08:25 B receive 1 DB/L1#S1 to =T1        | posted
    """)
    stock = await world.stock()
    assert stock["customer/C1", "BE/L1"] == 6
    assert stock["customer/C1", "CA/L1"] == 5
    assert stock["customer/C1", "DB/L1#S1"] == 1
    assert await real(world) == {("STAGE", "BE/L1"): 4}


LIFTED_OUT = ["09:05 A ship =P1 to customer/C1", "09:10 B move =T1 from =P1 to B2 taken -{}s"]


@pytest.mark.parametrize("lines", [LIFTED_OUT, LIFTED_OUT[::-1]])
@pytest.mark.parametrize(("carried", "left"), [(600, {"CA/L1", "DB/L1#S1"}), (60, set())])
async def test_a_tote_has_left_a_pallet_when_it_was_lifted_out_of_it(table, lines, carried, left):
    """[L12] [L5] Not only when it was set down: the pallet may have been shipped in between."""
    world = await table("""
        08:00 A receive 5 CA/L1 to =T1           | posted
        08:01 A receive 1 DB/L1#S1 to =T1        | posted
        08:02 A move =T1 to =P1                  | posted
        08:03 A move =P1 to STAGE                | posted
    """)
    for line in lines:
        await world.play(line.format(carried))
    stock = await world.stock()
    assert {key for place, key in stock if place == "container/T1"} == left
    assert {key for place, key in stock if place == "customer/C1"} - left == (
        {"CA/L1", "DB/L1#S1", f"{CONTAINER}#P1"} - left
    )
    assert await container(world, "T1") == "B2"


async def test_a_tote_that_was_set_down_before_the_pallet_left_gets_its_contents_back(table):
    """[L12] Late: they had left the books with the pallet already."""
    world = await table("""
        08:00 A receive 5 CA/L1 to =T1           | posted
        08:02 A move =T1 to =P1                  | posted
        09:05 A ship =P1 to customer/C1          | posted
        09:00 B move =T1 from =P1 to B2          | flagged KEY_DOUBT
    """)
    stock = await world.stock()
    assert stock["container/T1", "CA/L1"] == 5
    assert ("unidentified/container/T1", "CA/L1") not in stock


async def test_more_than_a_pallet_held_comes_from_where_nobody_knows(table):
    """[L12] An empty pallet comes back empty; what was short is open until it is explained."""
    world = await table("""
        08:00 A receive 3 BE/L1 to =P1           | posted
        08:30 A pick 4 BE/L1 from =P1 for SO-1   | flagged NEGATIVE
        09:00 A ship =P1 to customer/C1          | flagged LOCATION_DOUBT
    """)
    stock = await world.stock()
    assert stock["unidentified/container/P1", "BE/L1"] == -1
    assert ("container/P1", "BE/L1") not in stock
    await world.play("08:10 B receive 2 BE/L1 to =P1")
    stock = await world.stock()
    assert stock["customer/C1", "BE/L1"] == 1
    assert ("unidentified/container/P1", "BE/L1") not in stock
    assert "LOCATION_DOUBT R unidentified/container/P1" not in await world.open()


async def test_a_shipment_that_never_happened_leaves_the_pallet_full(table):
    """[R40]"""
    world = await table("""
        08:00 A receive 3 BE/L1 to =P1           | posted
        08:01 A receive 1 DB/L1#S1 to =P1        | posted
        08:05 A move =P1 to STAGE                | posted
        s: 09:00 A ship =P1 to customer/C1       | posted
        09:10 A reverse s                        | posted
    """)
    assert await real(world) == {("container/P1", "BE/L1"): 3, ("container/P1", "DB/L1#S1"): 1}
    assert await container(world, "P1") == "STAGE"


async def test_containers_that_would_contain_one_another_are_in_doubt(table):
    """[R20]"""
    world = await table("""
        08:00 A move =T1 to =T2                  | posted
        08:10 B move =T2 to =T1                  | flagged LOCATION_DOUBT
        08:20 A move =T2 to B1                   | posted
    """)
    assert await container(world, "T2") == "B1"


async def test_a_screen_that_knew_other_contents_is_told(table):
    """[R21]"""
    world = await table("""
        08:00 A receive 3 BE/L1 to =P1           | posted
        08:05 B move =P1 from DOCK to B1         | flagged KEY_DOUBT
    """)
    assert await world.open() == []


async def test_what_came_into_a_pallet_in_the_same_moment_no_screen_knew(warehouse):
    """[R21] Whether pushes share a transaction makes no difference."""
    told = await warehouse.together("""
        08:00 A receive 3 BE/L1 to =P1
        08:05 B move =P1 from DOCK to B1
    """)
    assert told == ["posted", "flagged KEY_DOUBT"]


async def test_a_serial_scanned_where_nobody_brought_it_comes_from_nowhere_until_told(table):
    """[R14] What stands at a place without a name is explained by something open."""
    world = await table("""
        08:10 A move 1 BE#S1 from B1 to B2       | flagged LOCATION_DOUBT
    """)
    assert (await world.stock())["unidentified/BE S1", "BE#S1"] == -1
    await world.play("08:00 B receive 1 BE/L1#S1 to B1")
    assert await world.stock() == {("supplier/V1", "BE/L1#S1"): -1, ("B2", "BE/L1#S1"): 1}
    assert await world.open() == []


async def test_a_serial_seen_twice_at_one_place_stays_there(table):
    """[R14]"""
    world = await table("""
        08:00 A receive 1 BE/L1#S1 to B1         | posted
        08:20 B receive 1 BE/L1#S1 to B1         | flagged DUPLICATE_SERIAL
        08:10 C move 1 BE/L1#S1 from B1 to B2    | posted
    """)
    assert (await world.stock())["B1", "BE/L1#S1"] == 1


async def test_goods_on_hold_follow_what_was_there(table):
    """[L7] All of it was put on hold; what is learned later was there too."""
    world = await table("""
        08:00 A receive 5 BE/L1 to B1            | posted
        09:00 A status all BE/L1 at B1 to hold   | posted
        08:30 B receive 2 BE/L1 to B1            | posted
        08:40 C pick 1 BE/L1 from B1             | posted
    """)
    stock = await world.stock()
    assert (stock["B1", "BE/L1!hold"], ("B1", "BE/L1") in stock) == (6, False)


async def test_what_came_off_hold_late_is_all_that_it_took(table):
    """[L7] Found by the simulation: its other half took what ran on from it for its own number."""
    world = await table("""
        08:00 A receive 23 BE/L1 to B1                 | posted
        08:10 A status all BE/L1 at B1 to hold         | posted
        09:00 B move all BE/L1!hold from B1 to B2      | posted
        08:40 C status 5 BE/L1!hold at B1 to ok        | posted
        08:20 D status all BE/L1!hold at B1 to ok      | flagged NEGATIVE
        08:30 E status all BE/L1 at B1 to hold         | posted
    """)
    stock = await world.stock()
    assert (stock["B2", "BE/L1!hold"], stock["B1", "BE/L1"]) == (18, 5)
    assert ("B1", "BE/L1!hold") not in stock


async def test_a_lot_found_in_another_bin_is_offered_as_the_move_that_nobody_scanned(table):
    """[R34] One settle, and both bins are right for the moment of the count."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1           | posted
        08:01 A receive 3 BE/L2 to B2            | posted
        09:00 B count B2: BE/L1=4, BE/L2=3       | flagged FOUND_ELSEWHERE
    """)
    (row,) = [d for d in await world.rows("discrepancy", Discrepancy) if d.state == "open"]
    assert row.detail["elsewhere"] == [["B1", 10]]
    did = {"verb": "settle", "discrepancy": row.discrepancy, "action": "move:B1"}
    world.device("H").envelope(did, world.now, class_="intent", actor="fang")
    await world.push("H", world.now + 1_000)
    stock = await world.stock()
    assert (stock["B1", "BE/L1"], stock["B2", "BE/L1"]) == (6, 4)
    assert await world.variances() == ["B2 BE/L1 4/4 open", "B2 BE/L2 3/3 open"]
    assert await world.open() == []


async def test_a_move_from_a_bin_that_was_not_offered_is_refused(table):
    """[R34]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1           | posted
        09:00 B count B2: BE/L1=4                | flagged FOUND_ELSEWHERE
    """)
    (row,) = [d for d in await world.rows("discrepancy", Discrepancy) if d.state == "open"]
    did = {"verb": "settle", "discrepancy": row.discrepancy, "action": "move:B3"}
    world.device("H").envelope(did, world.now, class_="intent", actor="fang")
    answer = await world.push("H", world.now + 1_000)
    assert json.loads(bytes(answer.verdicts[0]))["reason"] == "not_offered"


async def test_a_serial_found_elsewhere_moves_when_its_line_is_approved(table):
    """[R34] [L8] An approved line is a sighting."""
    world = await table("""
        08:00 A receive 1 BE/L1#S1 to B1         | posted
        09:00 B count B2: BE/L1#S1=1             | flagged FOUND_ELSEWHERE
    """)
    (row,) = await world.rows("variance", Variance)
    await decide(world, "approve", row)
    assert await world.stock() == {("supplier/V1", "BE/L1#S1"): -1, ("B2", "BE/L1#S1"): 1}
    await world.play("10:00 A move 1 BE/L1#S1 from B1 to B3")
    assert (await world.stock())["B3", "BE/L1#S1"] == 1


async def test_a_thing_that_was_looked_for_is_found_wherever_a_count_lists_it(table):
    """[D4] Found by the simulation, seed 12."""
    world = await table("""
        08:00 A receive 1 BE/L1#S1 to B1         | posted
        08:10:00 A move 1 BE/L1#S1 from B1 to B2 | posted
        08:10:00 B move 1 BE/L1#S1 from B1 to B3 | flagged LOCATION_DOUBT
        09:00 A count B2: BE/L1#S1=1             | flagged FOUND_ELSEWHERE
    """)
    (row,) = await world.rows("variance", Variance)
    await decide(world, "approve", row)
    assert "LOCATION_DOUBT R B3" not in await world.open()


async def test_a_pallet_that_a_count_does_not_list_stays_and_is_looked_for(table):
    """[C7] Nobody counted it away."""
    world = await table("""
        08:00 A move =P1 to B1                   | posted
        09:00 B count B1:                        | flagged LOCATION_DOUBT
    """)
    assert await world.variances() == []
    assert await container(world, "P1") == "B1"


async def test_goods_that_nobody_knew_have_left_with_the_pallet_once_they_are_named(table):
    """[R6] [L12] What is learned later of that pallet has left too."""
    world = await table("""
        08:00 A receive 5 XX/L1 to =P1           | flagged UNKNOWN_CODE
        08:05 A move =P1 to STAGE                | posted
        09:00 A ship =P1 to customer/C1          | posted
    """)
    (row,) = [d for d in await world.rows("discrepancy", Discrepancy) if d.state == "open"]
    did = {"verb": "settle", "discrepancy": row.discrepancy, "action": "is:BE"}
    world.device("H").envelope(did, world.now, class_="intent", actor="fang")
    await world.push("H", world.now + 1_000)
    assert (await world.stock())["customer/C1", "BE/L1"] == 5
    await world.play("""
        08:10 B receive 2 BE/L1 to =P1           | posted
        08:20 C receive 1 XX/L1 to =P1           | posted
    """)
    assert (await world.stock())["customer/C1", "BE/L1"] == 8
    assert await real(world) == {}


async def test_a_tote_that_was_used_for_weeks_stands_where_it_was_seen_last(table):
    """[L8] Only what lies near is looked at; a scan from before still goes in between."""
    world = await table("""
        08:00 A move =T1 to B1                   | posted
        1d 08:00 A move =T1 from B1 to B2        | posted
        2d 08:00 A move =T1 from B2 to B3        | posted
        3d 08:00 A move =T1 from B3 to B1        | posted
        1d 20:00 B move =T1 from B2 to B4        | posted
    """)
    assert await container(world, "T1") == "B1"


async def test_taking_back_one_scan_leaves_the_doubt_that_another_one_shares(table):
    """[L11] Found by shuffled arrivals, seed 62."""
    world = await table("""
        b: 07:03 B move 1 BE#S1 from B1 to B3    | flagged LOCATION_DOUBT
        07:01 C move 1 BE#S1 from B2 to B1       | posted
        07:14 B reverse b                        | posted
    """)
    assert await world.open() == ["LOCATION_DOUBT R unidentified/BE S1"]


async def test_a_count_that_never_happened_saw_no_serial_either(table):
    """[L8] [R40] Its approval is taken back with it."""
    world = await table("""
        c: 09:00 C count B3: BE#S2=1             | posted
    """)
    (row,) = await world.rows("variance", Variance)
    await decide(world, "approve", row)
    await world.play("""
        09:30 A move 1 BE#S2 from B3 to B1       | posted
        09:40 C reverse c                        | flagged LOCATION_DOUBT
    """)
    assert await world.stock() == {("B1", "BE#S2"): 1, ("unidentified/BE S2", "BE#S2"): -1}
