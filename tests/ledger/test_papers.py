"""What hangs on papers: promises, returns, packs, closed months, and changes of master data."""

import pytest

from sync.records import Item, LotRow, Reservation, Unit
from sync.state import Logged
from tests.world.desk import found, intend, settle
from tests.world.lines import clock, key
from tests.world.warehouse import SITE

DAY_MS = 86_400_000


async def lots(world):
    return {row.lot: row.blocked for row in await world.rows("lot", LotRow)}


async def reserve(world, quantity, what="BE/L1", place="B1", document="SO-1"):
    did = {"verb": "reserve", "document": document, "line": 1, "key": key(what),
           "place": {"location": place}, "quantity": quantity}  # fmt: skip
    verdict = await intend(world, did)
    return verdict.get("reason", verdict["outcome"])


async def promises(world):
    rows = await world.rows("reservation", Reservation)
    return sorted(f"{row.document} {row.place} {row.quantity}" for row in rows if row.quantity)


async def edit(world, kind, name, fields, **how):
    """Change a row as it stands; `version` is an older picture of it."""
    rows = await world.versions(kind)
    base = how.get("version", rows.get(name, 1))
    did = {"verb": "edit", "kind": kind, "id": name, "base_version": base, "fields": fields}
    verdict = await intend(world, did, how.get("actor", "fang"))
    return verdict.get("reason", verdict["outcome"])


# --- promises ----------------------------------------------------------------------------------


async def test_goods_are_kept_for_a_line_and_used_up_by_its_pick(table):
    """[R24]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    assert await reserve(world, 5) == "accepted"
    assert await promises(world) == ["SO-1 B1 5"]
    await table("""
        08:10 A pick 3 BE/L1 from B1 for SO-1       | posted
    """)
    assert await promises(world) == ["SO-1 B1 2"]


async def test_a_promise_that_a_pick_breaks_moves_to_other_goods(table):
    """[R24] The hands were faster; the task is planned anew."""
    world = await table("""
        08:00 A receive 6 BE/L1 to B1               | posted
        08:01 A receive 9 BE/L2 to B2               | posted
    """)
    assert await reserve(world, 5) == "accepted"
    await table("""
        08:10 A issue 3 BE/L1 from B1 for WO-1      | flagged RESERVED_USED
    """)
    assert await promises(world) == ["SO-1 B1 3", "SO-1 B2 2"]
    assert await world.open() == []


async def test_a_promise_with_nothing_left_for_it_is_for_a_person(table):
    """[R24]"""
    world = await table("""
        08:00 A receive 6 BE/L1 to B1               | posted
    """)
    assert await reserve(world, 5) == "accepted"
    await table("""
        08:10 A issue 6 BE/L1 from B1 for WO-1      | flagged RESERVED_USED
    """)
    assert await promises(world) == []
    assert await world.open() == ["RESERVED_USED R B1"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"quantity": 11}, "not_enough"),
        ({"quantity": 5, "document": "SO-2"}, "document_closed"),
        ({"quantity": 5, "document": "SO-7"}, "document_unknown"),
        ({"quantity": 5, "what": "CA/L1"}, "not_ordered"),
    ],
    ids=str,
)
async def test_a_promise_that_cannot_be_kept_is_not_made(table, asked, reason):
    """[R24] It is an intent: it may be refused."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    assert await reserve(world, **asked) == reason


async def test_a_closed_order_keeps_nothing(table):
    """[R24]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    assert await reserve(world, 5) == "accepted"
    await intend(world, {"verb": "close", "document": "SO-1", "line": None})
    assert await promises(world) == []
    await table("""
        08:10 A issue 9 BE/L1 from B1 for WO-1      | posted
    """)


async def test_a_count_of_a_bin_with_an_open_pick_says_so(table):
    """[R33]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    await reserve(world, 5)
    await table("""
        08:10 B count B1: BE/L1=10                  | flagged OPEN_TASK
    """)
    assert await world.open() == []


# --- returns -----------------------------------------------------------------------------------


