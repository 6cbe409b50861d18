"""What waits for a supervisor: discrepancies, and variances with the story behind each."""

from typing import Any, Final, TypeVar

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.refusals import Code, Refusal
from server.reports.bin_card import Step, step_of, steps_at
from server.reports.floods import GRAVITY, Shelf, on_shelf
from server.reports.oddities import Review, reviews
from server.reports.paging import after, joined, split
from server.tables import DeviceRow, DiscrepancyRow, Posting, ReplicaRow, VarianceRow
from sync.records import Discrepancy, Row, Variance

_discrepancy: Final = DiscrepancyRow.metadata.tables["discrepancy"]
_variance: Final = VarianceRow.metadata.tables["variance"]
_replica: Final = ReplicaRow.metadata.tables["replica"]
_device: Final = DeviceRow.metadata.tables["device"]
_posting: Final = Posting.metadata.tables["posting"]
_STEPS_MAX: Final = 200

R = TypeVar("R", bound=Row)


class Discrepancies(Struct, frozen=True):
    """A page, the gravest first and then the oldest; `reviews` by the id of each."""

    discrepancies: list[Discrepancy]
    reviews: dict[str, Review]
    next: str | None


class Variances(Struct, frozen=True):
    """A page, by the time of the counts."""

    variances: list[Variance]
    next: str | None


class Quiet(Struct, frozen=True):
    """A device from which the server has not heard all up to the time of the count."""

    device: str
    name: str
    seen_at: int
    complete_to: int
    unsent: int


class Story(Struct, frozen=True):
    """Why `expected` is what it is: `opening` and each step until the count.

    `after` are the steps of the same key since; `quiet` may still hold something from before.
    """

    variance: Variance
    opening: int
    before: list[Step]
    after: list[Step]
    quiet: list[Quiet]


class DiscrepanciesAsked(Struct, frozen=True):
    """Which discrepancies; `start` is the `next` of the page before.

    `device` are those that it opened; `shelf` what the desk shows one by one, or had put aside.
    """

    state: str | None = None
    code: str | None = None
    device: str | None = None
    shelf: Shelf | None = None
    limit: int = 200
    start: str | None = None


class VariancesAsked(Struct, frozen=True):
    """Which variances; `start` is the `next` of the page before."""

    state: str | None = None
    limit: int = 200
    start: str | None = None


def discrepancies(connection: Connection, site: str, asked: DiscrepanciesAsked) -> Discrepancies:
    c = _discrepancy.c
    order = (GRAVITY, c.opened_seq, c.discrepancy)
    query = sa.select(_discrepancy).where(c.site == site).order_by(*order).limit(asked.limit + 1)
    if asked.state:
        query = query.where(c.state == asked.state)
    if asked.code:
        query = query.where(c.code == asked.code)
    if asked.device or asked.shelf:
        query = on_shelf(connection, site, query, asked.device, asked.shelf)
    if asked.start:
        query = query.where(after(order, split(asked.start, int, int, str)))
    rows = connection.execute(query).all()
    page = [_record(Discrepancy, row) for row in rows[: asked.limit]]
    last = page[-1] if len(rows) > asked.limit else None
    return Discrepancies(
        page, reviews(connection, site, page),
        joined("URI".index(last.severity), last.opened_seq, last.discrepancy) if last else None,
    )  # fmt: skip


def discrepancies_of(connection: Connection, site: str, operation: str) -> list[Discrepancy]:
    c = _discrepancy.c
    query = sa.select(_discrepancy).where(c.site == site, c.operation == operation)
    return [_record(Discrepancy, row) for row in connection.execute(query.order_by(c.opened_seq))]


def variances(connection: Connection, site: str, asked: VariancesAsked) -> Variances:
    c = _variance.c
    order = (c.at, c.operation, c.line)
    query = sa.select(_variance).where(c.site == site).order_by(*order).limit(asked.limit + 1)
    if asked.state:
        query = query.where(c.state == asked.state)
    if asked.start:
        query = query.where(after(order, split(asked.start, int, str, int)))
    rows = connection.execute(query).all()
    page = [_record(Variance, row) for row in rows[: asked.limit]]
    last = page[-1] if len(rows) > asked.limit else None
    return Variances(page, joined(last.at, last.operation, last.line) if last else None)


def story(connection: Connection, site: str, operation: str, line: int) -> Story:
    """Tell how the ledger came to expect what it did. Raises `Refusal` when there is no such."""
    c = _variance.c
    found = connection.execute(
        sa.select(_variance).where(c.site == site, c.operation == operation, c.line == line)
    ).one_or_none()
    if found is None:
        raise Refusal(Code.NOT_FOUND)
    variance = _record(Variance, found)
    card = steps_at(site, variance.place, _posting.c.key == variance.key)
    # What an approval of this count set stands at the same moment, and comes after it.
    moved = sa.and_(card.c.counted.is_(None), card.c.kind != "gone")
    until = sa.or_(card.c.at < variance.at, sa.and_(card.c.at == variance.at, moved))
    before = _before(connection, card, until)
    later = sa.select(card).where(~until).order_by(card.c.at, card.c.seq, card.c.n)
    opening = before[0].balance_key - before[0].quantity if before else 0
    return Story(
        variance,
        opening,
        before,
        [step_of(row) for row in connection.execute(later.limit(_STEPS_MAX))],
        _quiet(connection, site, variance.at),
    )


def _before(
    connection: Connection, card: sa.Subquery, until: sa.ColumnElement[bool]
) -> list[Step]:  # fmt: skip
    """The newest steps until then, from the last count that set the balance on."""
    newest = (card.c.at.desc(), card.c.seq.desc(), card.c.n.desc())
    rows = connection.execute(sa.select(card).where(until).order_by(*newest).limit(_STEPS_MAX))
    steps: list[Step] = []
    for row in rows:
        steps.append(step_of(row))
        if row.counted is not None:
            break
    return steps[::-1]


def _quiet(connection: Connection, site: str, at: int) -> list[Quiet]:
    same = sa.and_(_device.c.site == _replica.c.site, _device.c.device == _replica.c.device)
    query = (
        sa.select(
            _replica.c.device, sa.func.coalesce(_device.c.name, ""), _replica.c.seen_at,
            _replica.c.watermark, _replica.c.unsent,
        )
        .select_from(_replica.outerjoin(_device, same))
        .where(_replica.c.site == site, _replica.c.active, _replica.c.watermark < at)
        .order_by(_replica.c.watermark)
        .limit(_STEPS_MAX)
    )  # fmt: skip
    return [Quiet(*row) for row in connection.execute(query)]


def _record(kind: type[R], row: sa.Row[*tuple[Any, ...]]) -> R:
    """Read a table row as the record of the same name: the table adds only the site."""
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
