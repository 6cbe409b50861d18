"""What no honest device sends, and what seldom happens: the site goes on, and the book is true."""

import asyncio
import json

import msgspec
import pytest

from server.book import UnreadableError
from sync.records import Discrepancy, Item, Variance
from sync.stock import key_of
from tests.world.lines import clock, key
from tests.world.warehouse import SITE


def receive(what="BE/L1", quantity=1, to="B1", **more):
    return {
        "verb": "receive", "key": key(what), "quantity": quantity,
        "from": {"location": "supplier/V1"}, "to": {"location": to}, **more,
    }  # fmt: skip


async def send(world, device, did, **more):
    """Write one operation on a device, push it, and return its verdict."""
    world.device(device).envelope(did, world.now, **more)
    answer = await world.push(device, world.now + 1_000)
    return json.loads(bytes(answer.verdicts[-1]))


async def decide(world, verb, row, *, times=1):
    """Let fang decide a variance as it stands."""
    line = {
        "key": json.loads(msgspec.json.encode(key_of(row.key))),
        "counted": row.counted, "expected": row.expected,
        "of": {"operation": row.operation, "line": row.line if row.line >= 0 else None},
    }  # fmt: skip
    did = {
        "verb": verb,
        "count_id": row.count_id,
        "parts": [row.operation],
        "lines": [line] * times,
    }
    return await send(world, "H", did, class_="intent", actor="fang")


async def test_a_reverse_that_waits_for_what_cannot_be_reversed_is_parked(warehouse):
    """[R40] [R5] It came first; its target's device must not be stuck for that."""
    world = warehouse
    await world.play("r: 08:00 A receive 5 BE/L1 to B1")
    await send(world, "B", {"verb": "reverse", "target": "RA"})
    verdict = await send(world, "A", {"verb": "reverse", "target": world.ids["r"]}, id_="RA")
    assert verdict["outcome"] == "posted"
    assert ("B1", "BE/L1") not in await world.stock()
    assert await world.open() == ["NOT_UNDERSTOOD R"]


async def test_a_reverse_of_a_change_of_master_data_does_not_stop_the_push(warehouse):
    verdict = await send(warehouse, "A", {"verb": "reverse", "target": "change/1"})
    assert verdict["outcome"] == "parked"


async def test_an_id_that_is_used_three_times_opens_a_discrepancy_each_time(warehouse):
    """[R2] [E4]"""
    for device, quantity in zip("ABC", (1, 2, 3), strict=True):
        await send(warehouse, device, receive(quantity=quantity), id_="X")
    assert (await warehouse.stock())["B1", "BE/L1"] == 1
    assert await warehouse.open() == ["OPERATION_ID_CONFLICT U"] * 2


@pytest.mark.parametrize("name", ["change/5", "server/1/5", "X~00000000.1", ""])
async def test_an_id_cannot_take_the_name_of_another_row_of_the_log(warehouse, name):
    """[E4]"""
    verdict = await send(warehouse, "A", receive() | {}, id_=name or " ")
    assert verdict["flags"][0]["code"] == "NOT_UNDERSTOOD"
    for n in range(6):
        await warehouse.book.change(SITE, "x", [Item(item="ZZ", name=f"{n}")], "changed")


async def test_a_phone_hears_by_its_own_name_of_a_body_that_nobody_can_read(warehouse):
    """[R5] [R1] Told by another one, it would take its work for posted, and post it twice."""
    device = warehouse.device("A")
    name = device.envelope(receive(), warehouse.now, segment="")
    told = json.loads(bytes((await warehouse.push("A")).verdicts[0]))
    assert (told["id"], told["outcome"]) == (name, "parked")
    again = device.chain[0].replace(device.replica.encode(), b"f" * 32)
    device.replica, device.acked, device.chain = "f" * 32, 0, [again]
    assert json.loads(bytes((await warehouse.push("A")).verdicts[0])) == told
    assert await warehouse.open() == ["NOT_UNDERSTOOD R"]


async def test_a_text_with_nul_is_parked_whole(warehouse):
    """[E6] The database would cut it there and find other goods."""
    for _ in range(2):
        verdict = await send(warehouse, "A", receive("A\0B"))
        assert verdict["flags"][0]["code"] == "NOT_UNDERSTOOD"
    assert await warehouse.stock() == {}


