"""Operations as they arrive: read, hashed and dated, before anything is decided.

What cannot be read is an arrival too: it keeps its place in the chain and is parked raw (R5).
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from sync.dating import Clock, Dated, date, monotone
from sync.hashing import sha256_hex
from sync.messages import Times
from sync.operations import (
    ENVELOPE_BYTES_MAX,
    ENVELOPE_VERSION,
    Body,
    Count,
    Did,
    Link,
    decode_body,
    decode_did,
    decode_envelope,
)

NAME: Final = re.compile(r"[0-9A-Za-z-]+")
"""What an id is made of: everything else in the log has a `/`, `.` or `~` in its name."""


class UnreadableError(Exception):
    """A push holds bytes that are not an envelope at all: nothing says where they belong."""


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

    def times(self) -> Times:
        """Return every time of the operation, as the verdict tells and seals it."""
        return Times(
            own=self.dated.at,
            taken=self.taken.at if self.taken else None,
            opened=self.opened.at if self.opened else None,
            lines=tuple(line.at for line in self.lines),
        )


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
    nameless = f"{link.replica}.{link.seq}"
    fallback = Dated(max(clock.receipt, floor), clock.receipt - clock.since, "low")
    try:
        body = decode_body(content)
        _check_texts(body)
    except msgspec.MsgspecError as error:
        return Arrival(payload, payload_hash, content_hash, link, nameless, fallback,
                       error=str(error))  # fmt: skip
    dated = monotone(date(body.wall, body.segment, clock), floor)
    if body.v > ENVELOPE_VERSION or body.site != site:
        why = "a newer version" if body.v > ENVELOPE_VERSION else f"made for site {body.site}"
        return Arrival(payload, payload_hash, content_hash, link, body.id, dated, body,
                       error=why)  # fmt: skip
    try:
        did = decode_did(bytes(body.did))
    except msgspec.MsgspecError as error:
        return Arrival(payload, payload_hash, content_hash, link, body.id, dated, body,
                       error=str(error))  # fmt: skip
    taken, opened, lines = _inner_times(did, body, clock, dated)
    return Arrival(payload, payload_hash, content_hash, link, body.id, dated, body, did,
                   taken, opened, lines)  # fmt: skip


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
    did: Did, body: Body, clock: Clock, own: Dated
) -> tuple[Dated | None, Dated | None, tuple[Dated, ...]]:
    """Date what happened inside an operation: never after the operation itself."""
    if isinstance(did, Count):
        lines = tuple(_within(date(line.last_wall, line.segment, clock), own) for line in did.lines)
        return None, _within(date(did.opened_wall, body.segment, clock), own), lines
    wall = getattr(did, "taken_wall", None)
    if wall is None:
        return None, None, ()
    return _within(date(wall, body.segment, clock), own), None, ()


def _within(dated: Dated, own: Dated) -> Dated:
    return dated if dated.at <= own.at else Dated(own.at, max(dated.u, own.u), dated.trust)
