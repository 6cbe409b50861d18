"""What the ledger does with each operation: one pure decision after the other.

The order of questions is the order of precedence. Is it a repeat (R1, R2)? Can it be read (R5)?
May this device speak (R7)? Then the verb is done. A fact is never refused; whatever breaks an
invariant is taken back alone and parked (R44).
"""

import msgspec

from sync import (
    actors,
    adherence,
    availability,
    containers,
    corrections,
    counts,
    decisions,
    editing,
    evidence,
    freeing,
    invariants,
    limits,
    losses,
    movements,
    periods,
    places,
    progress,
    refilling,
    remedies,
    reservations,
    returns,
    reversal,
    sightings,
    units,
)
from sync.arrivals import Arrival, Sealed
from sync.case import SERVER, Case, Odd, RefusedError, close, later_result
from sync.entries import Decided, Entry, Finding, entry_of, verdict_of
from sync.ledger import Posting
from sync.operations import (
    FACTS,
    Adjust,
    Approve,
    Body,
    Close,
    Count,
    Edit,
    Lost,
    Reserve,
    Reverse,
    Settle,
)
from sync.records import Discrepancy
from sync.sealing import Seal
from sync.state import Logged, State
from sync.stock import is_virtual, key_of
from sync.verbs import Movement, movements_of
from sync.vocabulary import ALLOWED, Code, Outcome


