"""Between the tables and the records of `sync/`: reading, upserting, bulk inserts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Table
from sqlmodel import SQLModel

from server.book.dialect import Dialect, Reader, dialect_of, run
from server.tables import REPLICATED
from sync.feed import feed_key
from sync.records import ROWS, Row

S = TypeVar("S", bound=msgspec.Struct)

ROWS_AT_ONCE: Final = 2_000
"""What is held of a table that is read from end to end."""


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
    return structs(struct, connection.execute(statement).all())


def stream(
    connection: Connection, name: str, struct: type[S], *where: ColumnElement[bool],
    order: str | None = None,
) -> Iterator[S]:  # fmt: skip
    """Yield the rows of a table as structs, in the order of a column, never holding them all."""
    statement = sa.select(*_columns(name, struct)).where(*where)
    if order is not None:
        statement = statement.order_by(table(name).c[order])
    found = connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
    for part in found.partitions():
        yield from structs(struct, part)


def structs(struct: type[S], rows: Iterable[Iterable[Any]]) -> list[S]:
    """Return rows, whose columns are the fields of a struct, as structs."""
    fields = struct.__struct_fields__
    return msgspec.convert([dict(zip(fields, row, strict=True)) for row in rows], list[struct])  # type: ignore[valid-type]  # a struct is a type


def fetch_in(  # noqa: PLR0913, PLR0917 - a query in words
    connection: Connection, name: str, struct: type[S], site: str, column: str,
    values: Iterable[Any], where: str = "",
) -> list[S]:  # fmt: skip
    """Return the rows of a site whose column is among the values; `where` adds a condition.

    All values are one parameter: the text never changes, so it is built and prepared once.
    """
    wanted = list(values)
    if not wanted:
        return []
    speaks = dialect_of(connection)
    text, read = _select_in(speaks, name, struct, column, where)
    parameters = (site, speaks.values(wanted, table(name).c[column]))
    rows = run(connection, text, parameters)
    if not read:
        return structs(struct, rows)
    return structs(struct, ([read.get(n, _same)(v) for n, v in enumerate(row)] for row in rows))


@cache
def _select_in(
    speaks: Dialect, name: str, struct: type[msgspec.Struct], column: str, where: str
) -> tuple[str, dict[int, Reader]]:
    """Return the query, and how to read the columns that the driver does not give as they are."""
    columns = _columns(name, struct)
    text = (
        f"SELECT {', '.join(c.name for c in columns)} FROM {name} WHERE site = ?"  # noqa: S608 - names of our own
        f" AND {speaks.among(table(name).c[column])}{' AND ' if where else ''}{where}"
    )
    readers = {number: speaks.reader(found) for number, found in enumerate(columns)}
    return speaks.text(text), {n: reader for n, reader in readers.items() if reader is not None}


def _same(value: object) -> object:
    return value


def fetch_listed(
    connection: Connection, text: str, rows: Collection[Sequence[Any]], *parameters: object,
    like: Sequence[sa.Column[Any]],
) -> list[Any]:  # fmt: skip
    """Run a query that joins given rows, `n` in it: `{n}` is where they stand, parameters follow.

    The rows have the names and types of the columns that they are `like`.
    """
    if not rows:
        return []
    speaks = dialect_of(connection)
    statement = _joined(speaks, text, tuple(like))
    return run(connection, statement, (*speaks.rows(rows, *like), *parameters))


@cache
def _joined(speaks: Dialect, text: str, like: tuple[sa.Column[Any], ...]) -> str:
    return speaks.text(text.replace("{n}", speaks.listed(*like)))


def insert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, every column given, in one statement."""
    if rows:
        dialect_of(connection).write(connection, name, rows, over=False)


def upsert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, every column given, in one statement, over those with the same key.

    In the order of their keys: whoever locks rows in one order never waits in a circle.
    """
    if rows:
        ordered = sorted(rows, key=_order(name))
        dialect_of(connection).write(connection, name, ordered, over=True)


@cache
def _order(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return itemgetter(*(column.name for column in table(name).primary_key))


def values_of(site: str, row: msgspec.Struct) -> dict[str, Any]:
    """Return a row's column values."""
    values = msgspec.structs.asdict(row)
    values["site"] = site
    return values


def key_of_row(kind: str, row: Row) -> str:
    """Return a row's key in the feed."""
    return feed_key(*[getattr(row, field) for field in ROWS[kind][1]])


_payload = msgspec.json.Encoder().encode


def image(row: Row) -> bytes:
    """Return a row's absolute image: its fields without the version, which travels beside it."""
    fields = msgspec.structs.asdict(row)
    del fields["version"]
    return _payload(fields)


def replicated(kind: str) -> str:
    """Return the name of the table behind a kind of the feed."""
    return REPLICATED[kind].name
