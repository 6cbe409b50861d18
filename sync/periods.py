"""Closed periods: goods move when they move, their value is accounted where books are open (R9)."""

from collections.abc import Iterable
from datetime import date, timedelta

from sync.arrivals import Arrival
from sync.case import Case, Odd
from sync.operations import Edit
from sync.state import State
from sync.stock import is_day
from sync.vocabulary import Code


def is_closed(state: State, at: int) -> bool:
    """Say whether a moment lies in a period that is closed."""
    through = state.site.closed_through
    return through is not None and state.day_of(at) <= through


def accounted(state: State, at: int) -> str:
    """Return the day to which a fact's value belongs: its own, else the first open one."""
    through = state.site.closed_through
    if through is None or not is_closed(state, at):
        return state.day_of(at)
    return (date.fromisoformat(through) + timedelta(days=1)).isoformat()


def judge(case: Case) -> None:
    """Flag what happened in a closed period, and what an uncertain clock may have put there."""
    state, u = case.state, case.dated.u
    if state.site.closed_through is None:
        return
    if is_closed(state, case.at):
        detail: dict[str, object] = {
            "day": state.day_of(case.at), "accounted": accounted(state, case.at),
        }  # fmt: skip
        case.flag(Code.LATE_PERIOD, Odd(detail=detail))
    near = is_closed(state, case.at - u) != is_closed(state, case.at + u)
    if near and case.dated.trust == "low":
        case.flag(Code.TIME_UNCERTAIN, Odd(detail={"u": u, "closed": state.site.closed_through}))


def closing(arrivals: Iterable[Arrival]) -> set[str]:
    """Return the days through which edits want to close the site's books (R47)."""
    edits = [arrival.did for arrival in arrivals if isinstance(arrival.did, Edit)]
    named = [did.fields.get("closed_through") for did in edits if did.kind == "site"]
    return {day for day in named if isinstance(day, str) and is_day(day)}
