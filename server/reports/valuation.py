"""What stock is worth, computed from the ledger each time it is asked (R27)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection

from server.refusals import Code, Refusal
from server.tables import DocumentRow, ItemRow, Log, OpeningCost, Posting, Price
from sync.stock import is_virtual, key_of
from sync.valuation import INSIDE, MADE_AT, Flow, Used, Valuation, share, value

_posting: Final = Posting.metadata.tables["posting"].c
_log: Final = Log.metadata.tables["log"].c
_price: Final = Price.metadata.tables["price"].c
_item: Final = ItemRow.metadata.tables["item"].c
_opening: Final = OpeningCost.metadata.tables["opening_cost"].c
_document: Final = DocumentRow.metadata.tables["document"].c
_USED_MAX: Final = 1_000
MICRO_IN_A_COIN: Final = 10_000
"""Costs of opening stock are in millionths of the currency, and a coin is a hundredth."""


class Valued(Struct, frozen=True):
    """One item: how much of it there is, its value, and how much has no cost."""

    item: str
    quantity: int
    value: int
    unvalued: int


class Values(Struct, frozen=True):
    """A page of items, by code."""

    items: list[Valued]
    next: str | None


class LayerShown(Struct, frozen=True):
    """What is left of goods that came at one cost, in the smallest coin for a base unit."""

    at: int
    operation: str
    lot: str | None
    cost: int | None
    left: int


class TakenShown(Struct, frozen=True):
    """The layer that paid for a part of what left."""

    lot: str | None
    operation: str
    quantity: int
    cost: int | None


class UsedShown(Struct, frozen=True):
    """What left: `differs` when another lot's layer paid for it, `owed` what none paid yet."""

    at: int
    operation: str
    accounted: str
    lot: str | None
    to: str
    quantity: int
    value: int
    owed: int
    differs: bool
    taken: list[TakenShown]


class ValuationShown(Struct, frozen=True):
    """An item's layers, and the newest of what left."""

    item: str
    quantity: int
    value: int
    unvalued: int
    layers: list[LayerShown]
    used: list[UsedShown]


class Asked(Struct, frozen=True):
    """Which page of items; `start` is the `next` of the page before."""

    limit: int = 200
    start: str | None = None


def values(connection: Connection, site: str, asked: Asked) -> Values:
    """Value every item that was ever held, a page at a time."""
    query = sa.select(_item.item).where(_item.site == site).order_by(_item.item)
    if asked.start is not None:
        query = query.where(_item.item > asked.start)
    codes = list(connection.scalars(query.limit(asked.limit + 1)))
    page = codes[: asked.limit]
    found = _folded(connection, site, page)
    rows = [(item, found.get(item, Valuation())) for item in page]
    more = page[-1] if len(codes) > asked.limit else None
    return Values([Valued(item, v.quantity, v.value, v.unvalued) for item, v in rows], more)


def valuation(connection: Connection, site: str, item: str) -> ValuationShown:
    """Value one item. Raises `Refusal` when there is none of that code."""
    known = sa.select(_item.item).where(_item.site == site, _item.item == item)
    if connection.execute(known).first() is None:
        raise Refusal(Code.NOT_FOUND)
    found = _folded(connection, site, [item]).get(item, Valuation())
    layers = [
        LayerShown(one.at, one.operation, _lot(one.lot), one.cost, one.left)
        for one in found.layers
        if one.left
    ]
    used = [_used(one) for one in found.used[-_USED_MAX:]]
    return ValuationShown(item, found.quantity, found.value, found.unvalued, layers, used)


def _used(used: Used) -> UsedShown:
    flow = used.flow
    taken = [TakenShown(_lot(t.lot), t.operation, t.quantity, t.cost) for t in used.taken]
    return UsedShown(flow.at, flow.operation, flow.accounted, _lot(flow.lot), flow.far,
                     -flow.quantity, used.value, used.owed, used.differs, taken)  # fmt: skip


def _lot(text: str) -> str | None:
    return text or None


