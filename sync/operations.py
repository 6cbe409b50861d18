"""What a device says: envelopes, the verbs of facts and the verbs of intents.

An envelope is `{"link": {replica, seq, prev}, "body": {...}}`. Its bytes are stored as they came;
`prev` and acknowledgements hash all of them, the guard of an id hashes the bytes of `body` alone.
The server decodes in three steps (link, body, did), so that a verb it does not know yet
still has an id, a device and a time (rule R5).
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from sync.stock import Code, Counted, Day, Key, Millis, Place, Quantity, Signed, Status, check_day

ENVELOPE_BYTES_MAX: Final = 65_536
ENVELOPE_VERSION: Final = 1
SEQ_MAX: Final = 2**53 - 1

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Replica = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Seq = Annotated[int, Meta(ge=1, le=SEQ_MAX)]
Text = Annotated[str, Meta(max_length=500)]


class Link(Struct, frozen=True):
    """Where the operation stands in its device's chain."""

    replica: Replica
    seq: Seq
    prev: Hash | None = None


class Envelope(Struct, frozen=True):
    """One operation as it travels; `body` keeps its exact bytes."""

    link: Link
    body: msgspec.Raw


class Consent(Struct, frozen=True):
    """A supervisor's badge and PIN at the device, before the operation was made.

    `checked` is by whom: the server, this device where she had signed in before, or nobody.
    """

    actor: Code
    at: Millis
    checked: Literal["server", "device", "nobody"] = "device"


class Base(Struct, frozen=True):
    """What the screen was based on: the replica's position in the site's feed."""

    epoch: Millis
    cursor: Millis
    hash: str | None = None


class Scan(Struct, frozen=True):
    """One reading of one code, raw as it came; `segment` where it is not the operation's."""

    raw: Annotated[str, Meta(max_length=4096)]
    source: Literal["camera", "wedge", "typed"]
    wall: Millis
    symbology: str | None = None
    segment: Id | None = None


class Task(Struct, frozen=True):
    """The document line that the operation works for."""

    document: Code
    line: int | None = None


class Entered(Struct, frozen=True):
    """What the worker typed or the label said, before it became base units."""

    quantity: Annotated[str, Meta(max_length=32)]
    unit: Code
    factor: Quantity
    unit_version: int = 1


class Second(Struct, frozen=True):
    """A second measure of the same goods (rolls and metres)."""

    quantity: Annotated[str, Meta(max_length=32)]
    unit: Code


class Older(Struct, frozen=True):
    """The older lot that the screen advised."""

    lot: Code
    place: Code


class Shown(Struct, frozen=True):
    """What the screen showed when it advised: rank 1 is the oldest pickable lot."""

    rank: Annotated[int, Meta(ge=1)]
    older: Older | None = None


class Verb(Struct, frozen=True, tag_field="verb", tag=str.lower, omit_defaults=True):
    """Base of everything that can be done; the tag is the class name in lower case."""


class Receive(Verb, frozen=True):
    """Goods came from a supplier or from transit."""

    key: Key
    quantity: Quantity
    from_: Place = field(name="from")
    to: Place
    entered: Entered | None = None
    produced: Day | None = None
    fifo_date: Day | None = None
    second: Second | None = None

    def __post_init__(self) -> None:
        check_day(self.fifo_date)


class PutAway(Verb, frozen=True):
    """Goods went from a dock to their bin; or a whole container did."""

    to: Place
    from_: Place | None = field(name="from", default=None)
    key: Key | None = None
    quantity: Quantity | None = None
    container: Code | None = None
    entered: Entered | None = None
    taken_wall: Millis | None = None
    second: Second | None = None


class Move(PutAway, frozen=True):
    """Goods, or a whole container, went from one place to another."""


class Pick(Verb, frozen=True):
    """Goods were taken for an order, to its stage or a tote."""

    key: Key
    from_: Place = field(name="from")
    to: Place
    quantity: Quantity | None = None
    entered: Entered | None = None
    taken_wall: Millis | None = None
    shown: Shown | None = None
    short: Text | None = None
    bin_empty: bool | None = None
    second: Second | None = None


class Ship(PutAway, frozen=True):
    """Goods left our books, at the gate and not at the pick."""


class Issue(Verb, frozen=True):
    """Material went to a work order, a line side, a cost centre or a customer."""

    key: Key
    from_: Place = field(name="from")
    to: Place
    quantity: Quantity | None = None
    entered: Entered | None = None
    taken_wall: Millis | None = None
    shown: Shown | None = None
    override: Text | None = None
    second: Second | None = None


class Produce(Verb, frozen=True):
    """Finished goods came from production."""

    key: Key
    quantity: Quantity
    to: Place
    entered: Entered | None = None
    fifo_date: Day | None = None
    second: Second | None = None

    def __post_init__(self) -> None:
        check_day(self.fifo_date)


class Return(Verb, frozen=True):
    """Goods came back from a customer or production, or went back to a supplier."""

    key: Key
    quantity: Quantity
    from_: Place = field(name="from")
    to: Place
    reason: Text
    entered: Entered | None = None
    taken_wall: Millis | None = None
    second: Second | None = None


