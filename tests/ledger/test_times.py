"""When it happened, on the real book: what the server keeps of a clock between pushes."""

import json

from sync.records import Variance
from tests.ledger.test_trouble import receive
from tests.world.lines import clock, key

HOUR = 3_600_000


async def answers(world, device, at, **how):
    """Push what fits and return the verdicts."""
    answer = await world.push(device, at, **how)
    return [json.loads(bytes(verdict)) for verdict in answer.verdicts]


def pick(quantity, **more):
    return {
        "verb": "pick", "key": key("BE/L1"), "quantity": quantity, "from": {"location": "B1"},
        "to": {"location": "STAGE"}, **more,
    }  # fmt: skip


async def test_a_long_outbox_of_a_morning_without_network_is_dated_in_every_push(warehouse):
    """[T1] [T2] The phone slept now and then, and its clock is a day wrong."""
    device = warehouse.device("A", offset=-86_400_000)
    device.segment = "0-a"
    for _ in range(2):
        await warehouse.push("A", clock("06:30"))
    for n in range(50):
        device.segment = f"0-b{n}"
        device.envelope(receive(quantity=1), clock("07:00") + n * 60_000)
    device.segment = "0-c"
    await warehouse.push("A", clock("09:00"), limit=0)
    told = []
    for n in range(5):
        told += await answers(warehouse, "A", clock("09:00") + n * 1_000, limit=10)
    assert {verdict["trust"] for verdict in told} == {"high"}
    times = [verdict["times"]["own"] for verdict in told]
    assert times == [clock("07:00") + n * 60_000 for n in range(50)]


async def test_an_answer_that_was_lost_costs_no_time(warehouse):
    """[T1] The server keeps the contact before; the device tells none for this one."""
    device = warehouse.device("A")
    device.segment = "0-a"
    for at in ("06:30", "06:31"):
        await warehouse.push("A", clock(at))
    device.segment = "0-b"
    device.envelope(receive(), clock("07:00"))
    device.segment = "0-c"
    exchanges = list(device.exchanges)
    await warehouse.push("A", clock("08:00"), limit=0)
    device.exchanges = exchanges
    await warehouse.push("A", clock("08:10"), limit=0)
    (verdict,) = await answers(warehouse, "A", clock("08:11"))
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("07:00"), "high")


async def test_what_the_server_has_already_does_not_number_what_is_to_come(warehouse):
    """[T2] Found by the simulation: the phone still calls unsent what was taken long ago."""
    device = warehouse.device("A")
    device.segment = "0-a"
    for at in ("06:30", "06:31"):
        await warehouse.push("A", clock(at))
    device.envelope(receive(), clock("07:00"))
    await warehouse.push("A", clock("07:01"))
    # The power went: that the first one was sent is forgotten, and the page starts again.
    device.segment, device.acked = "0-b", 0
    await warehouse.push("A", clock("08:00"), limit=0)
    device.acked = 0
    device.envelope(receive(), clock("08:20"))
    _, verdict = await answers(warehouse, "A", clock("08:21"))
    assert (verdict["times"]["own"], verdict["trust"]) == (clock("08:20"), "high")


async def test_goods_that_were_taken_before_the_clock_stepped_were_taken_then(warehouse):
    """[T4] A scan keeps the segment that it was made in."""
    device = warehouse.device("A", offset=2 * HOUR)
    device.segment = "0-a"
    await warehouse.push("A", clock("07:00"))
    taken = clock("07:10") + device.offset
    device.offset, device.segment = 0, "1-b"
    await warehouse.push("A", clock("07:20"))
    scan = {"raw": "B1", "source": "wedge", "wall": taken, "segment": "0-a"}
    device.envelope(pick(1, taken_wall=taken), clock("07:21"), scans=[scan])
    (verdict,) = await answers(warehouse, "A", clock("07:22"))
    times = verdict["times"]
    assert (times["own"], times["taken"]) == (clock("07:21"), clock("07:10"))


async def test_a_count_line_comes_after_what_its_counter_had_done_before(warehouse):
    """[T4] The pick before has a time that nobody vouches for; the counter knows the order."""
    await warehouse.play("06:30 B receive 10 BE/L1 to B1")
    device = warehouse.device("A")
    await warehouse.push("A", clock("07:00"))
    device.offset, device.segment = 5 * HOUR, "0-b"
    device.envelope(pick(2), clock("08:00"))
    device.offset, device.segment = 0, "1-c"
    line = {
        "key": key("BE/L1"), "quantity": 8, "first_wall": clock("08:35"),
        "last_wall": clock("08:35"), "segment": "1-c",
    }  # fmt: skip
    count = {"verb": "count", "place": {"location": "B1"}, "scope": "line", "count_id": "q",
             "opened_wall": clock("08:34"), "lines": [line]}  # fmt: skip
    (first,) = await answers(warehouse, "A", clock("09:05"))
    device.envelope(count, clock("09:06"))
    (second,) = await answers(warehouse, "A", clock("09:07"))
    assert (first["trust"], second["trust"]) == ("low", "high")
    assert second["times"]["lines"][0] >= first["times"]["own"]
    (row,) = await warehouse.rows("variance", Variance)
    assert (row.counted, row.expected) == (8, 8)
    assert row.at - row.u <= clock("08:35") <= row.at


async def test_goods_are_taken_after_what_was_done_before_they_were(warehouse):
    """[T4] By its own estimate the bin was empty when all of it was taken."""
    device = warehouse.device("A")
    await warehouse.push("A", clock("07:00"))
    device.offset, device.segment = 5 * HOUR, "0-b"
    device.envelope(receive(quantity=9), clock("08:00"))
    device.offset, device.segment = 0, "1-c"
    taken = clock("08:30")
    did = pick(None, taken_wall=taken) | {"verb": "move", "to": {"location": "B2"}}
    await warehouse.push("A", clock("09:05"))
    device.envelope(did, clock("09:06"))
    await warehouse.push("A", clock("09:07"))
    assert (await warehouse.stock())["B2", "BE/L1"] == 9


async def test_goods_that_were_in_the_hand_meanwhile_are_taken_before(warehouse):
    """[T4] Two things are taken, then put down one after the other: walls tell the order."""
    await warehouse.play("06:30 B receive 10 BE/L1 to B1")
    device = warehouse.device("A")
    await warehouse.push("A", clock("07:00"))
    for second in (30, 40):
        taken = clock("07:10") + second // 10
        device.envelope(pick(1, taken_wall=taken), clock("07:10") + second * 1_000)
    told = await answers(warehouse, "A", clock("07:12"))
    assert [v["times"]["taken"] - clock("07:10") for v in told] == [3, 4]


async def test_what_was_short_only_by_the_error_of_its_time_asks_nobody(warehouse):
    """[R19] Found by the simulation: no later fact would ever have closed it, nor a count."""
    device = warehouse.device("A")
    await warehouse.push("A", clock("07:00"))
    device.offset, device.segment = -5 * HOUR, "1-b"
    device.envelope(pick(2), clock("08:40"))
    device.offset, device.segment = 0, "1-c"
    await warehouse.play("08:30 B receive 2 BE/L1 to B1")
    (verdict,) = await answers(warehouse, "A", clock("09:05"))
    assert verdict["trust"] == "low"
    assert verdict["times"]["own"] < clock("08:30")
    assert (verdict["outcome"], await warehouse.open()) == ("posted", [])
