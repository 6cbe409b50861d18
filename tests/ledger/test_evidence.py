"""What a device may claim of its clock: only what this server said to it is evidence (T1)."""

import json

import pytest
from msgspec.structs import replace

from sync.records import Device
from tests.ledger.test_trouble import receive
from tests.world.lines import clock
from tests.world.warehouse import SITE

YEARS = 10 * 365 * 86_400_000


async def forged(world, **change):
    """A device says that the clock of its work stood ten years back when this server answered.

    Return when the server believes that the work was done, and how much.
    """
    device = world.device("A")
    for _ in range(2):
        await world.push("A", clock("07:00"))
    real = device.exchanges[0]
    was = {"sent": real["sent"] - YEARS, "received": real["received"] - YEARS,
           "server_now": real["server_now"] - YEARS, "segment": "0-old"}  # fmt: skip
    told = [real, real | was | change, real | was | {"sent": was["sent"] + 1} | change]
    device.envelope(receive(), clock("07:10") - YEARS, segment="0-old")
    device.exchanges = told
    answer = await world.push("A", clock("07:20"))
    verdict = json.loads(bytes(answer.verdicts[0]))
    return verdict["times"]["own"], verdict["trust"]


@pytest.mark.parametrize("mac", [{}, {"mac": ""}, {"mac": "1.x"}, {"mac": "1." + "0" * 24}])
async def test_an_exchange_that_this_server_did_not_answer_is_no_evidence(warehouse, mac):
    """[T1] [R8]"""
    at, trust = await forged(warehouse, **mac)
    assert (at > clock("06:59"), trust) == (True, "low")


async def test_an_answer_proves_nothing_about_another_device(warehouse):
    """[T1] The proof is bound to the device, the question and its clock segment."""
    await warehouse.push("B", clock("06:50"))
    (told,) = warehouse.device("B").exchanges
    at, trust = await forged(warehouse, **told | {"segment": "0-old"})
    assert (at > clock("06:59"), trust) == (True, "low")


async def test_nothing_is_dated_before_the_device_was_enrolled(warehouse):
    """[T3] The clock of the device is wrong and says so; the device lies about its work."""
    row = replace(Device(device="A", name="A"), enrolled_at=clock("06:55"))
    await warehouse.book.change(SITE, "fang", [row], "enrolled")
    device = warehouse.device("A")
    device.envelope(receive(), clock("07:00") - YEARS)
    for _ in range(2):
        answer = await warehouse.push("A", clock("07:00"), limit=0, written=1)
    answer = await warehouse.push("A", clock("07:01"), written=1)
    verdict = json.loads(bytes(answer.verdicts[0]))
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("06:55"), "low")


async def test_nothing_is_dated_later_than_it_was_heard(warehouse):
    """[T3]"""
    device = warehouse.device("A")
    for _ in range(2):
        await warehouse.push("A", clock("07:00"))
    device.envelope(receive(), clock("07:10") + YEARS)
    answer = await warehouse.push("A", clock("07:20"))
    assert json.loads(bytes(answer.verdicts[0]))["times"]["own"] <= clock("07:20")
