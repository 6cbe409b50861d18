"""[R11] [L4] Whatever was done after the backup, and in whatever order devices come back: the
stock is what it would be without the restore, and so is what was decided.

Three workers and a desk do a random morning; the backup is made somewhere in it. The watermark
stays behind, so that only people decide.
"""

import random

import msgspec
import pytest

from sync.records import Variance
from sync.stock import key_of
from tests.ledger.test_any_order import DEVICES, shift
from tests.world.lines import clock, split
from tests.world.restoring import Restored


async def decide(world, dice):
    """The desk decides one open line of a count, whichever."""
    rows = [row for row in await world.rows("variance", Variance) if row.state == "open"]
    if not rows:
        return
    row = dice.choice(sorted(rows, key=lambda row: (row.operation, row.line)))
    key = key_of(row.key)
    of = {"operation": row.operation, "line": row.line if row.line >= 0 else None}
    line = {"key": msgspec.to_builtins(key), "counted": row.counted, "expected": row.expected,
            "of": of}  # fmt: skip
    did = {
        "verb": dice.choice(("approve", "approve", "reject", "recount")),
        "count_id": row.count_id, "parts": [row.operation], "lines": [line],
    }  # fmt: skip
    world.device("D").envelope(did, world.now, actor="fang", class_="intent")
    await world.push("D")


async def picture(world):
    rows = [row for row in await world.rows("variance", Variance) if row.state != "reversed"]
    told = [row for row in rows if row.line >= 0 or row.counted != row.expected]
    lines = [
        (row.place, row.key, row.at, row.counted, row.expected, row.state, row.decided or "")
        for row in told
    ]
    return await world.stock(), sorted(lines)


async def morning(world, dice, done):
    world.vouches = False
    world.now = clock("06:00")
    for device in (*DEVICES, "D"):
        world.device(device).heard(world.now, world.now)
    order = [device for device, lines in done.items() for _ in lines]
    dice.shuffle(order)
    queues = {device: list(lines) for device, lines in done.items()}
    backup_after = dice.randrange(len(order))
    for n, device in enumerate(order):
        line = queues[device].pop(0)
        now = max(world.now, split(line)[1])
        await world.play(line, unsent=sum(split(later)[1] < now for later in queues[device]))
        if n == backup_after:
            world.backup()
        if dice.random() < 0.25:
            await decide(world, dice)


@pytest.mark.parametrize("seed", range(24))
async def test_a_restore_changes_nothing_that_devices_kept(tmp_path, seed):
    dice = random.Random(seed)
    done = shift(dice)
    world = Restored(tmp_path / "book.db")
    await world.set_up()
    try:
        await morning(world, dice, done)
        before = await picture(world)
        await world.restore(by_command=dice.random() < 0.7)
        back = [*DEVICES, "D"]
        dice.shuffle(back)
        for _ in range(2):
            await world.refill(*back)
        assert await picture(world) == before, f"seed {seed}, back {''.join(back)}: {done}"
        assert world.book.verify(None) == []
    finally:
        world.close()
