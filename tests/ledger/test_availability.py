"""Goods that should not have been used, and places where they should not stand."""

import pytest

from sync.records import Document, Location, LotRow
from tests.world.desk import found, settle, work
from tests.world.lines import clock, key
from tests.world.warehouse import SITE


async def lots(world):
    rows = await world.rows("lot", LotRow)
    return {f"{row.item}/{row.lot}": row.blocked for row in rows}


async def stopped(world):
    return [row.document for row in await world.rows("document", Document) if row.stopped]


async def send(world, device, did, **more):
    world.device(device).envelope(did, world.now, **more)
    return await world.push(device, world.now + 1_000)


async def test_an_order_that_was_closed_meanwhile_blocks_the_lot_that_came(table):
    """[R12] Until somebody opens the line again, orders anew or sends the goods back."""
    world = await table("""
        08:00 A receive 5 BE/L1 for PO-9            | flagged ORDER_CLOSED
        08:10 A putaway 5 BE/L1 to B1               | posted
        08:20 B pick 1 BE/L1 from B1 for SO-1       | flagged LOT_BLOCKED
    """)
    assert (await lots(world))["BE/L1"] == (await found(world, "ORDER_CLOSED")).discrepancy
    assert await settle(world, "ORDER_CLOSED", "reopen") == "accepted"
    assert await lots(world) == {"BE/L1": None}
    (order,) = [row for row in await world.papers() if row.document == "PO-9"]
    assert order.state == "open"


async def test_goods_of_a_closed_order_that_go_back_are_on_the_list_of_moves(table):
    """[R12]"""
    world = await table("""
        08:00 A receive 5 BE/L1 for PO-9/1          | flagged ORDER_CLOSED
    """)
    assert await settle(world, "ORDER_CLOSED", "give_back") == "accepted"
    assert await work(world, "move") == ["MV-DOCK BE 5/0 open"]


async def test_a_receipt_that_never_happened_blocks_nothing(table):
    """[R12] [R40] [D2]"""
    world = await table("""
        r: 08:00 A receive 5 BE/L1 for PO-9         | flagged ORDER_CLOSED
        08:10 A reverse r                           | posted
    """)
    assert await lots(world) == {"BE/L1": None}


async def test_goods_in_a_blocked_bin_are_there_and_must_leave_it(table, warehouse):
    """[R16] [D3] What stands there is not available, and the list of moves asks to take it out."""
    blocked = Location(location="B2", warehouse="W", walk=2, blocked=True)
    await warehouse.book.change(SITE, "x", [blocked], "blocked")
    world = await table("""
        08:00 A receive 5 BE/L1                     | posted
        08:10 A putaway 3 BE/L1 to B2               | flagged LOCATION_BLOCKED
        08:20 A putaway 2 BE/L1 to B2               | flagged LOCATION_BLOCKED
    """)
    assert (await world.stock())["B2", "BE/L1"] == 5
    assert await work(world, "move") == ["MV-B2 BE 5/0 open"]
    await table("""
        08:30 B move 5 BE/L1 from B2 to B1 for MV-B2   | posted
    """)
    assert await world.open() == []
    assert await work(world, "move") == ["MV-B2 BE 5/5 closed"]


@pytest.mark.parametrize(
    ("rule", "what", "severity"),
    [
        ({"capacity": 9}, "BE/L1", "LOCATION_RULE R B2"),
        ({"capacity": 10}, "BE/L1", None),
        ({"mixing": "item"}, "CA/L1", None),
        ({"mixing": "item"}, "BE/L2", None),
        ({"mixing": "lot"}, "BE/L1", None),
    ],
    ids=str,
)
async def test_a_bin_has_its_measure(warehouse, rule, what, severity):
    """[R17] Too much is for a person; what is mixed is only said."""
    ruled = Location(location="B2", warehouse="W", walk=2, **rule)
    await warehouse.book.change(SITE, "x", [ruled], "ruled")
    await warehouse.play(f"""
        08:00 A receive 6 BE/L1 to B2
        08:10 A receive 4 {what} to B2
    """)
    assert await warehouse.open() == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("mixing", "what", "verdict"),
    [
        ("item", "CA/L1", "flagged LOCATION_RULE"), ("item", "BE/L2", "posted"),
        ("lot", "BE/L2", "flagged LOCATION_RULE"), ("lot", "BE/L1", "posted"),
    ],
)  # fmt: skip
async def test_a_bin_for_one_thing_says_so_when_it_gets_another(warehouse, mixing, what, verdict):
    """[R17]"""
    ruled = Location(location="B2", warehouse="W", walk=2, mixing=mixing)
    await warehouse.book.change(SITE, "x", [ruled], "ruled")
    got = await warehouse.play(f"""
        08:00 A receive 6 BE/L1 to B2
        08:10 A receive 4 {what} to B2
    """)
    assert got[1].endswith(f"| {verdict}")


