"""After the faults: everything arrives in time, and truthful counts make ledger and world one."""

from tests.simulation import oracle
from tests.simulation.physical import check_world
from tests.simulation.scheduler import MINUTE
from tests.simulation.site import DESK
from tests.simulation.watch import Broken

WITHIN_MS = 30 * MINUTE


def check(world):
    """[L1] [L2] All queues are empty and all replicas whole within the bound."""
    world.scheduler.run(world.now + WITHIN_MS, world._look)
    for device in world.every_device:
        _is_done(world, device)
    oracle.check_all(world)
    check_world(world)
    replicas_agree(world)


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
