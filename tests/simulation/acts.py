"""What a line of a script does: people work, machines break."""

import json
import re

from tests.simulation.scheduler import SECOND
from tests.simulation.site import DESK, HOSTILE
from tests.simulation.watch import scans_of

EDIT = re.compile(r"edit (\w+) (\S+) (\w+)=(\S+)")
FOR = re.compile(r"(\w+) (\d+)s")


def do(world, number, act):
    """Let one line happen."""
    if act.who == "server":
        _server(world, act.words)
    elif act.who == "desk":
        _desk(world, act.words)
    elif act.who == HOSTILE:
        world.hostile.act(number, act.words)
    else:
        _device(world, number, act)


def _server(world, words):
    server = world.server
    if match := re.fullmatch(r"crash at (\d+) down (\d+)s", words):
        server.crash_in, server.crash_down_ms = int(match[1]), int(match[2]) * SECOND
    elif match := re.fullmatch(r"crash at (commit|answer) down (\d+)s", words):
        server.crash_at, server.crash_down_ms = match[1], int(match[2]) * SECOND
    elif match := re.fullmatch(r"full (\d+)s", words):
        server.full_until = world.now + int(match[1]) * SECOND
    elif words == "backup":
        server.back_up()
    elif words == "restore":
        server.restore()
    elif words == "update":
        server.update()
    else:
        raise AssertionError(words)


def _desk(world, words):
    world.device(DESK)
    if words.startswith("review"):
        world.supervisor.review(words)
    elif words == "settle":
        world.supervisor.settle()
    elif words == "rename":
        world.supervisor.rename()
    elif match := EDIT.fullmatch(words):
        world.supervisor.edit(match[1], match[2], {match[3]: json.loads(match[4])})
    else:
        raise AssertionError(words)


def _device(world, number, act):
    words = act.words
    if act.who.endswith("'") and act.who not in world.devices:
        return  # not cloned, or not yet
    device = world.device(act.who, fresh=words == "fresh")
    if match := FOR.fullmatch(words):
        _for(world, device, match[1], int(match[2]) * SECOND)
    elif words == "fresh":
        pass  # made just now, or working already
    elif words.startswith(("kill", "power")):
        _dies(world, device, words)
    elif match := re.fullmatch(r"step ([+-]\d+)s", words):
        device.clock.step(int(match[1]) * SECOND)
    elif words == "evict":
        _evict(world, device)
    elif words == "clone":
        _clone(world, device)
    elif words == "leave":
        _leave(device)
    else:
        world.workers[act.who].begin(number, words)


def _dies(world, device, words):
    if words == "kill":
        device.kill()
        world.scheduler.after(5 * SECOND, device.boot)
    elif words == "power":
        device.lose_power()
        world.scheduler.after(60 * SECOND, device.boot)
    else:
        device.kill_at = device.effects + int(words.removeprefix("kill at "))


def _for(world, device, what, ms):
    until = world.now + ms
    if what == "offline":
        world.network.offline[device.name] = until
        world.scheduler.at(until, _wake, device)
    elif what == "mute":
        world.network.mute[device.name] = until
    elif what == "sleep":
        device.asleep_until = max(device.asleep_until, until)
        device.clock.sleep(world.now, until)
        _seen(device)
        world.scheduler.at(until, _seen, device)
    elif what == "broken":
        device.broken_until = until
    else:
        raise AssertionError(what)


def _seen(device):
    """The page is hidden, or shown again."""
    if device.page is not None:
        device.page.clock.resume()


def _wake(device):
    if device.page is not None:
        device.page.wake()


def _leave(device):
    page = device.page
    if page is not None:
        page.leaving = True
        page.wake()


def _evict(world, device):
    """The browser threw everything away: what was unsent is the predicted loss."""
    stores = device.disk.stores
    world.watch.lost |= {row.id for row in stores["outbox"].values()}
    sent = {row.id for row in stores["sent"].values()}
    world.watch.evicted |= sent
    # Acknowledged by a server that was restored since, and not sent again yet.
    world.watch.lost |= sent - {entry["id"] for entry in world.watch.log}
    world.watch.lost |= {
        (device.label, row["id"], row["wall"]) for row in stores["journal"].values()
    }
    for row in stores["outbox"].values():
        world.watch.scanned |= scans_of(row.text)  # gone with their operation
    device.kill()
    device.disk.evict()
    world.scheduler.after(30 * SECOND, device.boot)


def _clone(world, device):
    """A profile is copied to a second machine, and both go on."""
    label = f"{device.label}'"
    if label not in world.devices:
        # Two clocks under one replica: until the fork is found, nobody can date either.
        world.forgiven |= {device.label, label}
        world.add(device.copied(label))
