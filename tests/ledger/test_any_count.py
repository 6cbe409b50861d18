"""[L4] [C2] [C5] Counts in parts, undone and decided at any point: the stock is the same at last.

Two people move goods and two count, each device in its own order, between them anything goes. The
desk approves what it is shown at random moments, and everything that is left in the end. What it
is refused it sends back as the refusal says: one time more is enough [C4] [C8].
The seeds are the numbers in the names; a failure prints the day.
`BINCARD_SEEDS=200 pytest tests/ledger/test_any_count.py` plays more of them.
"""

import os
import random

import pytest

from sync.records import Discrepancy
from sync.stock import is_virtual
from tests.world.counting import approve, count, insist, shown
from tests.world.lines import clock, split
from tests.world.restoring import Restored
from tests.world.warehouse import Warehouse

SEEDS = range(int(os.environ.get("BINCARD_SEEDS", "5")))
BINS, LOTS = ("B1", "B2"), ("BE/L1", "BE/L2", "CA/L1")
MOVERS, COUNTERS = "AB", "CD"
IDS = ("q", "r")
STEPS = 7


def time_of(minute):
    return f"{8 + minute // 60:02}:{minute % 60:02}:00"


def moving(dice, device, minute):
    """Return a line of what somebody moved."""
    lot, (one, two) = dice.choice(LOTS), dice.sample(BINS, 2)
    n = dice.randint(1, 5)
    what = dice.choice([
        f"receive {n + 3} {lot} to {one}",
        f"move {n} {lot} from {one} to {two}",
        f"move {n} {lot} from {one} to {two} taken -240s",
        f"pick {n} {lot} from {one}",
        f"adjust {dice.choice((-2, 2))} {lot} {one} found",
        f"move 1 BE#S1 from {one} to {two}",
        f"receive 1 BE#S1 to {one}",
        f"move =T1 to {one}",
        f"move {n} {lot} from {one} to =T1",
    ])  # fmt: skip
    return f"{time_of(minute)} {device} {what}"


def counting(dice, minute, made):
    """Return a part of a count, or that one never happened."""
    if made and dice.random() < 0.2:
        return ("undo", time_of(minute), dice.choice(made))
    lots = dice.sample((*LOTS, "BE#S1"), dice.randint(0, 2))
    lines = ", ".join(f"{lot}={dice.randint(0, 1 if '#' in lot else 6)}" for lot in lots)
    more = {"assumed": ["lot"]} if dice.random() < 0.3 else {}
    return (
        "count", time_of(minute - dice.randint(1, 9)), time_of(minute), lines,
        {"count_id": dice.choice(IDS), "scope": dice.choice(("place", "place", "line")),
         "place": dice.choice((*BINS, "B1")), **more},
    )  # fmt: skip


def day(dice):
    """Return what each device did, in its own order."""
    done, parts = {}, []
    for device in (*MOVERS, *COUNTERS):
        minute, own = 0, []
        for n in range(STEPS if device in MOVERS else 3):
            minute += dice.randint(1, 12) if device in MOVERS else dice.randint(10, 30)
            if device in MOVERS:
                own.append(moving(dice, device, minute))
                continue
            own.append(counting(dice, minute, parts))
            if own[-1][0] == "count":
                parts.append(f"{device}{n}")
        done[device] = own
    return done


def minute_of(act):
    if isinstance(act, str):
        return split(act)[1]
    return clock(act[2] if act[0] == "count" else act[1])


async def do(world, device, number, own, names):
    """Let one thing be heard of; what its device has done by now and not sent yet, it tells."""
    act = own[number]
    world.now = max(world.now, minute_of(act))
    waiting = sum(minute_of(later) <= world.now for later in own[number + 1 :])
    world.device(device).waiting = waiting
    if isinstance(act, str):
        await world.play(act, unsent=waiting)
    elif act[0] == "undo":
        # Of a count that nobody has heard of yet: it waits for it (R40).
        did = {"verb": "reverse", "target": names[act[2]]}
        world.device(device).envelope(did, clock(act[1]))
        await world.push(device, world.now)
    else:
        _, opened, done, lines, how = act
        await count(world, device, opened, done, lines, id_=names[f"{device}{number}"], **how)


async def decide_some(world, dice, tries):
    """Approve some lines of a count as they are shown."""
    rows = await shown(world, dice.choice(IDS))
    some = {(row.place, row.key): row for row in rows if dice.random() < 0.6}
    if some:
        tries.append(await insist(world, [*some.values()]))


async def play(world, done, order, dice, *, backup=None):
    """Hear of everything in an order, deciding on the way; return the tries of the desk."""
    for device in (*done, "H"):
        world.device(device).heard(world.now, world.now)
    names = {f"{device}{n}": f"op-{device}{n}" for device, own in done.items()
             for n in range(len(own))}  # fmt: skip
    heard = dict.fromkeys(done, 0)
    tries = []
    for step, device in enumerate(order):
        number = heard[device]
        heard[device] += 1
        await do(world, device, number, done[device], names)
        world.devices[device].echo = 0
        if step == backup:
            world.backup()
        if dice.random() < 0.3:
            await decide_some(world, dice, tries)
    for _ in range(4):
        for which in IDS:
            tries.append(await approve(world, which))  # noqa: PERF401 - one after the other
    return tries


async def broken(world):
    rows = await world.rows("discrepancy", Discrepancy)
    return [row.detail for row in rows if row.code == "INVARIANT"] + world.book.verify(None)


@pytest.mark.parametrize("seed", SEEDS)
async def test_counts_in_parts_come_to_the_same_in_any_order(tmp_path, seed):
    dice = random.Random(seed)
    done = day(dice)
    order = [device for device, own in done.items() for _ in own]
    pictures = []
    for n in range(2):
        dice.shuffle(order)
        world = Warehouse(tmp_path / f"{n}.db")
        await world.set_up()
        tries = await play(world, done, order, dice)
        told = f"seed {seed}, order {''.join(order)}: {done}"
        assert max(tries, key=lambda one: one or 9) in {0, 1, 2}, (tries, told)
        assert [await shown(world, which) for which in IDS] == [[], []], told
        assert await broken(world) == [], told
        # Whether parts were approved one by one or together shows where the books balance only.
        held = (await world.stock()).items()
        pictures.append({name: n for name, n in held if not is_virtual(name[0])})
        world.close()
        assert pictures[0] == pictures[-1], told


@pytest.mark.parametrize("seed", SEEDS)
async def test_counts_in_parts_are_the_same_after_a_restore(tmp_path, seed):
    """[R11] [L4]"""
    dice = random.Random(seed + 1_000)
    done = day(dice)
    order = [device for device, own in done.items() for _ in own]
    dice.shuffle(order)
    world = Restored(tmp_path / "book.db")
    world.vouches = False
    await world.set_up()
    try:
        await play(world, done, order, dice, backup=dice.randrange(len(order)))
        before = await world.stock()
        await world.restore()
        back = [*done, "H"]
        dice.shuffle(back)
        for _ in range(2):
            await world.refill(*back)
        told = f"seed {seed}, order {''.join(order)}, back {''.join(back)}: {done}"
        assert await world.stock() == before, told
        assert await broken(world) == [], told
    finally:
        world.close()
