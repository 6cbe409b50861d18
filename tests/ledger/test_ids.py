"""Whose an id is: nobody can take it before the device that made it has sent it (E4, R2)."""

import pytest

from sync.ids import operation_id, owner_of, tag_of
from sync.limits import OPENING
from sync.messages import Conflict
from sync.records import Device, Discrepancy
from tests.ledger.test_rescue import RECEIVE, carry, outcomes, receives, stock
from tests.world.handheld import Handheld, dated
from tests.world.warehouse import SITE, decode_push

OTHER = RECEIVE | {"quantity": 900}


def own(device, number=0):
    """Return an id as the app of a device makes it."""
    return operation_id(1_790_000_000_000 + number, bytes(6), device)


def squat(world, id_, did=OTHER, by="B", **body):
    """Let a device use an id first that is another one's."""
    return world.device(by).envelope(did, world.now, id_=id_, **body)


async def codes(world):
    return sorted(row.code for row in await world.rows("discrepancy", Discrepancy)
                  if row.state == "open")  # fmt: skip


@pytest.mark.parametrize("did", [OTHER, RECEIVE, {"verb": "reverse", "target": "a", "reason": ""},
                                 {"verb": "dance"}])  # fmt: skip
async def test_who_uses_the_id_of_another_device_first_displaces_nothing(warehouse, did):
    """[E4] [S7] With other content, word for word, or with what nobody understands."""
    id_ = own("A")
    squat(warehouse, id_, did)
    assert outcomes(await warehouse.push("B")) == ["parked"]
    assert await codes(warehouse) == ["RESCUE_UNSIGNED"]
    warehouse.device("A").envelope(RECEIVE, warehouse.now, id_=id_)
    assert outcomes(await warehouse.push("A")) == ["posted"]
    assert (await stock(warehouse), await codes(warehouse)) == (5, ["RESCUE_UNSIGNED"])


async def test_who_uses_the_id_of_another_device_afterwards_changes_nothing(warehouse):
    """[E4] [R1] Word for word it has no effect; with other content it is parked as what it is."""
    id_ = own("A")
    warehouse.device("A").envelope(RECEIVE, warehouse.now, id_=id_)
    await warehouse.push("A")
    squat(warehouse, id_)
    assert outcomes(await warehouse.push("B")) == ["parked"]
    assert (await stock(warehouse), await codes(warehouse)) == (5, ["RESCUE_UNSIGNED"])


async def test_what_is_parked_as_another_ones_stays_so_when_it_is_sent_again(warehouse):
    """[R1] The answer was lost on its way."""
    id_ = squat(warehouse, own("A"))
    first = await warehouse.push("B")
    again = await warehouse.push("B", from_seq=1)
    assert [bytes(one) for one in again.verdicts] == [bytes(one) for one in first.verdicts]
    warehouse.device("A").envelope(RECEIVE, warehouse.now, id_=id_)
    assert outcomes(await warehouse.push("A")) == ["posted"]
    third = await warehouse.push("B", from_seq=1)
    assert [bytes(one) for one in third.verdicts] == [bytes(one) for one in first.verdicts]
    assert await stock(warehouse) == 5


async def test_a_rescue_that_nothing_proves_stays_parked_when_it_is_sent_again(warehouse):
    """[S7] [R1] The answer was lost on its way."""
    receives(warehouse, "A", 1)
    warehouse.device("A").chain[:] = [
        one.replace(warehouse.device("A").replica.encode(), b"b" * 32)
        for one in warehouse.device("A").chain
    ]
    for _ in range(2):
        answer = await carry(warehouse, "A", signed=False, device=None, replica="b" * 32)
        assert outcomes(answer) == ["parked"]
    assert await stock(warehouse) == 0


async def test_a_decision_under_the_id_of_another_device_decides_nothing(warehouse):
    """[E4]"""
    did = {"verb": "close", "document": "PO-1", "line": 1}
    squat(warehouse, own("A"), did, class_="intent", actor="fang")
    assert outcomes(await warehouse.push("B")) == ["parked"]
    assert {(row.document, row.line): row.state for row in await warehouse.lines()}["PO-1", 1] \
        == "open"  # fmt: skip


async def test_the_undo_of_a_device_takes_back_its_own_operation(warehouse):
    """[R40] Also where another one had used its id first."""
    id_ = squat(warehouse, own("A"))
    await warehouse.push("B")
    warehouse.device("A").envelope(RECEIVE, warehouse.now, id_=id_)
    warehouse.device("A").envelope(
        {"verb": "reverse", "target": id_, "reason": "mistake"}, warehouse.now, id_=own("A", 1)
    )
    assert outcomes(await warehouse.push("A")) == ["posted"] * 2
    assert await stock(warehouse) == 0


async def test_a_rescue_with_marks_counts_once_under_the_ids_of_its_device(warehouse):
    """[S7] [R1] The carrier may say itself what it has not found."""
    device = warehouse.device("A")
    for number in range(2):
        device.envelope(RECEIVE, warehouse.now, id_=own("A", number))
    assert outcomes(await carry(warehouse, "A")) == ["posted"] * 2
    assert outcomes(await warehouse.push("A")) == ["posted"] * 2
    assert (await stock(warehouse), await codes(warehouse)) == (10, [])


