"""What is left of a device that broke, lost its storage or stays away, and who may bring it."""

import json

import pytest

from server.book.rows import table
from sync.messages import Conflict
from sync.records import Counted, Device, Discrepancy
from tests.world.handheld import Handheld, proof
from tests.world.lines import clock
from tests.world.warehouse import SITE, decode_push

RECEIVE = {
    "verb": "receive", "key": {"item": "BE", "lot": {"code": "L1"}}, "quantity": 5,
    "from": {"location": "supplier/V1"}, "to": {"location": "B1"},
}  # fmt: skip
CARRIER = "c" * 32


def receives(world, name, number, at=None):
    for _ in range(number):
        world.device(name).envelope(RECEIVE, at or world.now)


async def carry(world, name, by="B", at=None, *, signed=True, **how):
    """Let a device bring what was rescued of another one; return the answer."""
    rescued = world.device(name)
    world.now = max(world.now, at or 0)
    body = rescued.push_message(
        world.now, from_seq=how.pop("from_seq", 1), carrier=CARRIER,
        **{"device": name, "unsent": 0, "echo": world.now} | how,
    )  # fmt: skip
    return await world.book.push(by, decode_push(body), world.now, signed=signed)


async def stock(world):
    return (await world.stock()).get(("B1", "BE/L1"), 0)


async def lost(world):
    """What is open as lost: [missing ranges, severity]."""
    return [
        (row.detail["missing"], row.severity)
        for row in await world.rows("discrepancy", Discrepancy)
        if row.code == "OPERATIONS_LOST" and row.state == "open"
    ]


def outcomes(answer):
    return [json.loads(bytes(verdict))["outcome"] for verdict in answer.verdicts]


async def test_a_rescue_posts_as_if_its_own_device_had_sent_it(warehouse):
    """[R1] The device comes back with the same records: they are acknowledged, nothing more."""
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    receives(warehouse, "A", 2)
    answer = await carry(warehouse, "A", from_seq=2)
    assert (answer.acked.seq, outcomes(answer)) == (3, ["posted", "posted"])
    again = await warehouse.push("A", from_seq=2)
    assert [bytes(one) for one in again.verdicts] == [bytes(one) for one in answer.verdicts]
    receives(warehouse, "A", 1)
    assert (await warehouse.push("A")).acked.seq == 4
    assert (await stock(warehouse), await warehouse.open()) == (20, [])


async def test_a_rescue_on_two_devices_does_nothing_twice(warehouse):
    receives(warehouse, "A", 3)
    first = await carry(warehouse, "A", by="B")
    again = await carry(warehouse, "A", by="C")
    assert [bytes(one) for one in again.verdicts] == [bytes(one) for one in first.verdicts]
    assert await stock(warehouse) == 15


async def test_a_rescue_of_a_device_that_never_spoke_waits_for_its_device(warehouse):
    """Whose it is, the rescue says; when the device itself comes, it is not taken for a clone."""
    receives(warehouse, "A", 2)
    await carry(warehouse, "A")
    receives(warehouse, "A", 1)
    assert (await warehouse.push("A")).acked.seq == 3
    assert (await stock(warehouse), await warehouse.open()) == (15, [])


async def test_a_rescue_that_nothing_proves_is_parked_and_posts_once_its_device_comes(warehouse):
    """[S7] In a chain of the carrier's own; the records keep their names for the device itself."""
    receives(warehouse, "A", 1)
    own = warehouse.device("A").replica
    warehouse.device("A").chain[:] = [
        one.replace(own.encode(), b"b" * 32) for one in warehouse.device("A").chain
    ]
    answer = await carry(warehouse, "A", signed=False, device=None, replica="b" * 32)
    assert outcomes(answer)[0] == "parked"
    assert (await stock(warehouse), await warehouse.open()) == (0, ["RESCUE_UNSIGNED R"])
    warehouse.device("A").chain[:] = [
        one.replace(b"b" * 32, own.encode()) for one in warehouse.device("A").chain
    ]
    assert outcomes(await warehouse.push("A")) == ["posted"]
    assert await stock(warehouse) == 5


