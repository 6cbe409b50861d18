"""What stock is worth, computed from the ledger each time it is asked (R27)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.refusals import Code, Refusal
from server.tables import ItemRow, Log, Posting, Price
from sync.stock import is_virtual, key_of
from sync.valuation import INSIDE, Flow, Used, Valuation, value

_posting: Final = Posting.metadata.tables["posting"].c
_log: Final = Log.metadata.tables["log"].c
_price: Final = Price.metadata.tables["price"].c
_item: Final = ItemRow.metadata.tables["item"].c
_USED_MAX: Final = 1_000


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
    flows = _flows(connection, site, page)
    rows = [(item, value(flows[item])) for item in page]
    more = page[-1] if len(codes) > asked.limit else None
    return Values([Valued(item, v.quantity, v.value, v.unvalued) for item, v in rows], more)


def valuation(connection: Connection, site: str, item: str) -> ValuationShown:
    """Value one item. Raises `Refusal` when there is none of that code."""
    known = sa.select(_item.item).where(_item.site == site, _item.item == item)
    if connection.execute(known).first() is None:
        raise Refusal(Code.NOT_FOUND)
    found: Valuation = value(_flows(connection, site, [item])[item])
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


def _flows(connection: Connection, site: str, items: Sequence[str]) -> dict[str, list[Flow]]:
    """Return what came and went of each item: every operation's own, with all that amended it."""
    c = _posting
    query = (
        sa.select(
            c.item, c.key, c.place_from, c.place_to, c.quantity, c.t_from, c.t_to, c.line,
            c.replica, c.rseq,
            _log.id, _log.accounted, _price.cost,
        )
        .select_from(Posting.metadata.tables["posting"])
        .join(Log.metadata.tables["log"], sa.and_(_log.site == c.site, _log.seq == c.of))
        .join(
            Price.metadata.tables["price"],
            sa.and_(_price.site == c.site, _price.document == _log.document,
                    _price.line == _log.line),
            isouter=True,
        )
        .where(c.site == site, c.item.in_(items))
        .order_by(c.seq, c.n)
    )  # fmt: skip
    nets: dict[str, dict[tuple[Any, ...], Flow]] = defaultdict(dict)
    for row in connection.execute(query):
        arrives, leaves = is_virtual(row.place_from), is_virtual(row.place_to)
        far = row.place_from if arrives else row.place_to
        if arrives == leaves or far.split("/", 1)[0] in INSIDE:
            continue
        name = (row.id, row.line, row.key, far)
        known = nets[row.item].get(name)
        quantity = (row.quantity if arrives else -row.quantity) + (known.quantity if known else 0)
        at = row.t_to if arrives else row.t_from
        cost = row.cost if far.startswith("supplier/") else None
        moment = known.moment if known else (at or 0, row.replica, row.rseq, row.line)
        nets[row.item][name] = Flow(moment, row.id, row.accounted,
                                    _lot_of(row.key), far, quantity, cost)  # fmt: skip
    return {item: list(nets[item].values()) for item in items}


def _lot_of(key: str) -> str:
    """Return the code of the lot in a key, "" for goods without one."""
    lot = key_of(key).lot
    return lot.code if lot else ""
