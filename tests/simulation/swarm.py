"""Scripts by seed: a shift of plausible work, and a random subset of all that can break.

Each seed turns only some faults on, so that what one fault hides another seed still shows.
"""

import random
from collections import defaultdict

from sync.stock import is_virtual
from tests.simulation.errands import errands
from tests.simulation.lies import script_words
from tests.simulation.network import Weather
from tests.simulation.scheduler import DAY, MINUTE, SECOND
from tests.simulation.script import Act, ClockOf, Script
from tests.simulation.site import BINS, DEVICES, HOSTILE, ITEMS, START, WITHOUT_LOTS
from tests.simulation.worker import POISON

FAULTS = ("lose", "repeat", "delay", "cut", "offline", "mute", "crash", "full", "kill", "power",
          "broken", "step", "sleep", "evict", "clone", "slips", "offset", "drift", "leave",
          "reviews", "fresh", "restore")  # fmt: skip
PLACES = (*BINS, "DOCK")
LOTS = tuple(f"{item}/L{n}" for item in ("BE", "CA") for n in (1, 2, 3, 9))
CLOSED = ('"closed"', '"open"')
ACTS = 40
"""How much daily work a script holds."""


class Plan:
    """A shift as it would be without a fault; goods are only taken from where they should be."""

    def __init__(self, dice, devices, slips):
        self.dice = dice
        self.devices = devices
        self.slips = slips
        self.stock = defaultdict(int)
        self.free = dict.fromkeys(devices, START + MINUTE)
        self.acts = []

    def work(self, count):
        for n in range(count):
            who = min(self.devices, key=self.free.get) if n % 3 else self.dice.choice(self.devices)
            self.acts.append(Act(self.free[who], who, self._words()))
            pause = self.dice.choice((20, 60, 60, 180, 600)) * SECOND
            self.free[who] += pause + self.dice.randint(0, 20_000)

    def _words(self):
        dice = self.dice
        held = sorted(name for name, n in self.stock.items() if n > 0)
        kind = dice.choices(
            ("receive", "move", "pick", "issue", "count", "undo"), (3, 6, 2, 2, 3, 1)
        )[0]
        if kind == "count":
            return self._count()
        if kind == "undo":
            return kind
        if kind == "receive" or not held:
            return self._receive()
        return self._carry(kind, *dice.choice(held))

    def _receive(self):
        item, quantity = self.dice.choice(ITEMS), self.dice.randint(3, 40)
        key = item if item in WITHOUT_LOTS else f"{item}/L{self.dice.randint(1, 3)}"
        target = self.dice.choice(("DOCK", "DOCK", *BINS[:2]))
        self.stock[target, key] += quantity
        return f"receive {quantity} {key} to {target}{self._slip(target)}"

    def _carry(self, kind, source, key):
        there = self.stock[source, key]
        whole = kind == "move" and self.dice.random() < 0.2
        quantity = there if whole else self.dice.randint(1, there)
        target = {"pick": "STAGE", "issue": "production/WO-1"}.get(kind) or self.dice.choice(
            [place for place in PLACES if place != source]
        )
        self.stock[source, key] -= quantity
        if not is_virtual(target) and target != "STAGE":
            self.stock[target, key] += quantity
        carry = self.dice.choice((0, 10, 30, 90, 180))
        return (f"{kind} {'all' if whole else quantity} {key} from {source} to {target}"
                f" carry {carry}s{self._slip(target)}")  # fmt: skip

    def _count(self):
        place = self.dice.choice(PLACES)
        here = sorted(key for where, key in self.stock if where == place)
        slip = ""
        if here and self.dice.random() < self.slips:
            slip = f" slip {self.dice.choice(here)} {self.dice.choice((-1, 1, 2)):+}"
        return f"count {place}{slip}"

    def _slip(self, target):
        if self.dice.random() >= self.slips:
            return ""
        wrong = self.dice.choice([place for place in BINS if place != target])
        kinds = ["forgot", "ghost", "twice", "quantity +1"]
        if not is_virtual(target):
            kinds += [f"bin {wrong}", "bin ?X9"]
        return f" slip {self.dice.choice(kinds)}"


