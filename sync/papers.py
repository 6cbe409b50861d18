"""What the floor does for the lines of papers: one table by kind, role and way (L10).

A *way* is a verb, told apart by where the goods went or came from where that makes another thing
of it: `return<customer` comes back, `return>supplier` goes back, `issue>scrap` is thrown away.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec.structs import replace

from sync.records import Document, Line, Row
from sync.stock import Status

Counter = Literal["done", "rejected", "returned", "out"]

COUNTER_NAMES: Final[tuple[Counter, ...]] = ("done", "rejected", "returned", "out")

PRODUCT: Final = 0
"""The line of a work order that says what it makes."""

COUNTERS: Final[dict[tuple[str, str, str], Counter]] = {
    ("purchase", "asked", "receive"): "done",
    ("purchase", "asked", "status>reject"): "rejected",
    ("purchase", "asked", "return>supplier"): "returned",
    ("sales", "asked", "pick"): "done",
    ("sales", "asked", "ship"): "out",
    ("sales", "asked", "return<customer"): "returned",
    ("work", "made", "produce"): "done",
    ("work", "made", "produce>reject"): "rejected",
    ("work", "used", "issue"): "done",
    ("work", "used", "return<production"): "returned",
    ("work", "used", "issue>scrap"): "rejected",
    ("move", "asked", "putaway"): "done",
    ("move", "asked", "move"): "done",
    ("count", "asked", "count"): "done",
}
"""Kind of the paper, role of the line, way: which counter of the line moves."""

PAPER_VERBS: Final = frozenset({
    "receive", "pick", "ship", "issue", "produce", "return", "count",
})  # fmt: skip
"""Verbs that name a line to work it off; the others may name one in passing."""

_SCRAPPED: Final = ("scrap", "suspense")
"""What is thrown away beyond a limit waits in suspense (R37)."""


def way_of(verb: str, place_from: str, place_to: str, status: Status | None) -> str:
    """Return the way of goods that left and reached places; `status` is what they have then."""
    source, target = place_from.partition("/")[0], place_to.partition("/")[0]
    match verb:
        case "return":
            return "return>supplier" if target == "supplier" else f"return<{source}"
        case "issue" if target in _SCRAPPED:
            return "issue>scrap"
        case "produce" if status == "reject":
            return "produce>reject"
        case "status":
            return f"status>{status}"
        case _:
            return verb


def verb_of(way: str) -> str:
    """Return the verb of a way."""
    return way.partition("<")[0].partition(">")[0]


def counter_of(document: Document, line: Line, way: str) -> Counter | None:
    """Return the counter of a line that a way moves; None where it moves none."""
    return COUNTERS.get((document.kind, line.role, way))


def have(document: Document, line: Line) -> int:
    """Return how much of what a line asks for is there: what it wants less is what it still asks.

    A purchase wants again what was rejected or went back; nothing else is asked for a second time
    because it came back: a customer's return is no order, and left-over material is not missing.
    """
    if document.kind == "purchase":
        return line.done - line.rejected - line.returned
    return line.done


def with_products(rows: Sequence[Row]) -> list[Row]:
    """Return rows in which every new work order has what it makes as its line 0."""
    lines = {(row.document, row.line) for row in rows if isinstance(row, Line)}
    made = [product_of(row) for row in rows if isinstance(row, Document) and not row.version]
    roled = [_with_role(row, _works(rows)) for row in rows]
    return roled + [row for row in made if row and (row.document, row.line) not in lines]


def product_of(document: Document) -> Line | None:
    """Return the line that says what a work order makes; None for every other paper."""
    if document.kind != "work" or document.item is None:
        return None
    return Line(document=document.document, line=PRODUCT, role="made", item=document.item,
                quantity=document.quantity or 0)  # fmt: skip


def _works(rows: Iterable[Row]) -> set[str]:
    return {row.document for row in rows if isinstance(row, Document) and row.kind == "work"}


def _with_role(row: Row, works: set[str]) -> Row:
    """Material of a work order is used, whoever wrote its line."""
    if isinstance(row, Line) and row.document in works and row.line != PRODUCT:
        return replace(row, role="used") if row.role == "asked" else row
    return row
