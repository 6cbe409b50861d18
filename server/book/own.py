"""What the server decides itself: intents of its own replica, known again after a restore.

The id of such an intent ends in a seal over what it decided. It goes out in the feed with the
lines of the count that it approved, so any device can bring the decision back (T5, R11).
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

import msgspec
import sqlalchemy as sa

from server.book.load import load
from server.book.rows import table
from server.book.session import Session
from sync.arrivals import Arrival, Sealed
from sync.case import SERVER
from sync.dating import Dated
from sync.hashing import sha256_hex
from sync.messages import OwnDecision, OwnLine
from sync.operations import Approve, Body, CountedLine, Decision, Envelope, Link
from sync.reconcile import decide
from sync.stock import key_of, key_text

MARK: Final = 24
encode: Final = msgspec.json.Encoder().encode


def own_intent(session: Session, did: Approve) -> Arrival:
    """Return a new intent of the server's own replica, as bytes like any other operation."""
    epoch, seq = session.head.epoch, session.state.seq + 1
    lines = [
        OwnLine(line.of.operation, line.of.line or 0, key_text(line.key), line.counted,
                line.expected)
        for line in did.lines
    ]  # fmt: skip
    name = f"{SERVER}/{epoch}/{seq}"
    return _arrival(session, f"{name}/{_mark(session, name, did.count_id, lines)}", did)


def bring_back(session: Session, told: Iterable[OwnDecision]) -> None:
    """Take back what the server had decided itself, where its seal proves it."""
    true = [one for one in told if _is_ours(session, one)]
    log = table("log").c
    known = set(session.connection.execute(
        sa.select(log.id).where(log.site == session.head.site, log.id.in_([one.id for one in true]))
    ).scalars()) if true else set()  # fmt: skip
    for one in true:
        if one.id in known or session.state.operations.find(one.id) is not None:
            continue
        arrival = _again(session, one)
        load(session, [(SERVER, [arrival])])
        decided = decide(session.state, arrival, SERVER, session.seal)
        if decided.entry is not None:
            session.batch.add(decided.entry)


def _again(session: Session, one: OwnDecision) -> Arrival:
    lines = tuple(
        Decision(key_of(line.key), line.counted, line.expected,
                 CountedLine(line.operation, line.line))
        for line in one.lines
    )  # fmt: skip
    parts = tuple(sorted({line.operation for line in one.lines}))
    arrival = _arrival(session, one.id, Approve(one.count_id, parts, lines))
    log = table("log").c
    here = session.connection.execute(
        sa.select(log.id).where(log.site == session.head.site, log.id.in_(parts))
    ).scalars()
    missing = sorted({*parts} - {*here})
    sealed = Sealed(0, "accepted", None, missing[0] if missing else None)
    return msgspec.structs.replace(arrival, sealed=sealed)


def _is_ours(session: Session, one: OwnDecision) -> bool:
    name, _, mark = one.id.rpartition("/")
    ours = _mark(session, name, one.count_id, one.lines)
    return hmac.compare_digest(mark.encode(), ours.encode())


def _mark(session: Session, name: str, count_id: str, lines: Iterable[OwnLine]) -> str:
    """Return the seal over who decided and the figures of each line; short, as an id is."""
    figures = sorted(msgspec.structs.astuple(line) for line in lines)
    _, epoch, _ = name.split("/")
    return session.sealed(epoch, encode((name, count_id, figures))).rpartition(".")[2][:MARK]


def _arrival(session: Session, id_: str, did: Approve) -> Arrival:
    site, (_, epoch, seq, *_) = session.head.site, id_.split("/")
    replica = hashlib.sha256(f"{SERVER}/{site}/{epoch}".encode()).hexdigest()[:32]
    body = Body(
        v=1, class_="intent", id=id_, site=site, actor=SERVER, wall=session.now, mono=0,
        segment=SERVER, did=msgspec.Raw(encode(did)),
    )  # fmt: skip
    content = encode(body)
    link = Link(replica, int(seq))
    payload = encode(Envelope(link, msgspec.Raw(content)))
    return Arrival(payload, sha256_hex(payload), sha256_hex(content), link, body.id,
                   Dated(session.now, 0, "high"), body, did)  # fmt: skip
