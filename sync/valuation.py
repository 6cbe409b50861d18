"""What stock is worth: layers of cost, folded from the postings in the order of time (R27).

Nothing is stored. A receipt that comes late, a reversal or a corrected price changes the value by
folding again, as the quantity itself does. All items are folded together, because what is made
costs what went into it. Goods of a known lot carry the cost of their own lot; what its layers
cannot give is taken from the oldest others, and the difference is shown.

Amounts are whole numbers of the smallest coin, and none is lost: what came in is worth what went
out and what is left. Each layer is put into a queue once and leaves it once, so the fold takes
as many steps as there are flows.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from sync.ledger import Moment

INSIDE: Final = ("status", "suspense")
"""Ways through which goods pass and stay ours."""

GIVES_BACK: Final = ("customer", "production", "cost", "scrap", "transit")
"""Far ends from which goods come back at the cost at which they left."""

MADE_AT: Final = "production/"

Name = tuple[str, ...]
"""What a queue of layers is found by: an item, and what tells its layers apart."""


class Flow(Struct, frozen=True):
    """What came into the site (above zero) or left it, in base units, after all amendments.

    `worth` is what all of it cost, in the smallest coin; None where nobody said it. `paper` is the
    document line that it belongs to, "" for none; `made` says that a work order delivered it.
    """

    moment: Moment
    operation: str
    accounted: str
    item: str
    lot: str
    far: str
    quantity: int
    worth: int | None = None
    paper: str = ""
    made: bool = False

    @property
    def at(self) -> int:
        """Server time in ms."""
        return self.moment[0]

    @property
    def far_end(self) -> list[Name]:
        """The queues of what went to the far end: of the same paper first, then of the lot."""
        names = [(self.item, self.far, self.lot), (self.item, self.far)]
        return [(self.item, self.far, self.lot, self.paper), *names] if self.paper else names

    @property
    def stock(self) -> list[Name]:
        """The queues of what is here: of the own lot first, then of the item."""
        return [(self.item, self.lot), (self.item,)]


class Layer(Struct):
    """What is left of goods that came at one cost; `worth` is of all that is left."""

    at: int
    operation: str
    lot: str
    left: int
    worth: int | None

    @property
    def cost(self) -> int | None:
        """What a base unit of it costs, rounded half up."""
        return None if self.worth is None else share(self.worth, 1, self.left)

    def give(self, wanted: int) -> "Taken":
        """Take so many base units, or all that is left, with their share of the worth."""
        quantity = min(wanted, self.left)
        worth = None if self.worth is None else share(self.worth, quantity, self.left)
        self.left -= quantity
        if self.worth is not None and worth is not None:
            self.worth -= worth
        return Taken(self.lot, self.operation, quantity, worth)


class Taken(Struct, frozen=True):
    """A part of what moved, and the layer that paid for it."""

    lot: str
    operation: str
    quantity: int
    worth: int | None

    @property
    def cost(self) -> int | None:
        """What a base unit of it costs, rounded half up."""
        return None if self.worth is None else share(self.worth, 1, self.quantity)


class Used(Struct):
    """What left the site, the layers that it used, and what no layer had yet."""

    flow: Flow
    debt: Layer
    taken: list[Taken] = field(default_factory=list)

    @property
    def owed(self) -> int:
        """How many base units left before they came; worth the newest cost until they do."""
        return self.debt.left

    @property
    def value(self) -> int:
        """What it cost, as far as anybody said."""
        return sum(one.worth or 0 for one in self.taken) + (self.debt.worth or 0)

    @property
    def differs(self) -> bool:
        """Say whether another lot's layer paid for it."""
        return any(one.lot != self.flow.lot for one in self.taken)


class Valuation(Struct):
    """The layers of one item, oldest first, and everything that left."""

    layers: list[Layer] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)

    @property
    def quantity(self) -> int:
        """What stands there; below zero while receipts are awaited."""
        return sum(one.left for one in self.layers) - sum(one.owed for one in self.used)

    @property
    def value(self) -> int:
        """What it cost, as far as anybody said, less what was used before it came."""
        owed = sum(one.debt.worth or 0 for one in self.used)
        return sum(one.worth or 0 for one in self.layers) - owed

    @property
    def unvalued(self) -> int:
        """How much of it has no cost."""
        return sum(one.left for one in self.layers if one.worth is None)


class Pile:
    """Layers in queues, oldest first; one layer stands in as many queues as it has names."""

    def __init__(self) -> None:
        self._queues: dict[Name, deque[Layer]] = defaultdict(deque)

    def put(self, layer: Layer, names: Iterable[Name]) -> None:
        for name in names:
            self._queues[name].append(layer)

    def take(self, wanted: int, names: Iterable[Name]) -> list[Taken]:
        """Take from the queues in turn; what is taken may be less than what was wanted."""
        taken: list[Taken] = []
        for name in names:
            queue = self._queues.get(name, deque())
            while queue and wanted:
                part = queue[0].give(wanted)
                wanted -= part.quantity
                if part.quantity:
                    taken.append(part)
                if not queue[0].left:
                    queue.popleft()
        return taken


