"""[T6] Who the watermark waits for, and who leaves it."""

from server.people import floor
from sync.records import Discrepancy
from tests.world.lines import clock
from tests.world.warehouse import SITE

HOUR = 3_600_000


async def states(world):
    seen = await floor.floor(world.book, SITE, world.now)
    return {row.name: row.out for row in seen.devices if row.out != "never_heard"}


async def test_the_watermark_is_the_least_of_the_active_devices(warehouse):
    await warehouse.heartbeat(clock("08:00"), "A")
    await warehouse.heartbeat(clock("09:00"), "B")
    assert warehouse.answer.watermark < clock("08:00:30")
    assert await states(warehouse) == {"A": None, "B": None}


async def test_a_device_that_is_handed_in_with_nothing_unsent_is_not_waited_for(warehouse):
    await warehouse.heartbeat(clock("08:00"), "A")
    await warehouse.push("A", clock("08:01"), leaving=True)
    await warehouse.heartbeat(clock("09:00"), "B")
    assert warehouse.answer.watermark >= clock("09:00")
    assert await states(warehouse) == {"A": "handed_in", "B": None}


async def test_a_device_that_is_handed_in_with_something_unsent_is(warehouse):
    await warehouse.heartbeat(clock("08:00"), "A")
    warehouse.device("A").waiting = 1
    await warehouse.push("A", clock("08:01"), leaving=True)
    await warehouse.heartbeat(clock("09:00"), "B")
    assert warehouse.answer.watermark < clock("08:01")
    assert await states(warehouse) == {"A": None, "B": None}


async def test_a_device_that_is_silent_for_eight_hours_leaves_by_itself(warehouse):
    await warehouse.heartbeat(clock("08:00"), "A")
    await warehouse.heartbeat(clock("15:59"), "B")
    assert warehouse.answer.watermark < clock("08:01")
    await warehouse.heartbeat(clock("16:01"), "B")
    assert warehouse.answer.watermark >= clock("16:01")
    seen = await floor.floor(warehouse.book, SITE, warehouse.now)
    (row,) = [row for row in seen.devices if row.name == "A"]
    assert (row.out, row.out_since) == ("silent", row.seen_at + 8 * HOUR)


async def test_a_supervisor_takes_a_device_off_the_floor_and_puts_it_back(warehouse):
    world = warehouse
    await world.heartbeat(clock("08:00"), "A")
    world.device("A").waiting = 3
    await world.push("A", clock("08:01"))
    await floor.mark(world.book, SITE, "A", "fang", clock("08:30"))
    await world.heartbeat(clock("09:00"), "B")
    assert world.answer.watermark >= clock("09:00")
    seen = await floor.floor(world.book, SITE, world.now)
    (row,) = [row for row in seen.devices if row.name == "A"]
    assert (row.out, row.out_since, row.unsent) == ("off_floor", clock("08:30"), 3)
    await floor.mark(world.book, SITE, "A", "fang", None)
    await world.heartbeat(clock("10:00"), "B")
    assert clock("09:00") <= world.answer.watermark < clock("09:01")


async def test_what_a_device_off_the_floor_brings_is_taken_and_never_moves_the_watermark_back(
    warehouse,
):
    world = warehouse
    await world.play("08:00 A receive 10 BE/L1 to B1")
    await floor.mark(world.book, SITE, "A", "fang", clock("08:30"))
    await world.heartbeat(clock("09:00"), "B")
    reached = world.answer.watermark
    assert await world.play("08:10 A pick 3 BE/L1 from B1") == [
        "08:10 A pick 3 BE/L1 from B1 | posted"
    ]
    assert world.answer.watermark >= reached
    assert (await world.stock())["B1", "BE/L1"] == 7


async def test_a_shortage_waits_for_the_devices_that_may_cover_it(warehouse):
    """[R19]"""
    world = warehouse
    await world.heartbeat(clock("07:00"), "A")
    await world.play("08:00 B move 5 BE/L1 from B1 to B2")
    await world.heartbeat(clock("09:00"), "B")
    (row,) = await world.rows("discrepancy", Discrepancy)
    assert (row.code, row.severity) == ("NEGATIVE", "I")
    await floor.mark(world.book, SITE, "A", "fang", clock("09:00"))
    await world.heartbeat(clock("09:10"), "B")
    (row,) = await world.rows("discrepancy", Discrepancy)
    assert row.severity == "R"
