"""What must hold after every operation, checked in production: a fault of ours stops at one (R44).

The operation alone is taken back and parked; the site goes on.
"""

from collections import Counter
from typing import Any, Final

from sync import counters
from sync.case import Case
from sync.limits import SUSPENSE, waiting
from sync.records import Discrepancy
from sync.sightings import thing_of
from sync.state import InvariantBrokenError, State
from sync.stock import is_virtual, key_of
from sync.vocabulary import Code

CODES: Final = frozenset(code.value for code in Code)


def check(case: Case, mark: tuple[int, int]) -> None:
    """Raise `InvariantBrokenError` when what was done since the mark breaks the book."""
    _conserve(case.state, mark)
    _post_once(case.state, mark)
    _stand_once(case.state, mark)
    _follow(case.state, mark)
    _wait_explained(case.state, mark)
    unknown = {flag.code for flag in case.flags} - CODES
    if unknown:
        raise InvariantBrokenError(f"codes that nobody knows: {unknown}")


def _conserve(state: State, mark: tuple[int, int]) -> None:
    """Nothing comes from nothing: over all places each item sums to what it was."""
    before: dict[Any, Any] = {}
    for undo in state.journal[mark[0] :]:
        if undo.table is state.holdings:
            before.setdefault(undo.key, undo.before)
    change: Counter[str] = Counter()
    for name, was in before.items():
        row = state.holdings.rows[name]
        if row is not None:
            change[row.item] += row.quantity - (was.quantity if was else 0)
    lost = {item: amount for item, amount in change.items() if amount}
    if lost:
        raise InvariantBrokenError(f"quantities that came from nowhere: {lost}")


def _post_once(state: State, mark: tuple[int, int]) -> None:
    """Only an operation itself moves goods; whatever else changes its effect is linked to it."""
    for posting in state.postings[mark[1] :]:
        if posting.kind == "move" and posting.of != state.seq:
            raise InvariantBrokenError(f"operation {posting.of} would take effect twice")


def _stand_once(state: State, mark: tuple[int, int]) -> None:
    """A single thing stands in one place at most."""
    things = {(p.item, thing_of(key_of(p.key))) for p in state.postings[mark[1] :]}
    for item, thing in things:
        if thing is None:
            continue
        held = [
            row.quantity
            for row in state.holdings.having("item", item)
            if row.quantity > 0 and not is_virtual(row.place) and thing_of(key_of(row.key)) == thing
        ]
        if sum(held) > 1:
            raise InvariantBrokenError(f"{thing} would stand in {len(held)} places")


def _follow(state: State, mark: tuple[int, int]) -> None:
    """The counters of a line are what its operations moved, and nothing else writes them."""
    moved, written = counters.changes(state, mark), counters.written(state, mark)
    if moved != written:
        raise InvariantBrokenError(f"lines would say {dict(written)}, moved was {dict(moved)}")


def _wait_explained(state: State, mark: tuple[int, int]) -> None:
    """What comes to suspense, or leaves it, is what somebody must agree to, or has (R37)."""
    held: Counter[str] = Counter()
    for posting in state.postings[mark[1] :]:
        for place, sign in ((posting.place_from, -1), (posting.place_to, 1)):
            if place == SUSPENSE:
                held[posting.key] += sign * posting.quantity
    first: dict[object, object] = {}
    for undo in state.journal[mark[0] :]:
        if undo.table is state.discrepancies:
            first.setdefault(undo.key, undo.before)
    for key, before in first.items():
        now = state.discrepancies.rows[str(key)]
        for row, sign in ((now, -1), (before, 1)):
            if isinstance(row, Discrepancy) and (waits := waiting(row)):
                held[str(row.key)] += sign * waits
    loose = {key: amount for key, amount in held.items() if amount}
    if loose:
        raise InvariantBrokenError(f"nobody is asked about what is in suspense: {loose}")
