"""Documents as they stand: how much of each line is done follows from the ledger."""

from typing import Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.refusals import Code, Refusal
from server.tables import DocumentRow, LineRow

_document: Final = DocumentRow.metadata.tables["document"]
_line: Final = LineRow.metadata.tables["line"]


class DocumentListed(Struct, frozen=True):
    """A document in a list; `lines_done` counts the lines that ask for no more.

    It is `finished` when all do; a work order, when what it makes is made.
    """

    document: str
    kind: str
    partner: str | None
    item: str | None
    quantity: int | None
    due: str | None
    state: str
    note: str
    lines: int
    lines_done: int
    finished: bool


class Documents(Struct, frozen=True):
    """A page of documents; `next` asks for the following one, null at the end."""

    documents: list[DocumentListed]
    next: str | None


class LineShown(Struct, frozen=True):
    """What a line asks for, and what was done of it.

    `role` is asked, made (line 0 of a work order) or used. `done` was received, picked, made or
    issued; `rejected`, `returned` and `out`, which left the gate, stand beside it.
    """

    line: int
    role: str
    item: str | None
    quantity: int
    done: int
    rejected: int
    returned: int
    out: int
    place: str | None
    state: str


class DocumentShown(Struct, frozen=True):
    """A document with its lines; `item` and `quantity` of a work order repeat its line 0."""

    document: str
    kind: str
    partner: str | None
    item: str | None
    quantity: int | None
    due: str | None
    state: str
    note: str
    finished: bool
    lines: list[LineShown]


class Asked(Struct, frozen=True):
    """Which documents: of a kind, in a state, or all; `start` is the `next` of the page before."""

    kind: str | None = None
    state: str | None = None
    limit: int = 200
    start: str | None = None


def documents(connection: Connection, site: str, asked: Asked) -> Documents:
    """List documents by number, with their progress."""
    c, line = _document.c, _line.c
    chosen = sa.select(_document).where(c.site == site).order_by(c.document)
    if asked.kind:
        chosen = chosen.where(c.kind == asked.kind)
    if asked.state:
        chosen = chosen.where(c.state == asked.state)
    if asked.start:
        chosen = chosen.where(c.document > asked.start)
    page = chosen.limit(asked.limit + 1).subquery("page")
    fields = [page.c[name] for name in DocumentListed.__struct_fields__[:-3]]
    same = sa.and_(line.site == page.c.site, line.document == page.c.document)
    query = (
        sa.select(
            *fields,
            sa.func.count(line.line).label("lines"),
            _number(_complete(page.c.kind)).label("lines_done"),
            _number(_decides(page.c.kind)).label("deciding"),
            _number(sa.and_(_decides(page.c.kind), _complete(page.c.kind))).label("decided"),
        )
        .select_from(page.outerjoin(_line, same))
        .group_by(*fields)
        .order_by(page.c.document)
    )
    rows = [_listed(row) for row in connection.execute(query).mappings()]
    more = len(rows) > asked.limit
    return Documents(rows[: asked.limit], rows[asked.limit - 1].document if more else None)


def document(connection: Connection, site: str, number: str) -> DocumentShown:
    """Return one document. Raises `Refusal` when there is none of that number."""
    c = _document.c
    fields = [c[name] for name in DocumentShown.__struct_fields__[:-2]]
    found = (
        connection.execute(sa.select(*fields).where(c.site == site, c.document == number))
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise Refusal(Code.NOT_FOUND)
    line = _line.c
    columns = [line[name] for name in LineShown.__struct_fields__]
    complete = _complete(sa.literal(found["kind"])).label("complete")
    mine = sa.select(*columns, complete).where(line.site == site, line.document == number)
    rows = [*connection.execute(mine.order_by(line.line)).mappings()]
    lines = [LineShown(**{name: row[name] for name in LineShown.__struct_fields__}) for row in rows]
    deciding = [row["complete"] for row in rows if found["kind"] != "work" or row["role"] == "made"]
    return DocumentShown(**found, finished=bool(deciding) and all(deciding), lines=lines)


def _listed(row: sa.RowMapping) -> DocumentListed:
    told = {name: row[name] for name in DocumentListed.__struct_fields__[:-1]}
    return DocumentListed(**told, finished=0 < row["deciding"] == row["decided"])


def _number(where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((where, 1), else_=0)), 0)


def _complete(kind: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Say whether a line asks for no more: the twin of `have` in sync/papers.py."""
    line = _line.c
    owed = line.done - line.rejected - line.returned
    have = sa.case((kind == "purchase", owed), else_=line.done)
    enough = have >= sa.case((line.quantity > 1, line.quantity), else_=1)
    return sa.or_(line.state != "open", enough)


def _decides(kind: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Say whether a line must be complete for its document to be finished."""
    return sa.and_(_line.c.line.is_not(None), sa.or_(kind != "work", _line.c.role == "made"))
