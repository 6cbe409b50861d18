"""Who works on a device, and what it is once the same phone is enrolled again."""

import json

from server.book.reading import Own
from server.book.rows import table
from sync.messages import Conflict
from sync.records import Device, Discrepancy
from tests.ledger.test_rescue import RECEIVE, outcomes, receives, stock
from tests.world.lines import clock
from tests.world.warehouse import SITE, decode_push

# --- who works there -----------------------------------------------------------------------------


async def test_an_actor_who_never_signed_in_there_is_listed_once_for_the_device(warehouse):
    """[R7]"""
    for number in range(2):
        receives(warehouse, "A", 2)
        await warehouse.push("A", warehouse.now + number, signed=[])
    assert (await stock(warehouse), await warehouse.open()) == (20, ["ACTOR_NOT_SEEN R"])
    (row,) = await warehouse.rows("discrepancy", Discrepancy)
    assert row.detail == {"device": "A", "actor": "worker"}


async def test_a_worker_who_signed_in_without_a_network_is_known_from_then_on(warehouse):
    """[R7] The device says so, once; another replica of it has to say so again."""
    receives(warehouse, "A", 1)
    await warehouse.push("A", signed=["worker"])
    receives(warehouse, "A", 1)
    await warehouse.push("A", signed=[])
    assert await warehouse.open() == []


async def test_a_sign_in_that_the_server_saw_needs_no_telling(warehouse):
    """[R7]"""
    await warehouse.book.write(lambda connection: connection.execute(
        table("sign_in").insert().values(
            site=SITE, device="A", person="worker", proved_at=1, wrong=0, locked_until=0)
    ))  # fmt: skip
    receives(warehouse, "A", 1)
    await warehouse.push("A", signed=[])
    assert await warehouse.open() == []


async def test_a_device_cannot_say_that_a_supervisor_signed_in_without_a_network(warehouse):
    """[R7] Whoever has more rights was seen by the server there before."""
    await warehouse.book.change(SITE, "fang", [Device(device="Z", name="Z")], "enrolled")
    warehouse.device("Z").envelope(RECEIVE, warehouse.now, actor="fang")
    await warehouse.push("Z", signed=["fang"])
    assert await warehouse.open() == ["ACTOR_NOT_SEEN R"]


async def test_a_stranger_that_somebody_has_looked_at_is_not_listed_again(warehouse):
    """[R7] [D1]"""
    receives(warehouse, "A", 1)
    await warehouse.push("A", signed=[])
    did = {"verb": "settle", "discrepancy": "ACTOR_NOT_SEEN/A/worker", "action": "keep"}
    warehouse.device("H").envelope(did, warehouse.now, class_="intent", actor="fang")
    assert outcomes(await warehouse.push("H")) == ["accepted"]
    receives(warehouse, "A", 1)
    assert outcomes(await warehouse.push("A", signed=[])) == ["posted"]
    assert await warehouse.open() == []


# --- the same phone, enrolled again --------------------------------------------------------------


async def enrolled_again(world):
    """The phone that was A is now Z: it says so with A's token, and goes on under A's replica."""
    await world.book.change(SITE, "fang", [Device(device="Z", name="Z", former="A")], "enrolled")
    return world.device("A")


async def test_a_phone_that_is_enrolled_again_sends_what_it_has_as_what_it_was(warehouse):
    """[S10] No second device writes under its identity: it is a hand-over."""
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    receives(warehouse, "A", 2)
    was = await enrolled_again(warehouse)
    answer = await warehouse.push("Z", body=was.push_message(warehouse.now, leaving=True))
    assert (answer.acked.seq, outcomes(answer)) == (3, ["posted"] * 2)
    rows = await warehouse.book.read(lambda connection: connection.execute(
        table("log").select().where(table("log").c.verb == "receive")).all())  # fmt: skip
    assert {row.device for row in rows} == {"A"}
    assert (await stock(warehouse), await warehouse.open()) == (15, [])


async def test_the_clock_of_a_phone_stays_known_when_it_is_enrolled_again(warehouse):
    """[S10] [T1] What the server told it by one name is evidence under the other."""
    was = warehouse.device("A")
    await enrolled_again(warehouse)
    for at in ("07:00", "07:01"):
        warehouse.now = clock(at)
        message = decode_push(was.push_message(warehouse.now))
        was.take(await warehouse.book.push("Z", message, warehouse.now), warehouse.now)
    was.segment = "0-b"
    was.envelope(RECEIVE, clock("07:02"), segment="s1")
    warehouse.now = clock("07:30")
    answer = await warehouse.push("Z", body=was.push_message(warehouse.now))
    verdict = json.loads(bytes(answer.verdicts[0]))
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("07:02"), "high")


async def test_the_replica_of_before_leaves_with_its_last_push(warehouse):
    """[S10] [T6] It was handed in, and nobody waits for it."""
    await warehouse.heartbeat(clock("07:00"), "A", "B")
    was = await enrolled_again(warehouse)
    body = was.push_message(clock("07:10"), leaving=True)
    warehouse.now = clock("07:10")
    await warehouse.push("Z", body=body)
    await warehouse.heartbeat(clock("09:00"), "B")
    assert warehouse.answer.watermark >= clock("09:00")
    assert await warehouse.open() == []


async def test_a_device_that_does_not_prove_what_it_was_cannot_go_on_as_that(warehouse):
    """[R3] [S10]"""
    receives(warehouse, "A", 1)
    await warehouse.push("A")
    await warehouse.book.change(SITE, "fang", [Device(device="Z", name="Z")], "enrolled")
    answer = await warehouse.push("Z", body=warehouse.device("A").push_message(warehouse.now))
    assert isinstance(answer, Conflict)
    assert await warehouse.open() == ["REPLICA_FORK U"]


async def test_acknowledgements_are_told_to_the_replicas_own_device_and_nobody_else(warehouse):
    """[S7] [S10] Another one does not even learn that there is such a replica."""
    cursor = (await warehouse.book.snapshot(SITE, None)).cursor
    receives(warehouse, "A", 2)
    await warehouse.push("A")
    await enrolled_again(warehouse)
    replica = warehouse.device("A").replica
    told = {}
    for name in "ABZ":
        page = await warehouse.book.pull(SITE, cursor, 100, Own(name, replica))
        early = await warehouse.book.pull(SITE, cursor, 1, Own(name, replica))
        snapshot = await warehouse.book.snapshot(SITE, Own(name, replica))
        told[name] = [one.acks[replica].seq for one in (page, early, snapshot)]
    assert told["B"] == [0, 0, 0]
    assert told["A"] == told["Z"] == [2, 1, 0]
