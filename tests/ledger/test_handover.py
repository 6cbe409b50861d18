"""The same phone, enrolled again: it goes on as what it was until all of that is sent."""

import json

from server.book.reading import Own
from server.book.rows import table
from sync.messages import Conflict
from sync.records import Device
from tests.ledger.test_rescue import RECEIVE, outcomes, receives, stock
from tests.world.lines import clock
from tests.world.warehouse import SITE, decode_push


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
