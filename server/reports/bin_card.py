"""The bin card: everything that came to a place and left it, with what was left each time.

Steps stand in the order in which they happened at that place; `recorded_at` tells
when the server learned of them, so late ones can be seen.
"""

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.reports.paging import before, joined, split
from server.tables import Log, Posting
from sync.stock import key_of

_posting: Final = Posting.metadata.tables["posting"]
_log: Final = Log.metadata.tables["log"]


class Step(Struct, frozen=True):
    """One posting as the place sees it.

    It happened `at` ± `u`, as far as its device's clock can be trusted, and the server recorded it
    at `recorded_at`.
    `carrier` is the device that brought it for its own, else empty.
    `quantity` is signed, `balance` is what was then left of the item, `balance_key` of the key.
    `counted` is set where a count set the balance. `amends` names the operation whose effect a
    late or reversed one changed.
    """

    seq: int
    operation: str
    verb: str
    actor: str
    device: str
    carrier: str
    at: int
    t_from: int | None
    t_to: int | None
    u: int
    trust: str
    recorded_at: int
    key: str
    lot: str | None
    other: str
    quantity: int
    balance: int
    balance_key: int
    counted: int | None
    document: str | None
    line: int | None
    why: str
    amends: str | None


class BinCard(Struct, frozen=True):
    """A page of steps, oldest first; `earlier` asks for the page before, null at the start."""

    place: str
    item: str
    balance: int
    steps: list[Step]
    earlier: str | None


class CardAsked(Struct, frozen=True):
    """Which card, and which page of it; `start` is the `earlier` of the page after."""

    place: str
    item: str
    limit: int = 50
    start: str | None = None


def bin_card(connection: Connection, site: str, asked: CardAsked) -> BinCard:
    """Return the newest steps of an item at a place, or those before `start`."""
    limit, start = asked.limit, asked.start
    card = steps_at(site, asked.place, _posting.c.item == asked.item)
    query = sa.select(card).order_by(card.c.at.desc(), card.c.seq.desc(), card.c.n.desc())
    if start:
        query = query.where(before((card.c.at, card.c.seq, card.c.n), split(start, int, int, int)))
    rows = connection.execute(query.limit(limit + 1)).all()
    page = rows[:limit]
    earlier = joined(page[-1].at, page[-1].seq, page[-1].n) if len(rows) > limit else None
    newest = sa.select(sa.func.coalesce(sa.func.sum(card.c.quantity), 0))
    balance = connection.scalar(newest) or 0
    steps = [step_of(row) for row in reversed(page)]
    return BinCard(asked.place, asked.item, int(balance), steps, earlier)


def steps_at(site: str, place: str, which: sa.ColumnElement[bool]) -> sa.Subquery:
    """All postings at a place, signed as it sees them, with running balances and their cause."""
    ends = sa.union_all(
        _end(site, place, which, out=True), _end(site, place, which, out=False)
    ).subquery("ends")  # fmt: skip
    cause, amended = _log.alias("cause"), _log.alias("amended")
    order = (ends.c.at, ends.c.seq, ends.c.n)
    total = sa.func.sum(ends.c.quantity)
    columns = (
        ends,
        cause.c.id.label("operation"),
        cause.c.verb,
        cause.c.actor,
        cause.c.device,
        cause.c.carrier,
        cause.c.received_at.label("recorded_at"),
        sa.func.coalesce(amended.c.trust, cause.c.trust).label("trust"),
        cause.c.document,
        cause.c.line.label("task_line"),
        amended.c.id.label("amends"),
        total.over(order_by=order, rows=(None, 0)).label("balance"),
        total.over(partition_by=ends.c.key, order_by=order, rows=(None, 0)).label("balance_key"),
    )
    its_cause = sa.and_(cause.c.site == site, cause.c.seq == ends.c.seq)
    its_target = sa.and_(
        amended.c.site == site, amended.c.seq == ends.c.of, ends.c.of != ends.c.seq
    )
    joins = ends.join(cause, its_cause).outerjoin(amended, its_target)
    return sa.select(*columns).select_from(joins).subquery("card")


def step_of(row: sa.Row[*tuple[Any, ...]]) -> Step:
    key = key_of(row.key)
    return Step(
        seq=row.seq, operation=row.operation, verb=row.verb, actor=row.actor, device=row.device,
        carrier=row.carrier,
        at=row.at, t_from=row.t_from, t_to=row.t_to, u=row.u, trust=row.trust,
        recorded_at=row.recorded_at,
        key=row.key, lot=key.lot.code if key.lot else None, other=row.other,
        quantity=row.quantity, balance=int(row.balance), balance_key=int(row.balance_key),
        counted=row.counted, document=row.document, line=row.task_line, why=row.kind,
        amends=row.amends,
    )  # fmt: skip


def _end(
    site: str, place: str, which: sa.ColumnElement[bool], *, out: bool
) -> sa.Select[Any]:  # fmt: skip
    c = _posting.c
    here, other, at = (
        (c.place_from, c.place_to, c.t_from) if out else (c.place_to, c.place_from, c.t_to)
    )
    return sa.select(
        c.seq, c.n, c.of, c.kind, c.key, c.t_from, c.t_to, c.u, c.counted,
        at.label("at"), other.label("other"),
        (-c.quantity if out else c.quantity).label("quantity"),
    ).where(c.site == site, here == place, at.is_not(None), which)  # fmt: skip
