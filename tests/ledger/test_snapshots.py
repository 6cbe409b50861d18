"""Snapshots that are kept: whoever starts from one reads on to the picture that all others have."""

import gzip
import json

from server.book.reading import Own, prune_feed
from server.book.snapshots import PART_ROWS_MAX, parts
from sync.feed import apply, feed_key
from sync.records import Item
from sync.stock import key_of
from tests.world.warehouse import SITE

MORNING = """
    08:00 A receive 10 BE/L1 to B1
    08:01 B receive 20 BE/L2 to B2
    08:02 A move 3 BE/L1 from B1 to B3
    08:03 B count B2: BE/L2=19
"""


async def started(world):
    """What a device holds that starts from nothing: images and their scope, and where it is."""
    told = await world.book.snapshot(SITE, None)
    images, scope = {}, 0
    for name in told.chunks:
        part = json.loads(gzip.decompress(await world.book.chunk(SITE, name.hash)))
        rows = []
        for n, version in enumerate(part["versions"]):
            row = field_values(part, n)
            key = feed_key(*[row[field] for field in part["key"]])
            rows.append((name.kind, key, version, row))
        scope = apply(images, scope, rows)
    assert str(scope) == told.scope
    return images, scope, told.cursor


def field_values(part, row):
    values = {}
    for field, column in part["columns"].items():
        if "values" in column:
            values[field] = column["values"][row]
        else:
            code = column["codes"][row]
            values[field] = None if code < 0 else column["texts"][code]
    if part["kind"] == "holding":
        values["item"] = key_of(values["key"]).item
    return values


async def read_on(world, images, scope, cursor):
    more = True
    while more:
        page = await world.book.pull(SITE, cursor, 5, None)
        rows = [(r.kind, r.key, r.version, json.loads(bytes(r.payload))) for r in page.rows]
        scope = apply(images, scope, rows)
        assert str(scope) == page.scope
        cursor, more = page.cursor, page.more
    return images


async def test_a_device_that_starts_from_an_old_snapshot_reads_on_to_what_all_others_have(
    warehouse, monkeypatch
):
    early = await started(warehouse)
    await warehouse.play(MORNING)
    kept = await started(warehouse)
    assert kept[2] == early[2], "one snapshot serves many"
    by_feed = await read_on(warehouse, *kept)
    monkeypatch.setattr("server.book.BEHIND_MAX", 0)
    anew, _, cursor = await started(warehouse)
    assert cursor != early[2]
    assert anew == {name: image for name, image in by_feed.items() if image.payload is not None}


async def test_a_snapshot_tells_how_far_a_device_was_acknowledged_then(warehouse):
    await started(warehouse)
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    replica = warehouse.device("A").replica
    told = await warehouse.book.snapshot(SITE, Own("A", replica))
    assert told.acks[replica].seq == 0, "its receipt is not in the picture yet"
    page = await warehouse.book.pull(SITE, told.cursor, 100, Own("A", replica))
    assert page.acks[replica].seq == 1


async def test_a_snapshot_that_is_left_behind_is_made_anew_before_somebody_asks(
    warehouse, monkeypatch
):
    monkeypatch.setattr("server.book.BEHIND_OFTEN", 3)
    _, _, early = await started(warehouse)
    await warehouse.play(MORNING)
    await warehouse.book.refresh_snapshots()
    _, _, later = await started(warehouse)
    assert later != early


async def test_a_new_epoch_starts_from_a_snapshot_of_its_own(warehouse):
    _, _, cursor = await started(warehouse)
    await warehouse.book.restored(2)
    told = await warehouse.book.snapshot(SITE, None)
    assert (told.epoch, cursor.split(".")[0]) == (2, "1")


async def test_a_snapshot_from_before_the_feed_was_pruned_is_not_given_any_more(warehouse):
    """Else a device would start from it, be told that it is too old, and start from it again."""
    await started(warehouse)
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    warehouse.now += 16 * 86_400_000
    await warehouse.book.prune()
    await read_on(warehouse, *await started(warehouse))


async def test_pruning_does_not_look_at_what_it_keeps(warehouse):
    """While it lasts nobody can write."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    few = await steps_of(warehouse, lambda connection: prune_feed(connection, warehouse.now))
    for first in range(0, 1_000, 100):
        items = [Item(item=f"N{n}", name="new") for n in range(first, first + 100)]
        await warehouse.book.change(SITE, "office", items, "more")
    many = await steps_of(warehouse, lambda connection: prune_feed(connection, warehouse.now))
    assert many <= few + 10


async def steps_of(world, action):
    """Count what SQLite does for it, in steps of its machine."""
    steps = []

    def counted(connection):
        driver = connection.connection.driver_connection
        driver.set_progress_handler(lambda: steps.append(1), 1)
        action(connection)
        driver.set_progress_handler(None, 1)

    await world.book.write(counted)
    return len(steps)


async def test_parts_that_nobody_can_be_fetching_any_more_are_forgotten(warehouse, monkeypatch):
    monkeypatch.setattr("server.book.BEHIND_MAX", 0)
    seen = []
    for minute in range(5):
        await warehouse.play(f"08:0{minute} A receive 10 BE/L{minute} to B1")
        told = await warehouse.book.snapshot(SITE, None)
        seen.append({name.hash for name in told.chunks})
    first, last = seen[0] - seen[-1], seen[-1]
    assert [await warehouse.book.chunk(SITE, name) for name in first] == [None] * len(first)
    assert None not in [await warehouse.book.chunk(SITE, name) for name in last]


def test_a_change_at_one_place_leaves_the_other_parts_as_they_were():
    keyed = [(f'["B{n}","x"]', (n,)) for n in range(40_000)]
    before = [keys for keys, _ in parts(keyed)]
    after = [keys for keys, _ in parts([*keyed[:7], ('["B7 B","x"]', (0,)), *keyed[7:]])]
    assert len(before) > 10
    assert max(map(len, before)) <= PART_ROWS_MAX
    assert len([keys for keys in after if keys not in before]) == 1
    assert sum(map(len, after)) == 40_001
