"""What travels between device and server: push, pull and snapshot.

JSON (UTF-8, snake_case), gzip both ways, times in milliseconds since 1970 UTC.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from sync.operations import Decision, Hash, Id, Replica, Seq
from sync.stock import Code, Millis

PUSH_OPERATIONS_MAX: Final = 100
PUSH_BYTES_MAX: Final = 8 * 1024 * 1024
"""The largest push after decompression: 100 envelopes of 64 KB and the frame, rounded up."""

PULL_LIMIT_MAX: Final = 5_000


class Exchange(Struct, frozen=True):
    """One round trip: device clock when sent and received, server clock in between.

    `mac` is that of the answer: without it nothing shows that this server said so (T1).
    """

    sent: Millis
    received: Millis
    server_now: Millis
    segment: Id
    mac: Annotated[str, Meta(max_length=64)] = ""


class Margin(Struct, frozen=True, array_like=True):
    """How sure a time inside an operation is: its error bar in ms, and its trust."""

    u: int
    trust: Literal["high", "low"]


class Times(Struct, frozen=True, omit_defaults=True):
    """When it happened, in server time: goods left `taken`, arrived `own`; counts have more.

    `margins` are those of `taken`, `opened` and the lines, in this order.
    """

    own: Millis
    taken: Millis | None = None
    opened: Millis | None = None
    lines: tuple[Millis, ...] = ()
    margins: tuple[Margin, ...] = ()


class Flag(Struct, frozen=True):
    """One oddity of an operation, and the discrepancy that will settle it."""

    code: str
    discrepancy: str


class Verdict(Struct, frozen=True, omit_defaults=True):
    """The server's answer to one operation; byte-equal at every retry within an epoch (R1).

    A refused intent says why in `reason` (a catalogue name) and how things stand in `fresh`.
    """

    id: str
    outcome: Literal["posted", "flagged", "parked", "accepted", "refused"]
    ledger_seq: int
    times: Times
    u: int
    trust: Literal["high", "low"]
    seal: str
    flags: tuple[Flag, ...]
    reason: str | None = None
    fresh: tuple[Decision, ...] = ()


class Dated(Struct, frozen=True):
    """A verdict that the device kept, sent again after a restore with its seal.

    `why` is what a refusal gave as its reason, or the code under which it was parked; `first`
    where it stood before the device went on as a new replica.
    """

    id: Id
    outcome: Literal["posted", "parked", "accepted", "refused"]
    times: Times
    u: int
    trust: Literal["high", "low"]
    seal: Annotated[str, Meta(max_length=100)]
    why: Annotated[str, Meta(max_length=60)] | None = None
    first: tuple[Replica, Seq] | None = None


class OwnLine(Struct, frozen=True, array_like=True):
    """One line of a count that the server itself approved, as its variance says."""

    operation: Id
    line: int
    key: Annotated[str, Meta(max_length=1000)]
    counted: int
    expected: int


class OwnDecision(Struct, frozen=True):
    """What the server decided itself, brought back after a restore; the id ends in its seal."""

    id: Annotated[str, Meta(pattern=r"^server/\d{1,9}/\d{1,15}/[0-9a-f]{24}$")]
    count_id: Id
    lines: Annotated[tuple[OwnLine, ...], Meta(max_length=500)]


class Former(Struct, frozen=True):
    """The replica that this device had before it lost its storage, as far as it remembers.

    `seq` is the last number that it had written, 0 when nothing of it is left.
    """

    replica: Replica | None = None
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0


class Mark(Struct, frozen=True, array_like=True):
    """A device's own proof of one operation that another one carries: where it stood first (S7)."""

    replica: Replica
    seq: Seq
    mac: Annotated[str, Meta(max_length=64)]


class Proof(Struct, frozen=True, array_like=True):
    """That a session of its actor made an operation, of this push or of one before (E8)."""

    id: Id
    proof: Annotated[str, Meta(max_length=1000)]


class Verifier(Struct, frozen=True, array_like=True):
    """By what a device checks the PIN of a worker without a network: `stamp` names that PIN."""

    person: str
    stamp: str
    verifier: str


