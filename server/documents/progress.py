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
    """A document in a list; `lines_done` counts the lines that ask for no more."""

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


class Documents(Struct, frozen=True):
    """A page of documents; `next` asks for the following one, null at the end."""

    documents: list[DocumentListed]
    next: str | None


class LineShown(Struct, frozen=True):
    """What a line asks for, and what was done of it."""

    line: int
    item: str | None
    quantity: int
    done: int
    place: str | None
    state: str


class DocumentShown(Struct, frozen=True):
    """A document with its lines."""

    document: str
    kind: str
    partner: str | None
    item: str | None
    quantity: int | None
    due: str | None
    state: str
    note: str
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
    done = sa.or_(line.state != "open", sa.and_(line.item.is_not(None), line.done >= line.quantity))
    chosen = sa.select(_document).where(c.site == site).order_by(c.document)
    if asked.kind:
        chosen = chosen.where(c.kind == asked.kind)
    if asked.state:
        chosen = chosen.where(c.state == asked.state)
    if asked.start:
        chosen = chosen.where(c.document > asked.start)
    page = chosen.limit(asked.limit + 1).subquery("page")
    fields = [page.c[name] for name in DocumentListed.__struct_fields__[:-2]]
    same = sa.and_(line.site == page.c.site, line.document == page.c.document)
    query = (
        sa.select(
            *fields,
            sa.func.count(line.line).label("lines"),
            sa.func.coalesce(sa.func.sum(sa.case((done, 1), else_=0)), 0).label("lines_done"),
        )
        .select_from(page.outerjoin(_line, same))
        .group_by(*fields)
        .order_by(page.c.document)
    )
    rows = [DocumentListed(**row) for row in connection.execute(query).mappings()]
    more = len(rows) > asked.limit
    return Documents(rows[: asked.limit], rows[asked.limit - 1].document if more else None)


def document(connection: Connection, site: str, number: str) -> DocumentShown:
    """Return one document. Raises `Refusal` when there is none of that number."""
    c = _document.c
    fields = [c[name] for name in DocumentShown.__struct_fields__[:-1]]
    found = (
        connection.execute(sa.select(*fields).where(c.site == site, c.document == number))
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise Refusal(Code.NOT_FOUND)
    line = _line.c
    columns = [line[name] for name in LineShown.__struct_fields__]
    mine = sa.select(*columns).where(line.site == site, line.document == number)
    lines = [LineShown(**row) for row in connection.execute(mine.order_by(line.line)).mappings()]
    return DocumentShown(**found, lines=lines)
