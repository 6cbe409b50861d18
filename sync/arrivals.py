"""Operations as they arrive: read, hashed and dated, before anything is decided.

What cannot be read is an arrival too: it keeps its place in the chain and is parked raw (R5).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync.dating import Clock, Dated, Reading, date, monotone
from sync.hashing import sha256_hex
from sync.messages import Margin, Times
from sync.operations import (
    ENVELOPE_BYTES_MAX,
    ENVELOPE_VERSION,
    SEQ_MAX,
    Body,
    Count,
    Did,
    Id,
    Link,
    Lost,
    decode_body,
    decode_did,
    decode_envelope,
)
from sync.proofs import Session

NAME: Final = re.compile(r"[0-9A-Za-z-]+")
"""What an id is made of: everything else in the log has a `/`, `.` or `~` in its name."""


class UnreadableError(Exception):
    """A push holds bytes that are not an envelope at all: nothing says where they belong."""


class Sealed(Struct, frozen=True):
    """What was decided of an operation before the server was restored (T5).

    `waits` names what an accepted decision is about, while that has not come back yet.
    """

    epoch: int
    outcome: str
    why: str | None
    waits: str | None = None


class Arrival(Struct, frozen=True):
    """One operation with its bytes, hashes and times; `error` says why it was not understood."""

    payload: bytes
    payload_hash: str
    content_hash: str
    link: Link
    id: str
    dated: Dated
    body: Body | None = None
    did: Did | None = None
    taken: Dated | None = None
    opened: Dated | None = None
    lines: tuple[Dated, ...] = ()
    error: str | None = None
    fills: str | None = None
    """The discrepancy of the hole that it was missing from (R4)."""
    sealed: Sealed | None = None
    first: Link | None = None
    """Where it was posted first: its place in the order of everything stays."""
    unsigned: bool = False
    """Another device brought it, or made its id (E4): nothing proves whose it is (S7)."""
    proof: Session | None = None
    """The session that proves this very content, as far as the book can tell (E8)."""

    def times(self) -> Times:
        """Return every time of the operation, as the verdict tells and seals it."""
        return Times(
            own=self.dated.at,
            taken=self.taken.at if self.taken else None,
            opened=self.opened.at if self.opened else None,
            lines=tuple(line.at for line in self.lines),
            margins=tuple(Margin(one.u, one.trust) for one in self._inner()),
        )

    def _inner(self) -> list[Dated]:
        return [one for one in (self.taken, self.opened, *self.lines) if one is not None]


class Named(Struct, frozen=True):
    """What of a body that cannot be read is still wanted."""

    id: Id


decode_name: Final = msgspec.json.Decoder(Named).decode


class Linked(NamedTuple):
    """An envelope in its chain: the bytes of its body, and all its bytes."""

    link: Link
    content: bytes
    payload: bytes


def links_of(operations: Iterable[bytes], replica: str) -> list[Linked]:
    """Return the envelopes of a replica's push.

    Raises `UnreadableError` with the number of the first that is no envelope.
    """
    found = []
    for number, payload in enumerate(operations):
        try:
            envelope = decode_envelope(payload)
        except msgspec.MsgspecError as error:
            message = f"operations[{number}]: {error}"
            raise UnreadableError(message) from error
        if envelope.link.replica != replica:
            message = f"operations[{number}] is of another replica"
            raise UnreadableError(message)
        if len(payload) > ENVELOPE_BYTES_MAX:
            message = f"operations[{number}] has {len(payload)} bytes; {ENVELOPE_BYTES_MAX} fit"
            raise UnreadableError(message)
        found.append(Linked(envelope.link, bytes(envelope.body), payload))
    return found


def read(one: Linked, site: str, clock: Clock, floor: int) -> Arrival:
    """Return the arrival of one envelope, dated no earlier than `floor`."""
    link, content, payload = one
    payload_hash, content_hash = sha256_hex(payload), sha256_hex(content)
    fallback = Dated(max(clock.receipt, floor), clock.receipt - floor if floor else 0, "low")
    try:
        body = decode_body(content)
        _check_texts(body)
    except msgspec.MsgspecError as error:
        return Arrival(payload, payload_hash, content_hash, link, _name_of(one), fallback,
                       error=str(error))  # fmt: skip
    dated = monotone(date(Reading(body.wall, body.segment, link.seq), clock), floor)
    if body.v > ENVELOPE_VERSION or body.site != site:
        why = "a newer version" if body.v > ENVELOPE_VERSION else f"made for site {body.site}"
        return Arrival(payload, payload_hash, content_hash, link, body.id, dated, body,
                       error=why)  # fmt: skip
    try:
        did = decode_did(bytes(body.did))
    except msgspec.MsgspecError as error:
        return Arrival(payload, payload_hash, content_hash, link, body.id, dated, body,
                       error=str(error))  # fmt: skip
    if isinstance(did, Lost):
        # It takes the number of what it covers, but was said after everything.
        dated = date(Reading(body.wall, body.segment, SEQ_MAX), clock)
    taken, opened, lines = _inner_times(did, body, clock, dated, link.seq)
    return Arrival(payload, payload_hash, content_hash, link, body.id, dated, body, did,
                   taken, opened, lines)  # fmt: skip


def _name_of(one: Linked) -> str:
    """Return the id in a body that cannot be read: the device knows the operation by no other."""
    try:
        name = decode_name(one.content).id
    except msgspec.MsgspecError:
        name = ""
    return name if NAME.fullmatch(name) else f"{one.link.replica}.{one.link.seq}"


def _check_texts(body: Body) -> None:
    """Refuse an id that could be another row's, and NUL, which databases cut texts at."""
    if not NAME.fullmatch(body.id):
        message = "an id is made of letters, digits and hyphens"
        raise msgspec.ValidationError(message)
    task = body.task.document if body.task else ""
    if b"\\u0000" in bytes(body.did) or "\0" in f"{body.actor}{task}":
        message = "a text holds the character NUL"
        raise msgspec.ValidationError(message)


