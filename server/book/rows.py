"""Between the tables and the records of `sync/`: reading, upserting, bulk inserts."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from server.tables import REPLICATED
from sync.feed import feed_key
from sync.records import FEED, Row

S = TypeVar("S", bound=msgspec.Struct)
CHUNK = 10_000
"""Values in one IN list: below SQLite's limit of bound variables."""


def table(name: str) -> Table:
    """Return a table by its name."""
    return SQLModel.metadata.tables[name]


@cache
def _columns(name: str, struct: type[msgspec.Struct]) -> tuple[sa.Column[Any], ...]:
    columns = table(name).c
    return tuple(columns[field] for field in struct.__struct_fields__)


def fetch(
    connection: Connection, name: str, struct: type[S], *where: ColumnElement[bool]
) -> list[S]:
    """Return the rows of a table as structs, in no order."""
    statement = sa.select(*_columns(name, struct)).where(*where)
    fields = struct.__struct_fields__
    return [
        msgspec.convert(dict(zip(fields, row, strict=True)), struct)
        for row in connection.execute(statement)
    ]


def fetch_in(  # noqa: PLR0913 - a query in words
    connection: Connection, name: str, struct: type[S], site: str, column: str,
    values: Iterable[Any], *where: ColumnElement[bool],
) -> list[S]:  # fmt: skip
    """Return the rows of a site whose column is among the values."""
    wanted = list(values)
    columns = table(name).c
    found: list[S] = []
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        found += fetch(connection, name, struct, columns.site == site,
                       columns[column].in_(part), *where)  # fmt: skip
    return found


def insert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in one statement."""
    if rows:
        connection.execute(sa.insert(table(name)), rows)


@cache
def _upsert(name: str, dialect: str) -> Any:  # noqa: ANN401 - one statement of two dialects
    into = table(name)
    module = postgresql if dialect == "postgresql" else sqlite
    statement = module.insert(into)
    keys = [column.name for column in into.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in into.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def upsert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows in one statement, over those with the same key."""
    if rows:
        connection.execute(_upsert(name, connection.dialect.name), rows)


def values_of(site: str, row: msgspec.Struct) -> dict[str, Any]:
    """Return a row's column values."""
    values: dict[str, Any] = msgspec.to_builtins(row, builtin_types=(bytes,))
    values["site"] = site
    return values


def key_of_row(kind: str, row: Row) -> str:
    """Return a row's key in the feed."""
    return feed_key(*(getattr(row, field) for field in FEED[kind][1]))


_payload = msgspec.json.Encoder().encode


def image(row: Row) -> bytes:
    """Return a row's absolute image: its fields without the version, which travels beside it."""
    fields = msgspec.structs.asdict(row)
    del fields["version"]
    return _payload(fields)


def replicated(kind: str) -> str:
    """Return the name of the table behind a kind of the feed."""
    return REPLICATED[kind].name