async def test_goods_that_come_back_before_their_shipment_are_awaited(table):
    """[R39] What the customer has is below zero until the handheld with the shipment reports."""
    world = await table("""
        09:00 A return 3 BE/L1 from customer/C1 to DOCK | flagged NEGATIVE
    """)
    assert await world.open() == ["NEGATIVE I customer/C1"]
    await table("""
        07:00 B receive 5 BE/L1 to STAGE            | posted
        08:00 B ship 5 BE/L1                        | posted
    """)
    assert await world.open() == []
    assert (await world.stock())["customer/C1", "BE/L1"] == 2


async def test_more_than_was_ever_shipped_is_unmatched_once_all_have_reported(table):
    """[R38] [R39] Its lot is blocked; a shipment that comes later still settles it."""
    world = await table("""
        09:00 A return 3 BE/L1 from customer/C1 to DOCK | flagged NEGATIVE
    """)
    await world.heartbeat(clock("10:00"))
    row = await found(world, "RETURN_UNMATCHED")
    assert await world.open() == ["RETURN_UNMATCHED R customer/C1"]
    assert await lots(world) == {"L1": row.discrepancy}
    await table("""
        07:00 B receive 5 BE/L1 to STAGE            | posted
        08:00 B ship 5 BE/L1                        | flagged LOT_BLOCKED
    """)
    assert "RETURN_UNMATCHED R customer/C1" not in await world.open()
    assert await lots(world) == {"L1": None}


@pytest.mark.parametrize("order", ["SO-77", "PO-1", "WO-1"])
async def test_a_return_for_an_unknown_order_waits_for_a_person(table, order):
    """[R38]"""
    world = await table(f"""
        09:00 A return 3 BE/L1 from customer/C1 to DOCK for {order} | flagged RETURN_UNMATCHED
    """)
    assert await lots(world) == {"L1": (await found(world, "RETURN_UNMATCHED")).discrepancy}
    assert await settle(world, "RETURN_UNMATCHED", "keep") == "accepted"
    assert await lots(world) == {"L1": None}
    assert (await world.stock())["DOCK", "BE/L1"] == 3


async def test_more_than_was_ordered_cannot_come_back(table):
    """[R38]"""
    await table("""
        09:00 A return 6 BE/L1 from customer/C1 to DOCK for SO-1 | flagged RETURN_UNMATCHED
    """)


async def test_a_serial_that_stands_on_our_shelf_does_not_come_back(table):
    """[R38] [L8]"""
    await table("""
        08:00 A receive 1 BE#S1 to B1                   | posted
        09:00 A return 1 BE#S1 from customer/C1 to DOCK | flagged LOCATION_DOUBT RETURN_UNMATCHED
    """)


# --- packs -------------------------------------------------------------------------------------


async def test_a_pack_has_the_size_that_the_worker_saw(warehouse):
    """[R10] The carton became larger while the scan was on its way."""
    world = warehouse
    box = Item(item="BE", name="x", lots=True, units=(Unit("CS", 12),))
    await world.book.change(SITE, "x", [box], "packed")
    larger = Item(item="BE", name="x", lots=True, units=(Unit("CS", 20),))
    await world.book.change(SITE, "x", [larger], "packed anew")
    did = {
        "verb": "receive", "key": key("BE/L1"), "quantity": 36,
        "entered": {"quantity": "3", "unit": "CS", "factor": 12, "unit_version": 1},
        "from": {"location": "supplier/V1"}, "to": {"location": "B1"},
    }  # fmt: skip
    world.device("A").envelope(did, world.now)
    await world.push("A", world.now + 1_000)
    row = await found(world, "UNIT_CHANGED")
    assert (row.detail["posted"], row.detail["would_be"], row.severity) == (36, 60, "R")
    assert (await world.stock())["B1", "BE/L1"] == 36
    (item,) = [row for row in await world.items() if row.item == "BE"]
    assert item.units == (Unit("CS", 20, version=2),)


# --- closed months -----------------------------------------------------------------------------


async def accounted(world):
    rows = await world.rows("log", Logged)
    return [row.accounted for row in sorted(rows, key=lambda row: row.seq) if row.replica]


