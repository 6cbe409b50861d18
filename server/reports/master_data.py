"""The master data of a site as records: what an import is held against."""

from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from server.tables import REPLICATED
from sync.records import Device, Item, Location, Partner, Person, Row, Unit, Warehouse

_KINDS: Final[tuple[tuple[str, type[Row]], ...]] = (
    ("warehouse", Warehouse),
    ("location", Location),
    ("item", Item),
    ("partner", Partner),
    ("person", Person),
    ("device", Device),
)

R = TypeVar("R", bound=Row)


def rows_of_site(connection: Connection, site: str) -> list[Row]:
    """Return items, locations, warehouses, partners, people and devices of the site."""
    rows: list[Row] = []
    for kind, record in _KINDS:
        table = REPLICATED[kind]
        found = connection.execute(sa.select(table).where(table.c.site == site))
        rows.extend(_record(record, row) for row in found)
    return rows


def _record(kind: type[R], row: sa.Row[*tuple[Any, ...]]) -> R:
    fields = {name: getattr(row, name) for name in kind.__struct_fields__}
    if kind is Item:
        fields["units"] = msgspec.convert(fields["units"], tuple[Unit, ...])
        fields["aliases"] = tuple(fields["aliases"])
    return kind(**fields)