class Roster(Struct, frozen=True):
    """What lies on the devices of a site so that any worker may sign in on any of them."""

    workers: tuple[Verifier, ...]


class Push(Struct, frozen=True):
    """What one replica has to say since the last acknowledgement, in seq order.

    `carrier` is the replica of another device that brings a rescue of this one; `device` is then
    the device whose rescue it is. `former` tells of a lost storage until it was answered.
    After a restore `had` is how far the replica was acknowledged before, and `decided` what the
    server had approved itself, as the feed told it.
    `written` is the last seq that the replica had written when it was `sent`.
    `signed` are those who signed in on the device while it had no network, as it says itself.
    `marks` of a rescue prove its operations, one by one. `proofs` are of
    intents among the operations, and of those that an earlier push brought without one.
    """

    v: int
    site: Code
    replica: Replica
    epoch: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    sent: Millis
    segment: Id
    cursor: int | str = 0
    carrier: Replica | None = None
    device: Id | None = None
    former: Former | None = None
    exchanges: Annotated[tuple[Exchange, ...], Meta(max_length=1000)] = ()
    unsent: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    written: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    echo: Millis = 0
    leaving: bool = False
    had: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    decided: Annotated[tuple[OwnDecision, ...], Meta(max_length=200)] = ()
    dated: Annotated[tuple[Dated, ...], Meta(max_length=1000)] = ()
    signed: Annotated[tuple[Code, ...], Meta(max_length=100)] = ()
    marks: Annotated[tuple[Mark | None, ...], Meta(max_length=PUSH_OPERATIONS_MAX)] = ()
    proofs: Annotated[tuple[Proof, ...], Meta(max_length=2 * PUSH_OPERATIONS_MAX)] = ()
    operations: Annotated[tuple[msgspec.Raw, ...], Meta(max_length=PUSH_OPERATIONS_MAX)] = ()


class Ack(Struct, frozen=True, array_like=True):
    """The highest contiguous operation of a replica that is durable, and its envelope's hash."""

    seq: int
    hash: Hash | None


class Pushed(Struct, frozen=True):
    """The answer to a push."""

    epoch: int
    acked: Ack
    verdicts: tuple[msgspec.Raw, ...]
    server_now: int
    watermark: int
    durable_through: tuple[int, int] | None = None
    minimum_app: str = ""
    retry_after_ms: int = 0
    mac: str = ""
    """Proves `server_now` together with the device, `sent` and `segment` of the push (T1)."""


class Conflict(Struct, frozen=True, omit_defaults=True):
    """A push that cannot be taken as it is (HTTP 409); the device repairs it and pushes again.

    After a restore `common` is the last number of the log that both sides still share.
    """

    code: Literal["epoch", "gap", "fork"]
    epoch: int = 0
    common: int = 0
    have: Ack | None = None
    need_from: Seq | None = None


class Row(Struct, frozen=True, array_like=True):
    """One absolute image of the feed; `payload` is null where the row is gone."""

    kind: str
    key: str
    version: int
    payload: msgspec.Raw


class Page(Struct, frozen=True):
    """A page of the feed; it never splits a seq."""

    epoch: int
    cursor: str
    more: bool
    scope: str
    rows: tuple[Row, ...]
    acks: dict[str, Ack]
    server_now: int
    watermark: int


class ChunkName(Struct, frozen=True):
    """One immutable part of a snapshot, to be fetched by its hash."""

    hash: Hash
    kind: str
    rows: int
    bytes: int


class Snapshot(Struct, frozen=True):
    """The site as of a cursor, in chunks."""

    epoch: int
    cursor: str
    scope: str
    acks: dict[str, Ack]
    chunks: tuple[ChunkName, ...]
    server_now: int


class Chunk(Struct, frozen=True):
    """Rows of one kind in columns; texts are indexes into `texts`, -1 is null.

    Nothing is told twice, it made a first picture three times as long: a row's key is made of the
    columns that `key` names, and the item of a holding stands in its key.
    """

    kind: str
    rows: int
    key: tuple[str, ...]
    versions: tuple[int, ...]
    columns: dict[str, msgspec.Raw]
