"""Goods that moved: posted whatever the ledger thinks, and what it thinks of them."""

import json

from sync.records import Discrepancy
from tests.world.lines import clock, parse
from tests.world.postgres import on_both

pytestmark = on_both("warehouse")


async def test_goods_flow_from_the_supplier_to_the_bin(table):
    world = await table("""
        08:00 A receive 10 BE/L1 for PO-1  | posted
        08:05 A putaway 10 BE/L1 to B1     | posted
        08:10 A pick 3 BE/L1 from B1 for SO-1 | posted
    """)
    assert await world.stock() == {
        ("supplier/V1", "BE/L1"): -10, ("B1", "BE/L1"): 7, ("STAGE", "BE/L1"): 3,
    }  # fmt: skip


async def test_both_workers_who_picked_the_last_unit_hold_one(table):
    """[R22] Never "the second loses": the bin is negative until somebody counts it."""
    world = await table("""
        08:00 A receive 1 BE/L1 to B1               | posted
        08:10 A pick 1 BE/L1 from B1 for SO-1       | posted
        08:11 B pick 1 BE/L1 from B1 for SO-1       | flagged NEGATIVE
    """)
    assert (await world.stock())["B1", "BE/L1"] == -1
    assert await world.open() == ["NEGATIVE I B1"]
    await world.heartbeat(world.now + 60_000)
    assert await world.open() == ["NEGATIVE U B1"]


async def test_goods_that_come_late_close_what_was_short_where_an_all_carried_them(table):
    """[R18] The receipt names the first bin only; the shortage stands at the second."""
    world = await table("""
        08:10 A move all BE/L1 from B1 to B2       | posted
        08:20 C move 14 BE/L1 from B2 to B3        | flagged NEGATIVE
        08:00 B receive 17 BE/L1 to B1             | posted
    """)
    assert await world.open() == []
    stock = await world.stock()
    assert (stock["B2", "BE/L1"], stock["B3", "BE/L1"]) == (3, 14)


async def test_a_putaway_that_arrives_before_its_receipt_waits_for_it(table):
    """[R18]"""
    world = await table("""
        08:05 B putaway 10 BE/L1 to B1     | flagged NEGATIVE
        08:00 A receive 10 BE/L1           | posted
    """)
    assert await world.open() == []


async def test_a_late_putaway_covers_an_earlier_move(table):
    """[R19]"""
    world = await table("""
        08:10 B move 4 BE/L1 from B1 to B2          | flagged NEGATIVE
        08:12 B move 4 BE/L1 from B2 to B3          | posted
        08:00 A receive 6 BE/L1 to B1               | posted
    """)
    assert await world.open() == []
    assert (await world.stock())["B1", "BE/L1"] == 2


async def test_receiving_more_than_ordered_is_posted_and_told(table):
    """[R13] Ten percent are tolerated here."""
    world = await table("""
        08:00 A receive 100 BE/L1 for PO-1/1        | posted
        08:01 B receive 10 BE/L1 for PO-1/1         | posted
        08:02 B receive 1 BE/L1 for PO-1/1          | flagged OVER_RECEIPT
    """)
    assert (await world.stock())["DOCK", "BE/L1"] == 111


async def test_an_over_receipt_names_the_receipt_that_it_may_repeat(table):
    """[R13]"""
    world = await table("""
        08:00 A receive 100 BE/L1 for PO-1/1        | posted
        08:20 B receive 100 BE/L1 for PO-1/1        | flagged OVER_RECEIPT
    """)
    row = (await world.rows("discrepancy", Discrepancy))[0]
    assert [quantity for _, quantity, _ in row.detail["like"]] == [100]


async def test_goods_for_an_order_that_was_closed_meanwhile_have_come_all_the_same(table):
    """[R12]"""
    world = await table("""
        08:00 A receive 10 BE/L1 for PO-9/1         | flagged ORDER_CLOSED
    """)
    assert (await world.stock())["DOCK", "BE/L1"] == 10


async def test_a_lot_code_with_another_expiry_is_a_blocked_sibling(table):
    """[R15]"""
    world = await table("""
        08:00 A receive 5 PT/L1@2027-01-31          | posted
        08:01 A receive 5 PT/L1@2027-02-28          | flagged LOT_CONFLICT
    """)
    assert (await world.stock())["DOCK", "PT/L1@2027-02-28"] == 5