def _inner_times(
    did: Did, body: Body, clock: Clock, own: Dated, seq: int
) -> tuple[Dated | None, Dated | None, tuple[Dated, ...]]:
    """Date what happened inside an operation: never after the operation itself."""

    def inner(wall: int, segment: str) -> Dated:
        home = segment == body.segment
        return _within(date(Reading(wall, segment, seq, own=False, home=home), clock), own)

    if isinstance(did, Count):
        lines = tuple(inner(line.last_wall, line.segment) for line in did.lines)
        return None, inner(*_scanned(body, did.opened_wall)), lines
    wall = getattr(did, "taken_wall", None)
    if wall is None:
        return None, None, ()
    return inner(*_scanned(body, wall)), None, ()


def _scanned(body: Body, wall: int) -> tuple[int, str]:
    """Return a device time with its segment: a scan keeps the one that it was made in."""
    own = (scan.segment for scan in body.scans if scan.wall == wall and scan.segment)
    return wall, next(own, body.segment)


def _within(dated: Dated, own: Dated) -> Dated:
    return dated if dated.at <= own.at else Dated(own.at, max(dated.u, own.u), dated.trust)


class Done(NamedTuple):
    """An operation that its replica did earlier; a list of them is in the order of their times."""

    at: int
    wall: int
    segment: str


def earlier_than(arrivals: Iterable[Arrival]) -> list[Done]:
    """Return when and by which clock reading operations were done; a loss is nothing done."""
    return [
        Done(one.dated.at, one.body.wall, one.body.segment)
        for one in arrivals
        if one.body and not isinstance(one.did, Lost)
    ]


def wants_earlier(arrival: Arrival, floor: int) -> int | None:
    """Return the time from which on its scans must know what their replica did before (T4)."""
    inner = (arrival.taken, arrival.opened, *arrival.lines)
    first = min((dated.at for dated in inner if dated), default=floor)
    return first if first < floor else None


def after_what_was_done(arrival: Arrival, done: Sequence[Done]) -> Arrival:
    """Date each scan inside an operation no earlier than what its replica had done before it."""
    did, body = arrival.did, arrival.body
    if did is None or body is None:
        return arrival

    def inner(dated: Dated, wall: int, segment: str) -> Dated:
        return _within(monotone(dated, _floor(wall, segment, done, body.segment)), arrival.dated)

    if isinstance(did, Count):
        lines = tuple(
            inner(dated, line.last_wall, line.segment)
            for line, dated in zip(did.lines, arrival.lines, strict=True)
        )
        opened = arrival.opened and inner(arrival.opened, *_scanned(body, did.opened_wall))
        return replace(arrival, lines=lines, opened=opened)
    if arrival.taken is None:
        return arrival
    taken = inner(arrival.taken, *_scanned(body, getattr(did, "taken_wall", 0)))
    return replace(arrival, taken=taken)


def _floor(wall: int, segment: str, done: Sequence[Done], here: str) -> int:
    """Return when the last operation before a scan was done; segments follow one another."""
    passed = segment == here
    for one in reversed(done):
        if one.segment == segment:
            passed = True
            if one.wall <= wall:
                return one.at
        elif passed:
            return one.at
    return 0