async def test_a_cursor_beyond_the_numbers_of_the_book_is_parked(warehouse):
    warehouse.device("A").base = {"epoch": 1, "cursor": 10**30, "hash": None}
    got = await warehouse.play("08:00 A issue 1 BE/L1 from B1")
    assert got[0].endswith("parked NOT_UNDERSTOOD")


async def test_what_only_balances_the_books_cannot_be_counted(warehouse):
    """[K2]"""
    did = {
        "verb": "count", "place": {"location": "supplier/V1"}, "scope": "place", "count_id": "q",
        "opened_wall": warehouse.now, "lines": [],
    }  # fmt: skip
    assert (await send(warehouse, "A", did))["outcome"] == "parked"


async def test_an_approval_that_names_a_key_twice_is_refused(table):
    """[C4] It would have set the balance twice."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
    """)
    (row,) = await world.rows("variance", Variance)
    assert (await decide(world, "approve", row, times=2))["reason"] == "key_named_twice"
    assert (await world.stock())["B1", "BE/L1"] == 10


async def test_an_approval_changes_what_a_later_count_expects(table):
    """[C3]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        10:00 C count B1: BE/L1=8                   | posted
    """)
    rows = sorted(await world.rows("variance", Variance), key=lambda row: row.at)
    await decide(world, "approve", rows[0])
    assert await world.variances() == ["B1 BE/L1 8/10 approved", "B1 BE/L1 8/8 open"]


async def test_what_was_rejected_stays_so_when_late_facts_come(table):
    """[C2] Its line number is taken, and its key was listed, though it is decided."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L2=1                   | posted
    """)
    for row in await world.rows("variance", Variance):
        await decide(world, "reject", row)
    before = await world.variances()
    await table("""
        08:30 C receive 4 BE/L1 to B1               | posted
        08:31 C receive 4 BE/L2 to B1               | posted
    """)
    assert await world.variances() == before
    await table("""
        08:32 D receive 4 CA/L1 to B1               | posted
    """)
    assert sorted(set(await world.variances()) - set(before)) == ["B1 CA/L1 0/4 open"]


async def test_a_key_in_two_parts_of_a_count_waits_for_a_person(warehouse):
    """[C5] [C6] Each part alone seems to match; together they do not."""
    world = warehouse
    await world.play("08:00 A receive 5 BE/L1 to B1")
    for at in (clock("08:10"), clock("08:11")):
        line = {"key": key("BE/L1"), "quantity": 5, "first_wall": at, "last_wall": at,
                "segment": "s1"}  # fmt: skip
        did = {"verb": "count", "place": {"location": "B1"}, "scope": "line", "count_id": "q",
               "opened_wall": at, "lines": [line]}  # fmt: skip
        world.device("B").envelope(did, at)
    await world.push("B", clock("08:30"))
    await world.heartbeat(clock("09:00"))
    assert await world.variances() == ["B1 BE/L1 5/5 open"] * 2


async def test_an_exchange_that_was_answered_before_it_was_asked_dates_nothing(warehouse):
    """[T1] The device's clock stepped back in between."""
    handheld = warehouse.device("A")
    now, handheld.exchanges = warehouse.now, []
    await warehouse.push("A")
    (told,) = handheld.exchanges
    handheld.exchanges = [told | {"received": now - 60_000}]
    verdict = await send(warehouse, "A", receive())
    assert (verdict["times"]["own"], verdict["trust"]) == (now, "low")


async def test_a_device_at_the_head_of_an_idle_site_needs_no_snapshot(warehouse):
    """[S6] Nothing it has not read can have been forgotten, however old the head is."""
    world = warehouse
    await world.play("08:00 A receive 10 BE/L1 to B1")
    cursor = (await world.book.snapshot(SITE, None)).cursor
    world.now += 20 * 86_400_000
    await world.book.prune()
    assert (await world.book.pull(SITE, cursor, 100, None)).rows == ()
    await world.book.change(SITE, "x", [Item(item="ZZ", name="new")], "changed")
    assert len((await world.book.pull(SITE, cursor, 100, None)).rows) == 1


