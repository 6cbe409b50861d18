"""Repeats, forks, gaps, reversals, clocks: what the protocol promises of each operation."""

import json

import pytest

from server.book import CursorGoneError
from server.book.reading import Own
from sync.messages import Conflict
from sync.records import Device
from tests.world.lines import clock, parse
from tests.world.postgres import on_both

pytestmark = on_both("warehouse")

RECEIVE = {
    "verb": "receive", "key": {"item": "BE", "lot": {"code": "L1"}}, "quantity": 5,
    "from": {"location": "supplier/V1"}, "to": {"location": "B1"},
}  # fmt: skip


async def test_a_retry_has_no_effect_and_the_same_verdict_to_the_byte(warehouse):
    """[R1]"""
    warehouse.device("A").envelope(RECEIVE, warehouse.now)
    body = warehouse.device("A").push_message(warehouse.now)
    first = await warehouse.push("A", body=body)
    again = await warehouse.push("A", body=body)
    assert bytes(first.verdicts[0]) == bytes(again.verdicts[0])
    assert (await warehouse.stock())["B1", "BE/L1"] == 5


async def test_the_same_id_with_other_content_is_parked(warehouse):
    """[R2]"""
    warehouse.device("A").envelope(RECEIVE, warehouse.now, id_="one")
    await warehouse.push("A")
    warehouse.device("B").envelope(RECEIVE | {"quantity": 6}, warehouse.now, id_="one")
    body = warehouse.device("B").push_message(warehouse.now)
    first = await warehouse.push("B", body=body)
    again = await warehouse.push("B", body=body)
    assert json.loads(bytes(first.verdicts[0]))["outcome"] == "parked"
    assert bytes(first.verdicts[0]) == bytes(again.verdicts[0])
    assert await warehouse.open() == ["OPERATION_ID_CONFLICT U"]
    assert (await warehouse.stock())["B1", "BE/L1"] == 5


async def test_a_fork_is_told_with_the_last_common_operation_and_posts_nothing(warehouse):
    """[R3]"""
    device = warehouse.device("A")
    device.envelope(RECEIVE, warehouse.now)
    await warehouse.push("A")
    common = device.hash
    clone = list(device.chain)
    device.envelope(RECEIVE, warehouse.now)
    await warehouse.push("A")
    device.chain = clone
    device.envelope(RECEIVE | {"quantity": 9}, warehouse.now)
    answer = await warehouse.push("A", from_seq=2)
    assert isinstance(answer, Conflict)
    assert (answer.code, answer.have.seq, answer.have.hash) == ("fork", 1, common)
    assert await warehouse.open() == ["REPLICA_FORK U"]
    assert (await warehouse.stock())["B1", "BE/L1"] == 10


async def test_what_a_fork_re_appends_under_the_same_ids_is_not_posted_twice(warehouse):
    """[R3]"""
    first, second = warehouse.device("A"), warehouse.device("B")
    first.envelope(RECEIVE, warehouse.now, id_="one")
    await warehouse.push("A")
    envelope = json.loads(first.chain[0])
    envelope["link"] = {"replica": second.replica, "seq": 1, "prev": None}
    body = first.chain[0][first.chain[0].index(b'"body":') :]
    second.chain.append(b'{"link": ' + json.dumps(envelope["link"]).encode() + b", " + body)
    answer = await warehouse.push("B")
    assert answer.acked.seq == 1
    assert json.loads(bytes(answer.verdicts[0]))["outcome"] == "posted"
    assert (await warehouse.stock())["B1", "BE/L1"] == 5


async def test_a_gap_names_the_operation_that_is_missing(warehouse):
    """[R4]"""
    device = warehouse.device("A")
    device.envelope(RECEIVE, warehouse.now)
    device.envelope(RECEIVE, warehouse.now)
    answer = await warehouse.push("A", from_seq=2)
    assert (answer.code, answer.need_from) == ("gap", 1)


async def test_a_hole_that_the_device_lost_is_reported(warehouse):
    """[R4]"""
    device = warehouse.device("A")
    device.envelope({"verb": "lost", "through_seq": 4, "reason": "storage lost"}, warehouse.now)
    answer = await warehouse.push("A", written=4)
    assert answer.acked.seq == 4
    assert await warehouse.open() == ["OPERATIONS_LOST U"]


async def test_a_device_goes_on_behind_a_hole_in_its_chain(warehouse):
    """[R4] What follows hangs on an envelope that nobody has: now, and at the next push."""
    device = warehouse.device("A")
    for _ in range(6):
        device.envelope(RECEIVE, warehouse.now)
    whole = list(device.chain)
    device.chain = whole[:2]
    await warehouse.push("A")
    device.chain = whole[:5]
    answer = await warehouse.push("A", body=device.push_message(warehouse.now, from_seq=5))
    assert (answer.code, answer.need_from) == ("gap", 3)
    device.chain = whole[:2]
    device.envelope({"verb": "lost", "through_seq": 4, "reason": "gone"}, warehouse.now)
    lost = device.chain[2].replace(device._digest(whole[1]).encode(), b"")
    lost = lost.replace(b'"prev": ""', b'"prev": null')
    device.chain = [*whole[:2], lost, whole[4]]
    answer = await warehouse.push("A")
    assert answer.acked.seq == 5
    device.chain = whole
    answer = await warehouse.push("A")
    assert answer.acked.seq == 6
    assert (await warehouse.stock())["B1", "BE/L1"] == 4 * RECEIVE["quantity"]


