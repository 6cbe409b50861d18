"""[L4] The same facts on the real book, pushed in any order of devices, give the same picture.

Every device keeps its own order, as its chain demands; between devices anything goes.
The watermark stays behind, so that nobody decides anything on the way.
"""

import random

import pytest

from sync.records import Variance
from tests.world.lines import clock, split
from tests.world.warehouse import Warehouse

DEVICES = "ABC"
LOTS = ("BE/L1", "BE/L2", "CA/L1")
SERIALS = ("BE#S1", "BE/L1#S1", "BE#S2")
BINS = ("B1", "B2", "B3")
ASKED = ("PO-1", "SO-1", "WO-1")


def shift(dice):
    """Return what three workers did in a morning: lines of a table, by device."""
    done = {device: [] for device in DEVICES}
    for device in DEVICES:
        minute = 0
        for n in range(8):
            minute += dice.randint(1, 9)
            at = f"{7 + minute // 60:02}:{minute % 60:02}:{dice.randint(0, 59):02}"
            done[device].append(f"{device}{n}: {at} {device} {_act(dice, device, n)}")
    return done


def _act(dice, device, n):
    lot, one, two = dice.choice(LOTS), *dice.sample(BINS, 2)
    quantity = dice.randint(1, 9)
    thing = dice.choice(SERIALS)
    tote, other = dice.sample(("=P1", "=P2", "=T1"), 2)
    if dice.random() < 0.35:
        return dice.choice(
            [
                f"receive {quantity} {lot} to {tote}",
                f"receive 1 {thing} to {tote}",
                f"move {tote} to {one}",
                f"move {tote} to {other}",
                f"ship {tote} to customer/C1",
                f"ship {tote} to customer/C1",
                f"pick {quantity} {lot} from {tote}",
                f"move all {lot} from {tote} to {one}",
                f"move 1 {thing} from {tote} to {one}",
                f"status all {lot} at {tote} to hold",
                f"reverse {device}{dice.randrange(max(n, 1))}",
            ]
        )
    if dice.random() < 0.35:
        return dice.choice(
            [
                f"receive 1 {thing} to {one}",
                f"move 1 {thing} from {one} to {two}",
                f"pick 1 {thing} from {one} for SO-1/1",
                f"status 1 {thing} at {one} to hold",
                f"count {one}: {thing}=1",
                f"adjust {dice.choice((-1, 1))} {thing} {one} found",
            ]
        )
    return dice.choice(
        [
            f"receive {quantity + 5} {lot} to {one}",
            f"move {quantity} {lot} from {one} to {two}",
            f"move all {lot} from {one} to {two}",
            f"move {dice.choice(('all', quantity))} {lot} from {one} to {one} taken -200s",
            f"pick {quantity} {lot} from {one}",
            f"issue {quantity} {lot} from {one} for WO-1",
            f"count {one}: {lot}={quantity}",
            f"adjust {dice.choice((-2, 3))} {lot} {one} found",
            f"status {dice.choice(('all', quantity))} {lot} at {one} to hold",
            f"move all {lot}!hold from {one} to {two}",
            f"receive {quantity} {lot} to {one} for PO-1/1",
            f"pick all {lot} from {one} for SO-1/1",
            f"ship all {lot} for SO-1/1",
            f"return 1 {lot} from customer/C1 to DOCK for SO-1/1",
            f"status all {lot} at {one} to reject for PO-1/1",
            f"reverse {device}{dice.randrange(max(n, 1))}",
        ]
    )


async def play(path, done, order):
    world = Warehouse(path)
    await world.set_up()
    world.now = clock("06:00")
    for device in DEVICES:
        world.device(device).heard(world.now, world.now)
    queues = {device: list(lines) for device, lines in done.items()}
    for device in order:
        line = queues[device].pop(0)
        # What it has done by now and not sent yet, it tells: nothing else of it is that old.
        now = max(world.now, split(line)[1])
        done_by_now = [later for later in queues[device] if split(later)[1] < now]
        await world.play(line, unsent=len(done_by_now))
        world.devices[device].echo = 0
    rows = await world.rows("variance", Variance)
    # A count that never happened says nothing, nor does a key that was not missed after all.
    told = [row for row in rows if row.state != "reversed"]
    told = [row for row in told if row.line >= 0 or row.counted != row.expected]
    picture = (
        await world.stock(),
        sorted((r.place, r.key, r.at, r.counted, r.expected, r.state) for r in told),
        # The lists of work that the ledger itself asks for follow what it learned when.
        sorted((r.document, r.line, r.done, r.rejected, r.returned, r.out)
               for r in await world.lines() if r.document in ASKED),
    )  # fmt: skip
    faults = world.book.verify(None)
    world.close()
    return picture, faults


@pytest.mark.parametrize("seed", range(20))
async def test_the_order_in_which_devices_are_heard_changes_nothing(tmp_path, seed):
    dice = random.Random(seed)
    done = shift(dice)
    order = [device for device, lines in done.items() for _ in lines]
    first, faults = await play(tmp_path / "0.db", done, order)
    assert faults == []
    for n in (1, 2):
        dice.shuffle(order)
        other, faults = await play(tmp_path / f"{n}.db", done, order)
        assert (other, faults) == (first, []), f"seed {seed}, order {''.join(order)}: {done}"