@pytest.mark.parametrize(
    "how", [{"signed": False}, {"device": "C"}, {"signed": False, "device": None}]
)
async def test_nobody_speaks_for_a_replica_by_calling_it_a_rescue(warehouse, how):
    """[S7] Not with marks of another device, and not without any."""
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    receives(warehouse, "A", 1)
    assert isinstance(await carry(warehouse, "A", from_seq=2, **how), Conflict)
    assert await stock(warehouse) == 5
    assert (await warehouse.push("A")).acked.seq == 2
    assert (await stock(warehouse), await warehouse.open()) == (10, [])


async def test_another_device_cannot_speak_for_a_replica_without_being_its_carrier(warehouse):
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    receives(warehouse, "A", 1)
    body = warehouse.device("A").push_message(warehouse.now)
    assert isinstance(await warehouse.push("B", body=body), Conflict)


async def test_what_is_rescued_of_a_revoked_device_is_parked(warehouse):
    """[R7]"""
    await warehouse.book.change(SITE, "fang", [Device(device="A", name="A", revoked=True)], "r")
    receives(warehouse, "A", 1)
    assert outcomes(await carry(warehouse, "A")) == ["parked"]
    assert await warehouse.open() == ["ACTOR_NOT_ALLOWED R"]


async def test_a_rescued_count_names_the_device_that_counted(warehouse):
    did = {
        "verb": "count", "place": {"location": "B1"}, "scope": "place", "count_id": "q",
        "opened_wall": warehouse.now, "lines": [],
    }  # fmt: skip
    warehouse.device("A").envelope(did, warehouse.now)
    await carry(warehouse, "A")
    assert [row.device for row in await warehouse.rows("counted", Counted)] == ["A"]


async def test_a_rescued_decision_needs_the_sign_in_of_its_person_where_it_is_brought(warehouse):
    """[S7] Else a device could decide as anybody, by calling it a rescue."""
    did = {"verb": "close", "document": "PO-1", "line": 1}
    warehouse.device("A").envelope(did, warehouse.now, class_="intent", actor="fang")
    await warehouse.book.change(SITE, "fang", [Device(device="Z", name="Z")], "enrolled")
    answer = await carry(warehouse, "A", by="Z")
    assert outcomes(answer) == ["parked"]
    late = [proof(warehouse.device("A").chain[0], "Z")]
    await carry(warehouse, "A", by="Z", from_seq=2, proofs=late)
    lines = {(row.document, row.line): row.state for row in await warehouse.lines()}
    assert lines["PO-1", 1] == "closed"


async def test_a_carrier_vouches_for_nothing(warehouse):
    """[T6] Its echo is not the echo of the device that it brings."""
    await warehouse.heartbeat(clock("07:00"), "A", "B")
    receives(warehouse, "A", 1, clock("07:10"))
    await warehouse.heartbeat(clock("08:00"), "B")
    answer = await carry(warehouse, "A", at=clock("08:10"))
    assert answer.watermark <= clock("07:01")


async def test_a_rescue_of_a_device_that_never_spoke_holds_nobody_back(warehouse):
    """[T6]"""
    receives(warehouse, "A", 1)
    warehouse.device("A").exchanges = []
    await carry(warehouse, "A", by="B")
    await warehouse.heartbeat(clock("08:00"), "B")
    assert warehouse.answer.watermark >= clock("08:00")


async def test_a_rescue_is_dated_by_the_clock_of_its_own_device(warehouse):
    """[R8] The carrier's clock says nothing about it, however right it is."""
    device = warehouse.device("A", offset=-86_400_000)
    await warehouse.push("A", clock("07:00"))
    device.envelope(RECEIVE, clock("07:30"))
    answer = await carry(warehouse, "A", at=clock("12:00"), sent=clock("12:00"), segment="b1")
    verdict = json.loads(bytes(answer.verdicts[0]))
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("07:30"), "high")


