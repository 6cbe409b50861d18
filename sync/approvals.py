"""What a decision on a count rests on: its parts, what was shown, and what stands beside.

A person may approve what was shown, with a number for everything that may have been counted
together (R35). The server approves by itself only what leaves nothing to ask (R28).
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from sync import containers
from sync.balances import moment_of
from sync.case import Case
from sync.ledger import CORRECTS, TrackName
from sync.limits import SUSPENSE
from sync.operations import Approve
from sync.records import Variance
from sync.sightings import stands_at
from sync.state import State
from sync.stock import CONTAINER, Key, key_of

UNBOOKED: Final = frozenset({"dock", "line", "quality", "returns"})
"""Kinds of places where goods may stand before anybody has booked them."""

BY_HAND: Final = ("adjust/", SUSPENSE)


# --- parts ---------------------------------------------------------------------------------------


def parts_of(state: State, named: Iterable[str], row: Variance) -> list[Variance]:
    """Return the lines of the row's key in the parts named; they add up."""
    operations = {*named, row.operation}
    return [
        other
        for other in state.variances.having("place", row.place)
        if (other.count_id, other.key) == (row.count_id, row.key)
        and other.operation in operations
        and other.state in {"open", "approved"}
    ]


def parts_missing(state: State, did: Approve, row: Variance) -> set[str]:
    """Return the parts that hold a line of the row's key too, open or approved, and unnamed."""
    rows = state.variances.having("place", row.place)
    same = [one for one in rows if (one.count_id, one.key) == (row.count_id, row.key)]
    holds = {one.operation for one in same if one.state in {"open", "approved"} and one.line >= 0}
    return holds - {*did.named, row.operation}


def parts_stand(state: State, did: Approve) -> bool:
    """Say whether every part that a decision rests on is here and was not reversed."""
    counts = [state.counted.find(part) for part in did.named]
    return all(one and one.count_id == did.count_id and not one.reversed for one in counts)


def resting_on(state: State, operation: str) -> list[Variance]:
    """Return the approved lines that hold only while a count is not reversed.

    So do approved absences that another part withdrew meanwhile.
    """
    return [row for row in state.variances.all()
            if (row.state == "approved" or (row.state == "reversed" and row.parts))
            and operation in {row.operation, *row.parts}]  # fmt: skip


# --- what was shown ------------------------------------------------------------------------------


def changed_since(case: Case, row: Variance) -> bool:
    """Say whether the key was adjusted, or counted and approved, later and unseen (R35)."""
    base = case.body.base
    seen = base.cursor if base is not None and base.epoch == case.state.epoch else 0
    return any(of > seen for of in _corrections(case.state, row))


def _corrections(state: State, row: Variance) -> list[int]:
    """Return the operations that corrected the key after the moment of its count."""
    track = state.tracks.find((row.place, row.key))
    later = [e for e in track.effects if e.at > moment_of(row)] if track else []
    return [e.of for e in later if e.kind in CORRECTS or e.other.startswith(BY_HAND)]


# --- what stands beside --------------------------------------------------------------------------


def beside(state: State, row: Variance) -> list[TrackName]:
    """Return what may have been counted with a line: it was not zero then, and has no number.

    That are the siblings that its assumed parts could mean, and its key in containers there.
    """
    key, moment = key_of(row.key), moment_of(row)
    if row.line < 0 or key.item == CONTAINER:
        return []
    names = [
        (held.place, held.key)
        for held in state.holdings.having("place", row.place)
        if held.key != row.key and _could_mean(key, key_of(held.key), row.assumed)
    ]
    names += [(place, row.key) for place in _inside(state, row)]
    tracks = [(name, state.tracks.find(name)) for name in sorted(names)]
    found = [name for name, track in tracks if track and track.before(moment)]
    return [name for name in found if not _has_number(state, row, name)]


def _could_mean(key: Key, other: Key, assumed: tuple[str, ...]) -> bool:
    """Say whether two keys differ only in what the device assumed."""
    parts = {part: getattr(other, part) for part in assumed if part != "quantity"}
    return bool(parts) and replace(key, **parts) == other


def _has_number(state: State, row: Variance, name: TrackName) -> bool:
    rows = state.variances.having("place", name[0])
    same = [one for one in rows if (one.count_id, one.key) == (row.count_id, name[1])]
    # Also when a person has left it as it is, or wants it counted again.
    return any(one.state in {"approved", "rejected", "recount"} for one in same)


def _inside(state: State, row: Variance) -> set[str]:
    return stood(state, row) - {row.place}


def stood(state: State, row: Variance) -> set[str]:
    """Return a line's place, and those inside the containers that stood there then."""
    moment, found = moment_of(row), {row.place}
    stood = {}
    for code in containers.codes(state):
        flow = stands_at(state, containers.thing_named(code), moment)
        stood[f"{containers.INSIDE}{code}"] = flow.place_to if flow else ""
    for _ in range(containers.DEPTH_MAX):
        found |= {inside for inside, place in stood.items() if place in found}
    return found


# --- by itself -----------------------------------------------------------------------------------


def within_tolerance(state: State, row: Variance) -> bool:
    """Say whether a difference is small enough by every limit of site and item."""
    site, item = state.site, state.items.find(row.item)
    own = item.count_tolerance if item else None
    percent = item.count_tolerance_percent if item else None
    percent = site.count_tolerance_percent if percent is None else percent
    apart = abs(row.counted - row.expected)
    if apart > (site.count_tolerance if own is None else own):
        return False
    return percent is None or apart * 100 <= percent * abs(row.expected)


def why_by_hand(state: State, row: Variance, outputs: set[str]) -> str | None:
    """Return why a line inside its tolerances waits for a person; None when it does not.

    `outputs` are places that production delivered to.
    """
    location = state.locations.find(row.place)
    early = row.place in outputs or (location is not None and location.kind in UNBOOKED)
    if row.counted > row.expected and early:
        return "surplus"
    if row.counted != row.expected and _corrections(state, row):
        return "adjusted"
    return None
