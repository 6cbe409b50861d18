"""Where SQLite and PostgreSQL differ in the book's own statements; nobody else asks which it is.

Many values travel as few parameters, so that a statement's text never depends on their number and
is prepared once: on SQLite as one JSON text, on PostgreSQL as one array for each column.
Statements are written with `?` for every parameter. Rows that are given stand first, and what is
looked up for each of them follows with `CROSS JOIN table AS t WHERE`: neither database may begin
at the other end, whatever it believes of how rows are spread. SQLite takes that order as it is
written, and may be told the index (`INDEXED BY`); PostgreSQL gets a `LATERAL` behind a fence.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, Protocol

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlmodel import SQLModel

Reader = Callable[[Any], Any]
Row = Mapping[str, Any]
EACH: Final = re.compile(
    r"CROSS JOIN (\w+) AS (\w+)(?: INDEXED BY \w+)? WHERE (.+?)(?= GROUP BY| ORDER BY|$)", re.DOTALL
)
LOOKED_UP: Final = r"CROSS JOIN LATERAL (SELECT * FROM \1 AS \2 WHERE \3 OFFSET 0) AS \2"
encode: Final = msgspec.json.Encoder().encode


class Dialect(Protocol):
    """What the statements of the book leave open."""

    for_update: str
    """What stands after a SELECT that locks its rows."""

    def __hash__(self) -> int:
        """Statements are made once for each."""

    def text(self, statement: str) -> str:
        """Return a statement as the driver wants it."""

    def among(self, column: sa.Column[Any]) -> str:
        """Return the condition that a column is one of the values of one parameter."""

    def values(self, values: Collection[Any], column: sa.Column[Any]) -> Any:  # noqa: ANN401 - a driver's own
        """Return the parameter of `among`."""

    def listed(self, *columns: sa.Column[Any]) -> str:
        """Return what stands in FROM for rows that are given, in columns of these names."""

    def rows(self, rows: Collection[Sequence[Any]], *columns: sa.Column[Any]) -> tuple[Any, ...]:
        """Return the parameters of `listed`."""

    def reader(self, column: sa.Column[Any]) -> Reader | None:
        """Return how to read what the driver gives for a column, where that is not its value."""

    def write(self, connection: Connection, name: str, rows: Sequence[Row], *, over: bool) -> None:
        """Insert rows, every column given; with `over` in place of those with the same key."""


def run(connection: Connection, statement: str, parameters: Sequence[Any]) -> list[Any]:
    """Return the rows of a statement that is ready for the driver.

    It goes past SQLAlchemy, whose care for a statement takes many times what SQLite needs for it.
    """
    found: list[Any] = _driver(connection).execute(statement, parameters).fetchall()
    return found


def ask(connection: Connection, statement: str, *parameters: object) -> list[Any]:
    """Return the rows of a statement of ours, with `?` for each parameter, in the same way."""
    return run(connection, _text(dialect_of(connection), statement), parameters)


@cache
def _text(speaks: Dialect, statement: str) -> str:
    return speaks.text(statement)


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - sqlite3 and psycopg have this much in common
    return connection.connection.driver_connection


def dialect_of(connection: Connection) -> Dialect:
    """Return the dialect that a connection speaks."""
    return _DIALECTS[connection.dialect.name]


class _SQLite:
    for_update = ""  # a transaction that writes has the whole database

    def text(self, statement: str) -> str:
        return statement

    def among(self, column: sa.Column[Any]) -> str:
        return f'"{column.name}" IN (SELECT value FROM json_each(?))'  # noqa: S608 - a name of our own

    def values(self, values: Collection[Any], _: sa.Column[Any]) -> str:
        return encode(values).decode()

    def listed(self, *columns: sa.Column[Any]) -> str:
        parts = (f"json_extract(value, '$[{n}]') AS \"{c.name}\"" for n, c in enumerate(columns))
        return f"(SELECT {', '.join(parts)} FROM json_each(?)) AS n"  # noqa: S608 - names of our own

    def rows(self, rows: Collection[Sequence[Any]], *_: sa.Column[Any]) -> tuple[str]:
        return (encode(rows).decode(),)

    def reader(self, column: sa.Column[Any]) -> Reader | None:
        if isinstance(column.type, sa.JSON):
            return msgspec.json.decode
        return bool if isinstance(column.type, sa.Boolean) else None

    def write(self, connection: Connection, name: str, rows: Sequence[Row], *, over: bool) -> None:
        """The driver gets tuples: anything slower would be most of the work of a push."""
        into = _into(name)
        marks = ", ".join("?" * len(into.columns))
        text = f"{into.start} VALUES ({marks}){into.over if over else ''}"
        _driver(connection).executemany(text, [into.values(row) for row in into.plain(rows)])


class _PostgreSQL:
    for_update = " FOR UPDATE"

    def text(self, statement: str) -> str:
        return EACH.sub(LOOKED_UP, statement).replace("?", "%s")

    def among(self, column: sa.Column[Any]) -> str:
        return f'"{column.name}" = ANY(?::{_kind(column)}[])'

    def values(self, values: Collection[Any], column: sa.Column[Any]) -> Any:  # noqa: ANN401 - a driver's own
        return _array(values, _kind(column))

    def listed(self, *columns: sa.Column[Any]) -> str:
        arrays = ", ".join(f"?::{_kind(column)}[]" for column in columns)
        names = ", ".join(f'"{column.name}"' for column in columns)
        return f"unnest({arrays}) AS n({names})"

    def rows(self, rows: Collection[Sequence[Any]], *columns: sa.Column[Any]) -> tuple[Any, ...]:
        several = zip(*rows, strict=True) if rows else [() for _ in columns]
        return tuple(_array(v, _kind(c)) for v, c in zip(several, columns, strict=True))

    def reader(self, _: sa.Column[Any]) -> None:
        return None

    def write(self, connection: Connection, name: str, rows: Sequence[Row], *, over: bool) -> None:
        """One array for each column; a single statement is a single way to the server and back."""
        into = _into(name)
        text = _unnested(name) + (into.over if over else "")
        given = [into.values(row) for row in into.plain(rows)]
        _driver(connection).execute(text, self.rows(given, *into.columns))


_DIALECTS: Final[Mapping[str, Dialect]] = {"postgresql": _PostgreSQL(), "sqlite": _SQLite()}


class _Into(msgspec.Struct, frozen=True):
    """The parts of an insert into a table, and the values of a row in the order of its columns."""

    columns: tuple[sa.Column[Any], ...]
    start: str
    over: str
    values: Callable[[Row], tuple[Any, ...]]
    json: tuple[str, ...]

    def plain(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return rows whose JSON is text."""
        for name in self.json:
            rows = [{**row, name: encode(row[name]).decode()} for row in rows]
        return rows