@pytest.mark.parametrize(
    "did",
    [
        {"verb": "teleport", "key": {"item": "BE"}},
        RECEIVE | {"quantity": -5},
        RECEIVE | {"quantity": 10**15},
        RECEIVE | {"quantity": "5"},
        {"verb": "receive"},
        RECEIVE | {"key": {"item": "PT", "lot": {"code": "L1", "expires": "2026-02-31"}}},
        RECEIVE | {"fifo_date": "2026-13-01"},
    ],
    ids=["unknown verb", "negative", "huge", "text", "empty", "no such day", "no such month"],
)
async def test_what_is_not_understood_is_parked_whole(warehouse, did):
    """[R5]"""
    warehouse.device("A").envelope(did, warehouse.now)
    answer = await warehouse.push("A")
    assert json.loads(bytes(answer.verdicts[0]))["outcome"] == "parked"
    assert await warehouse.open() == ["NOT_UNDERSTOOD R"]


async def test_one_poison_operation_does_not_delay_the_others(warehouse):
    device = warehouse.device("A")
    device.envelope({"verb": "teleport"}, warehouse.now)
    device.envelope(RECEIVE, warehouse.now)
    answer = await warehouse.push("A")
    assert [json.loads(bytes(v))["outcome"] for v in answer.verdicts] == ["parked", "posted"]


async def test_a_clock_that_is_a_day_wrong_is_corrected_exactly(warehouse):
    """[R8]"""
    device = warehouse.device("A", offset=-86_400_000)
    device.envelope(RECEIVE, clock("07:00"))
    answer = await warehouse.push("A", clock("09:00"))
    verdict = json.loads(bytes(answer.verdicts[0]))
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("07:00"), "high")


async def test_a_clock_that_nobody_vouches_for_is_clamped(warehouse):
    """[R8]"""
    device = warehouse.device("A")
    await warehouse.push("A", clock("07:00"))
    device.segment = "s2"
    device.offset = 5 * 3_600_000
    device.envelope(RECEIVE, clock("08:00"))
    device.segment, device.offset = "s3", 0
    answer = await warehouse.push("A", clock("09:00"))
    verdict = json.loads(bytes(answer.verdicts[0]))
    assert verdict["trust"] == "low"
    assert clock("07:00") <= verdict["times"]["own"] <= clock("09:00")


async def test_an_uncertain_time_matters_where_a_count_may_lie_on_either_side(warehouse):
    """[R8]"""
    await warehouse.play("""
        06:30 A receive 10 BE/L1 to B1
        08:00 B count B1: BE/L1=8
    """)
    device = warehouse.device("A")
    device.segment = "s2"
    device.offset = 5 * 3_600_000
    did = RECEIVE | {"verb": "move", "from": {"location": "B1"}, "to": {"location": "B2"}}
    device.envelope(did | {"quantity": 2}, clock("07:00"))
    device.segment, device.offset = "s3", 0
    verdict = json.loads(bytes((await warehouse.push("A", clock("09:00"))).verdicts[0]))
    assert "TIME_UNCERTAIN" in [flag["code"] for flag in verdict["flags"]]


async def test_a_reversed_receipt_never_happened(table):
    """[R40]"""
    world = await table("""
        r: 08:00 A receive 5 BE/L1 to B1 for PO-1/1     | posted
        08:10 A reverse r                               | posted
        08:11 A reverse r                               | posted
    """)
    assert await world.stock() == {}


async def test_a_reverse_takes_the_time_of_its_target_and_leaves_counts_alone(table):
    """[R40] counted since"""
    world = await table("""
        r: 08:00 A receive 5 BE/L1 to B1                | posted
        09:00 B count B1: BE/L1=5                       | posted
        09:01 B heartbeat                               | heard
        09:10 A heartbeat                               | heard
        09:30 A reverse r                               | flagged COUNT_EXPLAINED
    """)
    assert (await world.stock())["B1", "BE/L1"] == 5


async def test_a_reverse_that_comes_before_its_target_waits_for_it(warehouse):
    """[R40] target unknown yet"""
    second = warehouse.device("B")
    second.envelope({"verb": "reverse", "target": "late", "reason": ""}, warehouse.now)
    answer = await warehouse.push("B")
    assert json.loads(bytes(answer.verdicts[0]))["outcome"] == "parked"
    assert await warehouse.open() == ["TARGET_UNKNOWN I"]
    warehouse.device("A").envelope(RECEIVE, warehouse.now, id_="late")
    await warehouse.push("A")
    assert await warehouse.open() == []
    assert await warehouse.stock() == {}