def script(seed, count=ACTS, only=None):
    """Return the script of a seed; `only` names the faults that may happen at all."""
    dice = random.Random(seed)
    on = {fault for fault in FAULTS if dice.random() < 0.4}
    on = on if only is None else on & set(only)
    devices = DEVICES[: dice.randint(2, 4)]
    plan = Plan(dice, devices, 0.12 if "slips" in on else 0.0)
    plan.work(count)
    end = max(plan.free.values())
    acts = [*plan.acts, *errands(seed, devices, end, count // 3), *_by_clones(dice, on, plan.acts)]
    acts += [*_faults(dice, on, devices, end), *_reviews(dice, on, end)]
    acts = [
        *_later(seed, acts),
        *_by_the_office(seed, end),
        *_by_other_programs(seed, devices, end),
    ]
    if only is None:
        acts += _by_a_hostile(seed, devices, end)
    acts.sort(key=lambda act: act.at)
    return Script(seed, _weather(dice, on), _clocks(dice, on, devices), tuple(acts))


def _weather(dice, on):
    odds = {
        "lose": dice.choice((0.02, 0.1, 0.3)), "repeat": dice.choice((0.05, 0.3)),
        "delay": dice.choice((0.01, 0.1)), "cut": dice.choice((0.02, 0.1)),
    }  # fmt: skip
    return Weather(**{name: odd if name in on else 0.0 for name, odd in odds.items()})


def _clocks(dice, on, devices):
    clocks = {}
    for name in devices:
        offset = dice.choice((-7, -1, 0, 0, 1, 7)) * DAY + dice.randint(-90_000, 90_000)
        drift = dice.randint(-200, 200)
        clocks[name] = ClockOf(offset if "offset" in on else 0, drift if "drift" in on else 0)
    return clocks


def _faults(dice, on, devices, end):
    """Return the lines of what breaks, each fault a few times."""
    for fault, words in (
        ("offline", lambda: f"offline {dice.choice((60, 600, 3_600, 20_000))}s"),
        ("mute", lambda: f"mute {dice.choice((60, 900))}s"),
        ("kill", lambda: dice.choice(("kill", f"kill at {dice.randint(1, 30)}"))),
        ("power", lambda: "power"),
        ("broken", lambda: f"broken {dice.choice((5, 60))}s"),
        ("step", lambda: f"step {dice.choice((-3_600, -90, 90, 3_600, 86_400)):+}s"),
        ("sleep", lambda: f"sleep {dice.choice((300, 3_600))}s"),
        ("leave", lambda: "leave"),
    ):
        for _ in range(dice.randint(1, 5)):
            at, who, what = dice.randint(START, end), dice.choice(devices), words()
            if fault in on:
                yield Act(at, who, what)
    for _ in range(dice.randint(1, 4)):
        at, down = dice.randint(START, end), dice.randint(1, 90)
        point = dice.choice((dice.randint(0, 40), "commit", "answer"))
        if "crash" in on:
            yield Act(at, "server", f"crash at {point} down {down}s")
    for fault, words in (("full", "full 120s"), ("evict", "evict"), ("clone", "clone")):
        at, who = dice.randint(START, end), dice.choice(devices)
        if fault in on:
            yield Act(at, "server" if fault == "full" else who, words)
    yield from _old_and_new(dice, on, devices, end)


def _old_and_new(dice, on, devices, end):
    """A backup is put back; a phone is set up today."""
    at, later = sorted((dice.randint(START, end), dice.randint(START, end)))
    if "restore" in on:
        yield Act(at, "server", "backup")
        yield Act(later, "server", "restore")
    for who in devices:
        if "fresh" in on and dice.random() < 0.5:
            yield Act(START, who, "fresh")


def _by_clones(dice, on, acts):
    """The second machine with the same profile works too, if there is one by then.

    It leaves the errands alone: nobody can carry one and the same pallet twice.
    """
    for act in acts:
        if "clone" in on and dice.random() < 0.2:
            yield Act(act.at + 7 * SECOND, f"{act.who}'", act.words.split(" slip ")[0])


def _by_the_office(seed, end):
    """Master data change while people work: in one seed of three."""
    dice = random.Random(f"office {seed}")
    for _ in range(dice.choice((0, 0, 5))):
        what = dice.choice((
            f"location {dice.choice(BINS)} blocked", f"lot {dice.choice(LOTS)} recalled",
        ))  # fmt: skip
        paper = dice.choice(("document PO-1", "document SO-1", "line PO-1/1"))
        told = dice.choice((f"{what}=true", f"{what}=true", f"{what}=false",
                            f"{paper} state={dice.choice(CLOSED)}"))  # fmt: skip
        yield Act(dice.randint(START, end), "desk", f"edit {told}")


def _by_other_programs(seed, devices, end):
    """Operations that nobody understands, and a server that is newer from some time on."""
    dice = random.Random(f"programs {seed}")
    for _ in range(dice.choice((0, 0, 3))):
        yield Act(dice.randint(START, end), dice.choice(devices), dice.choice(sorted(POISON)))
    if dice.random() < 0.3:
        yield Act(dice.randint(START, end), "server", "update")


def _by_a_hostile(seed, devices, end):
    """In one seed of three an enrolled device lies, now and then before anybody else is up."""
    dice = random.Random(f"hostile {seed}")
    if dice.random() < 0.34:
        if dice.random() < 0.3:
            yield Act(START, HOSTILE, "hostile echo")
        for _ in range(dice.choice((8, 16, 30))):
            yield Act(dice.randint(START, end), HOSTILE, script_words(dice, devices))


def _later(seed, acts):
    """Let a newer app write some of what has only one time in it."""
    dice = random.Random(f"later {seed}")
    often = dice.choice((0, 0, 0, 0.3))
    verbs = ("receive ", "adjust ", "status ", "produce ")
    return [
        act._replace(words=f"later {act.words}")
        if act.words.startswith(verbs) and dice.random() < often
        else act
        for act in acts
    ]


def _reviews(dice, on, end):
    for n in range(4):
        at = dice.randint(START, end)
        if "reviews" in on:
            yield Act(at, "desk", ("review", "review", "rename", "review all")[n])
