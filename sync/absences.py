"""Keys that a count of a place does not list: they were not there, so far as nobody saw them (C2).

A count may come in parts, from several devices and in any order. An absence is what all of its
parts that stand say together: it lasts from the first part's `opened` to the done of the last one
that counted the whole place, and it holds while no part lists the key. What was decided about it
is kept meanwhile, so that it counts again when a part that withdrew it never happened.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from sync.balances import expected, is_absence, moment_of, set_balance, unset_balance
from sync.case import Case
from sync.ledger import TrackName
from sync.movements import close_counted_away
from sync.records import Counted, Variance
from sync.state import State
from sync.stock import CONTAINER


class Window(NamedTuple):
    """How long a count lasted: from a time, in ms, to the last part of the whole place."""

    opened: int
    done: Counted


def window_of(state: State, count_id: str, place: str) -> Window | None:
    """Return how long the parts of a count that stand lasted; None while none is of all of it."""
    parts = [
        one
        for one in state.counted.having("count_id", count_id)
        if one.place == place and not one.reversed
    ]
    whole = [one for one in parts if one.scope == "place"]
    if not whole:
        return None
    return Window(min(one.opened for one in parts), max(whole, key=_moment))


def _moment(counted: Counted) -> tuple[int, str, int]:
    return counted.at, counted.replica, counted.seq


def windows_at(state: State, place: str) -> list[Window]:
    """Return the windows of all counts of a place that are known here."""
    ids = dict.fromkeys(one.count_id for one in state.counted.having("place", place))
    return [window for one in ids if (window := window_of(state, one, place)) is not None]


def opened_at(state: State, counted: Counted) -> int:
    """Return when the first part of a count was opened, in ms."""
    window = window_of(state, counted.count_id, counted.place)
    return min(counted.opened, window.opened) if window else counted.opened


def is_listed(rows: Iterable[Variance]) -> bool:
    """Say whether one of a count's lines of a key saw it; a part that was reversed saw nothing."""
    return any(row.line >= 0 and row.state != "reversed" for row in rows)


def rows_of(state: State, count_id: str, name: TrackName) -> list[Variance]:
    """Return all lines that a count has of a key at a place."""
    rows = state.variances.having(("place", "key"), name)
    return [row for row in rows if row.count_id == count_id]


def retell(case: Case, count_id: str, place: str) -> None:
    """Bring the absences of a count up to its parts: one has come, or never happened."""
    state = case.state
    names = {(row.place, row.key): row.item for row in state.holdings.having("place", place)}
    absent = [row for row in state.variances.having("count_id", count_id) if row.line < 0]
    names |= {(row.place, row.key): row.item for row in absent if row.place == place}
    for name, item in names.items():
        retell_key(case, count_id, name, item)


def retell_key(case: Case, count_id: str, name: TrackName, item: str) -> None:
    """Bring the absence of one key up to the parts of its count."""
    state = case.state
    window = window_of(state, count_id, name[0])
    rows = rows_of(state, count_id, name)
    holds = window.done.operation if window and not is_listed(rows) else None
    for row in rows:
        if is_absence(state, row) and row.operation != holds:
            _withdraw(state, row)
    if window is not None and holds is not None:
        _again(case, window, name)
        tell(state, window, name, item)


def _withdraw(state: State, row: Variance) -> None:
    """A part lists the key after all, or a later one looked at the whole place again."""
    if row.state == "approved":
        unset_balance(state, row)
    if row.state in {"open", "approved"}:
        state.variances.put((row.operation, row.line), replace(row, state="reversed"))


def _again(case: Case, window: Window, name: TrackName) -> None:
    """Let an approved absence rule as long as the count lasted, also one that was withdrawn."""
    row = _own(case.state, window, name)
    if row is None or not row.parts or row.state not in {"approved", "reversed"}:
        return
    if row.state == "approved":
        if row.first == window.opened:
            return
        unset_balance(case.state, row)
    row = replace(row, state="approved", first=window.opened)
    case.state.variances.put((row.operation, row.line), row)
    set_balance(case, row, row.counted)


def tell(state: State, window: Window, name: TrackName, item: str) -> None:
    """Tell an open absence again by what the ledger holds now; open one where there is none."""
    own = _own(state, window, name)
    if item == CONTAINER or is_listed(rows_of(state, window.done.count_id, name)):
        return
    track = state.tracks.find(name)
    if track is None:
        return
    row = own or new_line(state, window.done, name, item)
    least = track.least(window.opened, moment_of(row))
    if own is None and not least:
        close_counted_away(state, name, window.done)
    elif row.state == "open" or (row.state == "reversed" and not row.parts and least):
        there = expected(state, row)
        told = replace(row, state="open", expected=there, counted=there - least,
                       first=window.opened)  # fmt: skip
        if told != own:
            state.variances.put((row.operation, row.line), told)


def _own(state: State, window: Window, name: TrackName) -> Variance | None:
    rows = rows_of(state, window.done.count_id, name)
    return next((row for row in rows if row.operation == window.done.operation and row.line < 0),
                None)  # fmt: skip


def new_line(state: State, counted: Counted, name: TrackName, item: str) -> Variance:
    """Return a line of a key that a count does not list, at the time when it was done."""
    lines = [row.line for row in state.variances.having("operation", counted.operation)]
    return Variance(
        operation=counted.operation, line=min([0, *lines]) - 1, count_id=counted.count_id,
        place=name[0], key=name[1], item=item, counted=0, expected=0, at=counted.at,
        u=counted.u, first=opened_at(state, counted), last=counted.at, replica=counted.replica,
        seq=counted.seq, actor=counted.actor, device=counted.device, blind=counted.blind,
    )  # fmt: skip
