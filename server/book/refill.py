"""A server that lost its last days: how it notices, begins a new epoch and takes them back (R11).

Whoever shows a position of ours that is not on the chain proves that the database is an old one.
From then on the epoch is a new one, so that every device sends again what it kept; what carries a
seal comes back as it was decided, in whatever order the devices come.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from server.book.changing import write_changes, write_rows
from server.book.cursor import Cursor, CursorGoneError, read_cursor
from server.book.load import load
from server.book.packing import fetch_logged
from server.book.rows import fetch_in, table
from server.book.session import Session
from sync import refilling
from sync.arrivals import Arrival, Sealed
from sync.case import SERVER
from sync.dating import Dated
from sync.limits import OPENING
from sync.messages import Push, Verdict
from sync.operations import (
    Approve,
    Link,
    Settle,
    decode_body,
    decode_did,
    decode_envelope,
)
from sync.reconcile import do_again
from sync.records import Device, Discrepancy, Document, Row
from sync.state import Logged
from sync.vocabulary import Code, Outcome

NAMELESS: Final = frozenset({
    Code.REPLICA_FORK.value, Code.RESTORE_GAP.value, Code.WRONG_PINS.value,
    Code.ACTOR_NOT_SEEN.value, Code.DEVICE_LIMIT.value, Code.LIMIT_IN_PARTS.value,
})  # fmt: skip
"""Discrepancies that bear no operation's name: a decision about one waits for nothing."""

KNOWN_MS: Final = 7 * 86_400_000
"""A device that was heard in the week before the backup is waited for after a restore."""

_decode_verdict: Final = msgspec.json.Decoder(Verdict).decode


class RolledBackError(Exception):
    """Somebody has proved that this database is older than what it once said."""

    def __init__(self, proof: Cursor) -> None:
        super().__init__(f"epoch {proof.epoch} had {proof.seq}")
        self.proof = proof


# --- noticing ------------------------------------------------------------------------------------


def check_position(session: Session, push: Push) -> None:
    """Raise `RolledBackError` when a device has read further than this log goes.

    Only what costs no query is asked here: the pull that follows compares every link.
    """
    if not isinstance(push.cursor, str) or not push.cursor.isascii():
        return
    try:
        cursor = read_cursor(session.head.site, push.cursor, session.key)
    except (CursorGoneError, ValueError):
        return
    head = session.head
    ahead = cursor.epoch > head.epoch
    if cursor.epoch == head.epoch:
        ahead = cursor.seq > head.seq or (cursor.seq == head.seq and cursor.link != head.link)
    if ahead and cursor.seq:
        raise RolledBackError(cursor)


def is_off_chain(session: Session, proof: Cursor) -> bool:
    """Say, with the site locked, whether a position still proves that the log is an old one."""
    head = session.head
    if proof.epoch != head.epoch:
        return proof.epoch > head.epoch
    log = table("log").c
    link = session.connection.execute(
        sa.select(log.link).where(log.site == head.site, log.seq == proof.seq)
    ).scalar()
    return link != proof.link


def open_epoch(session: Session, least: int, by: str, why: str) -> int:
    """Begin a new epoch, once, and say who is waited for; return its number.

    Its entry holds a chance number: the same backup, restored twice, makes two chains.
    """
    site, state = session.head.site, session.state
    epoch = max(session.head.epoch + 1, least)
    here = table("site")
    session.connection.execute(
        sa.update(here).where(here.c.site == site).values(epoch=epoch)
    )  # fmt: skip
    waiting = _wait_for_devices(session)
    gap = refilling.new_gap(epoch, session.head.clock, session.now, waiting)
    state.seq += 1
    gap = replace(gap, version=state.seq, opened_seq=state.seq,
                  state="open" if waiting else "evidence")  # fmt: skip
    changes = [("discrepancy", gap.discrepancy, gap, None)]
    write_changes(session, by, why, changes, epoch=epoch, chance=secrets.token_hex(16))
    return epoch


