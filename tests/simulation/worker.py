"""People with handhelds: they carry goods, scan what they do, and sometimes scan it wrong.

An act is a generator: it waits, and it does things on the device, again after a kill or a
failure, until the tone has sounded. Goods reach their place at the moment that the scan says.
"""

import re

import msgspec

from sync.stock import is_virtual, key_of
from tests.simulation.floor import place_said, text_of
from tests.simulation.scheduler import SECOND
from tests.simulation.supervisor import KNOWN
from tests.world.lines import key

RETRY_MS = 15 * SECOND
GOODS = re.compile(
    r"(?P<verb>receive|move|pick|issue|ship|return|produce) (?P<quantity>\d+|all) (?P<key>\S+)"
    r"(?: from (?P<source>\S+))?(?: to (?P<target>\S+))?(?: carry (?P<carry>\d+)s)?"
    r"(?: slip (?P<slip>.+))?"
)
IN_PLACE = re.compile(
    r"(?P<verb>adjust|status) (?P<quantity>[+-]?\d+|all) (?P<key>\S+) at (?P<place>\S+)"
    r"(?: to (?P<status>\w+))?"
)
COUNT = re.compile(r"count (?P<place>\S+)(?: slip (?P<key>\S+) (?P<by>[+-]\d+))?")
SOURCE = {
    "receive": "supplier/V1", "ship": "STAGE", "return": "customer/C1", "produce": "production/WO-1"
}  # fmt: skip
TARGET = {
    "receive": "DOCK", "pick": "STAGE", "issue": "production/WO-1", "ship": "customer/C1",
    "return": "DOCK", "produce": "DOCK",
}  # fmt: skip
PAPER = {"receive": "PO-1", "pick": "SO-1", "issue": "WO-1", "produce": "WO-1", "return": "SO-1"}
POISON = {
    "teleport": {"verb": "teleport", "item": "BE"},
    "mumble": {"verb": "mumble"},
}
"""What nobody will ever understand: it is parked, and delays nothing (L3)."""
ARRIVING = {"receive", "produce"}
"""Nobody carries these from a place of ours."""


