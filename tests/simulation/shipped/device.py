"""One handheld whose page is the shipped app: what the page wants of a browser is done here.

The disk, its faults, kills and power cuts are those of `device.py`; what crosses the pipe is each
transaction's changes, each request, each timer.
"""

import json

from tests.simulation.client.effects import NotRecorded, Tone, Write
from tests.simulation.client.outbox import Kept
from tests.simulation.device import Device
from tests.simulation.disk import Disk, DiskError
from tests.simulation.scheduler import SECOND
from tests.simulation.shipped.page import Call, Row, ShippedPage
from tests.simulation.shipped.route import at_once, route
from tests.simulation.shipped.yesterday import enrolled, set_up_yesterday, signed_in

POLL_MS = 20 * SECOND
"""The page's own; a browser may run a timer late, and this world runs that one very late."""
PROXY_TAKES = 4
RELOAD_MS = 5 * SECOND
WORK = "bincard"
IDENTITY = "bincard-device"


class ShippedDevice(Device):
    """`identity` and `local` are what lies apart from the work, and outlives its eviction."""

    def __init__(self, world, name, label=None, *, clock, disk, identity=None, local=None):
        super().__init__(world, name, label, clock=clock, disk=disk)
        self.identity = identity or Disk()
        self.local = local
        self.child = world.child

    @classmethod
    def made(cls, world, label, clock, *, fresh):
        if fresh:
            return cls(world, label, clock=clock, disk=Disk())
        device = cls(world, label, clock=clock, disk=set_up_yesterday(), identity=enrolled(label))
        meta = device.disk.stores["meta"]
        meta["chain"] = {"replica": device.new_replica(), "seq": 0, "prev": None}
        meta["person"] = signed_in(device.name, device.actor)
        return device

    def copied(self, label):
        return ShippedDevice(self.world, self.name, label, clock=self.clock, disk=self.disk.copy(),
                             identity=self.identity.copy(), local=self.local)  # fmt: skip

    # --- life ------------------------------------------------------------------------------------

    def boot(self):
        if self.page is not None:
            return
        number = self._number("page")
        page = self.page = ShippedPage(self, f"{self.label}/{number}")
        seed = self.world.dice.bytes(8, self.label, "page", number).hex()
        disk = {WORK: _dumped(self.disk), IDENTITY: _dumped(self.identity)}
        given = {"seed": seed, "disk": disk, "local": self.local}
        self._call(
            page, Call("open", given), lambda _value, error: self._opened(page, error), "open"
        )

    def _opened(self, page, error):
        if error is None and "enrolment" not in self.identity.stores["meta"]:
            self.run(page, Call("enrol", "1234"), lambda _value, error: self._opened(page, error))
        elif error is None:
            page.ready = True
        else:
            # The app says that it cannot start, and offers to try again.
            self.kill()
            self.world.scheduler.after(RELOAD_MS, self.boot)

    def kill(self):
        page = self.page
        super().kill()
        if page is not None:
            self.child.tell(**self._words(page, "close"))

    # --- there and back --------------------------------------------------------------------------

    def run(self, page, work, done=lambda _value, _error: None):
        """Ask the engine for something; whoever works at it is signed in first."""
        needs = work.name in {"capture", "write"} and not page.person
        if needs:
            self._call(page, Call("signIn", self.actor), lambda _value, error: (
                done(None, error) if error else self._call(page, work, done)))  # fmt: skip
        else:
            self._call(page, work, done)

    def _call(self, page, work, done, do="call"):
        if page.dead:
            return
        if self.world.now < self.asleep_until:
            self.world.scheduler.at(self.asleep_until, self._call, page, work, done, do)
            return
        number = len(page.calls) + 1
        page.calls[number] = (work, done)
        if work.begun is not None:
            work.begun()
        self._tell(page, do, number, work.name, work.given)

    def answer(self, page, number, given):
        if page.dead:
            return
        if self.world.now < self.asleep_until:
            self.world.scheduler.at(self.asleep_until, self.answer, page, number, given)
            return
        self._tell(page, "answer", number, given=given)

    def event(self, page, name):
        if page.ready and not page.dead:
            self._tell(page, "event", name=name)

    def ask(self, page, name, given):
        return self.child.tell(**self._words(page, "ask", name=name, given=given))["value"]

    def _words(self, page, do, number=0, name="", given=None):
        return {"page": page.key, "wall": self.wall(), "mono": self.mono(), "do": do,
                "id": number, "name": name, "with": given}  # fmt: skip

    def _tell(self, page, do, number=0, name="", given=None):
        told = self.child.tell(**self._words(page, do, number, name, given))
        page.person = told["person"]
        for effect in told["effects"]:
            if page.dead:
                return
            self._happen(page, effect)

    def _happen(self, page, effect):
        kind = effect["kind"]
        if kind == "write":
            effect = Changes.of(effect)
        if kind in {"write", "fetch", "done"} and self._dies_here(effect):
            return
        getattr(self, f"_{kind}")(page, effect)

    # --- what the page wants ---------------------------------------------------------------------

    def _write(self, page, effect):
        delay = self.world.dice.of(self.label, "disk", self.effects).randint(1, 6)

        def resume(error=None):
            told = {"error": error and error.args[0], "through": effect.committed}
            self.answer(page, effect.number, told)

        self.world.scheduler.after(delay, self._written, page, effect, resume)

    def _commit(self, effect):
        disk = self.disk if effect.database == WORK else self.identity
        try:
            disk.commit(effect.writes, strict=effect.strict)
        except DiskError as error:
            return error
        effect.committed = True
        return None

    def _fetch(self, page, effect):
        path, body = route(effect["path"], effect["body"])
        number = effect["id"]
        told = at_once(self, path, body)
        if told is None and path == "push" and self._is_too_large(body):
            told = {"status": 413, "text": '{"code":"too_large"}', "retry": None}
        if told is not None:
            self.world.scheduler.after(1, self.answer, page, number, told)
        elif path == "snapshot" and page.cursor and page.pulled == 200:
            self.world.watch.differs(page)
        elif path != "poke":
            self.world.network.ask(
                self.name, path, body, lambda told: self._answered(page, number, path, told)
            )

    def _is_too_large(self, body):
        """In every other world something on the way takes few operations at a time."""
        return self.world.script.seed % 2 and len(json.loads(body)["operations"]) > PROXY_TAKES

    def _answered(self, page, number, path, told):
        if path == "pull":
            page.pulled = told and told[0]
        if told is None:
            self.answer(page, number, None)
            return
        status, data, retry = told
        self.answer(page, number, {"status": status, "text": data.decode(errors="replace"),
                                   "retry": retry / 1_000 if retry else None})  # fmt: skip

    def _timer(self, page, effect):
        number = effect["id"]
        page.timers.add(number)
        ms = self.poll_ms if effect["ms"] == POLL_MS else effect["ms"]

        def end():
            if number in page.timers:
                page.timers.discard(number)
                self.answer(page, number, None)

        self.world.scheduler.after(int(ms), end)

    @staticmethod
    def _cancel(page, effect):
        page.timers.discard(effect["id"])

    def _local(self, _page, effect):
        self.local = effect["text"]

    def _done(self, page, effect):
        work, done = page.calls[effect["id"]]
        value = effect["value"]
        if work.name == "capture":
            self.world.watch.tone(self, Tone("tick", value))
        elif work.name == "write":
            value = _kept(value)
            self.world.watch.tone(self, Tone("done", value))
            page.look()
        done(value, None)

    def _failed(self, page, effect):
        _, done = page.calls[effect["id"]]
        done(None, NotRecorded(effect["error"]))

    def _page(self, page, effect):
        page.cursor = effect["cursor"]
        page.rows = [Row(*row) for row in effect["rows"]]
        if not effect["sound"]:
            self.world.watch.differs(page)
        self.world.watch.saw_page(self, page)
        page.look()


class Changes(Write):
    """A transaction on its way; `committed` once it reached the disk."""

    committed = False

    @classmethod
    def of(cls, effect):
        told = cls([_change(*change) for change in effect["writes"]], effect["strict"])
        told.number, told.database = effect["id"], effect["database"]
        return told


def _change(verb, store, key, value):
    key = tuple(key) if isinstance(key, list) else key
    if store in {"outbox", "sent"} and value is not None:
        value = _kept(value)
    return verb, store, key, value


def _kept(value):
    first = value.get("first")
    told = {**value, "text": value["text"].encode(), "first": first and tuple(first)}
    return Kept(**{name: told.get(name) for name in Kept._fields})


def _dumped(disk):
    """Return the stores of a disk as lists of keys and values, as the child wants them."""
    return {
        name: [[_key(key), _value(row)] for key, row in rows.items()]
        for name, rows in disk.stores.items()
    }


def _key(key):
    return list(key) if isinstance(key, tuple) else key


def _value(row):
    if not isinstance(row, Kept):
        return row
    told = {**row._asdict(), "text": row.text.decode()}
    if row.first is None:
        del told["first"]
    return told
