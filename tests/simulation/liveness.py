"""After the faults: everything arrives in time, and truthful counts make ledger and world one."""

from sync.records import Discrepancy, Holding, Variance
from sync.stock import CONTAINER
from sync.vocabulary import POLICIES, Code, Evidence
from tests.simulation import oracle, shuffled, things
from tests.simulation.hostile import is_own
from tests.simulation.physical import check_world
from tests.simulation.scheduler import MINUTE
from tests.simulation.site import BINS, DESK, DEVICES, HOSTILE
from tests.simulation.watch import Broken

WITHIN_MS = 30 * MINUTE
LONG_LOOK = 3
"""One seed in so many is played again in another order, and counted to the end."""

ABOUT_COUNTS = {Code.COUNT_AMBIGUOUS.value, Code.COUNT_DISAGREE.value}
COUNTED_AWAY = {
    code.value
    for code, policy in POLICIES.items()
    if policy.closes in {Evidence.COVERED, Evidence.COUNTED}
}


def check(world):
    """[L1] [L2] All queues are empty and all replicas whole within the bound."""
    world.scheduler.run(world.now + WITHIN_MS, world._look)
    for device in world.every_device:
        _is_done(world, device)
    oracle.check_all(world)
    check_world(world)
    replicas_agree(world)
    if world.script.seed % LONG_LOOK == 0 and not world.watch.restores:
        shuffled.check(world, oracle.rows(world.server, "holding", Holding))
        truthful_counts(world)


def _is_done(world, device):
    page = device.page
    if not device.is_up:
        raise Broken("L1", f"{device.label} did not come up")
    unsent = page.outbox.unsent
    if unsent:
        raise Broken(
            "L1",
            f"{device.label} still has {len(unsent)} unsent, from {unsent[0].name}, "
            f"acked {page.push.heard}",
        )
    if not page.feed.cursor:
        raise Broken("L2", f"{device.label} has no replica")
    if world.workers[device.label].busy:
        raise Broken("L1", f"the worker at {device.label} still waits for a tone")


def replicas_agree(world):
    """[S5] At the head every replica is the server's projection, row by row."""
    world.device(DESK)
    for _ in range(5):
        for device in world.every_device:
            device.page.wake()
        world.scheduler.run(world.now + MINUTE, world._look)
        if all(device.page.feed.seq == len(world.watch.log) for device in world.every_device):
            break
    true = oracle.projection(world.server)
    for device in world.every_device:
        feed = device.page.feed
        if feed.seq != len(world.watch.log):
            raise Broken("L1", f"{device.label} stays at {feed.seq} of {len(world.watch.log)}")
        shown = {
            name: (row.version, row.payload)
            for name, row in feed.images.items()
            if row.payload is not None
        }
        for name in sorted(true.keys() | shown.keys()):
            if true.get(name) != shown.get(name):
                raise Broken("S5", f"{device.label} at {feed.seq} has {shown.get(name)} for {name},"
                             f" the server {true.get(name)}")  # fmt: skip


def truthful_counts(world):
    """[L5] Everything is counted once more, all of it approved: ledger and world are one."""
    labels = [device.label for device in world.every_device if device.label in DEVICES]
    for n, place in enumerate((*BINS, "DOCK", "STAGE")):
        world.workers[labels[n % len(labels)]].begin(f"last-{n}", f"count {place}")
    while any(worker.busy for worker in world.workers.values()):
        world.scheduler.run(world.now + 5 * MINUTE, world._look)
    for _ in range(6):
        replicas_agree(world)
        left = oracle.rows(world.server, "variance", Variance)
        if not any(row.state == "open" and row.device != HOSTILE for row in left):
            break
        world.supervisor.review("review all")
    _is_counted(world)


def _is_counted(world):
    """[L5] What is left open after it is open for another reason, or of a hostile device."""
    ledger = oracle.holdings(world.server)
    true = {name: quantity for name, quantity in world.floor.stock.items() if quantity}
    for name in sorted(ledger.keys() | true.keys()):
        if _is_boxed(world, name) or is_own(name):
            continue
        if not name[0].startswith("unidentified/") and ledger.get(name, 0) != true.get(name, 0):
            raise Broken("L5", f"{name} was counted and approved: the ledger has "
                         f"{ledger.get(name, 0)}, there are {true.get(name, 0)}")  # fmt: skip
    lies = world.watch.lies
    # Nobody decides about the counts of a hostile device here: what lies across one stays a doubt.
    doubted = {(row.place, row.key) for row in oracle.rows(world.server, "variance", Variance)
               if row.device == HOSTILE and row.state == "open"}  # fmt: skip
    for row in oracle.rows(world.server, "discrepancy", Discrepancy):
        if row.operation in lies or is_own((row.place, row.key)):
            continue
        if row.code in ABOUT_COUNTS and (row.place, row.key) in doubted:
            continue
        if row.state == "open" and row.code in COUNTED_AWAY and row.place in {*BINS, "DOCK"}:
            raise Broken("L5", f"{row.discrepancy} at {row.place} is open after a count")


def _is_boxed(world, name):
    """Nobody counts a container away, nor what is in it (C7)."""
    one = things.thing(name[1])
    inside = one and any(
        n and place.startswith(things.INSIDE) and things.thing(key) == one
        for (place, key), n in world.floor.stock.items()
    )
    return name[0].startswith(things.INSIDE) or (one and one[0] == CONTAINER) or inside
