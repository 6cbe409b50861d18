"""Between the tables and the records of `sync/`: reading, upserting, bulk inserts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from server.tables import REPLICATED
from sync.feed import feed_key
from sync.records import ROWS, Row

S = TypeVar("S", bound=msgspec.Struct)
_DIALECTS: Final[dict[str, Any]] = {"postgresql": postgresql, "sqlite": sqlite}


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


def structs(struct: type[S], rows: Iterable[Iterable[Any]]) -> list[S]:
    """Return rows, whose columns are the fields of a struct, as structs."""
    fields = struct.__struct_fields__
    return msgspec.convert([dict(zip(fields, row, strict=True)) for row in rows], list[struct])  # type: ignore[valid-type]  # a struct is a type


def fetch_in(  # noqa: PLR0913, PLR0917 - a query in words
    connection: Connection, name: str, struct: type[S], site: str, column: str,
    values: Iterable[Any], where: str = "",
) -> list[S]:  # fmt: skip
    """Return the rows of a site whose column is among the values; `where` adds a condition.

    All values are one JSON parameter: the text never changes, so it is built and prepared once.
    """
    wanted = list(values)
    if not wanted:
        return []
    text, read = _select_in(name, struct, column, where)
    parameters = (site, msgspec.json.encode(wanted).decode())
    rows = connection.exec_driver_sql(text, parameters).all()
    if not read:
        return structs(struct, rows)
    return structs(struct, ([read.get(n, _same)(v) for n, v in enumerate(row)] for row in rows))


Reader = Callable[[Any], Any]


@cache
def _select_in(
    name: str, struct: type[msgspec.Struct], column: str, where: str
) -> tuple[str, dict[int, Reader]]:
    """Return the query, and how to read the columns that the driver does not give as they are."""
    columns = _columns(name, struct)
    text = (
        f"SELECT {', '.join(c.name for c in columns)} FROM {name} WHERE site = ?"  # noqa: S608 - names of our own
        f" AND {column} IN (SELECT value FROM json_each(?)){' AND ' if where else ''}{where}"
    )
    read: dict[int, Reader] = {}
    for number, found in enumerate(columns):
        if isinstance(found.type, sa.Boolean):
            read[number] = bool
        elif isinstance(found.type, sa.JSON):
            read[number] = msgspec.json.decode
    return text, read


def _same(value: object) -> object:
    return value


def insert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, every column given, in one statement."""
    _write(connection, _insert(name, connection.dialect.name), rows)


def upsert(connection: Connection, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, every column given, in one statement, over those with the same key."""
    _write(connection, _upsert(name, connection.dialect.name), rows)


class Written(msgspec.Struct, frozen=True):
    """A statement for many rows, and which values of a row it takes, in its order."""

    text: str
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    json: tuple[str, ...]


def _write(connection: Connection, how: Written, rows: Sequence[Mapping[str, Any]]) -> None:
    """The driver gets tuples: it is most of the work of a push that anything slower would do."""
    if not rows:
        return
    for name in how.json:
        rows = [{**row, name: _payload(row[name]).decode()} for row in rows]
    connection.exec_driver_sql(how.text, [how.values(row) for row in rows])


@cache
def _insert(name: str, dialect: str) -> Written:
    return _written(_DIALECTS[dialect].insert(table(name)), name, dialect)


@cache
def _upsert(name: str, dialect: str) -> Written:
    into = table(name)
    statement = _DIALECTS[dialect].insert(into)
    keys = [column.name for column in into.primary_key]
    rest = {c.name: statement.excluded[c.name] for c in into.c if c.name not in keys}
    update = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return _written(update, name, dialect)


def _written(statement: sa.Insert, name: str, dialect: str) -> Written:
    columns = table(name).c
    text = str(statement.compile(dialect=_DIALECTS[dialect].dialect()))
    json = tuple(column.name for column in columns if isinstance(column.type, sa.JSON))
    return Written(text, itemgetter(*(column.name for column in columns)), json)


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
