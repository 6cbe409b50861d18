"""Cells that hold lists and objects as JSON and cannot be read: found before anybody trips on it.

SQLite keeps whatever is written into such a cell, be it half a text or something of another kind.
"""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlmodel import SQLModel

_KINDS: Final = {
    "sqlite": "CASE WHEN json_valid({0}) THEN json_type({0}) ELSE 'no JSON' END",
    "postgresql": "json_typeof({0})",
}


def unreadable(connection: Connection, site: str) -> Iterator[str]:
    """Yield in words each cell of a site that is not of the kind that its column holds."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.c:
            if isinstance(column.type, sa.JSON):
                yield from _wrong(connection, site, column)


def _wrong(connection: Connection, site: str, column: "sa.Column[Any]") -> Iterator[str]:
    kind: sa.ColumnElement[str] = sa.literal_column(
        _KINDS[connection.dialect.name].format(f'"{column.name}"')
    )
    wanted = "object" if _is_object(column) else "array"
    key = [one for one in column.table.primary_key if one.name != "site"]
    query = sa.select(kind, *key).where(column.table.c.site == site, kind != wanted)
    for found, *names in connection.execute(query.order_by(*key)):
        row = ", ".join(map(str, names))
        yield f"{column} of {row}: it is {found}, and must be an {wanted}"


def _is_object(column: "sa.Column[Any]") -> bool:
    """Say whether what a new row has there is an object; else it is a list."""
    made = getattr(column.default, "arg", None)
    return callable(made) and isinstance(made(None), dict)
