"""After a restore: devices bring back what the server lost, and what nobody brings is named (R11).

What carries the seal of an earlier verdict has the same effect again, whatever else has come back
so far. One discrepancy per restore lists the devices that are still waited for, the numbers that
no device has any more, and the papers that operations name and nobody knows.
"""

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from sync import absences, losses
from sync.approvals import parts_stand
from sync.arrivals import Sealed
from sync.balances import is_absence, unset_balance
from sync.case import Case, close
from sync.counts import refresh
from sync.decisions import approve, find_variance, mark_decided, unlisted_line
from sync.ledger import TrackName
from sync.messages import Flag
from sync.movements import close_covered
from sync.operations import Approve, Close, Decision, Link, Recount, Reject, Settle
from sync.records import Counted, Discrepancy, Variance
from sync.sealing import DECIDED_ANEW
from sync.state import State
from sync.stock import key_text
from sync.tasks import ask_recount
from sync.vocabulary import POLICIES, Code, Outcome

GAP: Final = Code.RESTORE_GAP


def gap_name(epoch: int) -> str:
    """Return the name of the discrepancy of a restore."""
    return f"{GAP.value}/{epoch}"


def new_gap(epoch: int, back_to: int, now: int, waiting: dict[str, str]) -> Discrepancy:
    """Return what a restore opens: `waiting` are the names of the devices to be heard, by id."""
    detail: dict[str, object] = {
        "epoch": epoch, "back_to": back_to, "waiting": waiting, "heard": [], "lost": {},
        "documents": [], "devices": [],
    }  # fmt: skip
    return Discrepancy(
        discrepancy=gap_name(epoch), code=GAP.value, severity=POLICIES[GAP].severity.value,
        operation="", at=now, detail=detail,
    )  # fmt: skip


# --- what was decided before ---------------------------------------------------------------------


def was_other_content(sealed: Sealed | None) -> bool:
    """Say whether another operation has had its id first: that one may come later now (R2)."""
    return sealed is not None and sealed.why == Code.OPERATION_ID_CONFLICT.value


def stays_parked(sealed: Sealed) -> Code | None:
    """Return under which code an operation stays parked, as it was decided; else none."""
    if sealed.outcome != Outcome.PARKED.value or sealed.why is None:
        return None
    code = Code(sealed.why)
    return None if code in DECIDED_ANEW else code


def decide_again(case: Case, did: Approve) -> None:
    """Bring a decision on a count back: its figures were seen then, and are not compared again."""
    state, start, place = case.state, len(case.state.postings), None
    if not isinstance(did, Recount | Reject) and not parts_stand(state, did):
        # One of its parts never happened: what rests on it is open.
        return
    for decision in did.lines:
        row = _decided_row(state, did, decision)
        if row is None or (row.state == "reversed" and not _may_rule(state, row)):
            continue
        place = row.place
        if not _stands(row, did, decision):
            _set_again(case, did, row, decision)
        if is_absence(state, row):
            # A part that has come back before may list it.
            absences.retell_key(case, did.count_id, (row.place, row.key), row.item)
        close_covered(state, (row.place, row.key), case.body.id)
    refresh(case, state.postings[start:])
    if isinstance(did, Recount) and place is not None:
        ask_recount(state, place)


def _may_rule(state: State, row: Variance) -> bool:
    """Say whether an absence is only withdrawn, and what was decided of it counts one day."""
    counted = state.counted.find(row.operation)
    return is_absence(state, row) and counted is not None and not counted.reversed


def _stands(row: Variance, did: Approve, decision: Decision) -> bool:
    """Say whether the count rules already at what was decided: the server was quicker."""
    approves = not isinstance(did, Recount | Reject)
    return approves and row.state == "approved" and row.counted == decision.counted


def _set_again(case: Case, did: Approve, row: Variance, decision: Decision) -> None:
    state = case.state
    if row.state == "approved":
        unset_balance(state, row)
    told = decision.counted if row.line < 0 else row.counted
    row = replace(row, state="open", expected=decision.expected, counted=told)
    state.variances.put((row.operation, row.line), row)
    if not isinstance(did, Recount | Reject):
        approve(case, did, row, decision.counted)
    mark_decided(case, did, row)


def _decided_row(state: State, did: Approve, decision: Decision) -> Variance | None:
    """Return the line that was decided; one that was not listed may not show again yet."""
    row = find_variance(state, did, decision)
    counted = state.counted.find(decision.of.operation)
    if row is not None or decision.of.line is not None or counted is None or counted.reversed:
        return row
    return unlisted_line(state, counted, decision, _name(counted, decision))


