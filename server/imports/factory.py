"""The demo site FACTORY: the rows and the opening stock of the extract beside this file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from server.imports import opening, tsv
from server.imports.opening import Book, Stock
from server.imports.tsv import Record
from sync import records
from sync.messages import Verdict
from sync.operations import Body

SITE: Final = "FACTORY"
FOLDER: Final = Path(__file__).parent / "factory"
OPENED_BEFORE: Final = 60_000
"""Opening stock stands a minute before the import, so that the first scan is later than it."""


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who signs in to the demo; the PIN is hashed by whoever stores the person."""

    person: str
    name: str
    role: Literal["worker", "supervisor"]
    badge: str
    pin: str
    language: str


DEMO_PEOPLE: Final = (
    DemoPerson("1001", "Liu Mei 刘梅", "worker", "B1001", "7305", "zh"),
    DemoPerson("1002", "Wang Qiang 王强", "worker", "B1002", "6194", "zh"),
    DemoPerson("1003", "Zhao Lin 赵林", "worker", "B1003", "8527", "en"),
    DemoPerson("2001", "Fang Ping 方萍", "supervisor", "B2001", "639274", "zh"),
)
SUPERVISOR: Final = "2001"


def factory_rows() -> list[records.Row]:
    """Return every row of the site but its people, the site itself first."""
    lines = table("lines")
    return [
        records.Site(
            site=SITE,
            name="Bothell plant",
            name_zh="博塞尔厂区",
            time_zone="America/Los_Angeles",
            over_receipt_percent=5,
        ),
        *(rows_of("warehouses", records.Warehouse)),
        *(rows_of("locations", records.Location)),
        *map(item, table("items")),
        *(rows_of("partners", records.Partner)),
        *map(document, first_of_each(lines)),
        *map(line, lines),
        opening.DEVICE,
    ]


def factory_stock() -> list[Stock]:
    """Return the stock rows of the source, the empty ones too, with lots and FIFO dates."""
    return [
        msgspec.convert({k: v or None for k, v in row.items()}, Stock, strict=False)
        for row in table("stock")
    ]


def opening_operations(opened: int) -> list[Body]:
    """Return the opening stock as `receive` facts of the supervisor."""
    return opening.opening_operations(SITE, SUPERVISOR, factory_stock(), opened)


async def load(book: Book, people: Sequence[records.Person], received: int) -> tuple[Verdict, ...]:
    """Found the site with its people and post its stock; returns the verdicts of the stock.

    `people` are DEMO_PEOPLE as rows, with their verifiers. `received` is now, in milliseconds.
    Whoever calls asks first whether the site exists: a demo that was worked in is kept.
    """
    await book.change(SITE, SUPERVISOR, [*factory_rows(), *people], "demo site")
    bodies = opening_operations(received - OPENED_BEFORE)
    return await opening.post(book, SITE, "demo", bodies, received)


def table(name: str) -> list[Record]:
    return tsv.read(FOLDER / f"{name}.tsv")


def rows_of(name: str, kind: type[records.Row]) -> Iterator[records.Row]:
    """Read a table whose columns are the fields of its struct."""
    return (msgspec.convert(row, kind, strict=False) for row in table(name))


def item(row: Record) -> records.Item:
    code, _, factor = row["pack"].partition(" ")
    return records.Item(
        item=row["item"],
        name=row["name"],
        name_zh=row["name_zh"],
        spec=row["spec"],
        unit=row["unit"],
        kind=msgspec.convert(row["kind"], Literal["raw", "made", "finished"]),
        lots=row["lots"] == "1",
        dated=row["dated"] == "1",
        fifo=msgspec.convert(row["fifo"], Literal["hint", "reason", "consent", "block"]),
        units=(records.Unit(code, int(factor)),) if code else (),
        aliases=(row["gtin"],) if row["gtin"] else (),
    )


def first_of_each(lines: Sequence[Record]) -> list[Record]:
    return [group[0] for group in tsv.grouped(lines, "document").values()]


def document(row: Record) -> records.Document:
    return records.Document(
        document=row["document"],
        kind=msgspec.convert(row["kind"], Literal["purchase", "sales", "work", "count"]),
        partner=row["partner"] or None,
        item=row["order_item"] or None,
        quantity=int(row["order_quantity"]) if row["order_quantity"] else None,
        due=row["due"] or None,
    )


def line(row: Record) -> records.Line:
    return records.Line(
        document=row["document"],
        line=int(row["line"]),
        item=row["item"] or None,
        quantity=int(row["quantity"]),
        place=row["place"] or None,
    )
