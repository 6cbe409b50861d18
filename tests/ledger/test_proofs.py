"""Who may decide: a session that is still hers, on this device, under the PIN of now."""

import json

import pytest
from msgspec.structs import replace

from server.book.rows import table
from sync.proofs import Session, id_of, payload_of
from sync.records import Device, Person
from tests.world.handheld import proof
from tests.world.lines import key
from tests.world.restoring import Restored
from tests.world.warehouse import SITE

CLOSE = {"verb": "close", "document": "PO-1", "line": 1}
FANG = Person(person="fang", name="fang", role="supervisor", badge="FANG")


def decide(world, *, unproved=False, **how):
    """Let fang close a line at the desk H; return the bytes of her decision."""
    desk = world.device("H")
    desk.envelope(CLOSE, world.now, class_="intent", actor="fang")
    payload = desk.chain[-1]
    desk.proofs = lambda _: [] if unproved else [proof(payload, "H", **how)]
    return payload


async def outcome(world, **how):
    answer = await world.push("H", world.now + 1_000, **how)
    return json.loads(bytes(answer.verdicts[-1]))["outcome"]


async def line(world):
    return next(row.state for row in await world.lines() if (row.document, row.line) == ("PO-1", 1))


async def test_a_session_that_lasts_decides(warehouse):
    """[E8]"""
    decide(warehouse)
    assert (await outcome(warehouse), await line(warehouse)) == ("accepted", "closed")


@pytest.mark.parametrize(
    "forged",
    [
        {"person": "other"}, {"stamp": "of an old PIN"}, {"expires": 1}, {"device": "A"},
        {"unproved": True},
    ],
    ids=str,
)  # fmt: skip
async def test_without_a_session_of_hers_that_lasts_a_decision_waits(warehouse, forged):
    """[R49] Another's, one under an old PIN, one that is over, or one of another device."""
    device = forged.pop("device", "H")
    payload = decide(warehouse, **forged)
    if device != "H":
        warehouse.device("H").proofs = lambda _: [proof(payload, device)]
    assert (await outcome(warehouse), await line(warehouse)) == ("parked", "open")
    assert await warehouse.open() == ["NOT_PROVED I"]


async def test_a_proof_is_for_one_decision_alone(warehouse):
    """[E8] What proves one closes nothing else."""
    first = decide(warehouse)
    await outcome(warehouse)
    other = {"verb": "close", "document": "PO-1", "line": 2}
    desk = warehouse.device("H")
    id_ = desk.envelope(other, warehouse.now, class_="intent", actor="fang")
    desk.proofs = lambda _: [[id_, proof(first, "H")[1]]]
    assert await outcome(warehouse) == "parked"


async def test_facts_behind_a_decision_without_a_proof_are_posted(warehouse):
    """[R49] [E5]"""
    decide(warehouse, unproved=True)
    did = {"verb": "receive", "key": key("BE/L1"), "quantity": 5,
           "from": {"location": "supplier/V1"}, "to": {"location": "B1"}}  # fmt: skip
    warehouse.device("H").envelope(did, warehouse.now)
    assert await outcome(warehouse) == "posted"


async def test_a_decision_is_done_when_its_actor_signs_in_again_and_only_once(warehouse):
    """[R49] The same proof again changes nothing."""
    payload = decide(warehouse, unproved=True)
    await outcome(warehouse)
    warehouse.device("H").proofs = lambda _: [proof(payload, "H")]
    for _ in range(2):
        await warehouse.push("H", warehouse.now + 1_000)
        assert (await line(warehouse), await warehouse.open()) == ("closed", [])
    results = await warehouse.results()
    assert results[json.loads(payload)["body"]["id"]].outcome == "accepted"


async def test_a_late_proof_of_what_changed_meanwhile_is_refused_with_the_reason(warehouse):
    """[R49] [R35]"""
    desk = warehouse.device("H")
    did = {"verb": "edit", "kind": "line", "id": "PO-1/1", "base_version": 999,
           "fields": {"state": "closed"}}  # fmt: skip
    id_ = desk.envelope(did, warehouse.now, class_="intent", actor="fang")
    desk.proofs = lambda _: []
    await outcome(warehouse)
    desk.proofs = lambda _: [proof(desk.chain[-1], "H")]
    await warehouse.push("H", warehouse.now + 1_000)
    result = (await warehouse.results())[id_]
    assert (result.outcome, result.flags) == ("refused", ("stale",))


