"""A replica's chain of envelopes: what may be decided, and what the device must repair first."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from sync.arrivals import Linked, links_of
from sync.hashing import sha256_hex
from sync.losses import SEQ_MAX
from sync.messages import Ack, Conflict
from sync.operations import Link, Lost, decode_body, decode_did
from sync.state import Replica


class Chained(Struct, frozen=True):
    """Envelopes in order, each following the one before; `repeats` come first."""

    repeats: list[Linked]
    fresh: list[Linked]


def split(operations: Sequence[bytes], replica: Replica) -> Chained:
    """Return the envelopes of a push, those that are acknowledged already apart."""
    links, acked = links_of(operations, replica.replica), replica.acked
    return Chained(
        repeats=[one for one in links if one[0].seq <= acked],
        fresh=[one for one in links if one[0].seq > acked],
    )


def check(
    chained: Chained, replica: Replica, stored: Mapping[int, str], reach: int = SEQ_MAX
) -> Conflict | None:
    """Return what is wrong with a chain: a gap (R4) or a fork (R3).

    `stored` are the envelope hashes of this replica's operations by seq, as far as the log has
    them: an operation that came before by another replica under the same id has none here.
    A `lost` operation takes no place: what it covers may still be found. One that says more than
    `reach` is parked like any other, and covers nothing.
    """
    matched = Ack(0, None)
    for link, content, payload in chained.repeats:
        if lost_through(content) is not None:
            continue
        digest = sha256_hex(payload)
        if stored.get(link.seq, digest) != digest:
            return Conflict(code="fork", have=_before(matched, link, stored))
        matched = Ack(link.seq, digest)
    expected, prev = replica.acked + 1, replica.hash
    for link, content, payload in chained.fresh:
        if link.seq != expected:
            return Conflict(code="gap", need_from=expected)
        through = lost_through(content)
        covers = through is not None and through <= reach
        # What follows a hole hangs on an envelope that nobody has any more.
        if prev is not None and link.prev != prev and through is None:
            have = Ack(replica.acked, replica.hash) if link.seq == replica.acked + 1 else matched
            return Conflict(code="fork", have=_last_common(have, link, stored))
        expected = max(link.seq, through if through is not None and covers else 0) + 1
        prev = None if covers else sha256_hex(payload)
    return None


def lost_through(content: bytes) -> int | None:
    """Return the last seq that a `lost` operation covers; None for every other (R4)."""
    if b'"lost"' not in content:
        return None
    try:
        did = decode_did(bytes(decode_body(content).did))
    except msgspec.MsgspecError:
        return None
    return did.through_seq if isinstance(did, Lost) else None


def _before(matched: Ack, link: Link, stored: Mapping[int, str]) -> Ack:
    if matched.seq:
        return matched
    return _last_common(Ack(0, None), link, stored)


def _last_common(have: Ack, link: Link, stored: Mapping[int, str]) -> Ack:
    """Return the last operation that both sides have: the one that this envelope follows."""
    before = stored.get(link.seq - 1)
    return Ack(link.seq - 1, before) if before is not None and before == link.prev else have