class Restate(Verb, frozen=True, tag="status"):
    """Goods changed their status where they stand: inspected, held, rejected."""

    place: Place
    key: Key
    to_status: Status
    reason: Text
    quantity: Quantity | None = None


class CountLine(Struct, frozen=True):
    """What was seen of one key, between its first and its last scan."""

    key: Key
    quantity: Counted
    first_wall: Millis
    last_wall: Millis
    segment: Id
    entered: Entered | None = None
    fifo_date: Day | None = None

    def __post_init__(self) -> None:
        check_day(self.fifo_date)


class Count(Verb, frozen=True):
    """A place was counted; with scope `place`, what is not listed was not there."""

    place: Place
    scope: Literal["place", "line"]
    count_id: Id
    opened_wall: Millis
    lines: Annotated[tuple[CountLine, ...], Meta(max_length=500)]
    blind: bool = True


class Adjust(Verb, frozen=True):
    """A quantity was corrected with a reason, without a count."""

    place: Place
    key: Key
    quantity: Signed
    reason: Text


class Short(Verb, frozen=True):
    """Less lay at a place than was asked for: how many were taken there, and why no more."""

    place: Place
    key: Key
    asked: Counted
    taken: Counted
    reason: Literal["not_there", "fewer", "damaged", "blocked", "other"]
    note: Text = ""


class Reverse(Verb, frozen=True):
    """It never happened; putting goods back is a move."""

    target: Id
    reason: Text = ""


class Lost(Verb, frozen=True):
    """The device lost what it had stored from this seq through `through_seq`."""

    through_seq: Seq
    reason: Text


class CountedLine(Struct, frozen=True):
    """Names one count line: the operation and the line in it; `None` is a key not listed."""

    operation: Id
    line: int | None = None


class Decision(Struct, frozen=True):
    """One key of a count as the supervisor saw it.

    `place` is named where it is not the count's: goods in a container that stands there.
    `parts` are those that list the key, where several add up.
    """

    key: Key
    counted: int
    expected: int
    of: CountedLine
    place: Code | None = None
    parts: tuple[Id, ...] = ()


class Approve(Verb, frozen=True):
    """Set the keys named to what was counted, at the time of the count."""

    count_id: Id
    parts: tuple[Id, ...]
    lines: Annotated[tuple[Decision, ...], Meta(min_length=1, max_length=500)]

    @property
    def named(self) -> frozenset[str]:
        """The parts of the count that it rests on, wherever it names them."""
        return frozenset(self.parts).union(*(line.parts for line in self.lines))


class Recount(Approve, frozen=True):
    """Ask another person to count again."""


class Reject(Approve, frozen=True):
    """Leave the ledger as it is."""


class Settle(Verb, frozen=True):
    """Close a discrepancy by an action."""

    discrepancy: Annotated[str, Meta(min_length=1, max_length=160)]
    """Its code and the id of the operation that it is about, which may be as long as an id is."""
    action: Text


class Close(Verb, frozen=True):
    """Close a document, or one line of it, at what was done."""

    document: Code
    line: int | None = None


class Reserve(Verb, frozen=True):
    """Keep goods for a document line; never blocks a fact."""

    document: Code
    line: int
    key: Key
    place: Place
    quantity: Quantity


class Edit(Verb, frozen=True):
    """Change fields of a master-data row, based on the version that was seen."""

    kind: Code
    id: Annotated[str, Meta(min_length=1, max_length=500)]
    base_version: int
    fields: dict[str, object]


Fact = (
    Receive | PutAway | Move | Pick | Ship | Issue | Produce | Return | Restate
    | Count | Adjust | Short | Reverse | Lost
)  # fmt: skip
Intent = Approve | Recount | Reject | Settle | Close | Reserve | Edit
Did = Fact | Intent
FACTS: Final = frozenset(cls.__struct_config__.tag for cls in Fact.__args__)


class Body(Struct, frozen=True, omit_defaults=True):
    """The part of an envelope that keeps its meaning when the chain is re-made."""

    v: int
    class_: Literal["fact", "intent"] = field(name="class")
    id: Id
    site: Code
    actor: Code
    wall: Millis
    mono: float
    """Told for those who look into a phone; nothing is decided by it, so any reading will do."""
    segment: Id
    did: msgspec.Raw
    consent: Consent | None = None
    base: Base | None = None
    scans: Annotated[tuple[Scan, ...], Meta(max_length=500)] = ()
    task: Task | None = None
    assumed: tuple[Literal["lot", "serial", "status", "owner", "quantity"], ...] = ()
    app: Annotated[str, Meta(max_length=64)] = ""
    signed: Literal["server", "device", "roster"] | None = None
    """How the actor had signed in: before the server's eyes, by what this device keeps of an
    earlier time, or by the roster that lies on every device. None where an older app wrote it."""


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_body = msgspec.json.Decoder(Body).decode
decode_did = msgspec.json.Decoder(Did).decode