async def test_a_bin_that_is_no_longer_too_full_says_nothing(table, warehouse):
    """[R17]"""
    ruled = Location(location="B2", warehouse="W", walk=2, capacity=5)
    await warehouse.book.change(SITE, "x", [ruled], "ruled")
    world = await table("""
        08:00 A receive 6 BE/L1 to B2               | flagged LOCATION_RULE
        08:10 A move 1 BE/L1 from B2 to B1          | posted
    """)
    assert await world.open() == []


async def test_what_was_picked_for_nobody_must_go_back(table):
    """[R23]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:10 A pick 4 BE/L1 from B1 for SO-1       | posted
        08:20 B pick 3 BE/L1 from B1 for SO-1       | flagged PICK_NOT_NEEDED
        08:30 B pick 1 BE/L1 from B1 for SO-2       | flagged PICK_NOT_NEEDED
    """)
    assert await work(world, "move") == ["MV-STAGE BE 3/0 open"]


async def test_a_lot_past_its_day_stops_the_shipment_it_is_in(table):
    """[R25] The day is that of the site; 09:00 in UTC is still the last day."""
    world = await table("""
        08:00 A receive 9 PT/L1@2026-09-21 to B1      | posted
        09:00 A pick 1 PT/L1@2026-09-21 from B1 for SO-1    | posted
        1d 09:00 A pick 1 PT/L1@2026-09-21 from B1 for SO-1 | flagged LOT_BLOCKED
    """)
    row = await found(world, "LOT_BLOCKED")
    assert (row.severity, row.detail["why"]) == ("U", "expired")
    assert await lots(world) == {"PT/L1": row.discrepancy}
    assert await stopped(world) == ["SO-1"]
    assert await settle(world, "LOT_BLOCKED", "put_back") == "accepted"
    assert await work(world, "move") == ["MV-STAGE PT 1/0 open"]
    assert await stopped(world) == []


async def test_the_last_day_of_a_lot_ends_where_the_site_is(table, warehouse):
    """[R25]"""
    await warehouse.book.change(
        SITE, "x", [warehouse.site(time_zone="Asia/Shanghai")], "moved"
    )  # fmt: skip
    await table("""
        08:00 A receive 9 PT/L1@2026-09-21 to B1            | posted
        15:59 A issue 1 PT/L1@2026-09-21 from B1            | posted
        16:00 A issue 1 PT/L1@2026-09-21 from B1            | flagged LOT_BLOCKED
    """)


async def test_a_clock_that_may_be_wrong_does_not_know_the_last_day(warehouse):
    """[R8] [R25]"""
    await warehouse.play("08:00 A receive 9 PT/L1@2026-09-21 to B1")
    did = {
        "verb": "issue", "key": key("PT/L1@2026-09-21"), "quantity": 1,
        "from": {"location": "B1"}, "to": {"location": "production/WO-1"},
    }  # fmt: skip
    warehouse.now = clock("23:50")
    warehouse.device("B").envelope(did, clock("23:00"), segment="another")
    await warehouse.push("B", clock("1d 01:00"))
    assert "TIME_UNCERTAIN R B1" in await warehouse.open()


@pytest.mark.parametrize("status", ["hold", "reject", "quality"])
async def test_goods_on_hold_should_not_be_used(table, status):
    """[R25] [R42] Goods that wait for inspection neither, unless a supervisor agreed."""
    world = await table(f"""
        08:00 A receive 9 BE/L1!{status} to B1          | posted
        08:10 A pick 1 BE/L1!{status} from B1 for SO-1  | flagged LOT_BLOCKED
    """)
    assert await lots(world) == {"BE/L1": None}
    assert await stopped(world) == ["SO-1"]
    assert await settle(world, "LOT_BLOCKED", "release") == "accepted"
    assert await stopped(world) == []


async def test_an_urgent_release_waits_for_its_inspection(warehouse):
    """[R42]"""
    world = warehouse
    await world.play("08:00 A receive 9 BE/L1!quality to B1")
    did = {
        "verb": "issue", "key": key("BE/L1!quality"), "quantity": 1, "from": {"location": "B1"},
        "to": {"location": "production/WO-1"},
    }  # fmt: skip
    await send(world, "B", did, consent={"actor": "fang", "at": world.now})
    assert await world.open() == ["UNRELEASED_USED R B1"]
    passed = {
        "verb": "status", "place": {"location": "B1"}, "key": key("BE/L1!quality"),
        "to_status": "ok", "reason": "inspected", "quantity": 8,
    }  # fmt: skip
    await send(world, "B", passed)
    assert await world.open() == []


