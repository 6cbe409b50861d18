"""One world from its script: safety while everything breaks, then peace, and then liveness."""

from collections import defaultdict
from itertools import count

from tests.simulation import acts, liveness, oracle
from tests.simulation.clock import HardwareClock
from tests.simulation.device import Device
from tests.simulation.dice import Dice
from tests.simulation.floor import Floor
from tests.simulation.hostile import Hostile
from tests.simulation.network import Network, Weather
from tests.simulation.scheduler import HOUR, Scheduler
from tests.simulation.script import ClockOf
from tests.simulation.server_host import ServerHost
from tests.simulation.shipped.device import ShippedDevice
from tests.simulation.site import DESK, HOSTILE, SITE, START
from tests.simulation.supervisor import Supervisor
from tests.simulation.watch import Watch
from tests.simulation.worker import Worker

CHECK_EVERY = 12
"""Turns of the server between two long looks."""


class World:
    """Everything there is. `run` raises `Broken` where a promise does not hold.

    With a `child` the phones run the shipped app in it, else the reference client.
    """

    site = SITE

    def __init__(self, script, child=None):
        self.script = script
        self.child = child
        self.kind = Device if child is None else ShippedDevice
        self.dice = Dice(script.seed)
        self.scheduler = Scheduler(START)
        self.watch = Watch(self)
        self.floor = Floor()
        self.server = ServerHost(self.scheduler, self.dice, self.watch)
        self.network = Network(self.scheduler, self.dice, self.server, script.weather)
        self.hostile = Hostile(self)
        self.devices = {}
        self.every_device = []
        self.workers = {}
        self.forgiven = set()
        """Labels of devices that share a profile: their times and echoes prove nothing."""
        self.changed = self.heard = False
        self._turns = 0
        self.watch.read_log(self.server)

    @property
    def now(self):
        return self.scheduler.now

    def actor_of(self, name):
        return "fang" if name == DESK else f"worker-{name}"

    def may_refuse(self, status):
        return status in {503, 507} and self.now <= self.server.full_until + HOUR

    def device(self, label, *, fresh=False):
        """Return a device, made and booted when it is first named; a fresh one knows nothing."""
        if label not in self.devices:
            told = self.script.clocks.get(label, ClockOf())
            clock = HardwareClock(self.now, told.offset, told.drift)
            self.add(self.kind.made(self, label, clock, fresh=fresh))
        return self.devices[label]

    def add(self, device):
        self.devices[device.label] = device
        self.every_device.append(device)
        self.workers[device.label] = Worker(self, device)
        device.boot()

    @property
    def supervisor(self):
        return Supervisor(self, self.device(DESK))

    # --- time ------------------------------------------------------------------------------------

    def run(self):
        self.run_acts()
        self._peace()
        liveness.check(self)
        return self.watch.counts

    def run_acts(self):
        """What the script says, and half an hour more."""
        # Lines of a hostile device have numbers of their own: honest work is what it was.
        numbers = defaultdict(count)
        for act in self.script.acts:
            number = next(numbers[act.who == HOSTILE])
            self.scheduler.at(act.at, acts.do, self, number, act)
        last = max([START, *(act.at for act in self.script.acts)])
        self.scheduler.run(last + HOUR // 2, self._look)

    def _look(self):
        """After every step that changed the ledger, now and then a long one."""
        if self.heard:
            # W moves by a push that says nothing, too.
            self.heard = False
            oracle.check_watermark(self)
        if self.changed:
            self.changed = False
            self._turns += 1
            oracle.check_explained(self)
            if self._turns % CHECK_EVERY == 0:
                oracle.check_all(self)

    def _peace(self):
        """Nothing breaks any more: what was late still arrives."""
        self.network.weather = Weather()
        self.network.offline.clear()
        self.network.mute.clear()
        self.server.crash_in = self.server.crash_at = None
        self.server.full_until = self.server.down_until = 0
        if any(act.words.startswith("later ") for act in self.script.acts):
            self.server.update()
        for device in self.every_device:
            device.kill_at = None
            device.broken_until = 0
            device.boot()
        awake = max([self.now, *(device.asleep_until for device in self.every_device)])
        self.scheduler.run(awake, self._look)
        for _ in range(20):
            if not any(worker.busy for worker in self.workers.values()):
                break
            self.scheduler.run(self.now + HOUR // 2, self._look)
