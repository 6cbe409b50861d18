"""Whether a period may be closed: what of it is still open, in the ledger and on the devices (R47).

A closed period is what the books of a month are read from; whatever comes later is accounted in the
next one. So it is closed once it is over, every device has reported, and nobody is asked about
anything in it any more.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.days import days_in, starts
from server.book.rows import fetch, table
from server.book.watermark import reported
from sync.limits import SUSPENSE
from sync.records import Site
from sync.stock import VIRTUAL
from sync.vocabulary import Outcome

REASONS: Final = (
    "day_not_over", "not_reported", "parked_open", "suspense_open", "negative_open", "counts_open",
    "month_before_open",
)  # fmt: skip


class Reason(Struct, frozen=True):
    """One thing that keeps a period open; `facts` complete its sentence."""

    reason: str
    facts: dict[str, object] = {}


def reasons(connection: Connection, site: str, through: str, now: int) -> list[Reason]:
    """Return all that keeps a site from closing its books through a day; none when it may.

    Opening days again, closing through an earlier day than now, is always possible.
    """
    (settings,) = fetch(connection, "site", Site, table("site").c.site == site)
    if settings.closed_through is not None and through <= settings.closed_through:
        return []
    return [*_found(connection, settings, through, now)]


def _found(connection: Connection, site: Site, through: str, now: int) -> Iterator[Reason]:
    zone = site.time_zone
    today, end = days_in(zone)(now), starts(zone, _after(through))
    if through >= today:
        yield Reason("day_not_over", {"through": through, "today": today})
    here = table("site").c
    kept = sa.select(here.watermark).where(here.site == site.site)
    mark = max(_number(connection, kept), reported(connection, site.site, now))
    if mark < end:
        yield Reason("not_reported", {"through": through, "reported": days_in(zone)(mark)})
    for reason, number in (
        ("parked_open", _parked(connection, site.site, end)),
        ("suspense_open", _held(connection, site.site, table("holding").c.place == SUSPENSE)),
        ("negative_open", _held(connection, site.site, _below_zero())),
        ("counts_open", _counts(connection, site.site, through, end)),
    ):
        if number:
            yield Reason(reason, {"n": number})
    before = _month_before(connection, site, through)
    if before is not None:
        yield Reason("month_before_open", {"month": before})


def _after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _number(connection: Connection, query: sa.Select[Any]) -> int:
    return int(connection.execute(query).scalar() or 0)


def _parked(connection: Connection, site: str, end: int) -> int:
    """Operations that nobody has done or answered yet: what they did may belong there."""
    log, doubt = table("log").c, table("discrepancy").c
    of = sa.and_(log.site == doubt.site, log.id == doubt.operation)
    return _number(
        connection,
        sa.select(sa.func.count(sa.distinct(log.seq)))
        .join_from(table("discrepancy"), table("log"), of)
        .where(doubt.site == site, doubt.state == "open",
               log.outcome == Outcome.PARKED.value, log.at < end),
    )  # fmt: skip


def _held(connection: Connection, site: str, which: sa.ColumnElement[bool]) -> int:
    held = table("holding").c
    return _number(
        connection,
        sa.select(sa.func.count()).where(held.site == site, held.quantity != 0, which),
    )


def _below_zero() -> sa.ColumnElement[bool]:
    held = table("holding").c
    balances = [sa.or_(held.place == name, held.place.startswith(f"{name}/", autoescape=True))
                for name in sorted(VIRTUAL)]  # fmt: skip
    return sa.and_(held.quantity < 0, sa.not_(sa.or_(*balances)))


def _counts(connection: Connection, site: str, through: str, end: int) -> int:
    """Variances that wait for a decision, and counts that are asked for and due."""
    row, paper, line = table("variance").c, table("document").c, table("line").c
    open_ = sa.select(sa.func.count()).where(row.site == site, row.state == "open", row.at < end)
    asked = sa.or_(paper.due <= through, paper.document.startswith("RC-"))
    same = sa.and_(line.site == paper.site, line.document == paper.document)
    due = (
        sa.select(sa.func.count()).join_from(table("document"), table("line"), same)
        .where(paper.site == site, paper.kind == "count", paper.state == "open", asked,
               line.state == "open", line.done < line.quantity)
    )  # fmt: skip
    return _number(connection, open_) + _number(connection, due)


def _month_before(connection: Connection, site: Site, through: str) -> str | None:
    """Return the month of the first open fact that lies before the month to be closed."""
    first = starts(site.time_zone, through[:8] + "01")
    since = 0
    if site.closed_through is not None:
        since = starts(site.time_zone, _after(site.closed_through))
    log = table("log").c
    at = connection.execute(
        sa.select(sa.func.min(log.at)).where(
            log.site == site.site, log.kind == "fact", log.at >= since, log.at < first
        )
    ).scalar()
    return days_in(site.time_zone)(at)[:7] if at is not None else None