class Parked(Exception):  # noqa: N818 - an outcome, not an error
    """Keep the operation whole and do nothing yet; says which discrepancy opens."""

    def __init__(self, code: Code, odd: Odd | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.odd = odd


def decide(
    state: State, arrival: Arrival, device: str, seal: Seal, carrier: str = ""
) -> Decided:  # fmt: skip
    """Decide one operation and apply it to the state; `carrier` is a device that rescued it."""
    known = state.operations.find(arrival.id)
    if known is not None and known.content_hash == arrival.content_hash:
        return Decided(known.verdict)
    again = f"{arrival.id}~{arrival.link.replica[:8]}.{arrival.link.seq}"
    is_other = known is not None or refilling.was_other_content(arrival.sealed)
    # Its own name stays free for the device itself, which may still bring it.
    is_other = is_other or arrival.unsigned
    if is_other and (parked := state.operations.find(again)) is not None:
        return Decided(parked.verdict)
    state.seq += 1
    mark = state.mark()
    case = _case(state, arrival, device, carrier)
    case.name = again if is_other else arrival.id
    try:
        finding = _find(case, arrival, known)
        invariants.check(case, mark)
    except Parked as parked_as:
        finding = _park(case, mark, parked_as.code, parked_as.odd)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one operation must not stop the site
        finding = _park(case, mark, Code.INVARIANT, Odd(detail={"error": repr(error)[:300]}))
    if arrival.fills is not None:
        refilling.narrow(case, arrival.fills, arrival.link)
    verdict = verdict_of(case, arrival, finding, seal)
    return entry_of(case, arrival, verdict, mark)


def _case(state: State, arrival: Arrival, device: str, carrier: str) -> Case:
    body = arrival.body or _nobody(arrival)
    did = arrival.did or Lost(through_seq=arrival.link.seq, reason="not understood")
    return Case(
        state, arrival.first or arrival.link, body, did, device=device, dated=arrival.dated,
        taken=arrival.taken, opened=arrival.opened.at if arrival.opened else None,
        lines=arrival.lines, carrier=carrier, proof=arrival.proof,
    )  # fmt: skip


def _nobody(arrival: Arrival) -> Body:
    """Stand in for a body that cannot be read, so that it still has a place in the log."""
    return Body(
        v=0, class_="fact", id=arrival.id, site="", actor="", wall=0, mono=0, segment="?",
        did=msgspec.Raw(b"null"),
    )  # fmt: skip


def _find(case: Case, arrival: Arrival, known: Logged | None) -> Finding:
    """Ask the questions in their order; whatever cannot be done is parked."""
    if arrival.unsigned:
        raise Parked(Code.RESCUE_UNSIGNED, Odd(detail={"device": case.device}))
    if known is not None:
        raise Parked(Code.OPERATION_ID_CONFLICT, Odd(detail={"first": known.seq}))
    if arrival.error is not None:
        raise Parked(Code.NOT_UNDERSTOOD, Odd(detail={"error": arrival.error[:300]}))
    refilling.note_document(case)
    if arrival.sealed is None:
        device = case.state.devices.find(case.device)
        if case.device != SERVER and (device is None or device.revoked):
            raise Parked(Code.ACTOR_NOT_ALLOWED, Odd(detail={"device": case.device}))
    elif (parked := refilling.stays_parked(arrival.sealed)) is not None:
        raise Parked(parked)
    fact = case.verb in FACTS
    if fact != (case.body.class_ == "fact"):
        raise Parked(Code.NOT_UNDERSTOOD, Odd(detail={"error": f"{case.verb} is no fact"}))
    if not fact and arrival.sealed is not None:
        return _intent_again(case, arrival.sealed)
    if not fact:
        return _intent(case)
    _fact(case)
    return Finding(Outcome.FLAGGED if case.flags else Outcome.POSTED)


def _intent(case: Case) -> Finding:
    mark = case.state.mark()
    if not _may(case):
        return Finding(Outcome.REFUSED, "not_allowed")
    if not evidence.is_proved(case):
        raise Parked(Code.NOT_PROVED, Odd(alone=True, detail={"verb": case.verb}))
    try:
        _do_intent(case)
        containers.settle(case)
        sightings.explain_unidentified(case, case.state.postings[mark[1] :])
        progress.count_done(case)
    except RefusedError as refused:
        case.state.roll_back(mark)
        return Finding(Outcome.REFUSED, refused.reason, refused.fresh)
    return Finding(Outcome.ACCEPTED)


def _intent_again(case: Case, sealed: Sealed) -> Finding:
    """A decision that the server took before it was restored is not taken anew."""
    if sealed.outcome == Outcome.REFUSED.value:
        return Finding(Outcome.REFUSED, sealed.why)
    if sealed.waits is not None:
        case.flag(Code.TARGET_UNKNOWN, reversal.unknown_target(sealed.waits, case.at))
        return Finding(Outcome.ACCEPTED)
    mark, case.again = case.state.mark(), True
    try:
        match case.did:
            case Approve():
                refilling.decide_again(case, case.did)
            case Settle():
                refilling.open_again(case.state, case.did)
                remedies.settle(case, case.did)
            case _:
                _do_intent(case)
        containers.settle(case)
        sightings.explain_unidentified(case, case.state.postings[mark[1] :])
        progress.count_done(case)
    except RefusedError:
        # What it was about is settled, or is no more: there is nothing left to do.
        case.state.roll_back(mark)
    return Finding(Outcome.ACCEPTED)


def do_again(
    state: State, arrival: Arrival, device: str, waiting: Discrepancy, seal: Seal
) -> Entry:
    """Do a decision that waited for what it is about, now that this is back (R11)."""
    state.seq += 1
    mark = state.mark()
    case = _case(state, arrival, device, "")
    case.name = arrival.id
    finding = _intent_again(case, arrival.sealed or Sealed(0, "accepted", None))
    close(state, waiting, waiting.waits or "")
    decided = entry_of(case, arrival, verdict_of(case, arrival, finding, seal), mark)
    assert decided.entry is not None, "it is new"
    return decided.entry


def prove_again(
    state: State, arrival: Arrival, came: tuple[str, str], waiting: Discrepancy, seal: Seal
) -> Entry:  # fmt: skip
    """Decide what came without a proof, now that its actor has given one (R49).

    `came` is the device that it is of, and the carrier that brought the proof, if one did.
    """
    state.seq += 1
    mark = state.mark()
    case = _case(state, arrival, *came)
    case.name = arrival.id
    close(state, waiting, arrival.id)
    finding = _intent(case)
    invariants.check(case, mark)
    evidence.tell(state, waiting.operation, finding)
    decided = entry_of(case, arrival, verdict_of(case, arrival, finding, seal), mark)
    assert decided.entry is not None, "it is new"
    return decided.entry


def understand(state: State, arrival: Arrival, device: str, parked: Logged) -> Case | None:
    """Do a fact that could not be read when it came, in its own place; None when it cannot be."""
    own, state.seq = state.seq, parked.seq
    mark = state.mark()
    case = _case(state, arrival, device, "")
    case.name = parked.id
    try:
        finding = _find(case, arrival, None)
        invariants.check(case, mark)
    except Exception:  # noqa: BLE001 - it stays parked, whatever is wrong with it
        state.roll_back(mark)
        state.seq = own
        return None
    for row in list(state.discrepancies.all()):
        if row.operation == parked.id and row.code == Code.NOT_UNDERSTOOD and row.state == "open":
            close(state, row, case.name)
    later_result(state, parked.id, finding.outcome.value)
    state.seq = own + 1
    return case


def _do_intent(case: Case) -> None:
    match case.did:
        case Approve():
            decisions.decide_count(case, case.did)
        case Close():
            decisions.close_document(case, case.did)
            reservations.free_all(case.state, case.did.document, case.did.line)
        case Settle():
            remedies.settle(case, case.did)
        case Reserve():
            reservations.reserve(case, case.did)
        case Edit():
            editing.edit(case, case.did)
            reservations.free_closed(case.state)
        case _:
            raise RefusedError("not_supported")


def _may(case: Case) -> bool:
    if case.device == SERVER or actors.opens_stock(case):
        return True
    person = case.state.people.find(case.body.actor)
    return person is not None and person.active and case.verb in ALLOWED[person.role]


def _fact(case: Case) -> None:
    if not isinstance(case.did, Lost):
        if not _may(case):
            case.flag(Code.ACTOR_NOT_ALLOWED, Odd(detail={"actor": case.body.actor}))
        actors.judge(case, case.state.strangers)
    evidence.judge_consent(case)
    start = len(case.state.postings)
    linked = _do_fact(case)
    linked += containers.settle(case)
    # Goods that an "all" carried on may be what was short behind it.
    for place, key in {
        (posting.place_to, posting.key): None for posting in case.state.postings[start:]
    }:
        movements.close_covered(case.state, (place, key), case.body.id)
    _judge_contents(case, start)
    periods.judge(case)
    units.judge(case)
    counts.explain(case, linked)
    for waiting in reversal.waiting_for(case.state, case.body.id):
        freeing.set_free(case, waiting)
    counts.refresh(case, case.state.postings[start:])
    sightings.explain_unidentified(case, case.state.postings[start:])
    counts.doubt_time(case, case.state.postings[start:])
    progress.count_done(case)


def _judge_contents(case: Case, start: int) -> None:
    """What leaves in a container is asked the same as what leaves by itself (R25, R39)."""
    for posting in case.state.postings[start:]:
        if posting.kind == "all" and containers.code_of(posting.place_from) is not None:
            inside = Movement(
                key_of(posting.key), posting.place_from, posting.place_to, posting.quantity
            )
            availability.judge(case, inside)
            returns.judge(case, inside)


def _count(case: Case, did: Count) -> list[Posting]:
    try:
        return counts.record_count(case, did)
    except counts.FullError as full:
        raise Parked(Code.COUNT_FULL, Odd(place=full.place)) from full


def _do_fact(case: Case) -> list[Posting]:
    match case.did:
        case Count():
            if is_virtual(case.did.place.text):
                raise Parked(Code.NOT_UNDERSTOOD, Odd(detail={"error": "nothing stands there"}))
            taken_back = _count(case, case.did)
            reservations.look(case, case.did)
            return taken_back
        case Reverse():
            return _reverse(case, case.did)
        case Lost():
            if not refilling.note_loss(case, case.did.through_seq):
                case.flag(Code.OPERATIONS_LOST, Odd(detail=_lost(case, case.did)))
            return []
        case _:
            return _move(case)


def _lost(case: Case, did: Lost) -> dict[str, object]:
    first, last = case.link.seq, did.through_seq
    return {
        "device": case.device, "replica": case.link.replica, "from": first, "through": last,
        "missing": losses.missing(first, last),
    }  # fmt: skip


def _move(case: Case) -> list[Posting]:
    document = case.body.task.document if case.body.task else None
    asked = movements_of(case.did, document)  # type: ignore[arg-type]  # the rest moves
    if not asked:
        raise Parked(Code.NOT_UNDERSTOOD, Odd(detail={"error": "it names no goods"}))
    if any(one.key.serial is not None and one.quantity not in {1, None} for one in asked):
        raise Parked(Code.NOT_UNDERSTOOD, Odd(detail={"error": "a serial is one thing"}))
    if isinstance(case.did, Adjust) and not case.did.quantity:
        return []
    known, linked = movements.post_movements(case, limits.hold(case, asked))
    progress.name_movement(case, known[0])
    progress.count_done(case)
    for number, movement in enumerate(known):
        containers.doubt(case, movement)
        progress.judge(case, movement)
        adherence.judge(case, movement)
        adherence.judge_again(case, movement)
        adherence.doubt_age(case, movement)
        availability.judge(case, movement)
        places.judge(case, movement, movement.quantity or 0)
        limits.judge(case, movement, asked[number])
        corrections.judge(case, movement, number)
        returns.judge(case, movement)
        reservations.judge(case, movement)
    return linked


def _reverse(case: Case, did: Reverse) -> list[Posting]:
    try:
        return reversal.reverse(case, did)
    except reversal.WaitingError as error:
        odd = reversal.unknown_target(error.waits, case.at + case.dated.u)
        raise Parked(Code.TARGET_UNKNOWN, odd) from error
    except reversal.NotReversibleError as error:
        raise Parked(Code.NOT_UNDERSTOOD, Odd(detail={"error": str(error)})) from error


def _park(case: Case, mark: tuple[int, int], code: Code, odd: Odd | None) -> Finding:
    case.state.roll_back(mark)
    case.line = None
    case.flags.clear()
    case.flag(code, odd)
    return Finding(Outcome.PARKED)
