"""What a group of pushes went through, for whoever watches; the book itself counts nothing.

The notes on the group at hand travel in a context variable: the code that does the work says in
one word where a stage ends, and knows neither figures nor traces. Where nobody notes, a lap costs
one look at that variable.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Final, Protocol

from msgspec import Struct

asker: Final[ContextVar[Any]] = ContextVar("asker", default=None)
"""What the request at hand is known by to whoever watches; it comes back with its group."""

_group: Final[ContextVar["Group | None"]] = ContextVar("group", default=None)


class Group(Struct):
    """One transaction of pushes: who waited since when, its stages and what they came to.

    Times are those of `time.perf_counter`. `logged` counts operations by verb and outcome,
    `opened` discrepancies by code, both without what was repeated.
    """

    site: str
    asked: Sequence[tuple[float, Any]]
    began: float
    laps: list[tuple[str, float]] = []
    logged: Mapping[tuple[str, str], int] = {}
    opened: Mapping[str, int] = {}
    answers: Sequence[Any] = ()
    fault: Exception | None = None


class Watch(Protocol):
    """Is told of each group of pushes before its answers are given, and of each snapshot."""

    def group_done(self, group: Group) -> None:
        """Look at a group that was committed, or that failed."""

    def snapshot_built(self, size: int) -> None:
        """Hear of a snapshot of so many bytes."""


def begin(site: str, asked: Sequence[tuple[float, Any]]) -> Group:
    """Note from here on what a group goes through."""
    group = Group(site, asked, perf_counter())
    _group.set(group)
    return group


def end() -> None:
    """Note nothing any more."""
    _group.set(None)


def lap(stage: str) -> None:
    """Say that a stage ends here; it began where the one before ended."""
    group = _group.get()
    if group is not None:
        group.laps.append((stage, perf_counter()))


def noted() -> Group | None:
    """Return the notes on the group at hand, if anybody notes."""
    return _group.get()