async def test_only_an_action_that_settles_it_is_taken(table):
    """[D1] An intent may be refused, and says why."""
    world = await table("""
        08:00 A pick 3 BE/L1 from B1                | flagged NEGATIVE
    """)
    assert await settle(world, "NEGATIVE", "release") == "action_unknown"
    assert await settle(world, "NEGATIVE", "it is fine") == "action_unknown"
    assert await settle(world, "NEGATIVE", "count") == "accepted"
    assert await work(world, "count") == ["CT-1 B1 1/0 open", "RC-B1 B1 1/0 open"]
    assert await world.open() == []


async def test_what_was_recorded_by_mistake_is_taken_back_with_one_key(table):
    """[R7] [R40] Settling reverses it in the same operation."""
    world = await table("""
        08:00 A receive 5 BE/L1 to B1 by gone       | flagged ACTOR_NOT_ALLOWED
    """)
    assert await settle(world, "ACTOR_NOT_ALLOWED", "reverse") == "accepted"
    assert await world.stock() == {}
    assert await world.open() == []


async def test_a_blocked_lot_in_a_container_stops_the_shipment_too(table):
    """[R25] Nobody opened the tote; the ledger knows what is in it."""
    world = await table("""
        08:00 A receive 5 BE/L1 for PO-9            | flagged ORDER_CLOSED
        08:10 A putaway 5 BE/L1 to =T1             | posted
        08:20 A ship =T1 from DOCK to customer/C1 for SO-1 | flagged LOT_BLOCKED
    """)
    assert await stopped(world) == ["SO-1"]


async def test_what_the_same_push_opened_is_not_settled_by_it(warehouse):
    """[D1] What the action needs is loaded before the push is decided."""
    world = warehouse
    device = world.device("H")
    receive = {
        "verb": "receive", "key": key("BE/L1"), "quantity": 5, "from": {"location": "supplier/V1"},
        "to": {"location": "B1"},
    }  # fmt: skip
    device.envelope(receive, world.now, id_="R", actor="gone")
    did = {"verb": "settle", "discrepancy": "ACTOR_NOT_ALLOWED/R", "action": "reverse"}
    device.envelope(did, world.now, class_="intent", actor="fang")
    answer = await world.push("H", world.now + 1_000)
    assert b'"reason":"too_early"' in bytes(answer.verdicts[-1])
    assert await settle(world, "ACTOR_NOT_ALLOWED", "reverse") == "accepted"


async def test_a_bin_that_is_blocked_in_the_same_push_as_it_is_filled_is_known_to_be(warehouse):
    """[R16] [E7] The list of moves that is there already is not written anew."""
    world = warehouse
    blocked = Location(location="B2", warehouse="W", walk=2, blocked=True)
    await world.book.change(SITE, "x", [blocked], "blocked")
    await world.play("08:00 A receive 5 BE/L1 to B2")
    await world.book.change(SITE, "x", [Location(location="B2", warehouse="W", walk=2)], "free")
    version = (await world.versions("location"))["B2"]
    device = world.device("H")
    did = {"verb": "edit", "kind": "location", "id": "B2", "base_version": version,
           "fields": {"blocked": True, "capacity": 6}}  # fmt: skip
    device.envelope(did, world.now, class_="intent", actor="fang")
    receive = {
        "verb": "receive", "key": key("BE/L2"), "quantity": 2, "from": {"location": "supplier/V1"},
        "to": {"location": "B2"},
    }  # fmt: skip
    device.envelope(receive, world.now, actor="fang")
    await world.push("H", world.now + 1_000)
    assert await work(world, "move") == ["MV-B2 BE 7/0 open"]
    assert await world.open() == [
        "LOCATION_BLOCKED R B2", "LOCATION_BLOCKED R B2", "LOCATION_RULE R B2",
    ]  # fmt: skip


async def test_an_inspection_in_a_blocked_bin_asks_for_no_move(table, warehouse):
    """[R16] [R17] [R36] A change of status brings nothing that did not stand there."""
    blocked = Location(location="B2", warehouse="W", walk=2, blocked=True, capacity=3)
    await warehouse.book.change(SITE, "x", [blocked], "blocked")
    await table("""
        08:00 A receive 5 BE/L1!quality to B2           | flagged LOCATION_BLOCKED LOCATION_RULE
        09:00 B adjust -2 BE/L1!quality B2 broken       | posted
        08:30 A status 2 BE/L1!quality at B2 to ok      | posted
    """)


async def test_a_shipment_that_never_happened_stops_nothing(table):
    """[R25] [R40] [D2]"""
    world = await table("""
        08:00 A receive 5 BE/L1!hold to STAGE           | posted
        s: 08:10 A ship 5 BE/L1!hold for SO-1           | flagged LOT_BLOCKED
    """)
    assert await stopped(world) == ["SO-1"]
    await table("""
        08:20 A reverse s                               | posted
    """)
    assert await stopped(world) == []
