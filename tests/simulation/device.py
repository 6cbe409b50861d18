"""One handheld: disk, clocks, and the page that runs on it; killed, unplugged, evicted as told.

It performs the client's effects one by one. Between two of them the process may die.
"""

import msgspec

from sync.ids import operation_id
from tests.simulation.client.effects import (
    Acquire,
    Ask,
    NotRecorded,
    Offline,
    Pause,
    Problem,
    Tone,
    Write,
)
from tests.simulation.client.page import Page
from tests.simulation.disk import Disk, DiskError
from tests.simulation.scheduler import MINUTE
from tests.simulation.site import set_up_yesterday

decode = msgspec.json.decode


class Device:
    """`name` is the enrolment; a cloned profile shares it but has a label of its own."""

    def __init__(self, world, name, label=None, *, clock, disk):
        self.world = world
        self.name = name
        self.label = label or name
        self.clock = clock
        self.disk = disk
        self.site = world.site
        self.actor = world.actor_of(name)
        self.poll_ms = 20 * MINUTE
        self.heartbeat_ms = 20 * MINUTE
        self.page = None
        self.effects = 0
        self.kill_at = None
        self.asleep_until = 0
        self.broken_until = 0
        self._ids = {}
        self._timers = {}
        self.on_kill = []
        """Whoever waits for something that this process did learns that it is gone."""

    @classmethod
    def made(cls, world, label, clock, *, fresh):
        """Return a device of yesterday; a fresh one knows nothing."""
        return cls(world, label, clock=clock, disk=Disk() if fresh else set_up_yesterday())

    def copied(self, label):
        """Return a second machine with the same profile."""
        return Device(self.world, self.name, label, clock=self.clock, disk=self.disk.copy())

    # --- what the page asks of its host ----------------------------------------------------------

    def wall(self):
        return self.clock.wall(self.world.now)

    def mono(self):
        return self.clock.mono(self.world.now)

    def _number(self, what):
        self._ids[what] = self._ids.get(what, 0) + 1
        return self._ids[what]

    def new_id(self, what):
        number = self._number(what)
        random = self.world.dice.bytes(6, self.label, what, number)
        return operation_id(self.wall(), random, self.name)

    def new_replica(self):
        number = self._number("replica")
        return self.world.dice.bytes(16, self.label, "replica", number).hex()

    def chance(self, what, number):
        return self.world.dice.of(self.label, what, number, self.world.now).random()

    def saw_page(self, page):
        self.world.watch.saw_page(self, page)

    def wake(self, page):
        timer = self._timers.pop(page, None)
        if timer is not None:
            timer()

    # --- life ------------------------------------------------------------------------------------

    @property
    def is_up(self):
        return self.page is not None and not self.page.outbox.stale

    def boot(self):
        if self.page is None:
            self.page = Page(self)
            self.run(self.page, self.page.loop())

    def kill(self):
        """The process dies; a write on its way may or may not have reached the disk."""
        if self.page is not None:
            self.page.dead = True
            self.page = None
            self._timers.clear()
            waiting, self.on_kill = self.on_kill, []
            for tell in waiting:
                self.world.scheduler.after(0, tell)

    def lose_power(self):
        self.kill()
        self.disk.lose_power(self.world.dice.of(self.label, "power", self.world.now))

    # --- effects ---------------------------------------------------------------------------------

    def run(self, page, work, done=lambda _value, _error: None):
        """Drive a generator of the page to its end."""
        self._go(page, work, done, None, None)

    def _go(self, page, work, done, value, error):
        while True:
            if page.dead:
                work.close()
                return
            if self.world.now < self.asleep_until:
                again = (page, work, done, value, error)
                self.world.scheduler.at(self.asleep_until, self._go, *again)
                return
            try:
                effect = work.throw(error) if error else work.send(value)
            except StopIteration as stop:
                done(stop.value, None)
                return
            except (NotRecorded, DiskError) as failed:
                done(None, failed)
                return
            if self._dies_here(effect):
                work.close()
                return
            value, error = None, None
            if isinstance(effect, Tone):
                self.world.watch.tone(self, effect)
                continue
            if isinstance(effect, Acquire) and not effect.turn.held:
                effect.turn.held = True
                continue

            def resume(value=None, error=None):
                self._go(page, work, done, value, error)

            self._begin(page, effect, resume)
            return

    def _dies_here(self, effect):
        self.effects += 1
        if self.kill_at is None or self.effects < self.kill_at:
            return False
        self.kill_at = None
        if isinstance(effect, Write) and self.chance("through", self.effects) < 0.5:
            self._commit(effect)
        self.kill()
        self.world.scheduler.after(5_000, self.boot)
        return True

    def _begin(self, page, effect, resume):
        scheduler = self.world.scheduler
        match effect:
            case Acquire():
                effect.turn.waiting.append(lambda: scheduler.after(0, resume))
            case Write():
                delay = self.world.dice.of(self.label, "disk", self.effects).randint(1, 6)
                scheduler.after(delay, self._written, page, effect, resume)
            case Ask():
                self.world.network.ask(
                    self.name, effect.path, effect.body, lambda told: _answered(told, resume)
                )
            case Pause():
                self._pause(page, effect.ms, resume)

    def _written(self, page, effect, resume):
        if page.dead:
            # Begun before the kill: it may have come through without anybody knowing.
            if self.chance("through", self.effects) < 0.5:
                self._commit(effect)
            return
        if self.world.now < self.broken_until:
            dice = self.world.dice.of(self.label, "fault", self.world.now)
            name = dice.choice(("UnknownError", "QuotaExceededError", "InvalidStateError"))
            if name == "UnknownError" and dice.random() < 0.3:
                self._commit(effect)
            resume(error=DiskError(name))
            return
        failed = self._commit(effect)
        resume(error=failed)

    def _commit(self, effect):
        try:
            self.disk.commit(effect.writes, strict=effect.strict, again=effect.again)
        except DiskError as error:
            return error
        return None

    def _pause(self, page, ms, resume):
        if page.woken:
            self.world.scheduler.after(0, resume)
            return
        over = []

        def end():
            if not over:
                over.append(True)
                self._timers.pop(page, None)
                resume()

        self._timers[page] = end
        self.world.scheduler.after(ms, end)


def _answered(told, resume):
    if told is None:
        resume(error=Offline())
        return
    status, data, retry = told
    try:
        body = decode(data)
    except msgspec.DecodeError:
        body = None
    if status == 200:
        resume(body)
    else:
        resume(error=Problem(status, body, retry))