async def test_an_all_hands_a_late_fact_on_to_a_count_where_it_went(table):
    """[L6] [L7] Also where the goods of the late fact itself arrive after that count."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:10 A move all BE/L1 from B1 to B2        | posted
        08:20 B count B2: BE/L1=10                  | posted
    """)
    (row,) = await world.rows("variance", Variance)
    await decide(world, "approve", row)
    await table("""
        08:30 C move 4 BE/L1 from B1 to B2 taken -1500s | flagged COUNT_EXPLAINED
    """)
    stock = await world.stock()
    assert (stock["B2", "BE/L1"], stock["count", "BE/L1"]) == (14, -4)


async def test_a_pick_hands_its_lateness_on_like_any_other_fact(table):
    """[L7] A pick knows every place of its item, and must know their history too."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:10 A move all BE/L1 from B1 to B2        | posted
        08:20 B count B2: BE/L1=7                   | posted
        08:05 C pick 3 BE/L1 from B1                | posted
    """)
    assert await world.variances() == ["B2 BE/L1 7/7 open"]


async def test_a_reverse_that_had_to_wait_corrects_what_a_count_expects(table):
    """[R40] [C3]"""
    world = await table("""
        08:20 B count B1: BE/L1=0                   | posted
        08:30 C reverse r                           | parked TARGET_UNKNOWN
    """)
    world.device("A").envelope(receive(quantity=5), clock("08:00"), id_="r")
    await world.push("A", clock("08:31"))
    assert await world.variances() == ["B1 BE/L1 0/0 open"]


async def test_a_reverse_leaves_open_what_other_facts_hang_on(table):
    """[R6] [R40] The code of the place is unknown still, and somebody must be able to say it."""
    world = await table("""
        one: 08:00 A receive 5 BE/L1 to ?X          | flagged UNKNOWN_CODE
        08:10 B receive 3 BE/L1 to ?X               | flagged UNKNOWN_CODE
        08:20 A reverse one                         | posted
    """)
    assert (await world.stock())["unidentified/X", "BE/L1"] == 3
    assert await world.open() == ["UNKNOWN_CODE R unidentified/X"]


async def test_goods_that_nobody_can_name_are_asked_for_once(table):
    """[R6] Wherever they are scanned and whoever counts them; one answer names them all."""
    world = await table("""
        one: 08:00 A receive 5 WHAT to B1           | flagged UNKNOWN_CODE
        08:10 B receive 3 WHAT to B1                | flagged UNKNOWN_CODE
        08:20 C move 2 WHAT from B1 to B2           | flagged UNKNOWN_CODE
        08:30 D count B2: WHAT=2                    | flagged UNKNOWN_CODE
        08:40 B receive 1 OTHER to B1               | flagged UNKNOWN_CODE
        08:50 A reverse one                         | posted
    """)
    rows = [row for row in await world.rows("discrepancy", Discrepancy)
            if (row.code, row.state) == ("UNKNOWN_CODE", "open")]  # fmt: skip
    assert sorted(row.detail["raw"] for row in rows) == ["OTHER", "WHAT"]
    (asked,) = [row.discrepancy for row in rows if row.detail["raw"] == "WHAT"]
    did = {"verb": "settle", "discrepancy": asked, "action": "is:NU"}
    assert (await send(world, "H", did, class_="intent", actor="fang"))["outcome"] == "accepted"
    stock = await world.stock()
    assert (stock["B1", "NU"], stock["B2", "NU"]) == (1, 2)


async def test_a_code_is_resolved_without_touching_what_was_counted_elsewhere(table):
    """[R6] [L6] Only the end that had the unknown name changes; counts absorb just that."""
    world = await table("""
        08:00 A receive 9 BE/L1 to ?X               | flagged UNKNOWN_CODE
        08:30 A move 2 BE/L1 from ?X to B3          | flagged UNKNOWN_CODE
        08:40 A move 3 BE/L1 from ?X to B1          | flagged UNKNOWN_CODE
        09:00 B count B3: BE/L1=2                   | posted
        09:10 B count B1: BE/L1=3                   | posted
    """)
    for row in await world.rows("variance", Variance):
        await decide(world, "approve", row)
    (doubt,) = [r for r in await world.rows("discrepancy", Discrepancy) if r.state == "open"]
    did = {"verb": "settle", "discrepancy": doubt.discrepancy, "action": "is:B3"}
    verdict = await send(world, "H", did, class_="intent", actor="fang")
    assert verdict["outcome"] == "accepted"
    stock = await world.stock()
    assert (stock["B3", "BE/L1"], stock["B1", "BE/L1"], stock["count", "BE/L1"]) == (2, 3, 4)


