"""What stands where: the holdings that are not zero, in the order of places."""

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.reports.paging import after, joined, split
from server.tables import HoldingRow
from sync.stock import VIRTUAL, key_of

_holding: Final = HoldingRow.metadata.tables["holding"]


class HoldingShown(Struct, frozen=True):
    """Quantity of one key at one place, the key in its parts."""

    place: str
    key: str
    item: str
    lot: str | None
    expires: str | None
    supplier: str | None
    serial: str | None
    status: str
    owner: str | None
    quantity: int


class Holdings(Struct, frozen=True):
    """A page of holdings; `next` asks for the following one, null at the end."""

    holdings: list[HoldingShown]
    next: str | None


class Asked(Struct, frozen=True):
    """Which holdings: of an item, at a place, or all; `start` is the `next` of the page before."""

    item: str | None = None
    place: str | None = None
    limit: int = 200
    start: str | None = None


def holdings(connection: Connection, site: str, asked: Asked) -> Holdings:
    c = _holding.c
    query = (
        sa.select(c.place, c.key, c.item, c.quantity)
        .where(c.site == site, c.quantity != 0)
        .order_by(c.place, c.key)
        .limit(asked.limit + 1)
    )
    if asked.item is not None:
        query = query.where(c.item == asked.item)
    if asked.place is None:
        # Places that only balance the books are shown to who asks for one by name.
        query = query.where(*(~c.place.startswith(f"{name}/") for name in sorted(VIRTUAL)))
        query = query.where(c.place.not_in(sorted(VIRTUAL)))
    else:
        query = query.where(c.place == asked.place)
    if asked.start:
        query = query.where(after((c.place, c.key), split(asked.start, str, str)))
    rows = connection.execute(query).all()
    page = [_shown(row) for row in rows[: asked.limit]]
    more = len(rows) > asked.limit
    return Holdings(page, joined(page[-1].place, page[-1].key) if more else None)


def _shown(row: sa.Row[*tuple[Any, ...]]) -> HoldingShown:
    key = key_of(row.key)
    lot = key.lot
    return HoldingShown(
        row.place, row.key, row.item,
        lot.code if lot else None, lot.expires if lot else None, lot.supplier if lot else None,
        key.serial, key.status or "ok", key.owner, row.quantity,
    )  # fmt: skip
