"""Pushes as they arrive: from chained bytes to operations that are read and dated.

What a replica did before may matter for a scan inside an operation; it is asked for once, for all
pushes of a group.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from server.book import refill
from server.book.chain import Chained, lost_through
from server.book.proving import Proofs
from server.book.rows import fetch_listed, table
from server.book.session import Session
from sync.arrivals import (
    Arrival,
    Done,
    after_what_was_done,
    earlier_than,
    read,
    wants_earlier,
)
from sync.contacts import Contact, learn, read_contacts
from sync.dating import Clock
from sync.losses import Hole, hole_at, holes_of
from sync.messages import Conflict, Push
from sync.operations import Lost
from sync.sealing import unsealed
from sync.state import LATEST_MS, Replica

DONE_MAX: Final = 200
"""How many operations of a replica before this one a scan inside it can be older than."""


class Job(Struct):
    """One push that waits for its turn; `device` is the enrolled device that brought it."""

    device: str
    push: Push
    received: int

    @property
    def carrier(self) -> str:
        """The device that brings another one's replica, if it is one."""
        return self.device if self.push.carrier is not None else ""


class Turn(Struct):
    """One push in its turn: its replica, its chain, and what it came to."""

    job: Job
    replica: Replica
    chained: Chained
    arrivals: list[Arrival]
    proofs: Proofs
    contacts: tuple[Contact, ...] = ()
    conflict: Conflict | None = None
    verdicts: tuple[msgspec.Raw, ...] = ()


def date_all(session: Session, turns: Sequence[Turn]) -> None:
    """Read and date the envelopes of each push, in the order of their chain."""
    read_turns = [(turn, _read(session, turn)) for turn in turns]
    asked = {
        turn.replica.replica: (turn.replica.acked, first)
        for turn, found in read_turns
        if (first := min((one.since for one in found), default=LATEST_MS)) < turn.replica.at
    }
    done = _done(session, asked) if asked else {}
    for turn, found in read_turns:
        fresh = _date_scans(found, done.get(turn.replica.replica, []))
        holes = holes_of(turn.replica.holes)
        turn.arrivals += refill.as_before(session, fresh)
        if holes:
            turn.arrivals = [_found(one, hole_at(holes, one.link.seq)) for one in turn.arrivals]


class Fresh(Struct, frozen=True):
    """A new operation, and from which time on its scans must know what was done before."""

    arrival: Arrival
    since: int


def _read(session: Session, turn: Turn) -> list[Fresh]:
    """Read what a push brings, each with its own time; repeats are done with that."""
    site, told = session.head.site, {one.id: one for one in turn.job.push.dated}
    turn.contacts = _contacts(turn)
    clock = Clock(turn.contacts, turn.job.received)
    turn.arrivals = [read(one, site, clock, 0) for one in turn.chained.repeats]
    found = []
    floor = turn.replica.at
    for one in turn.chained.fresh:
        arrival = read(one, site, clock, floor)
        if arrival.id in told:
            arrival = unsealed(arrival, told[arrival.id], session.is_sealed)
            session.move_on(arrival.dated.at if arrival.sealed else 0)
        arrival = turn.proofs.given(arrival)
        since = None if arrival.sealed else wants_earlier(arrival, floor)
        found.append(Fresh(arrival, LATEST_MS if since is None else since))
        # A loss is dated when it was noticed; what follows was done before.
        floor = floor if isinstance(arrival.did, Lost) else max(floor, arrival.dated.at)
    return found


def _date_scans(found: Sequence[Fresh], done: list[Done]) -> list[Arrival]:
    """Date the scans inside operations: `done` before the push, and before each in it."""
    fresh = []
    for arrival, since in ((one.arrival, one.since) for one in found):
        dated = arrival if since == LATEST_MS else after_what_was_done(arrival, done)
        fresh.append(dated)
        done += earlier_than([dated])
    return fresh


def _found(arrival: Arrival, hole: Hole | None) -> Arrival:
    """Mark what was missing from a hole, and is here after all."""
    if hole is None or isinstance(arrival.did, Lost):
        return arrival
    return replace(arrival, fills=hole.discrepancy)


class When(Struct, frozen=True):
    """What a body says of the device's clock, and nothing else of it."""

    wall: int
    segment: str


class Noted(Struct, frozen=True):
    """As much of an envelope in the log as its replica's next scans need."""

    body: When


_decode_noted: Final = msgspec.json.Decoder(Noted).decode


def _done(session: Session, asked: Mapping[str, tuple[int, int]]) -> dict[str, list[Done]]:
    """Return what replicas did, each up to its last number and from a time on (`asked`).

    Counts take long, but nobody looks back further than `DONE_MAX` operations.
    """
    log = table("log").c
    rows = fetch_listed(
        session.connection,
        "SELECT l.replica, l.at, l.payload FROM {n} CROSS JOIN log AS l"
        " WHERE l.site = ? AND l.replica = n.replica"
        " AND l.rseq BETWEEN n.rseq - ? AND n.rseq"
        " AND l.at > n.at AND l.verb <> 'lost' ORDER BY l.rseq",
        [(name, acked, since) for name, (acked, since) in asked.items()],
        session.head.site,
        DONE_MAX,
        like=(log.replica, log.rseq, log.at),
    )
    found: dict[str, list[Done]] = {name: [] for name in asked}
    for replica, at, payload in rows:
        try:
            body = _decode_noted(payload).body
        except msgspec.MsgspecError:
            continue
        found[replica].append(Done(at, body.wall, body.segment))
    return found


def _contacts(turn: Turn) -> tuple[Contact, ...]:
    """Return what is known of a replica's clock, this push among it."""
    push = turn.job.push
    contacts = learn(read_contacts(turn.replica.contacts), push.exchanges)
    if turn.job.carrier:
        # Whoever carries what another device wrote speaks by a clock of its own.
        return contacts
    return (*contacts, Contact(push.sent, None, turn.job.received, push.segment, _written(turn)))


def _written(turn: Turn) -> int | None:
    """Return the last seq that a replica had written when it asked, None when it did not say.

    What it calls unsent may be here already: then its number says nothing of what is to come.
    """
    push, chained = turn.job.push, turn.chained
    if push.written is not None:
        return push.written
    sent = [max(one.link.seq, lost_through(one.content) or 0)
            for one in (*chained.repeats, *chained.fresh)]  # fmt: skip
    if sent:
        return max(sent) + push.unsent
    return None if push.unsent else turn.replica.acked