async def test_a_long_decision_is_kept_packed_and_decided_all_the_same(warehouse):
    """[R49]"""
    desk = warehouse.device("H")
    scans = [{"raw": f"{'BE' * 40} {n}", "source": "typed", "wall": warehouse.now}
             for n in range(40)]  # fmt: skip
    did = {"verb": "edit", "kind": "line", "id": "PO-1/1", "base_version": 999,
           "fields": {"state": "closed"}}  # fmt: skip
    id_ = desk.envelope(did, warehouse.now, class_="intent", actor="fang", scans=scans)
    desk.proofs = lambda _: []
    await outcome(warehouse)
    desk.proofs = lambda _: [proof(desk.chain[-1], "H")]
    await warehouse.push("H", warehouse.now + 1_000)
    assert (await warehouse.results())[id_].outcome == "refused"


async def test_what_a_person_has_settled_is_not_done_by_a_late_proof(warehouse):
    """[R49]"""
    payload = decide(warehouse, unproved=True)
    await outcome(warehouse)
    name = f"NOT_PROVED/{json.loads(payload)['body']['id']}"
    desk = warehouse.device("H")
    del desk.proofs
    desk.envelope({"verb": "settle", "discrepancy": name, "action": "keep"}, warehouse.now,
                  class_="intent", actor="fang")  # fmt: skip
    assert await outcome(warehouse) == "accepted"
    desk.proofs = lambda _: [proof(payload, "H")]
    await warehouse.push("H", warehouse.now + 1_000)
    assert await line(warehouse) == "open"


async def test_a_session_that_was_ended_decides_nothing_more(warehouse):
    """[E8]"""
    decide(warehouse)
    payload = payload_of(Session("fang", "H", SITE, 2**50, ""))
    values = {"site": SITE, "session": id_of(payload), "expires": 2**50}
    await warehouse.book.write(lambda c: c.execute(table("session_end").insert().values(values)))
    assert await outcome(warehouse) == "parked"


async def test_a_revoked_device_proves_nothing_late_either(warehouse):
    """[E8]"""
    payload = decide(warehouse, unproved=True)
    await outcome(warehouse)
    gone = [Device(device="H", name="H", revoked=True)]
    await warehouse.book.change(SITE, "fang", gone, "revoked")
    warehouse.device("H").proofs = lambda _: [proof(payload, "H")]
    await warehouse.push("H", warehouse.now + 1_000)
    assert await line(warehouse) == "open"


async def test_a_new_pin_ends_what_the_old_one_proved(warehouse):
    """[E8]"""
    decide(warehouse)
    await warehouse.book.change(SITE, "fang", [replace(FANG, pin_stamp="new")], "person changed")
    assert await outcome(warehouse) == "parked"


async def test_a_worker_is_refused_whatever_is_proved(warehouse):
    """[R7]"""
    desk = warehouse.device("H")
    desk.envelope(CLOSE, warehouse.now, class_="intent", actor="worker")
    assert await outcome(warehouse) == "refused"


async def test_a_decision_that_waited_waits_again_after_a_restore(tmp_path):
    """[T5] Its proof may have come after the backup: it comes again."""
    world = Restored(tmp_path / "book.db")
    await world.set_up()
    world.backup()
    payload = decide(world, unproved=True)
    assert await outcome(world) == "parked"
    world.device("H").proofs = lambda _: [proof(payload, "H")]
    await world.push("H", world.now + 1_000)
    assert await line(world) == "closed"
    await world.restore()
    assert await line(world) == "open"
    await world.refill("H")
    assert (await line(world), world.book.verify(None)) == ("closed", [])
    world.close()


@pytest.mark.parametrize(
    ("device", "checked", "found"),
    [
        ("B", "server", []),
        ("B", "device", []),
        ("B", "nobody", ["CONSENT_UNPROVED R"]),
        ("Z", "device", ["CONSENT_UNPROVED R"]),
        ("Z", "server", ["CONSENT_UNPROVED R"]),
    ],
)
async def test_a_consent_that_the_server_never_saw_is_flagged(warehouse, device, checked, found):
    """[R48] What a device says of its own check counts where the PIN was shown to the server."""
    await warehouse.book.change(SITE, "fang", [Device(device="Z", name="Z")], "enrolled")
    did = {"verb": "receive", "key": key("BE/L1"), "quantity": 5,
           "from": {"location": "supplier/V1"}, "to": {"location": "B1"}}  # fmt: skip
    consent = {"actor": "fang", "at": warehouse.now, "checked": checked}
    warehouse.device(device).envelope(did, warehouse.now, consent=consent)
    await warehouse.push(device)
    assert await warehouse.open() == found


async def test_a_consent_under_an_old_pin_is_flagged(warehouse):
    """[R48]"""
    await warehouse.book.change(SITE, "fang", [replace(FANG, pin_stamp="new")], "person changed")
    did = {"verb": "receive", "key": key("BE/L1"), "quantity": 5,
           "from": {"location": "supplier/V1"}, "to": {"location": "B1"}}  # fmt: skip
    warehouse.device("B").envelope(did, warehouse.now, consent={"actor": "fang", "at": 1})
    await warehouse.push("B")
    assert await warehouse.open() == ["CONSENT_UNPROVED R"]
