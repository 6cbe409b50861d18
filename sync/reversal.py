"""It never happened: a reversed operation leaves the fold, at its own time (R40).

What was counted since stays counted: the removal runs forward like any late change.
"""

from msgspec.structs import replace

from sync import sightings
from sync.absences import retell
from sync.approvals import resting_on
from sync.balances import expected, unset_balance
from sync.case import Case, Odd, close, later_result
from sync.ledger import Posting, TrackName
from sync.movements import COVERED, close_covered, look_at_source
from sync.nets import Net, nets
from sync.operations import Reverse
from sync.sightings import UNIDENTIFIED
from sync.state import Logged, State
from sync.vocabulary import Code

REVERSIBLE = frozenset({
    "receive", "putaway", "move", "pick", "ship", "issue", "produce", "return", "status", "adjust",
    "count", "short",
})  # fmt: skip


SHARED = COVERED | {Code.UNKNOWN_CODE, Code.LOT_CONFLICT}
"""What other operations may hang on too: closed by cover or by a person only."""


class WaitingError(Exception):
    """The operation waits for another one that has not arrived."""

    def __init__(self, waits: str) -> None:
        super().__init__(waits)
        self.waits = waits


class NotReversibleError(Exception):
    """A reverse of a reverse, or of an intent: do it again instead."""


def reverse(case: Case, did: Reverse) -> list[Posting]:
    """Take the target out of the fold; return what running forward linked to that."""
    state = case.state
    target = state.operations.find(did.target)
    if target is None:
        raise WaitingError(did.target)
    if target.verb not in REVERSIBLE:
        message = f"{target.verb} cannot be reversed"
        raise NotReversibleError(message)
    result = state.results.find(target.id)
    if (result and result.reversed) or target.outcome == "parked":
        return []
    later_result(state, target.id, target.outcome, reversed_=True)
    for row in [row for row in state.discrepancies.all() if row.operation == target.id]:
        nameless = row.place is not None and row.place.startswith(UNIDENTIFIED)
        hangs_on = row.code not in SHARED and (not nameless or row.code == Code.OVER_LIMIT)
        if row.state == "open" and hangs_on:
            close(state, row, case.body.id)
    if target.verb == "count":
        _uncount(case, target)
        return []
    return _unpost(case, target)


def _unpost(case: Case, target: Logged) -> list[Posting]:
    linked: list[Posting] = []
    seen = [row for row in case.state.sightings.having("of", target.seq) if not row.gone]
    sightings.forget(case.state, seen)
    for own, net in _last_first(case.state.made.get(target.seq, [])):
        back = replace(
            own, kind="reverse", quantity=net, place_from=own.place_to, place_to=own.place_from,
            t_from=own.t_to, t_to=own.t_from,
        )  # fmt: skip
        case.state.apply(back)
        linked += _run(case.state, back, (own.place_from, own.key), own.t_from, net)
        linked += _run(case.state, back, (own.place_to, own.key), own.t_to, -net)
        if own.t_to is not None:
            look_at_source(case, (own.place_to, own.key), own.t_to)
        close_covered(case.state, (own.place_from, own.key), case.body.id)
    return linked


def _last_first(postings: list[Posting]) -> list[Net]:
    """Return what is to be taken back, the last line first.

    What an "all" gives back must not run into a zero that goes as well.
    """
    found = [net for net in nets(postings) if net.quantity or net.own.kind in {"all", "count"}]
    return sorted(found, key=_line, reverse=True)


def _line(net: Net) -> int:
    return net.own.line


def _run(
    state: State, posting: Posting, name: TrackName, time: int | None, change: int
) -> list[Posting]:
    if time is None:
        return []
    moment = (time, posting.replica, posting.rseq, posting.line)
    return state.run_forward(name, moment, change)


def _uncount(case: Case, target: Logged) -> None:
    """A count that never happened sets nothing, asks nothing and lists nothing."""
    state = case.state
    counted = state.counted.find(target.id)
    if counted is not None:
        state.counted.put(target.id, replace(counted, reversed=True))
    resting = resting_on(state, target.id)
    for row in resting:
        unset_balance(state, row)
    for row in {*resting, *(row for row in state.variances.all() if row.operation == target.id)}:
        # What rested on it too is to be decided anew: the sum of the rest is no count of anything.
        again = replace(row, decided=None, parts=(), expected=expected(state, row),
                        state="open" if row.state == "approved" else row.state)  # fmt: skip
        gone = replace(row, state="reversed")
        own = row.operation == target.id
        state.variances.put((row.operation, row.line), gone if own else again)
    if counted is not None:
        retell(case, counted.count_id, counted.place)


def waiting_for(state: State, operation: str) -> list[Logged]:
    """Return the parked reverses that the arrival of an operation sets free."""
    found = []
    for row in state.discrepancies.having("waits", operation):
        if row.state == "open" and row.code == Code.TARGET_UNKNOWN:
            logged = state.operations.find(row.operation)
            # A decision that waits for what a restore lost needs more than is loaded here.
            if logged is not None and logged.verb == "reverse":
                found.append(logged)
    return found


def unknown_target(waits: str, until: int) -> Odd:
    """Return what the discrepancy of a waiting reverse says."""
    return Odd(waits=waits, until=until, detail={"target": waits})
