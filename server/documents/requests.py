"""A document as a supervisor or another system asks for it, checked against the master data."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy import Connection

from server.book import Book
from server.refusals import Code, Refusal
from server.tables import Creation, DocumentRow, ItemRow, LocationRow, PartnerRow, Price
from sync.code_text import clean
from sync.hashing import sha256_hex
from sync.records import Document, Line
from sync.stock import QUANTITY_MAX, Day, Quantity
from sync.stock import Code as Name

LINES_MAX: Final = 500
DocumentNumber = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f]+( [^\s\x00-\x1f]+)*$")
]
"""A number of whoever wrote the order: `WH/IN/00012`, `PO 17`; single blanks inside only."""

_document: Final = DocumentRow.metadata.tables["document"]
_creation: Final = Creation.metadata.tables["creation"]
_price: Final = Price.metadata.tables["price"]
_item: Final = ItemRow.metadata.tables["item"]
_location: Final = LocationRow.metadata.tables["location"]
_partner: Final = PartnerRow.metadata.tables["partner"]

_PARTNER_OF: Final = {"purchase": "supplier", "sales": "customer"}


class LineRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An item and how many of it; for a count task, a place and how often to count it (once).

    `cost` is what a base unit is bought for, in the smallest coin; devices never see it.
    """

    item: Name | None = None
    quantity: Quantity | None = None
    place: Name | None = None
    cost: Annotated[int, Meta(ge=0, le=QUANTITY_MAX)] | None = None


class DocumentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A purchase, sales or work order, or a count task.

    A work order also says what it makes: `item` and `quantity`, which become its line 0; its
    lines are the material.
    """

    document: DocumentNumber
    kind: Literal["purchase", "sales", "work", "count"]
    lines: Annotated[list[LineRequest], Meta(max_length=LINES_MAX)]
    partner: Name | None = None
    item: Name | None = None
    quantity: Quantity | None = None
    due: Day | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


class _SentBefore(Exception):  # noqa: N818 - no error: there is nothing left to do
    """The same request came before, and its document is here."""


async def create(
    book: Book, site: str, by: str, request: DocumentRequest, key: str | None = None
) -> bool:
    """Write the document and its lines as one change of the site; return whether it is new.

    The same content again, or the same key, which its sender chose, changes nothing.
    """
    _check_shape(request)
    sent = {
        "site": site, "document": request.document, "key": key,
        "content": sha256_hex(msgspec.json.encode(request)),
    }  # fmt: skip
    document = Document(
        document=request.document,
        kind=request.kind,
        partner=request.partner,
        item=request.item,
        quantity=request.quantity,
        due=request.due,
        note=request.note,
    )
    lines = [
        Line(
            document=request.document,
            line=number,
            item=line.item,
            quantity=line.quantity or int(request.kind == "count"),
            place=line.place,
        )
        for number, line in enumerate(request.lines, start=1)
    ]
    costs = [
        {"site": site, "document": request.document, "line": number, "cost": line.cost}
        for number, line in enumerate(request.lines, start=1)
        if line.cost is not None
    ]

    def first(connection: Connection) -> None:
        _check_sent(connection, sent)
        _check_master_data(connection, site, request)
        connection.execute(sa.insert(_creation), sent)
        if costs:
            connection.execute(sa.insert(_price), costs)

    try:
        await book.change(site, by, [document, *lines], "document created", first)
    except _SentBefore:
        return False
    return True


def _check_sent(connection: Connection, sent: dict[str, str | None]) -> None:
    """Raise `_SentBefore` for the same content, `Refusal` for another one under the same key."""
    c = _creation.c
    same = sa.or_(c.document == sent["document"], c.key == sent["key"])
    for row in connection.execute(sa.select(_creation).where(c.site == sent["site"], same)):
        if row.content == sent["content"]:
            raise _SentBefore
        if sent["key"] is not None and row.key == sent["key"]:
            raise Refusal(Code.KEY_USED, document=row.document)


def _check_shape(request: DocumentRequest) -> None:
    scanned, _ = clean(request.document, None)
    if scanned != request.document:
        raise Refusal(Code.NAME_UNREADABLE, name=request.document, scanned=scanned)
    if not request.lines:
        raise Refusal(Code.LINES_MISSING)
    if request.kind == "work" and (request.item is None or request.quantity is None):
        raise Refusal(Code.LINE_INCOMPLETE, line=0, missing="item, quantity")
    for number, line in enumerate(request.lines, start=1):
        needed = {"place": line.place}
        if request.kind != "count":
            needed = {"item": line.item, "quantity": line.quantity}  # type: ignore[dict-item]
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            raise Refusal(Code.LINE_INCOMPLETE, line=number, missing=", ".join(missing))


def _check_master_data(connection: Connection, site: str, request: DocumentRequest) -> None:
    c = _document.c
    same = sa.select(c.document).where(c.site == site, c.document == request.document)
    if connection.execute(same).first():
        raise Refusal(Code.DOCUMENT_EXISTS, document=request.document)
    lines = request.lines
    items = {line.item for line in lines} | {request.item}
    if unknown := _unknown(connection, _item.c.item, _item.c.site == site, items):
        raise Refusal(Code.ITEM_UNKNOWN, item=unknown)
    places = {line.place for line in lines}
    if unknown := _unknown(connection, _location.c.location, _location.c.site == site, places):
        raise Refusal(Code.PLACE_UNKNOWN, place=unknown)
    kind = _PARTNER_OF.get(request.kind, "")
    of_site = sa.and_(_partner.c.site == site, _partner.c.kind == kind)
    if unknown := _unknown(connection, _partner.c.partner, of_site, {request.partner}):
        raise Refusal(Code.PARTNER_UNKNOWN, kind=kind or "partner", partner=unknown)


def _unknown(
    connection: Connection,
    column: sa.Column[str],
    of_site: sa.ColumnElement[bool],
    wanted: Iterable[str | None],
) -> str | None:
    """Return the first name of those wanted that has no row."""
    names = {name for name in wanted if name is not None}
    if not names:
        return None
    known = set(connection.scalars(sa.select(column).where(of_site, column.in_(names))))
    return min(names - known, default=None)