async def test_goods_for_a_cancelled_order_go_to_its_stage_and_somebody_looks(table):
    """[R23]"""
    await table("""
        08:00 A receive 9 BE/L1 to B1               | posted
        08:01 A pick 5 BE/L1 from B1 for SO-2       | flagged PICK_NOT_NEEDED
    """)


async def test_issuing_more_than_the_work_order_wants_is_told(table):
    """[R41]"""
    await table("""
        08:00 A receive 30 BE/L1 to B1              | posted
        08:01 A issue 20 BE/L1 from B1 for WO-1     | posted
        08:02 A issue 1 BE/L1 from B1 for WO-1      | flagged OVER_ISSUE
    """)


async def test_unknown_codes_keep_the_goods_where_they_can_be_found(table):
    """[R6]"""
    world = await table("""
        08:00 A receive 3 XX/L1 to B1               | flagged UNKNOWN_CODE
        08:01 A receive 2 BE/L1 to ?07-Z-99         | flagged UNKNOWN_CODE
    """)
    stock = await world.stock()
    assert stock["B1", "unidentified/XX/L1"] == 3
    assert stock["unidentified/07-Z-99", "BE/L1"] == 2


async def test_goods_moved_by_somebody_without_the_right_have_moved_anyway(table):
    """[R7] [E5]"""
    world = await table("""
        08:00 A receive 3 BE/L1 to B1 by gone       | flagged ACTOR_NOT_ALLOWED
    """)
    assert (await world.stock())["B1", "BE/L1"] == 3


async def test_a_key_that_the_device_assumed_is_doubted_when_another_lies_beside(table):
    """[R43] [K3]"""
    await table("""
        08:00 A receive 3 BE/L1 to B1               | posted
        08:01 A pick 2 BE/L2 from B1 assumed lot    | flagged KEY_DOUBT NEGATIVE
    """)


async def test_an_older_lot_that_the_screen_showed_makes_a_deviation(table, warehouse):
    """[R26]"""
    await table("""
        08:00 A receive 3 BE/L1 to B1 fifo 2026-01-01   | posted
        08:01 A receive 3 BE/L2 to B2 fifo 2026-02-01   | posted
    """)
    warehouse.device("B").base = {"epoch": 1, "cursor": 99, "hash": None}
    await table("""
        08:10 B issue 1 BE/L2 from B2 shown 2       | flagged FIFO_DEVIATION
        08:11 B issue 1 BE/L1 from B1 shown 1       | posted
    """)
    assert await warehouse.open() == []


async def test_what_a_worker_could_not_see_is_not_held_against_him(table, warehouse):
    """[R26] [F3] The older lot came after the picture that the screen was based on."""
    await table("""
        08:01 A receive 3 BE/L2 to B2 fifo 2026-02-01   | posted
    """)
    warehouse.device("B").base = {"epoch": 1, "cursor": 2, "hash": None}
    await table("""
        08:00 A receive 3 BE/L1 to B1 fifo 2026-01-01   | posted
        08:10 B issue 1 BE/L2 from B2 shown 1       | flagged FIFO_UNKNOWABLE
    """)


async def test_what_came_in_the_same_moment_could_not_be_seen_either(table, warehouse):
    """[R26] Whether pushes share a transaction makes no difference to what a screen showed."""
    await table("""
        08:01 A receive 3 BE/L2 to B2 fifo 2026-02-01   | posted
    """)
    warehouse.device("B").base = {"epoch": 1, "cursor": 2, "hash": None}
    told = await warehouse.together("""
        08:00 A receive 3 BE/L1 to B1 fifo 2026-01-01
        08:10 B issue 1 BE/L2 from B2 shown 1
    """)
    assert told == ["posted", "flagged FIFO_UNKNOWABLE"]


async def test_an_older_lot_that_arrives_late_was_passed_over_without_blame(table):
    """[R26] [L9] re-evaluated when late receipts arrive"""
    world = await table("""
        08:00 A receive 3 BE/L2 to B2 fifo 2026-02-01   | posted
        08:30 B issue 1 BE/L2 from B2 shown 1       | posted
        08:10 A receive 3 BE/L1 to B1 fifo 2026-01-01   | flagged FIFO_UNKNOWABLE
    """)
    assert await world.open() == []


async def test_all_that_stands_there_takes_in_what_arrives_late(table):
    world = await table("""
        08:00 A receive 5 BE/L1 to B1               | posted
        09:00 A move all BE/L1 from B1 to B2        | posted
        08:30 B receive 2 BE/L1 to B1               | posted
        09:30 B receive 4 BE/L1 to B1               | posted
    """)
    assert (await world.stock())["B2", "BE/L1"] == 7
    assert (await world.stock())["B1", "BE/L1"] == 4


