"""A page of the shipped app as the rest of the world sees it: the same face as client/page.py."""

from typing import NamedTuple

from sync.feed import Image
from tests.simulation.client.feed import epoch_of, seq_of
from tests.simulation.client.screen import shown_of
from tests.simulation.watch import Broken


class Row(NamedTuple):
    """An operation as the page holds it, and whether its picture of the site has it already."""

    replica: str
    seq: int
    id: str
    hash: str
    covered: bool

    @property
    def name(self):
        return (self.replica, self.seq)


class Call(NamedTuple):
    """Something that a screen would ask of the engine."""

    name: str
    given: object
    begun: object = None
    """Called at the moment that the engine reads its clocks."""


class ShippedPage:
    """Runs under `key` in the child; `host` is the device."""

    def __init__(self, host, key):
        self.host = host
        self.key = key
        self.dead = False
        self.ready = False
        self.person = False
        self.cursor = ""
        self.rows = []
        self.calls = {}
        self.timers = set()
        self.pulled = None
        """Status of the last answer to a pull."""
        self.clock, self.feed, self.outbox, self.push = (
            Clock(self),
            Feed(self),
            Outbox(self),
            Push(self),
        )

    def ask(self, name, given=None):
        return self.host.ask(self, name, given)

    def look(self):
        """[S5] The screen shows the replica and what of this device is not in it yet."""
        told = self.ask("screen")
        stock = {(place, key): quantity for place, key, quantity in told["stock"]}
        meant, seen = shown_of(stock, told["rows"]), sorted(told["shown"])
        if meant != seen:
            raise Broken("S5", f"{self.host.label} shows {seen}, and should show {meant}")

    # --- what a worker does ----------------------------------------------------------------------

    @staticmethod
    def capture(raw):
        return Call("capture", raw)

    @staticmethod
    def write(draft, at_reading=lambda: None):
        mark = f" {draft['mark']}" if draft.get("mark") else ""
        told = {"task": None, "assumed": [], "captures": [], "consent": None}
        told |= {
            name: draft[name] for name in ("did", "task", "assumed", "captures") if name in draft
        }
        return Call("write", {"draft": told, "mark": mark}, at_reading)

    def wake(self):
        self.host.event(self, "online")

    @property
    def leaving(self):
        return not self.person

    @leaving.setter
    def leaving(self, _wanted):
        self.host.run(self, Call("leave", None))


class Clock(NamedTuple):
    page: ShippedPage

    def read(self):
        told = self.page.ask("clock")
        return told["wall"], told["mono"], told["segment"]

    def resume(self):
        asleep = self.page.host.world.now < self.page.host.asleep_until
        self.page.host.event(self.page, "hidden" if asleep else "visible")


class Outbox(NamedTuple):
    page: ShippedPage

    @property
    def operations(self):
        return self.page.rows

    @property
    def unsent(self):
        return [Row(*name, "", False) for name in self.page.ask("state")["unsent"]]

    @property
    def stale(self):
        return not self.page.ready


class Push(NamedTuple):
    page: ShippedPage

    @property
    def heard(self):
        return self.page.ask("state")["heard"]


class Feed(NamedTuple):
    page: ShippedPage

    @property
    def cursor(self):
        return self.page.cursor

    @property
    def epoch(self):
        return epoch_of(self.page.cursor)

    @property
    def seq(self):
        return seq_of(self.page.cursor)

    @staticmethod
    def covers(row):
        return row.covered

    def rows(self, kind):
        return self.page.ask("rows", kind)

    @property
    def images(self):
        return {
            (kind, key): Image(version, payload)
            for kind, key, version, payload in self.page.ask("replica")
        }