class Order(Struct):
    """What went into one work order and did not come out yet."""

    worth: int = 0
    fed: bool = False
    unknown: int = 0
    finished: int = 0

    def add(self, part: Taken, sign: int) -> None:
        self.fed = True
        self.unknown += sign * part.quantity * (part.worth is None)
        self.worth += sign * (part.worth or 0)

    def deliver(self, quantity: int, planned: int) -> int | None:
        """Return what a part of its product costs; None while a cost in it is unknown."""
        worth = share(self.worth, quantity, max(quantity, planned - self.finished))
        self.finished += quantity
        if not self.fed or self.unknown > 0:
            return None
        self.worth -= worth
        return worth


def value(flows: Iterable[Flow], planned: Mapping[str, int] | None = None) -> dict[str, Valuation]:
    """Fold the flows of all items in the order of time; `planned` is by `production/ORDER`."""
    fold = _Fold(planned or {})
    for flow in sorted(flows, key=lambda one: one.moment):
        if flow.quantity > 0:
            fold.come(flow)
        elif flow.quantity < 0:
            fold.go(flow)
    return fold.done()


def share(worth: int, part: int, whole: int) -> int:
    """Return a part's share of an amount, rounded half up; the whole gets all of it."""
    return (2 * worth * part + whole) // (2 * whole) if whole else 0


class _Fold:
    """Everything that is known while the flows are walked through, once."""

    def __init__(self, planned: Mapping[str, int]) -> None:
        self._planned = planned
        self._found: dict[str, Valuation] = defaultdict(Valuation)
        self._here, self._away = Pile(), Pile()
        self._newest: dict[Name, Taken] = {}
        self._debts: dict[str, deque[Used]] = defaultdict(deque)
        self._orders: dict[str, Order] = defaultdict(Order)

    def done(self) -> dict[str, Valuation]:
        for debts in self._debts.values():
            for used in debts:
                used.debt.worth = self._like(used.flow, used.owed)
        return self._found

    def come(self, flow: Flow) -> None:
        for part in self._parts(flow):
            layer = Layer(flow.at, flow.operation, flow.lot, part.quantity, part.worth)
            if part.worth is not None:
                self._newest.update(dict.fromkeys(flow.stock, part))
            self._found[flow.item].layers.append(layer)
            self._pay(flow.item, layer)
            if layer.left:
                self._here.put(layer, flow.stock)

    def go(self, flow: Flow) -> None:
        taken = self._here.take(-flow.quantity, flow.stock)
        owed = -flow.quantity - sum(part.quantity for part in taken)
        debt = Layer(flow.at, flow.operation, flow.lot, owed, self._like(flow, owed))
        used = Used(flow, debt, taken)
        self._found[flow.item].used.append(used)
        for part in taken:
            self._leave(flow, part)
        if owed:
            self._debts[flow.item].append(used)
            self._feed(flow, Taken(flow.lot, flow.operation, owed, debt.worth), 1)

    def _parts(self, flow: Flow) -> Sequence[Taken]:
        """Return what came in parts of one cost each."""
        if flow.worth is not None:
            return [Taken(flow.lot, flow.operation, flow.quantity, flow.worth)]
        if flow.made:
            planned = self._planned.get(flow.far, 0)
            worth = self._orders[flow.far].deliver(flow.quantity, planned)
            return [Taken(flow.lot, flow.operation, flow.quantity, worth)]
        back = self._away.take(flow.quantity, flow.far_end)
        rest = flow.quantity - sum(part.quantity for part in back)
        if rest:
            back.append(Taken(flow.lot, flow.operation, rest, self._like(flow, rest)))
        for part in back:
            self._feed(flow, part, -1)
        return back

    def _pay(self, item: str, layer: Layer) -> None:
        """Goods that left before their receipt take from it first of all."""
        debts = self._debts[item]
        while debts and layer.left:
            used = debts[0]
            part = layer.give(used.owed)
            self._feed(used.flow, used.debt.give(part.quantity), -1)
            used.taken.append(part)
            self._leave(used.flow, part)
            if not used.owed:
                debts.popleft()

    def _leave(self, flow: Flow, part: Taken) -> None:
        self._feed(flow, part, 1)
        if flow.far.split("/", 1)[0] in GIVES_BACK:
            gone = Layer(flow.at, part.operation, part.lot, part.quantity, part.worth)
            self._away.put(gone, flow.far_end)

    def _feed(self, flow: Flow, part: Taken, sign: int) -> None:
        """Book what goes into a work order, and off again what it gives back."""
        if flow.far.startswith(MADE_AT):
            self._orders[flow.far].add(part, sign)

    def _like(self, flow: Flow, quantity: int) -> int | None:
        """Goods without a price of their own cost what the same lot cost last, else the item."""
        for name in flow.stock:
            if (newest := self._newest.get(name)) is not None:
                return share(newest.worth or 0, quantity, newest.quantity)
        return None