async def test_a_late_fact_of_a_closed_month_counts_in_the_next(table):
    """[R9] The goods moved when they moved; their value belongs to the first open day."""
    world = await table("""
        1d 08:00 A receive 10 BE/L1 to B1           | posted
    """)
    await world.heartbeat(clock("1d 08:10"))
    assert await edit(world, "site", SITE, {"closed_through": "2026-09-21"}) == "accepted"
    await table("""
        23:00 B issue 3 BE/L1 from B1               | flagged LATE_PERIOD NEGATIVE
        1d 09:00 B issue 3 BE/L1 from B1            | posted
    """)
    assert (await world.stock())["B1", "BE/L1"] == 4
    days = await accounted(world)
    assert (days[0], days[2:]) == ("2026-09-22", ["2026-09-22", "2026-09-22"])
    row = await found(world, "LATE_PERIOD")
    assert row.detail == {"day": "2026-09-21", "accounted": "2026-09-22"}


async def test_a_month_is_not_closed_while_anything_in_it_is_open(table):
    """[R47] The decision says all that is against it."""
    world = await table("""
        08:00 A issue 3 BE/L1 from B1               | flagged NEGATIVE
        09:00 A count B2: BE/L1=4                   | posted
    """)
    closing = {"closed_through": "2026-09-21"}
    assert await edit(world, "site", SITE, closing) == (
        "day_not_over not_reported negative_open counts_open"
    )
    await world.heartbeat(clock("1d 08:00"))
    why = await edit(world, "site", SITE, closing)
    assert why == "negative_open counts_open"


