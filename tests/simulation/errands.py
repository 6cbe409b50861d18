"""What is done beside the daily carrying: corrections, labels, returns, production, shipments.

Errands have goods of their own in the same bins, so that a seed's daily work stays as it was.
"""

import random
from collections import defaultdict

from tests.simulation.scheduler import MINUTE
from tests.simulation.script import Act
from tests.simulation.site import BINS, START

GOODS = ("BE/L9", "CA/L9", "BIKE")


class Errands:
    """Plausible acts in the order of time; goods are only taken from where they should be."""

    def __init__(self, dice):
        self.dice = dice
        self.stock = defaultdict(int)
        self.shipped = defaultdict(int)

    def words(self):
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


def errands(seed, devices, end, count):
    """Return what is done beside the work of a seed."""
    dice = random.Random(f"errands {seed}")
    plan = Errands(dice)
    times = sorted(dice.randint(START + MINUTE, end) for _ in range(count))
    return [Act(at, dice.choice(devices), plan.words()) for at in times]
