"""What is done beside the daily carrying: corrections, labels, returns, production, shipments.

Errands have goods of their own in the same bins, so that a seed's daily work stays as it was.
"""

import random
from collections import defaultdict

from tests.simulation.scheduler import MINUTE
from tests.simulation.script import Act
from tests.simulation.site import BINS, BOXES, START

GOODS = ("BE/L9", "CA/L9", "BIKE")


class Errands:
    """Plausible acts in the order of time; goods are only taken from where they should be."""

    def __init__(self, dice):
        self.dice = dice
        self.stock = defaultdict(int)
        self.shipped = defaultdict(int)
        self.serials = {}
        self.boxes = {}
        self.boxed = defaultdict(int)

    def words(self):
        odd = self.dice.random()
        if odd < 0.3:
            return self._serial()
        if odd < 0.55:
            return self._box()
        held = sorted(name for name, n in self.stock.items() if n > 0)
        if not held or self.dice.random() < 0.25:
            return self._arrival()
        place, key = self.dice.choice(held)
        there = self.stock[place, key]
        quantity = self.dice.randint(1, there)
        if place == "STAGE":
            return self._ship(key, quantity)
        kinds = [self._adjust, self._label, self._label, self._bring, self._bring]
        if self.shipped:
            kinds.append(self._back)
        return self.dice.choice(kinds)(place, key, quantity)

    def _arrival(self):
        key, quantity = self.dice.choice(GOODS), self.dice.randint(3, 30)
        target = self.dice.choice(BINS)
        self.stock[target, key] += quantity
        return f"{'produce' if key == 'BIKE' else 'receive'} {quantity} {key} to {target}"

    def _ship(self, key, quantity):
        whole = self.dice.random() < 0.3
        quantity = self.stock["STAGE", key] if whole else quantity
        self.stock["STAGE", key] -= quantity
        self.shipped[key] += quantity
        return f"ship {'all' if whole else quantity} {key} from STAGE to customer/C1 carry 30s"

    def _adjust(self, place, key, quantity):
        by = self.dice.choice((-quantity, self.dice.randint(1, 3)))
        self.stock[place, key] += by
        return f"adjust {by:+} {key} at {place}"

    def _label(self, place, key, quantity):
        whole = self.dice.random() < 0.4
        quantity = self.stock[place, key] if whole else quantity
        bare, _, status = key.partition("!")
        status = "hold" if not status else "ok"
        self.stock[place, key] -= quantity
        self.stock[place, bare if status == "ok" else f"{bare}!{status}"] += quantity
        return f"status {'all' if whole else quantity} {key} at {place} to {status}"

    def _bring(self, place, key, quantity):
        whole = self.dice.random() < 0.3
        quantity = self.stock[place, key] if whole else quantity
        target = self.dice.choice(("STAGE", *BINS))
        target = "STAGE" if target == place else target
        self.stock[place, key] -= quantity
        self.stock[target, key] += quantity
        verb = "pick" if target == "STAGE" and not whole else "move"
        return (f"{verb} {'all' if whole else quantity} {key} from {place} to {target}"
                f" carry {self.dice.choice((0, 20, 120))}s")  # fmt: skip

    def _back(self, *_):
        key = self.dice.choice(sorted(self.shipped))
        quantity = self.dice.randint(1, max(1, self.shipped[key]))
        target = self.dice.choice(("DOCK", *BINS))
        self.stock[target, key] += quantity
        return f"return {quantity} {key} from customer/C1 to {target} carry 10s"

    def _serial(self):
        """One thing: it comes, stands, is labelled, leaves, and may come back."""
        known = self.serials.keys()
        name = self.dice.choice([f"GM#S{n}" for n in range(1, 5)])
        if name not in known:
            self.serials[name] = self._stand()
            return f"receive 1 {name} to {self.serials[name]}"
        place, act = self.serials[name], self.dice.random()
        if place == "customer/C1":
            self.serials[name] = self.dice.choice(BINS)
            return f"return 1 {name} from customer/C1 to {self.serials[name]}"
        if place == "STAGE" or act < 0.1:
            self.serials[name] = "customer/C1"
            return f"ship 1 {name} from {place} to customer/C1"
        if act < 0.3:
            self.serials[name] = "STAGE"
            return f"pick 1 {name} from {place} to STAGE"
        self.serials[name] = self._stand(place)
        return f"move 1 {name} from {place} to {self.serials[name]} carry 20s"

    def _stand(self, but=None):
        boxes = [f"={code}" for code, at in self.boxes.items() if at != "customer/C1"]
        return self.dice.choice([place for place in (*BINS, *boxes) if place != but])

    def _box(self):
        """A pallet and two totes: they come empty, are filled, nested, shipped, and come back."""
        code = self.dice.choice(BOXES)
        place, act = self.boxes.get(code), self.dice.random()
        if place in {None, "customer/C1"}:
            self.boxes[code] = self.dice.choice(BINS)
            source = f" from {place}" if place else ""
            return f"move 1 ={code}{source} to {self.boxes[code]}"
        key = "CA/L8"
        if act < 0.35:
            quantity = self.dice.randint(2, 12)
            self.boxed[code] += quantity
            return f"receive {quantity} {key} to ={code}"
        if act < 0.55 and self.boxed[code] > 0:
            quantity = self.dice.randint(1, self.boxed[code])
            self.boxed[code] -= quantity
            return f"issue {quantity} {key} from ={code} to production/WO-1"
        if act < 0.7 and code == "P1":
            return self._ship_box(code, place)
        if code != "P1" and place != "=P1" and self.boxes.get("P1", "customer/C1") in BINS:
            self.boxes[code] = "=P1"
            return f"move 1 ={code} from {place} to =P1 carry 30s"
        self.boxes[code] = self.dice.choice([one for one in BINS if one != place])
        return f"move 1 ={code} from {place} to {self.boxes[code]} carry 90s"

    def _ship_box(self, code, place):
        """What stands in it leaves with it; the inner totes stay in it."""
        gone = [code, *(inner for inner, at in self.boxes.items() if at == f"={code}")]
        self.boxes[code] = "customer/C1"
        for inner in gone:
            self.boxed[inner] = 0
        for name, at in self.serials.items():
            if at in {f"={inner}" for inner in gone}:
                self.serials[name] = "customer/C1"
        return f"ship 1 ={code} from {place} to customer/C1"


def errands(seed, devices, end, count):
    """Return what is done beside the work of a seed."""
    dice = random.Random(f"errands {seed}")
    plan = Errands(dice)
    times = sorted(dice.randint(START + MINUTE, end) for _ in range(count))
    return [Act(at, dice.choice(devices), plan.words()) for at in times]
