"""What settles a discrepancy: one intent names the action, and the same operation does it."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from sync import counts, found, limits, renaming, reversal
from sync.balances import unset_balance
from sync.case import Case, RefusedError, close
from sync.discrepancies import REVIEWS
from sync.operations import Reverse, Settle
from sync.records import Discrepancy
from sync.sightings import still_there
from sync.state import Logged, State
from sync.tasks import ask_move, ask_recount, tasks_at
from sync.vocabulary import Code


def settle(case: Case, did: Settle) -> None:
    """Do what the action says and close the discrepancy. Refuses what does not settle it."""
    state = case.state
    row = state.discrepancies.find(did.discrepancy)
    if row is None:
        raise RefusedError("discrepancy_unknown")
    if row.state != "open":
        raise RefusedError("already_settled")
    name = did.action.partition(":")[0]
    if name not in REVIEWS[Code(row.code)].actions:
        raise RefusedError("action_unknown")
    if name != "keep" and row.opened_seq > state.began:
        raise RefusedError("too_early")
    start = len(state.postings)
    ACTIONS[name](case, row, did.action)
    counts.refresh(case, state.postings[start:])
    if still_there(state, row):
        raise RefusedError("still_there")
    now = state.discrepancies.find(row.discrepancy) or row
    close(state, replace(now, detail={**now.detail, "action": did.action}), case.body.id, "settled")


def undone(state: State, did: Settle) -> Reverse | None:
    """Return the reverse that an action means, so that its target's history is known."""
    row = state.discrepancies.find(did.discrepancy)
    if row is None or did.action not in {"reverse", "refuse"} or "variance" in row.detail:
        return None
    target = target_of(state, row)
    return Reverse(target.id) if target else None


def target_of(state: State, row: Discrepancy) -> Logged | None:
    """Return the operation that a reverse takes back: its own, or the one that it names."""
    seq = row.detail.get("undo")
    if seq is None:
        return state.operations.find(row.operation)
    return next((logged for logged in state.operations.all() if logged.seq == seq), None)


def papers(row: Discrepancy) -> set[str]:
    """Return the documents that settling it may write: its own, and lists of work."""
    places = {row.place, row.detail.get("to")} - {None}
    own = {row.document} if row.document else set()
    return own.union(*(tasks_at(str(place)) for place in places))


def _keep(_case: Case, _row: Discrepancy, _action: str) -> None:
    """Leave it as it stands."""


def _is(case: Case, row: Discrepancy, action: str) -> None:
    renaming.rename(case, row, action.removeprefix(renaming.PREFIX))


def _count(case: Case, row: Discrepancy, _action: str) -> None:
    if row.place is None or case.state.locations.find(row.place) is None:
        raise RefusedError("nowhere_to_count")
    ask_recount(case.state, row.place)


def _put_back(case: Case, row: Discrepancy, _action: str) -> None:
    """The list of moves has it already where the ledger itself asked."""
    place, quantity = row.detail.get("to", row.place), row.detail.get("quantity")
    if isinstance(place, str) and row.item and isinstance(quantity, int):
        ask_move(case.state, place, row.item, quantity)


def _reverse(case: Case, row: Discrepancy, _action: str) -> None:
    line = row.detail.get("variance")
    if isinstance(line, list):
        name = (str(line[0]), int(line[1]))
        variance = case.state.variances.find(name)
        if variance is None or variance.state != "approved":
            raise RefusedError("already_decided")
        unset_balance(case.state, variance)
        case.state.variances.put(name, replace(variance, state="rejected", decided=case.body.id))
        return
    target = target_of(case.state, row)
    if target is None:
        raise RefusedError("nothing_to_reverse")
    try:
        counts.explain(case, reversal.reverse(case, Reverse(target.id)))
    except reversal.NotReversibleError as error:
        raise RefusedError("nothing_to_reverse") from error


def _reopen(case: Case, row: Discrepancy, _action: str) -> None:
    document = case.state.documents.find(row.document or "")
    if document is None:
        raise RefusedError("document_unknown")
    case.state.documents.put(document.document, replace(document, state="open"))
    for line in case.state.lines.having("document", document.document):
        if line.line == row.detail.get("line"):
            case.state.lines.put((line.document, line.line), replace(line, state="open"))


def _move(case: Case, row: Discrepancy, action: str) -> None:
    counts.explain(case, found.move(case, row, action))


def _approve(case: Case, row: Discrepancy, _action: str) -> None:
    limits.approve(case.state, row)


ACTIONS: Final[dict[str, Callable[[Case, Discrepancy, str], None]]] = {
    "keep": _keep,
    "count": _count,
    "reverse": _reverse,
    "is": _is,
    "move": _move,
    "approve": _approve,
    "refuse": _reverse,
    "reopen": _reopen,
    # The paper is written elsewhere; what the goods wait for is that somebody says so.
    "order": _keep,
    "give_back": _put_back,
    "put_back": _put_back,
    "release": _keep,
}