class Worker:
    """Does one act after the other on one device."""

    def __init__(self, world, device):
        self.world = world
        self.device = device
        self.acts = []
        self.busy = False
        self.ghosts = []
        self.version = 1

    def begin(self, number, words):
        self.acts.append((number, words))
        if not self.busy:
            self._next()

    def _next(self):
        self.busy = bool(self.acts)
        if self.acts:
            number, words = self.acts.pop(0)
            self._go(self._act(number, words), None)

    def _go(self, act, value):
        try:
            wish = act.send(value)
        except StopIteration:
            self._next()
            return
        if isinstance(wish, int):
            self.world.scheduler.after(wish, self._go, act, None)
        else:
            self._do(act, wish)

    def _do(self, act, work):
        """Run something on the page; the act learns how it ended: done, failed or killed."""
        device = self.device
        if not device.is_up:
            self.world.scheduler.after(0, self._go, act, ("killed", None))
            return
        over = []

        def tell(how, value):
            if not over:
                over.append(how)
                self._go(act, (how, value))

        device.on_kill.append(lambda: tell("killed", None))
        device.run(
            device.page, work(device.page),
            lambda value, error: tell("failed" if error else "done", value),
        )  # fmt: skip

    # --- what people do --------------------------------------------------------------------------

    def _act(self, number, words):
        if words.startswith("later "):
            # An app that is newer than the server writes envelopes which that cannot read yet.
            self.version, words = 2, words.removeprefix("later ")
        else:
            self.version = 1
        if match := GOODS.fullmatch(words):
            yield from self._goods(number, match.groupdict())
        elif match := IN_PLACE.fullmatch(words):
            yield from self._in_place(number, match.groupdict())
        elif match := COUNT.fullmatch(words):
            yield from self._count(number, match.groupdict())
        elif words == "undo":
            yield from self._undo(number)
        elif words in POISON:
            yield from self._write(f"{number}.0", {"did": POISON[words]}, {})
        else:
            raise AssertionError(words)

    def _scan(self, raw):
        """Scan until it ticks; return the capture."""
        while True:
            how, row = yield lambda page: page.capture(raw)
            if how == "done":
                return row
            yield RETRY_MS

    def _goods(self, number, act):
        floor, verb, name = self.world.floor, act["verb"], text_of(act["key"])
        source, target = _ends(act)
        wanted = None if act["quantity"] == "all" else int(act["quantity"])
        slip = act["slip"] or ""
        if slip != "ghost" and not is_virtual(source) and not floor.there(source, name):
            return
        scan = None
        if slip != "forgot":
            scan = yield from self._scan(f"{act['key']} #{number}")
        taken_at = self.world.now
        carried = wanted or 0 if slip == "ghost" else floor.take(source, name, wanted)
        if slip != "ghost" and not carried:
            return
        yield int(act["carry"] or 0) * SECOND
        if slip == "forgot":
            floor.put(target, name, carried)
            floor.slip(slip, self.world.now, name, source, target)
            floor.let_go(name)
            return
        did = _moved(act, source, None if wanted is None else carried)
        said = self._slipped(did, slip, name, source, target)
        did["to"] = {"code": said[1:]} if said.startswith("?") else _end(said)
        if verb not in ARRIVING and act["carry"]:
            did["taken_wall"] = scan["wall"]
        draft = {"did": did, "captures": [scan["id"]]}
        if verb in PAPER:
            draft["task"] = {"document": PAPER[verb]}
        truth = {"taken": taken_at if "taken_wall" in did else None}
        if slip != "ghost":
            truth["changes"] = lambda: floor.arrival(target, name, carried)
        for copy in range(2 if slip == "twice" else 1):
            kept = yield from self._write(f"{number}.{copy}", draft, {} if copy else truth)
            if slip == "ghost" or copy:
                self.ghosts.append(kept.id)
        floor.let_go(name)

    def _in_place(self, number, act):
        """Goods are found, broken or labelled anew: at the moment of the scan, where they stand."""
        floor, place, name = self.world.floor, act["place"], text_of(act["key"])
        there = floor.there(place, name)
        wanted = None if act["quantity"] == "all" else int(act["quantity"])
        if not there or there < abs(wanted or 0):
            return
        scan = yield from self._scan(f"{act['key']} #{number}")
        did = {"verb": act["verb"], "key": key(act["key"]), "place": {"location": place},
               "quantity": wanted, "reason": "seen"}  # fmt: skip
        if act["verb"] == "status":
            did["to_status"] = act["status"]

        def changes():
            if act["verb"] == "adjust":
                return [(place, name, wanted)]
            labelled = floor.there(place, name) if wanted is None else wanted
            other = text_of(act["key"].partition("!")[0] + f"!{act['status']}")
            return [(place, name, -labelled), (place, other, labelled)]

        draft = {"did": did, "captures": [scan["id"]]}
        yield from self._write(f"{number}.0", draft, {"changes": changes})

    def _slipped(self, did, slip, name, source, target):
        """Return the target that is scanned, and note what the ledger cannot know."""
        what, _, how = slip.partition(" ")
        said = how if what == "bin" else target
        if what == "quantity":
            did["quantity"] = max(1, (did["quantity"] or 1) + int(how))
        if what:
            meant = KNOWN.get(said.removeprefix("?"), said)
            self.world.floor.slip(what, self.world.now, name, source, target, meant)
        return said

    def _write(self, mark, draft, truth):
        """Write until the tone sounds, or until the screen shows that it was written before."""
        floor, world = self.world.floor, self.world
        while True:
            put, changes = [], []

            def reading(put=put, changes=changes):
                put.append(world.now)
                changes[:] = truth["changes"]() if "changes" in truth else ()
                floor.change(changes, world.now)

            marked = {**draft, "mark": mark, "v": self.version}
            how, kept = yield lambda page, d=marked, r=reading: page.write(d, r)
            if how == "done":
                world.watch.did(self.device, kept, {**truth, "own": put[0]})
                return kept
            kept = self._found(mark) if put else None
            if kept is not None:
                world.watch.did(self.device, kept, {**truth, "own": put[0]})
                return kept
            floor.change([(place, name, -n) for place, name, n in changes], world.now)
            yield RETRY_MS

    def _found(self, mark):
        """Look at the outbox screen: did it keep what I scanned before it went dark?"""
        stores = self.device.disk.stores
        rows = [*stores["outbox"].values(), *stores["sent"].values()]
        needle = f'"app":"simulation {mark}"'.encode()
        return next((row for row in rows if needle in row.text), None)

    def _undo(self, number):
        """It never happened: only of what really never happened."""
        if self.ghosts:
            did = {"verb": "reverse", "target": self.ghosts.pop(), "reason": ""}
            yield from self._write(f"{number}.0", {"did": did}, {})

    def _count(self, number, act):
        world, place, lines, trues = self.world, act["place"], [], []
        slip = text_of(act["key"]) if act["key"] else None
        dice = world.dice.of("count", number)
        opened = self.device.wall()
        listed = set()
        while True:
            left = [name for name in world.floor.keys_at(place) if name not in listed]
            if not left:
                break
            name = left[0]
            listed.add(name)
            yield dice.randint(4, 20) * SECOND
            how, _ = yield lambda page, n=name: page.capture(n)
            if how != "done":
                return  # a count that was interrupted is begun again another day
            seen = world.floor.there(place, name)
            if name == slip:
                seen = max(0, seen + int(act["by"]))
                world.floor.slip("miscount", world.now, name, place)
            wall, _, segment = self.device.page.clock.read()
            trues.append(world.now)
            lines.append({"key": _key(name), "quantity": seen, "first_wall": wall,
                          "last_wall": wall, "segment": segment})  # fmt: skip
        yield dice.randint(2, 10) * SECOND
        did = {"verb": "count", "place": {"location": place}, "scope": "place", "blind": True,
               "count_id": f"c{number}", "opened_wall": opened, "lines": lines}  # fmt: skip
        yield from self._write(f"{number}.0", {"did": did}, {"lines": trues})


def _ends(act):
    """Return from where to where; an empty container comes from nowhere at first."""
    source = "transit" if act["key"].startswith("=") else SOURCE.get(act["verb"])
    return place_said(act["source"] or source), place_said(act["target"] or TARGET[act["verb"]])


def _moved(act, source, quantity):
    did = {"verb": act["verb"], "reason": ""}
    if act["key"].startswith("="):
        did["container"] = act["key"][1:]
    else:
        did |= {"key": key(act["key"]), "quantity": quantity}
    if act["verb"] != "produce" and source != "transit":
        did["from"] = _end(source)
    return did


def _end(place):
    if place.startswith("container/"):
        return {"container": place.removeprefix("container/")}
    return {"location": place}


def _key(text):
    return msgspec.to_builtins(key_of(text))
