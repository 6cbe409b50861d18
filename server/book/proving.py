"""Proofs at a push: whether a session of ours made each, and decisions that had waited for one.

A decision that comes without a proof is parked, so that facts behind it are not held up. Its proof
may come with any later push of the device, or of the one that carried it (E8, R49).
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from server.book.load import load
from server.book.packing import fetch_logged
from server.book.refill import from_log
from server.book.rows import fetch_in, table
from server.book.session import Session
from sync.arrivals import Arrival
from sync.messages import Proof
from sync.proofs import Session as SignedIn
from sync.proofs import id_of, named, payload_in, proven
from sync.reconcile import prove_again
from sync.records import Discrepancy
from sync.state import Logged
from sync.vocabulary import Code

Given = tuple[str, Sequence[Proof]]
"""The device that brings proofs, and the proofs of one push."""


class Proofs(Struct):
    """The proofs of one push by operation, and what makes them hold."""

    device: str = ""
    site: str = ""
    key: bytes = b""
    now: int = 0
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    ended: frozenset[str] = frozenset()

    def given(self, arrival: Arrival) -> Arrival:
        """Return the arrival with the session that proves it, if one does."""
        text = self.texts.get(arrival.id)
        session = self._holds(text, arrival.content_hash) if text else None
        return replace(arrival, proof=session) if session else arrival

    def _holds(self, text: str, content_hash: str) -> SignedIn | None:
        """Return the session behind a proof while it lasts: here, now, and not signed out."""
        session = proven(self.key, text, content_hash)
        if session is None or self.now >= session.expires or id_of(payload_in(text)) in self.ended:
            return None
        return session if (session.device, session.site) == (self.device, self.site) else None


def read_proofs(session: Session, given: Sequence[Given]) -> list[Proofs]:
    """Return the proofs of each push, with the sessions that were ended: one query, if any."""
    ids = named(one.proof for _, proofs in given for one in proofs)
    end, ended = table("session_end").c, frozenset[str]()
    if ids:
        found = sa.select(end.session).where(end.site == session.head.site, end.session.in_(ids))
        ended = frozenset(session.connection.scalars(found))
    return [
        Proofs(device, session.head.site, session.key, session.now,
               {one.id: one.proof for one in proofs if not _is_revoked(session, device)}, ended)
        for device, proofs in given
    ]  # fmt: skip


def _is_revoked(session: Session, device: str) -> bool:
    """Say whether a device was shut out: then no session on it proves anything."""
    known = session.state.devices.find(device)
    return known is not None and known.revoked


class Late(Struct, frozen=True):
    """A parked decision whose proof has come: who brought it, and where it had come from."""

    doubt: Discrepancy
    arrival: Arrival
    device: str
    carrier: str


def late_proofs(session: Session, given: Sequence[Given]) -> list[Late]:
    """Return the decisions that wait for one of these proofs, in the order of the log."""
    site, connection = session.head.site, session.connection
    ids = {one.id for _, proofs in given for one in proofs}
    names = [f"{Code.NOT_PROVED.value}/{name}" for name in ids]
    doubts = fetch_in(connection, "discrepancy", Discrepancy, site, "discrepancy", names)
    waiting = {row.operation: row for row in doubts if row.state == "open"}
    found = []
    for logged in fetch_logged(connection, site, "id", waiting):
        for proofs in read_proofs(session, given):
            arrival = proofs.given(from_log(logged))
            if arrival.proof is not None and _is_actors(session, arrival):
                device = _device_of(session, logged)
                carrier = proofs.device if proofs.device != device else ""
                found.append((logged.seq, Late(waiting[logged.id], arrival, device, carrier)))
                break
    return [late for _, late in sorted(found, key=lambda pair: pair[0])]


def _is_actors(session: Session, arrival: Arrival) -> bool:
    person = session.state.people.find(arrival.body.actor) if arrival.body else None
    if person is None or arrival.proof is None:
        return False
    return (arrival.proof.person, arrival.proof.stamp) == (person.person, person.pin_stamp)


def _device_of(session: Session, logged: Logged) -> str:
    log = table("log").c
    asked = sa.select(log.device).where(log.site == session.head.site, log.seq == logged.seq)
    return str(session.connection.execute(asked).scalar_one())


def prove(session: Session, late: Late) -> None:
    """Decide one of them, in an entry of its own."""
    # Its own id stands in the log already; its body keeps it.
    arrival = replace(late.arrival, id=f"{late.arrival.id}~{session.state.seq + 1}")
    load(session, [(late.device, [arrival])])
    session.state.discrepancies.load(late.doubt.discrepancy, late.doubt)
    came = (late.device, late.carrier)
    session.batch.add(prove_again(session.state, arrival, came, late.doubt, session.seal))