def _wait_for_devices(session: Session) -> dict[str, str]:
    """Let the last replica of every device of the last week hold the watermark again.

    Each may have worked after the backup was made: until it is heard, or 8 hours are over,
    nobody may believe that all is here.
    """
    row = table("replica")
    head, devices = session.head, session.state.devices
    found = session.connection.execute(
        sa.select(row.c.replica, row.c.device)
        .where(row.c.site == head.site, row.c.seen_at >= head.clock - KNOWN_MS)
        .order_by(row.c.seen_at)
    ).all()
    newest = {one.device: one.replica for one in found}
    waiting = {}
    for device, replica in newest.items():
        known = devices.find(device)
        if known is None or known.revoked or device == OPENING:
            continue
        waiting[device] = known.name
        session.connection.execute(
            sa.update(row).where(row.c.site == head.site, row.c.replica == replica)
            .values(seen_at=session.now, active=True)
        )  # fmt: skip
    return waiting


def common_seq(session: Session, epoch: int) -> int:
    """Return the last number that this log shares with the one of an earlier epoch."""
    names = [refilling.gap_name(n) for n in range(epoch + 1, session.head.epoch + 1)]
    rows = fetch_in(
        session.connection, "discrepancy", Discrepancy, session.head.site, "discrepancy", names
    )
    first = min((row.opened_seq for row in rows), default=0)
    return max(first - 1, 0)


# --- taking back ---------------------------------------------------------------------------------


def begin(session: Session) -> None:
    """Know the gap of the last restore."""
    epoch, state = session.head.epoch, session.state
    if epoch == 1:
        return
    state.gap = refilling.gap_name(epoch)
    rows = fetch_in(
        session.connection, "discrepancy", Discrepancy, session.head.site, "discrepancy",
        [state.gap],
    )  # fmt: skip
    for row in rows:
        state.discrepancies.load(row.discrepancy, row)


def let_in(session: Session, device: str) -> None:
    """Enrol a device again whose row the restore lost: its token proves that it had one.

    Rows of devices are never deleted, so a row can only be missing because of a restore.
    """
    state = session.state
    if session.head.epoch == 1 or state.devices.find(device) is not None:
        return
    row = Device(device=device, name=device)
    write_rows(session, SERVER, "let in again after a restore", [row])
    state.devices.rows[device] = row
    mark = state.mark()
    refilling.note_device(state, device)
    _write(session, mark, "restore")


