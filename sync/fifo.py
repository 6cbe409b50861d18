"""Which lot to take: first in first out, or first expired first out for dated items.

Only numbers order anything here. Lots of equal age share a rank, so that taking the nearer bin
of the same lot is never called a deviation.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

_NEVER: Final = 99_999_999
"""The day of goods that do not expire: after every day that has a date."""


class Candidate(Struct, frozen=True):
    """One holding of an item, with what its lot and its place say about it."""

    quantity: int
    version: int
    fifo_at: int
    expires: str | None = None
    status: str = "ok"
    blocked: bool = False
    kind: str = "bin"
    walk: int = 0
    place_blocked: bool = False


class Ranked(NamedTuple):
    """The index of the candidate, and one more than the number of pickable lots that are older."""

    candidate: int
    rank: int


def pickable(lot: Candidate) -> bool:
    """Say whether goods may be taken from there: ordinary stock in an ordinary bin."""
    free = not lot.blocked and not lot.place_blocked
    return free and lot.quantity > 0 and lot.status == "ok" and lot.kind == "bin"


def day_number(day: str | None) -> int:
    """Return 2027-09-30 as 20270930."""
    return int(day.replace("-", "")) if day else _NEVER


def rank(lots: Sequence[Candidate], *, dated: bool) -> list[Ranked]:
    """Return the pickable lots, the one to take first; equal ages stand by path, then version."""
    ages = {
        index: (day_number(lot.expires) if dated else 0, lot.fifo_at)
        for index, lot in enumerate(lots)
        if pickable(lot)
    }
    order = sorted(ages, key=lambda i: (ages[i], lots[i].walk, lots[i].version))
    ranked: list[Ranked] = []
    for position, index in enumerate(order):
        same = position > 0 and ages[index] == ages[order[position - 1]]
        ranked.append(Ranked(index, ranked[-1].rank if same else position + 1))
    return ranked