@cache
def _into(name: str) -> _Into:
    into = SQLModel.metadata.tables[name]
    columns = tuple(into.c)
    keys = [column.name for column in into.primary_key]
    rest = (c.name for c in columns if c.name not in keys)
    changes = ", ".join(f'"{column}" = excluded."{column}"' for column in rest)
    names = ", ".join(f'"{column.name}"' for column in columns)
    conflict = ", ".join(f'"{key}"' for key in keys)
    return _Into(
        columns,
        start=f'INSERT INTO "{name}" ({names})',
        over=f" ON CONFLICT ({conflict}) DO UPDATE SET {changes}",
        values=itemgetter(*(column.name for column in columns)),
        json=tuple(column.name for column in columns if isinstance(column.type, sa.JSON)),
    )


@cache
def _unnested(name: str) -> str:
    """Return the insert of rows that come as arrays; a JSON travels as the text that it is."""
    into, speaks = _into(name), _DIALECTS["postgresql"]
    picked = (f'"{c.name}"::json' if c.name in into.json else f'"{c.name}"' for c in into.columns)
    select = f"SELECT {', '.join(picked)} FROM {speaks.listed(*into.columns)}"  # noqa: S608 - names of our own
    return speaks.text(f"{into.start} {select}")


@cache
def _kind(column: sa.Column[Any]) -> str:
    match column.type:
        case sa.Boolean():
            return "boolean"
        case sa.Integer():
            return "bigint"
        case sa.LargeBinary():
            return "bytea"
        case _:
            return "text"


def _array(values: Collection[Any], kind: str) -> Any:  # noqa: ANN401 - a driver's own
    """Return an array for the driver: as a literal, which is quicker made than by its dumpers.

    No text of ours holds NUL, so it can stand between the texts while they are quoted together.
    """
    if kind == "bytea":
        return list(values)
    if kind != "text":
        return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"
    if None in values:
        quoted = ("NULL" if one is None else f'"{_escaped(one)}"' for one in values)
        return "{" + ",".join(quoted) + "}"
    if not values:
        return "{}"
    return '{"' + _escaped("\0".join(values)).replace("\0", '","') + '"}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