def _folded(connection: Connection, site: str, items: Sequence[str]) -> dict[str, Valuation]:
    """Value items, together with all that went into what was made of them, down to what came."""
    flows: list[Flow] = []
    asked: set[str] = set()
    orders: set[str] = set()
    wanted = set(items)
    while wanted:
        found = _flows(connection, site, wanted)
        flows += found
        asked |= wanted
        made = {flow.far for flow in found if flow.made} - orders
        orders |= made
        wanted = _fed(connection, site, made) - asked
    return value(flows, _planned(connection, site, orders))


def _fed(connection: Connection, site: str, orders: set[str]) -> set[str]:
    """Return the items that went into work orders (`production/ORDER`)."""
    if not orders:
        return set()
    # The bounds are those of the index of what goes into production: it is used for no other.
    query = (
        sa.select(_posting.item)
        .distinct()
        .where(
            _posting.site == site,
            sa.literal_column("place_to") >= sa.literal_column("'production/'"),
            sa.literal_column("place_to") < sa.literal_column("'production0'"),
            _posting.place_to.in_(orders),
        )
    )
    return set(connection.scalars(query))


def _planned(connection: Connection, site: str, orders: set[str]) -> dict[str, int]:
    """Return how much each work order is to make."""
    names = [order.removeprefix(MADE_AT) for order in orders]
    query = sa.select(_document.document, _document.quantity).where(
        _document.site == site, _document.document.in_(names)
    )
    return {f"{MADE_AT}{name}": quantity or 0 for name, quantity in connection.execute(query)}


def _flows(connection: Connection, site: str, items: Iterable[str]) -> list[Flow]:
    """Return what came and went of items: every operation's own, with all that amended it."""
    c = _posting
    query = (
        sa.select(
            c.item, c.key, c.place_from, c.place_to, c.quantity, c.t_from, c.t_to, c.line,
            c.replica, c.rseq,
            _log.id, _log.verb, _log.accounted, _log.document, _log.line.label("paper_line"),
            _price.cost, _opening.cost_micro,
        )
        .select_from(Posting.metadata.tables["posting"])
        .join(Log.metadata.tables["log"], sa.and_(_log.site == c.site, _log.seq == c.of))
        .join(
            Price.metadata.tables["price"],
            sa.and_(_price.site == c.site, _price.document == _log.document,
                    _price.line == _log.line),
            isouter=True,
        )
        .join(
            OpeningCost.metadata.tables["opening_cost"],
            sa.and_(_opening.site == c.site, _opening.operation == _log.id),
            isouter=True,
        )
        .where(c.site == site, c.item.in_(sorted(items)))
        .order_by(c.seq, c.n)
    )  # fmt: skip
    nets: dict[tuple[Any, ...], Flow] = {}
    for row in connection.execute(query):
        arrives, leaves = is_virtual(row.place_from), is_virtual(row.place_to)
        far = row.place_from if arrives else row.place_to
        if arrives == leaves or far.split("/", 1)[0] in INSIDE:
            continue
        name = (row.id, row.line, row.key, far)
        known = nets.get(name)
        nets[name] = _grown(known or _first(row, far, arrives=arrives), row, arrives=arrives)
    return list(nets.values())


def _first(row: sa.Row[*tuple[Any, ...]], far: str, *, arrives: bool) -> Flow:
    at = row.t_to if arrives else row.t_from
    paper = f"{row.document}/{row.paper_line}" if row.document and row.paper_line else ""
    return Flow((at or 0, row.replica, row.rseq, row.line), row.id, row.accounted, row.item,
                _lot_of(row.key), far, 0, None, paper, row.verb == "produce")  # fmt: skip


def _grown(flow: Flow, row: sa.Row[*tuple[Any, ...]], *, arrives: bool) -> Flow:
    quantity = flow.quantity + (row.quantity if arrives else -row.quantity)
    worth = None
    if quantity > 0 and flow.far.startswith("supplier/") and row.cost is not None:
        worth = quantity * row.cost
    elif quantity > 0 and row.cost_micro is not None:
        # Rounded once for all of it: a screw at 0.0125 has no coin of its own.
        worth = share(quantity * row.cost_micro, 1, MICRO_IN_A_COIN)
    return structs.replace(flow, quantity=quantity, worth=worth)


def _lot_of(key: str) -> str:
    """Return the code of the lot in a key, "" for goods without one."""
    lot = key_of(key).lot
    return lot.code if lot else ""