async def hole(world):
    """Six records of A of which the third and fourth are declared lost; return the whole chain."""
    device = world.device("A")
    receives(world, "A", 6)
    whole = list(device.chain)
    device.chain = whole[:2]
    world.device("A").envelope(
        {"verb": "lost", "through_seq": 4, "reason": "gone"}, world.now + 3_600_000
    )
    device.chain[2:] = [device.chain[2], b"", *whole[4:]]
    device.chain.remove(b"")
    await world.push("A")
    return whole


async def test_what_follows_a_hole_is_dated_by_itself_and_not_by_the_report_of_it(warehouse):
    """[R4] The loss is noticed later than the work that follows it was done."""
    await hole(warehouse)
    times = [json.loads(bytes(one))["times"]["own"] for one in warehouse.answer.verdicts]
    assert times[3:] == [times[0]] * 2


async def test_an_envelope_found_later_posts_and_narrows_what_is_lost(warehouse):
    """[R4]"""
    whole = await hole(warehouse)
    assert await lost(warehouse) == [([[3, 4]], "U")]
    device = warehouse.device("A")
    device.chain = whole[:3]
    assert outcomes(await carry(warehouse, "A", from_seq=3)) == ["posted"]
    assert await lost(warehouse) == [([[4, 4]], "U")]
    device.chain = whole
    assert (await carry(warehouse, "A", from_seq=3)).acked.seq == 6
    assert (await stock(warehouse), await warehouse.open()) == (30, [])


async def test_the_device_itself_may_find_what_a_carrier_declared_lost(warehouse):
    """[R4] Its queue is sent like any other; it is not taken for a clone."""
    whole = await hole(warehouse)
    warehouse.device("A").chain = whole
    warehouse.device("A").envelope(RECEIVE, warehouse.now)
    assert (await warehouse.push("A", from_seq=3)).acked.seq == 7
    assert (await stock(warehouse), await warehouse.open()) == (35, [])


async def test_a_device_fills_a_hole_that_a_carrier_left_in_a_restored_server(warehouse):
    """[R4] It is asked for all that follows the hole, not for what follows the end of the chain."""
    await hole(warehouse)
    await warehouse.book.write(
        lambda connection: connection.execute(table("site").update().values(epoch=2))
    )
    answer = await warehouse.push("A", epoch=1, from_seq=1)
    assert (answer.code, answer.have.seq) == ("epoch", 2)


async def restarted(world, name, former):
    """A device that starts without its storage, as a new replica that says so."""
    fresh = Handheld(SITE, name)
    fresh.replica = "f" * 32
    body = fresh.push_message(world.now, former=former)
    for _ in range(2):
        answer = await world.push(name, body=body)
        assert not isinstance(answer, Conflict), answer
    return fresh


async def test_a_lost_storage_is_reported_with_what_was_last_known_of_it(warehouse):
    """[R4] Device, last acknowledged and last reported unsent number; once."""
    receives(warehouse, "A", 5)
    await warehouse.push("A", limit=2)
    await restarted(warehouse, "A", {"replica": None, "seq": 0})
    (row,) = await warehouse.rows("discrepancy", Discrepancy)
    assert (row.code, row.severity, row.detail["device"]) == ("OPERATIONS_LOST", "U", "A")
    assert (row.detail["acked"], row.detail["unsent"]) == (2, 3)
    assert row.detail["missing"] == [[3, None]]


async def test_a_device_that_remembers_how_far_it_had_written_says_so(warehouse):
    """[R4]"""
    receives(warehouse, "A", 5)
    await warehouse.push("A", limit=2)
    await restarted(warehouse, "A", {"replica": warehouse.device("A").replica, "seq": 5})
    assert await lost(warehouse) == [([[3, 5]], "U")]


async def test_a_lost_storage_whose_records_are_all_here_is_no_emergency(warehouse):
    """[R4]"""
    receives(warehouse, "A", 2)
    await warehouse.push("A")
    await restarted(warehouse, "A", {"replica": warehouse.device("A").replica, "seq": 2})
    assert await lost(warehouse) == [([], "R")]


async def test_a_rescue_that_is_found_later_closes_a_lost_storage(warehouse):
    """[R4]"""
    receives(warehouse, "A", 4)
    await warehouse.push("A", limit=2)
    await restarted(warehouse, "A", {"replica": warehouse.device("A").replica, "seq": 4})
    await carry(warehouse, "A", from_seq=1)
    assert (await stock(warehouse), await warehouse.open()) == (20, [])