async def test_months_are_closed_in_their_order(warehouse):
    """[R47] And opened again at any time."""
    await warehouse.play("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    await warehouse.heartbeat(clock("9d 12:00") + 30 * DAY_MS)
    closing = {"closed_through": "2026-10-15"}
    assert await edit(warehouse, "site", SITE, closing) == "month_before_open"
    assert await edit(warehouse, "site", SITE, {"closed_through": "2026-09-30"}) == "accepted"
    assert await edit(warehouse, "site", SITE, closing) == "accepted"
    assert await edit(warehouse, "site", SITE, {"closed_through": "2026-09-30"}) == "accepted"
    assert await edit(warehouse, "site", SITE, {"closed_through": None}) == "accepted"


@pytest.mark.parametrize(("did", "why"), [
    ("adjust 11 BE/L1 B1 found", "suspense_open"),
    ("reverse nothing", "parked_open"),
])  # fmt: skip
async def test_what_waits_for_a_person_keeps_its_month_open(warehouse, did, why):
    """[R47]"""
    await warehouse.book.change(SITE, "x", [warehouse.site(adjust_limit=10)], "a limit")
    await warehouse.play(f"08:00 A {did}")
    await warehouse.heartbeat(clock("1d 08:00"))
    assert await edit(warehouse, "site", SITE, {"closed_through": "2026-09-21"}) == why


async def test_a_clock_that_may_be_wrong_does_not_know_the_month(warehouse):
    """[R8] [R9]"""
    site = warehouse.site(closed_through="2026-09-21")
    await warehouse.book.change(SITE, "x", [site], "closed")
    warehouse.now = clock("23:50")
    did = {"verb": "receive", "key": key("BE/L1"), "quantity": 1, "to": {"location": "B1"},
           "from": {"location": "supplier/V1"}}  # fmt: skip
    warehouse.device("B").envelope(did, clock("23:00"), segment="another")
    await warehouse.push("B", clock("1d 01:00"))
    assert "TIME_UNCERTAIN R" in await warehouse.open()


async def test_a_lot_that_may_be_older_than_another_is_doubted(warehouse):
    """[R8] A clock that nobody vouches for cannot say which of two lots came first."""
    await warehouse.play("23:10 A receive 5 BE/L2 to B2")
    warehouse.now = clock("23:50")
    did = {"verb": "receive", "key": key("BE/L1"), "quantity": 1, "to": {"location": "B1"},
           "from": {"location": "supplier/V1"}}  # fmt: skip
    warehouse.device("B").envelope(did, clock("23:00"), segment="another")
    await warehouse.push("B", clock("1d 01:00"))
    assert (await found(warehouse, "TIME_UNCERTAIN")).detail["lots"] == ["L2"]


# --- master data -------------------------------------------------------------------------------


async def test_a_recalled_lot_is_not_to_be_used_until_it_is_free_again(table):
    """[R25]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    name = '["BE","L1","",""]'
    assert await edit(world, "lot", name, {"recalled": True}) == "accepted"
    await table("""
        08:10 A pick 1 BE/L1 from B1 for SO-1       | flagged LOT_BLOCKED
    """)
    assert (await found(world, "LOT_BLOCKED")).detail["why"] == "blocked"
    assert await edit(world, "lot", name, {"recalled": False}) == "accepted"
    await table("""
        08:20 A pick 1 BE/L1 from B1 for SO-1       | posted
    """)


async def test_what_a_discrepancy_blocks_is_freed_by_settling_it(table):
    """[D2]"""
    world = await table("""
        08:00 A receive 5 BE/L1 for PO-9            | flagged ORDER_CLOSED
    """)
    name = '["BE","L1","",""]'
    assert await edit(world, "lot", name, {"recalled": False}) == "blocked_by_discrepancy"


@pytest.mark.parametrize(
    ("kind", "name", "fields", "reason"),
    [
        ("location", "B1", {"capacity": 40, "mixing": "lot"}, "accepted"),
        ("item", "BE", {"fifo": "block", "units": [{"code": "CS", "factor": 6}]}, "accepted"),
        ("document", "SO-2", {"state": "open"}, "accepted"),
        ("line", "PO-1/2", {"state": "cancelled"}, "accepted"),
        ("person", "worker", {"active": False}, "accepted"),
        ("site", SITE, {"count_tolerance": 2, "closed_through": None}, "accepted"),
        ("site", SITE, {"closed_through": "2026-02-31"}, "field_invalid"),
        ("site", SITE, {"count_tolerance": -1}, "field_invalid"),
        ("site", SITE, {"count_tolerance": "many"}, "field_invalid"),
        ("site", SITE, {"adjust_limit": 2**63}, "field_invalid"),
        ("location", "B1", {"walk": 2**53 + 1}, "field_invalid"),
        ("item", "BE", {"units": [{"code": "BOX", "factor": 0}]}, "field_invalid"),
        ("item", "BE", {"units": [{"code": "BOX", "factor": 2**63}]}, "field_invalid"),
        ("site", SITE, {"version": 7}, "field_unknown"),
        ("site", SITE, {}, "field_unknown"),
        ("line", "PO-1/2", {"done": 7}, "field_unknown"),
        ("line", "PO-1/x", {"state": "open"}, "row_unknown"),
        ("line", "PO-1/²", {"state": "open"}, "row_unknown"),
        ("lot", "L1", {"recalled": True}, "row_unknown"),
        ("lot", '["BE","L9","",""]', {"recalled": True}, "row_unknown"),
        ("person", "fang", {"active": False}, "not_yourself"),
        ("posting", "1", {"quantity": 1}, "kind_unknown"),
    ],
    ids=str,
)
async def test_the_desk_changes_what_is_the_desks(warehouse, kind, name, fields, reason):
    """[E7]"""
    assert await edit(warehouse, kind, name, fields) == reason


async def test_a_change_of_a_row_that_somebody_else_changed_is_refused(warehouse):
    """[E7]"""
    (row,) = [row for row in await warehouse.locations() if row.location == "B1"]
    assert await edit(warehouse, "location", "B1", {"blocked": True}) == "accepted"
    old = row.version
    assert await edit(warehouse, "location", "B1", {"blocked": False}, version=old) == "stale"


async def test_only_a_supervisor_edits(warehouse):
    """[E7] [R7]"""
    assert await edit(warehouse, "location", "B1", {"blocked": True}, actor="worker") == (
        "not_allowed"
    )
