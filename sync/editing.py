"""Changes of master data as intents: named fields of one row, based on the version seen.

A row that somebody else changed meanwhile is not overwritten (`stale`), and only the fields
listed here are for the desk; the rest follows from facts.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from sync.case import Case, RefusedError
from sync.operations import Edit
from sync.records import Device, Document, Item, Line, Location, LotRow, Person, Row, Site
from sync.state import State, Table
from sync.stock import QUANTITY_MAX, check_day
from sync.units import renewed


class Editable(NamedTuple):
    """Where rows of a kind stand, how an id names one, and which fields may be changed."""

    struct: type[Row]
    table: Callable[[State], Table[Any, Any]]
    key: Callable[[str], Hashable]
    fields: frozenset[str]


def _same(name: str) -> str:
    return name


def _line(name: str) -> tuple[str, int]:
    document, _, line = name.rpartition("/")
    return document, int(line) if line.isdecimal() else 0


def _lot(name: str) -> Hashable:
    """Read a lot's key as the feed writes it: `["BE-2908","K0902","",""]`."""
    try:
        return msgspec.json.decode(name, type=tuple[str, str, str, str])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


KINDS: Final[dict[str, Editable]] = {
    "site": Editable(Site, lambda state: state.sites, _same, frozenset({
        "name", "name_zh", "over_receipt_percent", "over_issue_percent", "count_tolerance",
        "unsent_warning", "unsent_warning_hours", "closed_through", "adjust_limit",
    })),
    "item": Editable(Item, lambda state: state.items, _same, frozenset({
        "name", "name_zh", "spec", "fifo", "units", "aliases", "receive_status", "active",
    })),
    "location": Editable(Location, lambda state: state.locations, _same, frozenset({
        "walk", "blocked", "capacity", "mixing",
    })),
    "lot": Editable(LotRow, lambda state: state.lots, _lot, frozenset({"recalled"})),
    "person": Editable(Person, lambda state: state.people, _same, frozenset({
        "active", "adjust_limit",
    })),
    "document": Editable(Document, lambda state: state.documents, _same, frozenset({
        "state", "due", "note",
    })),
    "device": Editable(Device, lambda state: state.devices, _same, frozenset({"parked"})),
    "line": Editable(Line, lambda state: state.lines, _line, frozenset({"state"})),
}  # fmt: skip

COUNTS: Final = frozenset({
    "over_receipt_percent", "over_issue_percent", "count_tolerance", "unsent_warning",
    "unsent_warning_hours", "adjust_limit", "capacity", "walk", "parked",
})  # fmt: skip
"""Fields that are never below zero, and never more than any quantity is."""

RECALL: Final = "recall/"
"""What blocks a recalled lot: no discrepancy, so only the same edit frees it again."""


def paper(did: Edit) -> str | None:
    """Return the document that an edit is about, to be loaded."""
    if did.kind == "line":
        return _line(did.id)[0]
    return did.id if did.kind == "document" else None


def item_of_lot(did: Edit) -> str | None:
    """Return the item of the lot that an edit is about, to be loaded."""
    key = _lot(did.id) if did.kind == "lot" else None
    return str(key[0]) if isinstance(key, tuple) else None


def edit(case: Case, did: Edit) -> None:
    """Change the fields named. Refuses what is unknown, stale or none of the desk's."""
    kind = KINDS.get(did.kind)
    if kind is None:
        raise RefusedError("kind_unknown")
    table, key = kind.table(case.state), kind.key(did.id)
    row = table.find(key)
    if row is None:
        raise RefusedError("row_unknown")
    if row.version != did.base_version and not case.again:
        raise RefusedError("stale")
    if not did.fields or not did.fields.keys() <= kind.fields:
        raise RefusedError("field_unknown")
    if did.kind == "person" and did.id == case.body.actor:
        raise RefusedError("not_yourself")
    closes = did.fields.get("closed_through") if did.kind == "site" else None
    if closes is not None and not case.again and (why := case.state.unready.get(str(closes))):
        raise RefusedError(" ".join(why))
    after = _recalled(case, row, did) if isinstance(row, LotRow) else _changed(kind, row, did)
    if isinstance(row, Item) and isinstance(after, Item):
        after = renewed(row, after)
    if isinstance(after, Device) and (after.parked or 0) > case.state.seq:
        # What comes only later is not put aside unseen (D5).
        raise RefusedError("field_invalid")
    table.put(key, after)


def _changed(kind: Editable, row: Row, did: Edit) -> Row:
    try:
        after = msgspec.convert({**asdict(row), **did.fields}, kind.struct, from_attributes=True)
        for name in did.fields.keys() & {"closed_through", "due"}:
            check_day(getattr(after, name))
    except (msgspec.ValidationError, ValueError) as error:
        raise RefusedError("field_invalid") from error
    counts = [getattr(after, name) or 0 for name in did.fields.keys() & COUNTS]
    factors = [unit.factor for unit in after.units] if isinstance(after, Item) else []
    if not all(0 <= one <= QUANTITY_MAX for one in counts) or not all(
        0 < one <= QUANTITY_MAX for one in factors
    ):
        raise RefusedError("field_invalid")
    return after


def _recalled(case: Case, row: LotRow, did: Edit) -> Struct:
    """Block a lot that is recalled, or free it; what a discrepancy blocked, that one frees."""
    recalled = did.fields["recalled"]
    if not isinstance(recalled, bool):
        raise RefusedError("field_invalid")
    if row.blocked is not None and not row.blocked.startswith(RECALL):
        raise RefusedError("blocked_by_discrepancy")
    return replace(row, blocked=f"{RECALL}{case.body.id}" if recalled else None)
