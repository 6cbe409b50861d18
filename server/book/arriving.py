"""Pushes as they arrive: from chained bytes to operations that are read and dated.

What a replica did before may matter for a scan inside an operation; it is asked for once, for all
pushes of a group.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from server.book import refill
from server.book.budgets import Later
from server.book.chain import Chained, lost_through
from server.book.clocks import said
from server.book.packing import unpacked
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
from sync.formers import names_of
from sync.ids import is_of
from sync.losses import SEQ_MAX, Hole, hole_at, holes_of, reach
from sync.messages import Conflict, Push
from sync.operations import Lost
from sync.sealing import unsealed
from sync.state import LATEST_MS, Replica
from sync.vocabulary import Outcome

DONE_MAX: Final = 200
"""How many operations of a replica before this one a scan inside it can be older than."""


class Job(Struct):
    """One push that waits for its turn; `device` is the enrolled device that brought it."""

    device: str
    push: Push
    received: int
    signed: bool = False
    """What it carries for another device is proved to be that device's, one by one (S7)."""

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
    later: Later | None = None
    verdicts: tuple[msgspec.Raw, ...] = ()
    is_stranger: bool = False
    """It brings what is not its own, and proves nothing: no sign of two histories (R3)."""
    reach: int = SEQ_MAX
    """The last number that a loss may cover (R4)."""

    @property
    def device(self) -> str:
        """The device whose operations they are, whoever brings them."""
        return self.replica.device or self.job.device


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
    turn.contacts = _contacts(session, turn)
    owner = session.state.devices.find(turn.device)
    clock = Clock(turn.contacts, turn.job.received, owner.enrolled_at if owner else 0)
    repeats = [read(one, site, clock, 0) for one in turn.chained.repeats]
    turn.arrivals = [_claimed(session, turn, one) for one in repeats]
    found = []
    floor = turn.replica.at
    for one in turn.chained.fresh:
        arrival = within_reach(read(one, site, clock, floor), turn.reach)
        if arrival.id in told:
            arrival = unsealed(arrival, told[arrival.id], session.is_sealed)
            session.move_on(arrival.dated.at if arrival.sealed else 0)
        arrival = _claimed(session, turn, turn.proofs.given(arrival))
        since = None if arrival.sealed else wants_earlier(arrival, floor)
        found.append(Fresh(arrival, LATEST_MS if since is None else since))
        # A loss is dated when it was noticed; what follows was done before.
        floor = floor if isinstance(arrival.did, Lost) else max(floor, arrival.dated.at)
    return found


def _claimed(session: Session, turn: Turn, arrival: Arrival) -> Arrival:
    """Mark what nothing proves to be of who brings it: it is kept, and not done (E4, S7).

    What was done before a restore had proved it then, and who was what may be lost since.
    """
    job, sealed = turn.job, arrival.sealed
    was_done = sealed is not None and sealed.outcome != Outcome.PARKED.value
    is_theirs = was_done or is_of(arrival.id, _makers(session, job))
    is_proved = job.signed or not job.carrier
    return arrival if is_proved and is_theirs else replace(arrival, unsigned=True)


def _makers(session: Session, job: Job) -> Iterator[str]:
    """Yield whose ids a push may bring: the phone's own, under every name that it had (S10).

    A carrier says itself what it has not found. Of a revoked device nothing is posted that it
    brings itself, so its ids are free: its phone may go on under a name that proves nothing.
    """
    yield from names_of(session.state, job.device)
    if job.carrier:
        yield from names_of(session.state, job.push.device or "")
    yield from (one.device for one in session.state.devices.all() if one.revoked)


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


def within_reach(arrival: Arrival, reach: int) -> Arrival:
    """Do not understand a loss of what nobody has ever heard of (R4)."""
    did = arrival.did
    if not isinstance(did, Lost) or did.through_seq <= reach:
        return arrival
    why = f"it says that all to {did.through_seq} is lost; {reach} may have been written"
    return replace(arrival, did=None, error=why)


def reach_of(job: Job, replica: Replica, chained: Chained) -> int:
    """Return how far a replica may have written, by what was heard before and now (R4).

    Of another one's replica a carrier knows only what it brings, and only when that is proved.
    """
    sent = [one.link.seq for one in (*chained.repeats, *chained.fresh)
            if lost_through(one.content) is None]  # fmt: skip
    known = [replica.acked + replica.unsent]
    known += [one.through or 0 for one in read_contacts(replica.contacts)]
    if not job.carrier:
        known += [job.push.written or 0, job.push.had]
    return reach(replica.acked, [*known, *sent, max([0, *sent]) + job.push.unsent])


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
            body = _decode_noted(unpacked(payload)).body
        except msgspec.MsgspecError:
            continue
        found[replica].append(Done(at, body.wall, body.segment))
    return found


def _contacts(session: Session, turn: Turn) -> tuple[Contact, ...]:
    """Return what is known of a replica's clock, this push among it."""
    push, job = turn.job.push, turn.job
    speaks = names_of(session.state, (push.device or "") if job.carrier else job.device)
    ours = partial(said, session, dict.fromkeys((turn.device, *speaks)))
    # What this server said while its clock stood wrong was never so (T7).
    told = [one for one in push.exchanges if one.server_now <= session.now]
    contacts = learn(read_contacts(turn.replica.contacts), told, ours)
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
    # A loss of what nobody can have written says nothing of what was (R4).
    ends = [(one.link.seq, lost_through(one.content) or 0, turn.replica.acked)
            for one in chained.repeats]  # fmt: skip
    ends += [(one.link.seq, lost_through(one.content) or 0, turn.reach) for one in chained.fresh]
    sent = [max(seq, through if through <= most else 0) for seq, through, most in ends]
    if sent:
        return max(sent) + push.unsent
    return None if push.unsent else turn.replica.acked