async def test_a_lost_replica_does_not_hold_the_watermark_back(warehouse):
    """[T6]"""
    await warehouse.heartbeat(clock("07:00"), "A", "B")
    receives(warehouse, "A", 1)
    former = {"replica": warehouse.device("A").replica, "seq": 1}
    warehouse.devices["A"] = await restarted(warehouse, "A", former)
    await warehouse.heartbeat(clock("08:00"), "A", "B")
    assert warehouse.answer.watermark >= clock("08:00")


BEYOND = 10**15


@pytest.mark.parametrize("told", [{}, {"written": 2}, {"written": BEYOND}, {"unsent": BEYOND}])
async def test_more_than_a_device_can_have_written_is_not_lost(warehouse, told):
    """[R4] It is parked, covers nothing, and the device goes on as if it had not been said."""
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    did = {"verb": "lost", "through_seq": BEYOND, "reason": "gone"}
    warehouse.device("A").envelope(did, warehouse.now)
    assert outcomes(await warehouse.push("A", **told)) == ["parked"]
    receives(warehouse, "A", 1)
    assert (await warehouse.push("A")).acked.seq == 3
    assert (await stock(warehouse), await warehouse.open()) == (10, ["NOT_UNDERSTOOD R"])


@pytest.mark.parametrize("again", [False, True])
async def test_a_loss_that_is_not_believed_does_not_date_what_comes_after_it(warehouse, again):
    """[R4] [T3] Nor when it is told twice: nothing was written then that came an hour later."""
    await warehouse.heartbeat(clock("08:00"), "A")
    did = {"verb": "lost", "through_seq": BEYOND, "reason": "gone"}
    warehouse.device("A").envelope(did, clock("08:10"))
    await warehouse.push("A", clock("08:10"))
    if again:
        await warehouse.push("A", clock("08:11"), from_seq=1)
    await warehouse.push("A", clock("08:12"))
    receives(warehouse, "A", 1, clock("09:00"))
    answer = await warehouse.push("A", clock("09:00"))
    (verdict,) = [json.loads(bytes(one)) for one in answer.verdicts]
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("09:00"), "high")


async def test_what_was_parked_as_impossible_to_have_lost_is_not_read_again(warehouse):
    """[R4] [R5] A newer program knows no better."""
    did = {"verb": "lost", "through_seq": BEYOND, "reason": "gone"}
    warehouse.device("A").envelope(did, warehouse.now)
    await warehouse.push("A")
    warehouse.close()
    warehouse.open_book()
    assert await warehouse.open() == ["NOT_UNDERSTOOD R"]


async def test_a_device_that_remembers_more_than_it_can_have_written_is_not_believed(warehouse):
    """[S8] Then nobody knows where what is missing ends; what was claimed is noted."""
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    replica = warehouse.device("A").replica
    await restarted(warehouse, "A", {"replica": replica, "seq": BEYOND})
    assert await lost(warehouse) == [([[2, None]], "U")]
    (row,) = await warehouse.rows("discrepancy", Discrepancy)
    assert row.detail["claimed"] == BEYOND


async def test_who_says_that_another_device_lost_its_storage_is_named_and_hurts_nobody(warehouse):
    """[S8] A cleared browser comes back as another device; but anybody could say so."""
    for name in ("A", "B"):
        receives(warehouse, name, 2)
        await warehouse.push(name)
    await warehouse.heartbeat(clock("07:00"), "A", "B")
    await restarted(warehouse, "A", {"replica": warehouse.device("B").replica, "seq": 3})
    (row,) = await warehouse.rows("discrepancy", Discrepancy)
    assert (row.detail["device"], row.detail["told_by"]) == ("B", "A")
    assert (await warehouse.push("B", clock("09:00"))).watermark <= clock("07:01"), (
        "A is waited for"
    )
    receives(warehouse, "B", 1)
    assert (await warehouse.push("B")).acked.seq == 3
    assert await lost(warehouse) == []
