"""The rows of a site: what the rules read and write, and what the feed carries as images.

Each struct is one row in three places: the working memory of `reconcile`, the table of the same
name in the book, and the absolute image that devices keep in their replica. `version` is the
ledger seq of the row's last change and travels beside the payload, never inside it.
Rows marked *replicated* in `FEED` go out in the feed under the kind named there.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from sync.stock import Code, Day, Status


class Row(Struct, frozen=True, kw_only=True):
    """Base of every row; `version` 0 is a row that was never written."""

    version: int = 0


class Unit(Struct, frozen=True):
    """A pack: `factor` base units make one of it; `aliases` are the codes printed on it."""

    code: Code
    factor: int
    version: int = 1
    aliases: tuple[str, ...] = ()


class Site(Row, frozen=True):
    """What every device must know of its site."""

    site: str
    name: str
    name_zh: str = ""
    time_zone: str = "UTC"
    over_receipt_percent: int = 0
    over_issue_percent: int = 0
    count_tolerance: int = 0
    count_tolerance_percent: int | None = None
    unsent_warning: int = 200
    unsent_warning_hours: int = 4
    closed_through: Day | None = None
    adjust_limit: int | None = None


class Item(Row, frozen=True):
    """A thing that is held; `lots` says whether a lot must be known, `dated` an expiry."""

    item: str
    name: str
    name_zh: str = ""
    spec: str = ""
    unit: str = "EA"
    kind: Literal["raw", "made", "finished"] = "raw"
    lots: bool = False
    dated: bool = False
    serials: bool = False
    fifo: Literal["hint", "reason", "consent", "block"] = "reason"
    units: tuple[Unit, ...] = ()
    aliases: tuple[str, ...] = ()
    receive_status: Status = "ok"
    count_tolerance: int | None = None
    count_tolerance_percent: int | None = None
    active: bool = True


class Location(Row, frozen=True):
    """A place that can hold stock; `walk` is its number on the picker's path.

    `capacity` is in base units; `mixing` says what must be the same there (R17).
    """

    location: str
    warehouse: str
    kind: Literal["bin", "dock", "stage", "quality", "line", "returns"] = "bin"
    walk: int = 0
    blocked: bool = False
    capacity: int | None = None
    mixing: Literal["any", "item", "lot"] = "any"


class Warehouse(Row, frozen=True):
    """A named group of locations with a keeper."""

    warehouse: str
    name: str
    name_zh: str = ""


class Partner(Row, frozen=True):
    """A supplier or a customer: also a virtual location `supplier/ID`, `customer/ID`."""

    partner: str
    kind: Literal["supplier", "customer"]
    name: str


class Alias(Row, frozen=True):
    """What an unknown code turned out to be: an item or a location."""

    raw: str
    kind: Literal["item", "location"]
    code: str


class Document(Row, frozen=True):
    """A paper that asks the floor for work; `stopped` names the discrepancy that holds it.

    `item` and `quantity` of a work order are the heading that older clients read: what it makes
    is its line 0.
    """

    document: str
    kind: Literal["purchase", "sales", "work", "count", "move"]
    partner: str | None = None
    item: str | None = None
    quantity: int | None = None
    due: Day | None = None
    state: Literal["open", "closed", "cancelled"] = "open"
    note: str = ""
    stopped: str | None = None


class Line(Row, frozen=True):
    """One line of a document; its counters follow from the ledger, never from an edit (L10).

    `role` says whether the goods are asked for, made or used up by it; line 0 of a work order is
    what it makes. A count task's line names a `place`, and its `quantity` is how many counts are
    asked for; a move task's names both.
    """

    document: str
    line: int
    role: Literal["asked", "made", "used"] = "asked"
    item: str | None = None
    quantity: int = 0
    done: int = 0
    rejected: int = 0
    returned: int = 0
    out: int = 0
    place: str | None = None
    state: Literal["open", "closed", "cancelled"] = "open"


class Reservation(Row, frozen=True):
    """Goods kept for a document line; a promise among people, which never stops a fact (R24)."""

    document: str
    line: int
    place: str
    key: str
    item: str
    quantity: int = 0


class LotRow(Row, frozen=True):
    """What is known of a lot; `fifo_at` (ms) ranks it, `blocked` names the discrepancy.

    Its attributes are part of its identity: "" stands for none.
    """

    item: str
    lot: str
    expires: str = ""
    supplier: str = ""
    fifo_at: int = 0
    blocked: str | None = None


class Holding(Row, frozen=True):
    """Quantity of one key at one place; `key` is its canonical text."""

    place: str
    key: str
    item: str
    quantity: int = 0


class Person(Row, frozen=True):
    """The roster: who may sign in.

    `pin_stamp` names the PIN without telling anything of it: what a device keeps for an offline
    sign-in under another stamp is outdated. The verifiers of workers travel apart from the feed
    (`Roster` in `messages.py`), so that no kept byte holds one of them.
    """

    person: str
    name: str
    role: Literal["worker", "supervisor"]
    badge: str
    language: str = "en"
    pin_stamp: str = ""
    active: bool = True
    adjust_limit: int | None = None


class Device(Row, frozen=True):
    """An enrolled phone, scanner or desk; `off_since` when a supervisor took it off the floor.

    What it had opened through the ledger seq `parked` was put aside at the desk (D5).
    It did nothing before `enrolled_at`, 0 where that is not known (T3). `former` is what the same
    phone was before it was enrolled again (S8).
    """

    device: str
    name: str
    revoked: bool = False
    off_since: int | None = None
    parked: int | None = None
    enrolled_at: int = 0
    former: str | None = None


class Counted(Row, frozen=True):
    """One count of one place: when it was opened and done, and by whom."""

    operation: str
    count_id: str
    place: str
    scope: Literal["place", "line"]
    opened: int
    at: int
    u: int
    replica: str
    seq: int
    actor: str
    device: str = ""
    blind: bool = True
    reversed: bool = False


class Variance(Row, frozen=True):
    """One key of one count: counted beside expected at its own moment.

    `line` is the line's number in the count, or the negative of 1 + n for the n-th key that
    was not listed. `at`, `u` and the window `first`..`last` are server milliseconds.
    `decided` names the intent that ended it, `parts` the counts that it rests on while all stand.
    `assumed` is what of the key was not scanned; `by_hand` why the server leaves it to a person.
    """

    operation: str
    line: int
    count_id: str
    place: str
    key: str
    item: str
    counted: int
    expected: int
    at: int
    u: int
    first: int
    last: int
    replica: str
    seq: int
    actor: str
    device: str = ""
    blind: bool = True
    state: Literal["open", "approved", "rejected", "recount", "reversed"] = "open"
    decided: str | None = None
    ambiguous: bool = False
    fifo_date: Day | None = None
    parts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    by_hand: Literal["not_alone", "surplus", "adjusted", "parts"] | None = None


class Discrepancy(Row, frozen=True):
    """Something odd that a person or later evidence must settle.

    `place`, `key` and `at` say what it hangs on; `until` is the server time at which the
    watermark makes it graver; `waits` is the id of the operation that is still missing.
    """

    discrepancy: str
    code: str
    severity: Literal["I", "R", "U"]
    operation: str
    actor: str = ""
    document: str | None = None
    place: str | None = None
    key: str | None = None
    item: str | None = None
    at: int = 0
    until: int | None = None
    waits: str | None = None
    detail: dict[str, object] = {}
    state: Literal["open", "settled", "evidence"] = "open"
    settled_by: str | None = None
    opened_seq: int = 0


class Sighting(Row, frozen=True):
    """One thing seen once: a serial or a container, `taken` .. `at` in server ms.

    `source` and `key` are what the operation said; `sets` where it says what the thing is.
    With `only_from` (and `only_key`) it counts only if the thing stands there just then.
    `posted` is the flow as posted: place and key it left, place and key it reached.
    """

    thing: str
    of: int
    line: int
    at: int
    taken: int
    u: int
    replica: str
    rseq: int
    place: str
    source: str
    key: str
    sets: bool = False
    only_from: str | None = None
    only_key: str | None = None
    gone: bool = False
    posted: tuple[str, ...] = ()


class Result(Row, frozen=True):
    """A later outcome of an operation than its verdict: replayed, settled, closed by evidence."""

    operation: str
    outcome: Literal["posted", "flagged", "parked", "accepted", "refused"]
    reversed: bool = False
    flags: tuple[str, ...] = ()


FEED: Final[dict[str, tuple[type[Row], tuple[str, ...]]]] = {
    "site": (Site, ("site",)),
    "warehouse": (Warehouse, ("warehouse",)),
    "location": (Location, ("location",)),
    "item": (Item, ("item",)),
    "partner": (Partner, ("partner",)),
    "alias": (Alias, ("raw",)),
    "document": (Document, ("document",)),
    "line": (Line, ("document", "line")),
    "reservation": (Reservation, ("document", "line", "place", "key")),
    "lot": (LotRow, ("item", "lot", "expires", "supplier")),
    "holding": (Holding, ("place", "key")),
    "person": (Person, ("person",)),
    "device": (Device, ("device",)),
    "counted": (Counted, ("operation",)),
    "variance": (Variance, ("operation", "line")),
    "discrepancy": (Discrepancy, ("discrepancy",)),
    "operation": (Result, ("operation",)),
}
"""Kind in the feed, the struct of its payload, and the fields that make its key."""

ROWS: Final[dict[str, tuple[type[Row], tuple[str, ...]]]] = FEED | {
    "sighting": (Sighting, ("thing", "of", "line"))
}
"""Every kind of row that the rules write; what is not in `FEED` stays on the server."""

Version = Annotated[int, Meta(ge=1)]