async def test_a_code_that_is_resolved_while_others_use_it_is_resolved_for_them_too(warehouse):
    """[R6] Pushes that wait for the same site share a transaction; this one takes its own."""
    world = warehouse
    await world.play("08:00 A receive 9 BE/L1 to ?X")
    (doubt,) = await world.rows("discrepancy", Discrepancy)
    world.now += 10_000
    receive_there = receive(quantity=4) | {"to": {"code": "X"}}
    world.device("A").envelope(receive_there, world.now)
    settle = {"verb": "settle", "discrepancy": doubt.discrepancy, "action": "is:B3"}
    world.device("H").envelope(settle, world.now, class_="intent", actor="fang")
    world.device("C").envelope(receive_there, world.now)
    answers = await asyncio.gather(*(world.push(device) for device in "AHC"))
    outcomes = [json.loads(bytes(answer.verdicts[-1]))["outcome"] for answer in answers]
    assert outcomes == ["flagged", "accepted", "posted"]
    stock = await world.stock()
    assert (stock["B3", "BE/L1"], len(stock)) == (17, 2)


@pytest.mark.parametrize(("actor", "severity"), [("worker", "R"), ("nobody", "R"), ("fang", "I")])
async def test_only_a_supervisor_can_consent(table, actor, severity):
    """[R26]"""
    world = await table("""
        08:00 A receive 5 BE/L1 to B1               | posted
        08:01 A receive 5 BE/L2 to B2               | posted
    """)
    await world.book.change(SITE, "x", [Item(item="BE", name="x", fifo="consent")], "changed")
    world.device("B").base = {"epoch": 1, "cursor": 1_000, "hash": None}
    did = {
        "verb": "issue", "key": key("BE/L2"), "quantity": 1, "from": {"location": "B2"},
        "to": {"location": "production/WO-1"}, "shown": {"rank": 2, "older": None},
    }  # fmt: skip
    await send(world, "B", did, consent={"actor": actor, "at": world.now})
    rows = await world.rows("discrepancy", Discrepancy)
    assert [(row.code, row.severity) for row in rows] == [("FIFO_DEVIATION", severity)]


async def test_a_late_receipt_of_a_serial_does_not_double_it(table):
    """[L8] [R14] The first to arrive was the second to happen."""
    world = await table("""
        08:30 B receive 1 BE#S1 to B2               | posted
        08:10 A receive 1 BE#S1 to B1               | posted
    """)
    stock = await world.stock()
    assert stock == {("B2", "BE#S1"): 1, ("supplier/V1", "BE#S1"): -1}


async def test_a_serial_whose_sighting_never_happened_left_from_where_it_stood(table):
    """[L8] [R40]"""
    world = await table("""
        08:00 A receive 1 BE#S1 to B1               | posted
        m: 08:10 A move 1 BE#S1 from B1 to B2       | posted
        08:20 A move 1 BE#S1 from B2 to B3          | posted
        08:30 A reverse m                           | posted
    """)
    stock = await world.stock()
    assert stock == {("B3", "BE#S1"): 1, ("supplier/V1", "BE#S1"): -1}


async def test_a_fault_in_what_waits_does_not_take_the_pushes_with_it(warehouse, monkeypatch):
    def broken(*_):
        raise RuntimeError("settling")

    monkeypatch.setattr("server.book.clerk.run_settling", broken)
    await warehouse.play("08:00 A receive 5 BE/L1 to B1")
    await warehouse.heartbeat(warehouse.now + 60_000, "A")
    assert (await warehouse.stock())["B1", "BE/L1"] == 5


async def test_a_push_that_must_repair_itself_holds_nobody_back(warehouse):
    await warehouse.play("08:00 A receive 5 BE/L1 to B1")
    for _ in range(2):
        warehouse.device("B").envelope(receive(), warehouse.now)
    assert (await warehouse.push("B", from_seq=2)).code == "gap"
    await warehouse.heartbeat(clock("09:00"), "A")
    assert warehouse.answer.watermark >= clock("08:59")


async def test_an_envelope_of_another_replica_is_not_taken_under_this_one(warehouse):
    warehouse.device("A").envelope(receive(), warehouse.now)
    warehouse.device("B").chain = list(warehouse.device("A").chain)
    with pytest.raises(UnreadableError, match="another replica"):
        await warehouse.push("B")
    assert await warehouse.stock() == {}
