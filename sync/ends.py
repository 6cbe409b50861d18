"""The virtual ends that each verb may name: one table, for a device says where goods were (R45).

A virtual end balances the books: goods that leave to it are gone. So a verb may only name those
that it is about. An end that it may not name is a place that nobody knows: the goods have moved
all the same and the fact is never refused (E5), so they stand at `unidentified/END`, where an open
`UNKNOWN_CODE` asks for the place that was meant. Nothing is written off, and nothing comes from
nowhere, by naming `adjust`, `count` or `suspense`; only the ledger itself posts there.
"""

from typing import Final, NamedTuple

from sync.stock import is_virtual


class Ends(NamedTuple):
    """First parts of the virtual places that a verb may leave, and that it may reach."""

    leaves: frozenset[str] = frozenset()
    reaches: frozenset[str] = frozenset()


def _ends(leaves: str = "", reaches: str = "") -> Ends:
    return Ends(frozenset(leaves.split()), frozenset(reaches.split()))


ENDS: Final[dict[str, Ends]] = {
    "receive": _ends("supplier transit adjust"),
    "putaway": _ends(),
    "move": _ends("", "scrap"),
    "pick": _ends(),
    "ship": _ends("", "customer transit"),
    "issue": _ends("", "production cost customer scrap"),
    "produce": _ends("production"),
    "return": _ends("customer production cost", "supplier"),
    "status": _ends(),
    "adjust": _ends(),
    "count": _ends(),
    "container": _ends("supplier customer production transit"),
}
"""Of `status`, `adjust` and `count` it is the place itself; the other end of `adjust` follows from
its reason, that of `produce` from its paper. Opening stock is received from `adjust`. A
container that comes back empty is moved from where it was, which says nothing of goods.
"""

ADJUSTS: Final = frozenset({"adjust", "scrap"})
"""Ends at which goods appear or vanish by somebody's word: under a limit (R37)."""


def adjusts(place: str) -> bool:
    """Say whether goods that come from a place, or go to it, are an adjustment."""
    return place.partition("/")[0] in ADJUSTS


def left(verb: str, place: str, *, counted: bool = True) -> str:
    """Return the place that goods left, as far as the verb may name it."""
    return _named(ENDS[verb].leaves, place, counted=counted)


def reached(verb: str, place: str, *, counted: bool = True) -> str:
    """Return the place that goods reached, as far as the verb may name it.

    What is not `counted`, "all that stands there" and what is in a container, is never an
    adjustment: a limit needs a number.
    """
    return _named(ENDS[verb].reaches, place, counted=counted)


def _named(may: frozenset[str], place: str, *, counted: bool) -> str:
    first = place.partition("/")[0]
    if not is_virtual(place) or (first in may and (counted or first not in ADJUSTS)):
        return place
    return f"unidentified/{place}"