async def test_goods_that_moved_on_leave_a_negative_when_their_receipt_is_reversed(table):
    """[R40] goods moved on"""
    await table("""
        r: 08:00 A receive 5 BE/L1 to B1                | posted
        08:05 A move 5 BE/L1 from B1 to B2              | posted
        08:10 A reverse r                               | flagged NEGATIVE
    """)


async def test_a_reverse_cannot_be_reversed(table):
    """[R5]"""
    await table("""
        r: 08:00 A receive 5 BE/L1 to B1                | posted
        v: 08:10 A reverse r                            | posted
        08:11 A reverse v                               | parked NOT_UNDERSTOOD
    """)


async def test_operations_of_a_revoked_device_are_parked(warehouse):
    """[R7]"""
    await warehouse.book.change("S", "fang", [Device(device="A", name="A", revoked=True)], "revoke")
    warehouse.device("A").envelope(RECEIVE, warehouse.now)
    answer = await warehouse.push("A")
    assert json.loads(bytes(answer.verdicts[0]))["outcome"] == "parked"
    assert await warehouse.open() == ["ACTOR_NOT_ALLOWED R"]


async def test_the_feed_takes_a_device_from_any_cursor_to_the_same_picture(warehouse):
    cursor = (await warehouse.book.snapshot("S", None)).cursor
    device = warehouse.device("A")
    for _ in range(5):
        device.envelope(RECEIVE, warehouse.now)
    await warehouse.push("A")
    pages = []
    more = True
    while more:
        page = await warehouse.book.pull("S", cursor, 3, Own("A", device.replica))
        pages.append(page)
        cursor, more = page.cursor, page.more
    assert len(pages) > 1
    assert [page.acks[device.replica].seq for page in pages][-1] == 5
    assert pages[-1].scope == (await warehouse.read_on()).scope


async def test_a_device_that_was_away_for_two_weeks_takes_a_new_snapshot(warehouse):
    cursor = (await warehouse.book.snapshot("S", None)).cursor
    warehouse.device("A").envelope(RECEIVE, warehouse.now)
    await warehouse.push("A")
    warehouse.now += 16 * 86_400_000
    await warehouse.book.prune()
    with pytest.raises(CursorGoneError) as gone:
        await warehouse.book.pull("S", cursor, 100, None)
    assert gone.value.code == "cursor_expired"
    assert warehouse.book.verify(None) == []


async def test_a_revoked_device_does_not_hold_the_watermark_back(warehouse):
    await warehouse.push("A")
    await warehouse.push("B")
    await warehouse.book.change("S", "fang", [Device(device="B", name="B", revoked=True)], "revoke")
    await warehouse.heartbeat(warehouse.now + 3_600_000, "A")
    assert warehouse.answer.watermark >= clock("06:59")


async def test_what_would_break_an_invariant_is_taken_back_alone(warehouse, monkeypatch):
    """[R44] For bugs only: here a balance that leaves what the ledger can count."""
    monkeypatch.setattr("sync.state.BALANCE_MAX", 20)
    lines = await warehouse.play("""
        08:00 A receive 15 BE/L1 to B1
        08:01 A receive 15 BE/L1 to B1
        08:02 A move 5 BE/L1 from B1 to B2
    """)
    assert [line.rpartition("| ")[2] for line in lines] == ["posted", "parked INVARIANT", "posted"]
    assert await warehouse.open() == ["INVARIANT U"]
    stock = await warehouse.stock()
    assert (stock["B1", "BE/L1"], stock["B2", "BE/L1"]) == (10, 5)


async def test_what_an_older_program_did_not_understand_is_done_by_a_newer_one(table, monkeypatch):
    """[R5] It takes its own place in time, and what hangs on it is right from then on."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
    """)
    did, _ = parse("pick 2 BE/L1 from B1 for SO-1", clock("08:30"), {})
    task = {"document": "SO-1", "line": None}
    name = world.device("C").envelope(did, clock("08:30"), v=2, task=task)
    answer = await world.push("C", world.now + 1_000)
    told = json.loads(bytes(answer.verdicts[0]))
    assert (told["outcome"], told["flags"][0]["code"]) == ("parked", "NOT_UNDERSTOOD")
    assert await world.variances() == ["B1 BE/L1 8/10 open"]
    monkeypatch.setattr("sync.arrivals.ENVELOPE_VERSION", 2)  # stands for the update
    world.book.close()
    world.open_book()
    await world.push("C", world.now + 2_000, from_seq=1)
    assert json.loads(bytes(world.answer.verdicts[0])) == told
    assert await world.variances() == ["B1 BE/L1 8/8 open"]
    assert (await world.stock())["STAGE", "BE/L1"] == 2
    assert (await world.results())[name].outcome == "posted"
    assert await world.open() == []
    world.device("C").envelope({"verb": "reverse", "target": name}, clock("10:00"))
    await world.push("C", clock("10:00"))
    assert (await world.stock())["B1", "BE/L1"] == 10
