"""Between the tables and the records of `sync/`: reading, upserting, bulk inserts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, TypeVar, get_origin

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
    order: Sequence[str] = (),
) -> Iterator[S]:  # fmt: skip
    """Yield the rows of a table as structs, in the order of columns, never holding them all."""
    statement = sa.select(*_columns(name, struct)).where(*where)
    statement = statement.order_by(*(table(name).c[column] for column in order))
    found = connection.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE})
    for part in found.partitions():
        yield from structs(struct, part)


def structs(struct: type[S], rows: Iterable[Sequence[Any]]) -> list[S]:
    """Return rows, whose columns are the fields of a struct, as structs.

    The database keeps what a struct was made of, so only what it cannot hold is converted: the
    general way through `msgspec.convert` takes four times as long, on every row of every push.
    """
    nested = _nested(struct)
    if nested:
        rows = [_converted(row, nested) for row in rows]
    if issubclass(struct, Row):
        return [struct(*row[:-1], version=row[-1]) for row in rows]
    return [struct(*row) for row in rows]


def _converted(row: Sequence[Any], nested: Sequence[tuple[int, Any]]) -> list[Any]:
    fields = list(row)
    for number, type_ in nested:
        fields[number] = msgspec.convert(fields[number], type_)
    return fields


@cache
def _nested(struct: type[msgspec.Struct]) -> tuple[tuple[int, Any], ...]:
    """Return the fields that a JSON column holds as something plainer: position and type."""
    fields = enumerate(msgspec.structs.fields(struct))
    return tuple((n, field.type) for n, field in fields if get_origin(field.type) is tuple)


def fetch_in(  # noqa: PLR0913, PLR0917 - a query in words
    connection: Connection, name: str, struct: type[S], site: str, column: str,
    values: Iterable[Any], where: str = "", *more: object,
) -> list[S]:  # fmt: skip
    """Return the rows of a site whose column is among the values; `where` adds a condition.

    All values are one parameter, and what the condition compares with are `more`: the text never
    changes, so it is built and prepared once.
    """
    wanted = list(values)
    if not wanted:
        return []
    speaks = dialect_of(connection)
    text = _select_in(speaks, name, struct, column, where)
    parameters = (site, speaks.values(wanted, table(name).c[column]), *more)
    return as_read(connection, name, struct, run(connection, text, parameters))


def as_read(
    connection: Connection, name: str, struct: type[S], rows: Sequence[Sequence[Any]]
) -> list[S]:
    """Return what the driver gave for the columns of `columns_of` as structs."""
    read = _readers(dialect_of(connection), name, struct)
    return structs(struct, [_read(row, read) for row in rows] if read else rows)


def columns_of(struct: type[msgspec.Struct], alias: str) -> str:
    """Return the columns behind a struct as they stand in a query."""
    return ", ".join(f"{alias}.{field}" for field in struct.__struct_fields__)


def _read(row: Sequence[Any], read: Mapping[int, Reader]) -> list[Any]:
    fields = list(row)
    for number, reader in read.items():
        fields[number] = reader(fields[number])
    return fields


@cache
def _select_in(
    speaks: Dialect, name: str, struct: type[msgspec.Struct], column: str, where: str
) -> str:
    return speaks.text(
        f"SELECT {', '.join(struct.__struct_fields__)} FROM {name} WHERE site = ?"  # noqa: S608 - names of our own
        f" AND {speaks.among(table(name).c[column])}{' AND ' if where else ''}{where}"
    )


@cache
def _readers(speaks: Dialect, name: str, struct: type[msgspec.Struct]) -> dict[int, Reader]:
    """Return how to read the columns that the driver does not give as they are."""
    readers = {n: speaks.reader(column) for n, column in enumerate(_columns(name, struct))}
    return {n: reader for n, reader in readers.items() if reader is not None}


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
    """Return a row's absolute image: its fields without the last, the version beside it."""
    return _payload(row).rpartition(b',"version":')[0] + b"}"


def replicated(kind: str) -> str:
    """Return the name of the table behind a kind of the feed."""
    return REPLICATED[kind].name
