"""Writes what a preview found: rows by one change of the book, opening stock by pushes.

Rows are all written or none. Stock is told by the book itself afterwards: what was posted, what
is parked, what is flagged. Whoever was cut off imports the same file again.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book import Book
from server.imports import opening
from server.imports.opening import Stock
from server.imports.standing import Known, Opened, openings
from server.imports.tables import Preview
from server.tables import OpeningCost, SiteRow
from sync import records

_cost: Final = OpeningCost.metadata.tables["opening_cost"]
_site: Final = SiteRow.metadata.tables["site"].c


class ChangedMeanwhileError(ValueError):
    """The site was changed by somebody else while the file was read."""


class Import(Struct, frozen=True):
    """Who imports, and the stated moment that opening stock stands for (go-live)."""

    site: str
    actor: str
    opened: int


@dataclass(frozen=True)
class Written:
    """What stands in the book after an import: the openings of the site by id."""

    opened: dict[str, Opened]


async def write(book: Book, job: Import, found: Preview, known: Known, received: int) -> Written:
    """Write what is good. Raises `ChangedMeanwhileError`, `OpeningRefusedError`."""
    rows = list(found.decided.rows)
    stock = [group.stock for group in found.decided.groups]
    if stock and known.find(records.Device, opening.DEVICE.device) is None:
        rows.append(opening.DEVICE)

    def first(connection: Connection) -> None:
        seq = connection.scalar(sa.select(_site.master_seq).where(_site.site == job.site))
        if seq != known.seq:
            raise ChangedMeanwhileError(
                "Somebody changed the site while the file was read; nothing was written. Try again."
            )
        _keep_costs(connection, job.site, stock)

    if rows:
        await book.change(job.site, job.actor, rows, f"import of {found.kind}", first)
    elif stock:
        await book.write(first, job.site)
    if stock:
        bodies = opening.opening_operations(job.site, job.actor, stock, job.opened)
        source = opening.source_of(bodies)
        await opening.post(book, job.site, source, bodies, received)
    if found.kind != "stock":
        return Written({})
    return Written(await book.read(lambda connection: openings(connection, job.site)))


def _keep_costs(connection: Connection, site: str, stock: list[Stock]) -> None:
    """Keep what a base unit cost beside the fact: on the server alone."""
    costs = [
        {"site": site, "operation": one.operation(site), "cost_micro": one.unit_cost}
        for one in stock
        if one.unit_cost is not None
    ]
    for row in costs:
        mine = sa.and_(_cost.c.site == site, _cost.c.operation == row["operation"])
        connection.execute(sa.delete(_cost).where(mine))
    if costs:
        connection.execute(sa.insert(_cost), costs)