async def settle(world, code, action):
    """Let the supervisor settle the open discrepancy of a code."""
    rows = [r for r in await world.rows("discrepancy", Discrepancy) if r.code == code]
    did = {"verb": "settle", "discrepancy": rows[0].discrepancy, "action": action}
    world.device("A").envelope(did, world.now, class_="intent", actor="fang")
    return json.loads(bytes((await world.push("A")).verdicts[-1]))


async def test_a_bin_that_is_resolved_has_all_its_goods_past_and_late(table):
    """[R6]"""
    world = await table("""
        08:00 A receive 5 BE/L1 to ?07-Z-99         | flagged UNKNOWN_CODE
        08:10 A move 2 BE/L1 from ?07-Z-99 to B2    | flagged UNKNOWN_CODE
    """)
    assert (await settle(world, "UNKNOWN_CODE", "is:B1"))["outcome"] == "accepted"
    await table("""
        08:05 B move 1 BE/L1 from ?07-Z-99 to B3    | posted
    """)
    stock = await world.stock()
    assert stock == {("supplier/V1", "BE/L1"): -5, ("B1", "BE/L1"): 2, ("B2", "BE/L1"): 2,
                     ("B3", "BE/L1"): 1}  # fmt: skip
    assert await world.open() == []


async def test_an_item_that_is_resolved_keeps_its_lot_and_place(table):
    """[R6]"""
    world = await table("""
        r: 08:00 A receive 5 XX/L1 to B1            | flagged UNKNOWN_CODE
    """)
    assert (await settle(world, "UNKNOWN_CODE", "is:BE"))["outcome"] == "accepted"
    assert await world.stock() == {("supplier/V1", "BE/L1"): -5, ("B1", "BE/L1"): 5}
    await table("""
        08:20 A reverse r                           | posted
    """)
    assert await world.stock() == {}


async def test_a_code_that_nobody_knows_cannot_resolve_another(table):
    """[R6]"""
    world = await table("""
        08:00 A receive 5 XX/L1 to B1               | flagged UNKNOWN_CODE
    """)
    verdict = await settle(world, "UNKNOWN_CODE", "is:YY")
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "code_unknown")


async def test_two_workers_who_picked_the_same_serial_hold_one_thing(table):
    """[R22] The later sighting stands, whatever order they arrive in."""
    world = await table("""
        08:00 A receive 1 BE#S1 to B1               | posted
        08:20 B pick 1 BE#S1 from B1                | posted
        08:10 A move 1 BE#S1 from B1 to B2          | posted
        08:30 C pick 1 BE#S1 from B1                | flagged SERIAL_TWICE
    """)
    stock = await world.stock()
    assert {name: quantity for name, quantity in stock.items() if name[0] != "supplier/V1"} == {
        ("STAGE", "BE#S1"): 1
    }


async def test_a_serial_that_was_received_twice_is_one_thing(table):
    """[R14]"""
    world = await table("""
        08:00 A receive 1 BE#S1 to B1               | posted
        08:20 B receive 1 BE#S1 to B2               | flagged DUPLICATE_SERIAL
    """)
    stock = await world.stock()
    assert (stock.get(("B1", "BE#S1")), stock["B2", "BE#S1"]) == (None, 1)


async def test_a_serial_received_with_its_lot_and_moved_without_it_in_one_push_has_moved(warehouse):
    """[R22] It keeps the lot with which it stands; nothing is parked for it."""
    device = warehouse.device("A")
    for minute, words in enumerate(
        ("receive 1 BE/L1#S1 to B1", "move 1 BE#S1 from B1 to B2", "move 1 BE#S1 from B2 to B3")
    ):
        did, extra = parse(words, clock(f"08:0{minute}"), {})
        device.envelope(did, clock(f"08:0{minute}"), **extra)
    answer = await warehouse.push("A", clock("09:00"))
    assert [json.loads(bytes(one))["outcome"] for one in answer.verdicts] == ["posted"] * 3
    assert await warehouse.stock() == {("supplier/V1", "BE/L1#S1"): -1, ("B3", "BE/L1#S1"): 1}


async def test_what_was_produced_for_an_order_goes_back_to_it(table):
    """[R40] The reverse itself need not say for which order it was."""
    world = await table("""
        p: 08:00 A produce 5 BE/L1 to B1 for WO-1   | posted
        08:10 B reverse p                           | posted
    """)
    assert await world.stock() == {}