def as_before(session: Session, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return operations ready to be decided as they were before, where a seal has proved it."""
    _check_known(session, arrivals)
    return [_seen(session, _named(session, _waiting(session, one))) for one in arrivals]


def _check_known(session: Session, arrivals: Iterable[Arrival]) -> None:
    """What this epoch has sealed is in its log, unless the log is an old one.

    What nothing proves to be of who brings it stands there under another name (S7).
    """
    log, head = table("log").c, session.head
    sealed = {one.id for one in arrivals
              if one.sealed is not None and one.sealed.epoch >= head.epoch
              and not one.unsigned}  # fmt: skip
    if not sealed:
        return
    known = session.connection.execute(
        sa.select(log.id).where(log.site == head.site, log.id.in_(sealed))
    ).scalars()
    if sealed - set(known):
        newest = max(one.sealed.epoch for one in arrivals if one.sealed is not None)
        raise RolledBackError(Cursor(newest, 0, "a seal"))


def _waiting(session: Session, arrival: Arrival) -> Arrival:
    """Let an accepted decision wait for what it is about, until that has come back."""
    sealed = arrival.sealed
    if sealed is None or sealed.outcome != Outcome.ACCEPTED.value:
        return arrival
    missing = _missing(session, arrival)
    return replace(arrival, sealed=replace(sealed, waits=missing)) if missing else arrival


def _missing(session: Session, arrival: Arrival) -> str | None:
    """Return an operation that a decision is about and that is not in the log."""
    match arrival.did:
        case Approve():
            named = [*arrival.did.named, *(line.of.operation for line in arrival.did.lines)]
        case Settle():
            named = [_operation_of(arrival.did.discrepancy)]
        case _:
            return None
    log = table("log").c
    known = set(session.connection.execute(
        sa.select(log.id).where(log.site == session.head.site, log.id.in_(named))
    ).scalars())  # fmt: skip
    return next((name for name in named if name and name not in known), None)


def _operation_of(discrepancy: str) -> str:
    """Return the operation that a discrepancy is named after; empty when it has none."""
    code, _, rest = discrepancy.partition("/")
    if code in NAMELESS:
        return ""
    return rest.partition("/")[0]


def _named(session: Session, arrival: Arrival) -> Arrival:
    """Find what a decision settled under another name, when others came back first.

    What is odd about a thing is listed once; whose operation it is named after is chance.
    """
    did = arrival.did
    if arrival.sealed is None or arrival.sealed.waits or not isinstance(did, Settle):
        return arrival
    site, connection = session.head.site, session.connection
    if fetch_in(connection, "discrepancy", Discrepancy, site, "discrepancy", [did.discrepancy]):
        return arrival
    code, _, _ = did.discrepancy.partition("/")
    for logged in fetch_logged(connection, site, "id", [_operation_of(did.discrepancy)]):
        for flag in _decode_verdict(logged.verdict).flags if logged.verdict else ():
            if flag.code == code:
                return replace(arrival, did=replace(did, discrepancy=flag.discrepancy))
    return arrival


def _seen(session: Session, arrival: Arrival) -> Arrival:
    """What a screen showed before the restore had other numbers: only the shared ones hold."""
    body = arrival.body
    if body is None or body.base is None or body.base.epoch >= session.head.epoch:
        return arrival
    shared = min(body.base.cursor, common_seq(session, body.base.epoch))
    return replace(arrival, body=replace(body, base=replace(body.base, cursor=shared)))


# --- what waits ----------------------------------------------------------------------------------


def waiting_decisions(session: Session) -> list[tuple[Discrepancy, Logged, str]]:
    """Return the decisions whose matter has come back since, and the device of each."""
    row, log = table("discrepancy"), table("log")
    here = sa.and_(log.c.site == row.c.site, log.c.id == row.c.waits)
    names = session.connection.execute(
        sa.select(row.c.discrepancy)
        .join(log, here)
        .where(row.c.site == session.head.site, row.c.state == "open",
               row.c.code == Code.TARGET_UNKNOWN.value)
    ).scalars().all()  # fmt: skip
    site, connection = session.head.site, session.connection
    found = []
    for doubt in fetch_in(connection, "discrepancy", Discrepancy, site, "discrepancy", names):
        for logged in fetch_logged(connection, site, "id", [doubt.operation]):
            if logged.outcome == Outcome.ACCEPTED.value:
                device = connection.execute(
                    sa.select(log.c.device).where(log.c.site == site, log.c.seq == logged.seq)
                ).scalar_one()
                found.append((doubt, logged, device))
    return sorted(found, key=lambda pair: pair[1].seq)


def do_waiting(session: Session, doubt: Discrepancy, logged: Logged, device: str) -> None:
    """Do one decision that waited."""
    before = replace(from_log(logged), sealed=Sealed(0, Outcome.ACCEPTED.value, None))
    arrival = _named(session, _waiting(session, before))
    # Its own id stands in the log already; its body keeps it.
    arrival = replace(arrival, id=f"{arrival.id}~{session.state.seq + 1}")
    load(session, [(device, [arrival])])
    session.state.discrepancies.load(doubt.discrepancy, doubt)
    session.batch.add(do_again(session.state, arrival, device, doubt, session.seal))


def from_log(logged: Logged) -> Arrival:
    """Return an operation of the log as it arrived, at the times that its verdict told."""
    envelope = decode_envelope(logged.payload)
    body = decode_body(bytes(envelope.body))
    dated = Dated(logged.at, logged.u, "high" if logged.trust == "high" else "low")
    return Arrival(logged.payload, logged.payload_hash, logged.content_hash, envelope.link,
                   logged.id, dated, body, decode_did(bytes(body.did)),
                   first=Link(logged.replica or "", logged.rseq or 0))  # fmt: skip


def note_heard(session: Session, heard: Iterable[tuple[str, Push, int]]) -> None:
    """Write who has brought back all that it kept: device, its push, and how far it is now."""
    state = session.state
    gap = refilling.open_gap(state)
    if gap is None:
        return
    mark = state.mark()
    for device, push, acked in heard:
        known = state.devices.find(device)
        if not push.unsent and acked >= push.had and known is not None:
            refilling.note_heard(state, device, known.name, known.name)
    _write(session, mark, "restore")


def note_papers(session: Session, rows: Sequence[Row]) -> None:
    """A paper that operations named and nobody knew was made again."""
    made = [row.document for row in rows if isinstance(row, Document)]
    if not made:
        return
    begin(session)
    mark = session.state.mark()
    refilling.note_known(session.state, made)
    _write(session, mark, "restore")


def _write(session: Session, mark: tuple[int, int], why: str) -> None:
    state = session.state
    state.seq += 1
    changes = state.changed_since(mark)
    if changes:
        write_changes(session, SERVER, why, changes)
    else:
        state.seq -= 1
