"""Pushes of one site, decided together and written in one transaction (group commit).

Lock the site, load what the operations need in three rounds, decide in memory, write in bulk.
Each replica stands in a group once; a repeat inside the group waits for the next one.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from server.book import proving, refill
from server.book.arriving import Job, Turn, date_all, reach_of
from server.book.belonging import know_actors, may_speak
from server.book.budgets import Budgets, Daily, Later
from server.book.chain import Chained, check, lost_through, split
from server.book.changing import write_rows
from server.book.clocks import mac_of
from server.book.laps import lap
from server.book.load import load
from server.book.lost import report_lost
from server.book.own import bring_back
from server.book.proving import Proofs
from server.book.rows import fetch_in, table, upsert, values_of
from server.book.session import Session
from sync import refilling
from sync.contacts import encode_contacts, kept
from sync.losses import Hole, holes_of, with_hole
from sync.messages import Ack, Conflict, Pushed
from sync.operations import Lost, Settle
from sync.reconcile import decide
from sync.records import Discrepancy
from sync.renaming import PREFIX
from sync.settling import brought, heard
from sync.state import Replica
from sync.vocabulary import Code


class AloneError(Exception):
    """A group holds a push that must be decided alone: the writer does each by itself then."""


def run_pushes(
    session: Session, jobs: Sequence[Job], daily: Daily
) -> list[Pushed | Conflict | Later]:
    """Decide the pushes in their order and return their answers, to be given after the commit."""
    names = [job.push.replica for job in jobs]
    found = fetch_in(session.connection, "replica", Replica, session.head.site, "replica", names)
    known = {replica.replica: replica for replica in found}
    refill.begin(session)
    budgets = Budgets(session, daily, (job.device for job in jobs))
    proofs = proving.read_proofs(session, [(job.device, job.push.proofs) for job in jobs])
    asking = [_take(session, job, known.get(job.push.replica), given)
              for job, given in zip(jobs, proofs, strict=True)]  # fmt: skip
    for turn in asking:
        turn.later = budgets.admit(turn, is_new=turn.job.push.replica not in known)
    turns = [turn for turn in asking if turn.later is None]
    date_all(session, [turn for turn in turns if turn.conflict is None])
    if len(turns) > 1 and any(_renames(turn) or turn.job.push.former for turn in turns):
        raise AloneError
    for turn in turns:
        if turn.conflict is None:
            refill.let_in(session, turn.job.device)
    know_actors(session, [turn for turn in turns if turn.conflict is None])
    lap("open")
    load(session, [(turn.replica.device or turn.job.device, turn.arrivals) for turn in turns])
    lap("load")
    for turn in turns:
        _do(session, turn, budgets)
    for turn in turns:
        if turn.conflict is None and turn.job.push.decided:
            bring_back(session, turn.job.push.decided)
    # One that must repair itself first vouches for nothing, and holds nobody's watermark back.
    heard_from = [turn for turn in turns if turn.conflict is None]
    refill.note_heard(session, [(t.device, t.job.push, t.replica.acked)
                                for t in heard_from if not t.job.carrier])  # fmt: skip
    replicas = [values_of(session.head.site, turn.replica) for turn in heard_from]
    upsert(session.connection, "replica", replicas)
    budgets.close()
    lap("decide")
    return [turn.later or _answer(session, turn) for turn in asking]


def _do(session: Session, turn: Turn, budgets: Budgets) -> None:
    """Decide one push, or note what its conflict tells."""
    if turn.conflict is None:
        _decide(session, turn, budgets)
        if turn.job.push.former is not None:
            report_lost(session, turn.job.device, turn.job.push)
    elif turn.conflict.code == "fork" and not turn.is_stranger:
        _report_fork(session, turn)


def _renames(turn: Turn) -> bool:
    """Say whether a push resolves a code: what others post under it must be stored, or see it."""
    settled = (one.did for one in turn.arrivals if isinstance(one.did, Settle))
    return any(did.action.startswith(PREFIX) for did in settled)


def _take(session: Session, job: Job, known: Replica | None, proofs: Proofs) -> Turn:
    """Read one push as far as its chain allows."""
    push = job.push
    replica = _replica(job, known)
    chained = split([bytes(raw) for raw in push.operations], replica)
    turn = Turn(job, replica, chained, [], proofs)
    refill.check_position(session, push)
    if push.epoch != session.head.epoch:
        turn.conflict = Conflict(
            code="epoch", epoch=session.head.epoch, have=_whole(replica),
            common=refill.common_seq(session, push.epoch),
        )  # fmt: skip
        return turn
    if not may_speak(session, job, replica.device):
        turn.is_stranger = bool(job.carrier)
        turn.conflict = Conflict(code="fork", have=Ack(0, None))
        return turn
    if any(lost_through(one.content) is not None for one in chained.fresh):
        turn.reach = reach_of(job, replica, chained)
    turn.conflict = check(chained, replica, _stored(session, chained, replica), turn.reach)
    return turn


def _whole(replica: Replica) -> Ack:
    """Return up to where a replica has no hole: its device may still hold what a carrier missed."""
    first = min((hole.first for hole in holes_of(replica.holes)), default=replica.acked + 1)
    whole = first > replica.acked
    return Ack(replica.acked, replica.hash) if whole else Ack(first - 1, None)


def _replica(job: Job, known: Replica | None) -> Replica:
    """Return the replica of a push, as it stands or new; only its own device may take it."""
    push = job.push
    if known is not None:
        owned = known.device or job.carrier
        return known if owned else replace(known, device=job.device)
    if not job.carrier:
        return Replica(push.replica, job.device)
    # A rescue came before its device ever did: nobody is heard yet, and nobody vouches.
    owner = push.device if job.signed and push.device else job.device
    return Replica(push.replica, owner, active=False)


def _stored(session: Session, chained: Chained, replica: Replica) -> dict[int, str]:
    """Return the envelope hashes of what the log has of a replica around its repeats."""
    if not chained.repeats:
        return {}
    log = table("log").c
    first = chained.repeats[0][0].seq - 1
    rows = session.connection.execute(
        sa.select(log.rseq, log.payload_hash).where(
            log.site == session.head.site,
            log.replica == replica.replica,
            log.rseq >= first,
            log.verb != "lost",
        )
    )
    return {row[0]: row[1] for row in rows}


def _decide(session: Session, turn: Turn, budgets: Budgets) -> None:
    """Decide the operations of one push and move its replica on."""
    job, push = turn.job, turn.job.push
    verdicts = []
    acked, digest, at = turn.replica.acked, turn.replica.hash, turn.replica.at
    holes, device = turn.replica.holes, turn.device
    for arrival in turn.arrivals:
        decided = decide(session.state, arrival, device, session.seal, job.carrier)
        verdicts.append(msgspec.Raw(decided.verdict))
        if decided.entry is not None:
            session.batch.add(decided.entry)
            budgets.opened(job.device, decided.entry.changes)
        if arrival.link.seq > acked:
            acked, digest = arrival.link.seq, arrival.payload_hash
            if isinstance(arrival.did, Lost):
                acked, digest = max(acked, arrival.did.through_seq), None
                gap = refilling.open_gap(session.state)
                name = gap.discrepancy if gap else f"{Code.OPERATIONS_LOST.value}/{arrival.id}"
                holes = with_hole(holes, Hole(arrival.link.seq, acked, name))
            else:
                at = max(at, arrival.dated.at)
    turn.verdicts = tuple(verdicts)
    turn.replica = replace(
        brought(turn.replica, acked) if job.carrier else heard(turn.replica, push, job.received),
        acked=acked,
        hash=digest,
        at=at,
        contacts=encode_contacts(kept(turn.contacts, acked)),
        holes=holes,
    )


def _report_fork(session: Session, turn: Turn) -> None:
    """Tell the supervisors that two devices write under one identity (R3)."""
    push = turn.job.push
    seq = turn.conflict.have.seq if turn.conflict and turn.conflict.have else 0
    name = f"{Code.REPLICA_FORK.value}/{push.replica}/{seq}"
    known = fetch_in(
        session.connection, "discrepancy", Discrepancy, session.head.site, "discrepancy", [name]
    )
    if known or session.state.discrepancies.find(name):
        return
    row = Discrepancy(
        discrepancy=name, code=Code.REPLICA_FORK.value, severity="U", operation="",
        at=session.now, opened_seq=session.state.seq + 1,
        detail={"replica": push.replica, "device": turn.job.device, "after": seq},
    )  # fmt: skip
    write_rows(session, "server", "fork", [row])


def _answer(session: Session, turn: Turn) -> Pushed | Conflict:
    if turn.conflict is not None:
        return turn.conflict
    return Pushed(
        epoch=session.head.epoch,
        acked=Ack(turn.replica.acked, turn.replica.hash),
        verdicts=turn.verdicts,
        server_now=session.now,
        watermark=session.head.watermark,
        mac=mac_of(session, turn.job.device, turn.job.push),
    )
