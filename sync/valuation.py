"""What stock is worth: layers of cost, folded from the postings in the order of time (R27).

Nothing is stored. A receipt that comes late, a reversal or a corrected price changes the value by
folding again, as the quantity itself does. Goods of a known lot carry the cost of their own lot;
what its layers cannot give is taken from the oldest others, and the difference is shown.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field

from sync.ledger import Moment

INSIDE: Final = ("status", "suspense")
"""Ways through which goods pass and stay ours."""


class Flow(Struct, frozen=True):
    """What came into the site (above zero) or left it, in base units, after all amendments.

    `cost` is of one base unit in the smallest coin; None where nobody said it.
    """

    moment: Moment
    operation: str
    accounted: str
    lot: str
    far: str
    quantity: int
    cost: int | None = None

    @property
    def at(self) -> int:
        """Server time in ms."""
        return self.moment[0]


class Layer(Struct):
    """What is left of goods that came at one cost."""

    at: int
    operation: str
    lot: str
    cost: int | None
    left: int


class Taken(Struct, frozen=True):
    """A part of what left, and the layer that paid for it."""

    lot: str
    operation: str
    quantity: int
    cost: int | None


class Used(Struct):
    """What left the site, and the layers that it used; `owed` is what no layer had."""

    flow: Flow
    taken: list[Taken] = field(default_factory=list)
    owed: int = 0

    @property
    def value(self) -> int:
        """What it cost, as far as anybody said."""
        return sum(one.quantity * (one.cost or 0) for one in self.taken)

    @property
    def differs(self) -> bool:
        """Say whether another lot's layer paid for it."""
        return any(one.lot != self.flow.lot for one in self.taken)


class Valuation(Struct):
    """The layers that are left of one item, and everything that left it."""

    layers: list[Layer] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)

    @property
    def quantity(self) -> int:
        """What stands there; below zero while receipts are awaited."""
        return sum(one.left for one in self.layers) - sum(one.owed for one in self.used)

    @property
    def value(self) -> int:
        """What it cost, as far as anybody said."""
        return sum(one.left * (one.cost or 0) for one in self.layers)

    @property
    def unvalued(self) -> int:
        """How much of it has no cost."""
        return sum(one.left for one in self.layers if one.cost is None)


def value(flows: Iterable[Flow]) -> Valuation:
    """Fold the flows of one item in the order of time."""
    found = Valuation()
    for flow in sorted(flows, key=lambda one: one.moment):
        if flow.quantity > 0:
            _come(found, flow)
        elif flow.quantity < 0:
            used = Used(flow)
            found.used.append(used)
            used.owed = _take(found, used, -flow.quantity)
    return found


def _come(found: Valuation, flow: Flow) -> None:
    cost = _like(found, flow.lot) if flow.cost is None else flow.cost
    layer = Layer(flow.at, flow.operation, flow.lot, cost, flow.quantity)
    found.layers.append(layer)
    # Goods that left before their receipt take from it first of all.
    for used in found.used:
        if used.owed and layer.left:
            used.owed -= _from(layer, used, used.owed)


def _like(found: Valuation, lot: str) -> int | None:
    """Goods without a price of their own cost what the same lot cost last, else the item."""
    own = [one.cost for one in found.layers if one.lot == lot]
    return next(reversed(own or [one.cost for one in found.layers]), None)


def _take(found: Valuation, used: Used, quantity: int) -> int:
    """Take from the lot's own layers, then from the oldest others; return what none had."""
    own = [one for one in found.layers if one.lot == used.flow.lot]
    others = [one for one in found.layers if one.lot != used.flow.lot]
    for layer in own + others:
        quantity -= _from(layer, used, quantity)
    return quantity


def _from(layer: Layer, used: Used, quantity: int) -> int:
    amount = min(layer.left, quantity)
    if amount > 0:
        layer.left -= amount
        used.taken.append(Taken(layer.lot, layer.operation, amount, layer.cost))
    return max(amount, 0)