def _name(counted: Counted, decision: Decision) -> TrackName:
    return decision.place or counted.place, key_text(decision.key)


def unlisted(state: State, did: Approve) -> list[tuple[str, str, str, int]]:
    """Return (place, key, item, time) of decided keys that have no line (yet)."""
    found = []
    for decision in did.lines:
        counted = state.counted.find(decision.of.operation)
        if counted is not None and find_variance(state, did, decision) is None:
            opened = absences.opened_at(state, counted)
            found.append((*_name(counted, decision), decision.key.item, opened))
    return found


def open_again(state: State, did: Settle) -> None:
    """What a person has settled is not closed by evidence that came in another order."""
    row = state.discrepancies.find(did.discrepancy)
    if row is not None and row.state == "evidence":
        state.discrepancies.put(row.discrepancy, replace(row, state="open"))


# --- what is missing -----------------------------------------------------------------------------


def open_gap(state: State) -> Discrepancy | None:
    """Return the discrepancy of the restore that devices are still coming back from."""
    row = state.discrepancies.find(state.gap) if state.gap is not None else None
    return row if row is not None and row.state == "open" else None


def note_document(case: Case) -> None:
    """Name a paper that an operation is for and that the restored server does not know."""
    gap = open_gap(case.state)
    task = case.body.task
    name = case.did.document if isinstance(case.did, Close) else task.document if task else None
    if gap is None or name is None or case.state.documents.find(name) is not None:
        return
    known = _list(gap, "documents")
    if name not in known:
        _put(case.state, gap, documents=sorted([*known, name]))


def note_loss(case: Case, through: int) -> bool:
    """Name numbers that no device has any more; false when no restore is the reason (R4)."""
    gap = open_gap(case.state)
    if gap is None:
        return False
    lost = _dict(gap, "lost")
    mine = [*lost.get(case.link.replica, []), [case.link.seq, through]]
    _put(case.state, gap, lost={**lost, case.link.replica: mine})
    case.flags.append(Flag(code=GAP.value, discrepancy=gap.discrepancy))
    return True


def narrow(case: Case, name: str, link: Link) -> None:
    """Take a number that was found after all off what is missing."""
    row = case.state.discrepancies.find(name)
    if row is None or row.code != GAP.value:
        losses.narrow(case.state, name, link.seq, case.name)
        return
    lost = dict(_dict(row, "lost"))
    left = losses.without(lost.pop(link.replica, []), link.seq)
    _put(case.state, row, lost={**lost, **({link.replica: left} if left else {})})
    close_when_filled(case.state, case.name)


def note_heard(state: State, device: str, name: str, by: str) -> None:
    """A device has brought back everything that it kept: it is waited for no longer."""
    gap = open_gap(state)
    if gap is None:
        return
    waiting, heard = dict(_dict(gap, "waiting")), _list(gap, "heard")
    waiting.pop(device, None)
    if waiting != gap.detail["waiting"] or name not in heard:
        _put(state, gap, waiting=waiting, heard=sorted({*heard, name}))
    close_when_filled(state, by)


def note_device(state: State, name: str) -> None:
    """Name a device that was enrolled after the backup, and is let in again."""
    gap = open_gap(state)
    if gap is not None:
        _put(state, gap, devices=sorted({*_list(gap, "devices"), name}))


def note_known(state: State, known: Iterable[str]) -> None:
    """Take papers off that somebody has made again."""
    gap = open_gap(state)
    documents = set(_list(gap, "documents")) if gap is not None else set()
    if gap is not None and documents & set(known):
        _put(state, gap, documents=sorted(documents - set(known)))
        close_when_filled(state, "")


def close_when_filled(state: State, by: str) -> None:
    """Close the gap when nobody is waited for and nothing is missing."""
    gap = open_gap(state)
    if gap is not None and not any(gap.detail[part] for part in ("waiting", "lost", "documents")):
        close(state, gap, by)


def _put(state: State, gap: Discrepancy, **parts: object) -> None:
    row = state.discrepancies.find(gap.discrepancy) or gap
    state.discrepancies.put(row.discrepancy, replace(row, detail={**row.detail, **parts}))


def _list(gap: Discrepancy | None, part: str) -> list[str]:
    found: Any = gap.detail.get(part, []) if gap else []
    return list(found)


def _dict(gap: Discrepancy, part: str) -> dict[str, Any]:
    found: Any = gap.detail.get(part, {})
    return dict(found)