async def test_what_a_carrier_declares_lost_bears_an_id_of_its_own(warehouse):
    """[R4]"""
    device = warehouse.device("A")
    device.envelope({"verb": "lost", "through_seq": 2, "reason": "gone"}, warehouse.now,
                    id_=own("B"))  # fmt: skip
    device.chain.append(b"")
    device.envelope(RECEIVE, warehouse.now, id_=own("A"))
    device.chain.remove(b"")
    assert outcomes(await carry(warehouse, "A"))[0] != "parked"


async def test_a_phone_that_is_enrolled_again_keeps_the_ids_that_it_had_made(warehouse):
    """[S10] Under its old replica, and under a new one."""
    await warehouse.book.change(
        SITE, "fang", [Device(device="Z", name="Z", former="A")], "enrolled again"
    )
    device = warehouse.device("A")
    device.envelope(RECEIVE, warehouse.now, id_=own("A", 1))
    device.envelope(RECEIVE, warehouse.now, id_=own("Z", 2))
    answer = await warehouse.push("Z", body=device.push_message(warehouse.now))
    assert outcomes(answer) == ["posted"] * 2
    fresh = Handheld(SITE, "Z")
    fresh.envelope(RECEIVE, warehouse.now, id_=own("A", 3))
    answer = await warehouse.push("Z", body=fresh.push_message(warehouse.now))
    assert (outcomes(answer), await stock(warehouse)) == (["posted"], 15)


async def test_the_ids_of_a_revoked_device_are_free(warehouse):
    """[S10] A phone that could not prove what it was goes on once its old name is shut out."""
    await warehouse.book.change(SITE, "fang", [Device(device="A", name="A", revoked=True)], "gone")
    squat(warehouse, own("A"), RECEIVE)
    assert outcomes(await warehouse.push("B")) == ["posted"]


async def test_what_the_phone_of_before_made_may_be_rescued_under_its_new_name(warehouse):
    """[S7] [S10]"""
    await warehouse.book.change(
        SITE, "fang", [Device(device="Z", name="Z", former="A")], "enrolled again"
    )
    device = warehouse.device("A")
    device.envelope(RECEIVE, warehouse.now, id_=own("A", 1))
    await warehouse.push("A")
    device.envelope(RECEIVE, warehouse.now, id_=own("Z", 2))
    body = device.push_message(warehouse.now, from_seq=2, carrier="c" * 32, device="Z")
    answer = await warehouse.book.push("B", decode_push(body), warehouse.now, signed=True)
    assert not isinstance(answer, Conflict)
    assert outcomes(answer) == ["posted"]


async def test_a_restored_server_knows_whose_the_ids_are(restored):
    """[R11] [T5] The feed told them all, and whoever lies is the first to come back."""
    restored.backup()
    id_ = own("A")
    restored.device("A").envelope(RECEIVE, restored.now, id_=id_)
    await restored.push("A")
    await restored.restore()
    squat(restored, id_)
    assert outcomes(await restored.push("B")) == ["parked"]
    assert outcomes(await restored.push("A")) == ["posted"]
    assert await stock(restored) == 5


async def test_what_was_parked_as_another_ones_is_so_after_a_restore(restored):
    """[T5] Its seal says that it was parked, and not under which name it is kept."""
    restored.backup()
    id_ = squat(restored, own("A"))
    await restored.push("B")
    await restored.restore()
    assert outcomes(await restored.push("B")) == ["parked"]
    restored.device("A").envelope(RECEIVE, restored.now, id_=id_)
    assert outcomes(await restored.push("A")) == ["posted"]


async def test_the_seal_of_what_was_parked_as_another_ones_proves_no_restore(restored):
    """[S6] Sent again in a replica of another name."""
    id_ = squat(restored, own("A"))
    await restored.push("B")
    device, first = restored.device("B"), restored.device("B").replica
    told = dated(device.verdicts[id_]) | {"first": [first, 1]}
    device.chain = [device.chain[0].replace(first.encode(), b"b" * 32)]
    device.replica, device.acked = "b" * 32, 0
    assert outcomes(await restored.push("B", dated=[told])) == ["parked"]
    assert await restored.epoch() == 1


async def test_the_id_of_opening_stock_is_the_imports_own(warehouse):
    """[E4] It follows from place and key, so anybody can work it out."""
    id_ = squat(warehouse, "opening-" + "a" * 32)
    assert outcomes(await warehouse.push("B")) == ["parked"]
    await warehouse.book.change(SITE, "operator", [Device(device=OPENING, name=OPENING)], "import")
    warehouse.device(OPENING).envelope(RECEIVE, warehouse.now, id_=id_, actor="operator")
    assert outcomes(await warehouse.push(OPENING)) == ["posted"]


@pytest.mark.parametrize("id_", ["A-1", "01a1ee56-5e7b-7001-8203-040506070809", "7.8", ""])
def test_an_id_of_an_older_app_is_whose_it_is_first(id_):
    assert owner_of(id_) is None


def test_the_id_of_a_device_names_it():
    assert owner_of(own("A")) == tag_of("A") != tag_of("B")
