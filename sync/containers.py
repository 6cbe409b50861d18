"""Containers: what is in one stands at the place `container/CODE`, and goes where it goes.

Moving a container is one sighting of it; its contents are not touched (R21). What leaves the
books in it is posted key by key: "all that stands there" to where the container went, and then a
zero, so that an empty tote comes back empty and whatever is learned late runs into both.
"""

from typing import Final

import msgspec

from sync.case import Case, Odd
from sync.ledger import COUNT_PLACE, Effect, Posting, TrackName, amend
from sync.records import Sighting
from sync.sightings import chain, forget, moment_of, see, stands_at, stood, thing_of
from sync.state import State
from sync.stock import CONTAINER, container_key, is_virtual, key_of
from sync.verbs import NEW_CONTAINER, Movement
from sync.vocabulary import Code

INSIDE: Final = "container/"
DEPTH_MAX: Final = 8
"""How deep containers may stand in one another: a carton in a tote on a pallet is three."""


decode: Final = msgspec.json.Decoder(tuple[str, str]).decode


def code_of(place: str) -> str | None:
    """Return the container that a place is; None for every other place."""
    return place.removeprefix(INSIDE) if place.startswith(INSIDE) else None


def container_of(row: Sighting) -> str | None:
    """Return the code of a container that was seen; None for a serial."""
    key = key_of(row.key)
    return key.serial if key.item == CONTAINER else None


def thing_named(code: str) -> str:
    """Return the name of a container's chain."""
    return thing_of(container_key(code)) or ""


def codes(state: State) -> set[str]:
    """Return every container that the batch knows."""
    things = {row.thing for row in state.sightings.all()} | state.stood.keys()
    return {code for code in map(_code_of_thing, things) if code is not None}


def places(state: State) -> set[str]:
    """Return every place where a thing that the batch knows was seen."""
    return {row.place for row in state.sightings.all()} | {flow[2] for flow in state.stood.values()}


def _code_of_thing(thing: str) -> str | None:
    item, serial = decode(thing)
    return serial if item == CONTAINER else None


def leavings(state: State) -> list[Sighting]:
    """Return where containers left the books, in the order of time."""
    rows = [row for row in state.sightings.all() if leaves(row) and not row.gone and row.posted]
    return sorted(rows, key=moment_of)


def leaves(row: Sighting) -> bool:
    """Say whether a container took its contents out of the books with it."""
    return container_of(row) is not None and is_virtual(row.place) and row.place != COUNT_PLACE


def members(state: State, leaving: Sighting) -> set[str]:
    """Return the container that left and all that stood in it just then."""
    found: set[str] = set()
    new = {container_of(leaving) or ""}
    standing = {code: _place(state, code, leaving) for code in codes(state)}
    for _ in range(DEPTH_MAX):
        found |= new
        new = {code for code, place in standing.items() if code_of(place) in new} - found
    return found


def _place(state: State, code: str, leaving: Sighting) -> str:
    """Return where a container stood; nowhere when it was in somebody's hands just then."""
    thing, then = thing_named(code), moment_of(leaving)
    stands, rows = stands_at(state, thing, then), chain(state, thing)
    after = (row for row in rows if moment_of(row) > then and not row.gone and row.posted)
    lifted = next(after, None)
    in_hand = lifted is not None and (lifted.taken, *moment_of(lifted)[1:]) < then
    return stands.place_to if stands and not in_hand else ""


# --- after each fact -----------------------------------------------------------------------------


def settle(case: Case) -> list[Posting]:
    """Bring what left in containers up to what is known now; return the linked postings."""
    state = case.state
    linked: list[Posting] = []
    for leaving in leavings(state):
        gone = members(state, leaving)
        for code in codes(state):
            linked += _contents(state, leaving, f"{INSIDE}{code}", leaves=code in gone)
        _things(state, leaving, gone)
    return linked


def _contents(state: State, leaving: Sighting, place: str, *, leaves: bool) -> list[Posting]:
    """Let the counted goods of one container leave with it, or stay after all."""
    linked: list[Posting] = []
    names = [name for name, track in state.tracks.rows.items() if name[0] == place and track]
    for name in names:
        track = state.tracks.get(name)
        if track is None or thing_of(key_of(name[1])) is not None:
            continue
        own = [effect for effect in track.effects if effect.of == leaving.of]
        alive = [effect for effect in own if effect.kind in {"all", "count"}]
        if leaves and not alive and track.since <= leaving.at and track.before(moment_of(leaving)):
            linked += _take_out(state, leaving, name, 1 + len(own))
        elif alive and not leaves:
            # The zero goes first: it would take what the "all" gives back.
            linked += [one for effect in alive[::-1] for one in _put_back(state, name, effect)]
    return linked


def _take_out(state: State, leaving: Sighting, name: TrackName, line: int) -> list[Posting]:
    """Post "all" to where the container went, then the zero; later facts run into them."""
    place, key = name
    track = state.tracks.get(name)
    held = track.before(moment_of(leaving)) if track else 0
    out = Posting(
        of=leaving.of, line=line, kind="all", item=key_of(key).item, key=key, place_from=place,
        place_to=leaving.place, quantity=max(held, 0), t_from=leaving.at, t_to=None, u=leaving.u,
        replica=leaving.replica, rseq=leaving.rseq,
    )  # fmt: skip
    nowhere = nowhere_of(place)
    zero = Posting(
        of=leaving.of, line=line + 1, kind="count", item=out.item, key=key, place_from=nowhere,
        place_to=place, quantity=max(-held, 0), t_from=leaving.at, t_to=leaving.at, u=leaving.u,
        replica=leaving.replica, rseq=leaving.rseq, counted=0,
    )  # fmt: skip
    for posting in (out, zero):
        state.apply(posting)
    moment = (leaving.at, leaving.replica, leaving.rseq, line + 1)
    return state.run_forward(name, moment, -held)


def nowhere_of(place: str) -> str:
    """Return where goods come from that left in a container and never were in it."""
    return f"unidentified/{place}"


def _put_back(state: State, name: TrackName, effect: Effect) -> list[Posting]:
    posting = amend(effect, name, -effect.amount, "reverse")
    state.apply(posting)
    return [posting, *state.run_forward(name, effect.at, -effect.amount)]


def _things(state: State, leaving: Sighting, gone: set[str]) -> None:
    """Let single things leave with the container in which they stand; inner ones stay inside."""
    seen = {(row.thing, row.place) for row in state.sightings.all()}
    seen |= {(thing, flow[2]) for thing, flow in state.stood.items()}
    inside = {
        (thing, code)
        for thing, place in seen
        if (code := code_of(place)) is not None and _code_of_thing(thing) is None
    }
    for thing, code in sorted(inside):
        rows = [row for row in chain(state, thing) if row.of == leaving.of]
        own = [row for row in rows if row.only_from == f"{INSIDE}{code}"]
        if code not in gone:
            forget(state, own)
        elif not own or own[0].gone:
            see(state, _goes_along(state, leaving, thing, code, len(rows) + 1))


def _goes_along(state: State, leaving: Sighting, thing: str, code: str, line: int) -> Sighting:
    rows, before = chain(state, thing), stood(state, thing)
    key = before.key_to if before else rows[0].key
    return Sighting(
        thing=thing, of=leaving.of, line=line, at=leaving.at, taken=leaving.at, u=leaving.u,
        replica=leaving.replica, rseq=leaving.rseq, place=leaving.place,
        source=f"{INSIDE}{code}", key=key, only_from=f"{INSIDE}{code}",
    )  # fmt: skip


# --- where it is, and doubts ---------------------------------------------------------------------


def where(state: State, code: str) -> str:
    """Return the place where a container stands in the end; `unidentified/CODE` when in itself."""
    place = f"{INSIDE}{code}"
    for _ in range(DEPTH_MAX):
        inner = code_of(place)
        if inner is None:
            return place
        stands = stands_at(state, thing_named(inner), (2**62, "~", 0, 0))
        if stands is None:
            return place
        place = stands.place_to
    return f"unidentified/{code}"


def doubt(case: Case, movement: Movement) -> None:
    """Say when containers would contain one another, and when a screen knew other contents."""
    key = movement.key
    if key.item != CONTAINER or key.serial is None:
        return
    if where(case.state, key.serial) == f"unidentified/{key.serial}":
        detail: dict[str, object] = {"thing": thing_named(key.serial), "inside": movement.place_to}
        case.flag(Code.LOCATION_DOUBT, Odd(place=movement.place_to, item=CONTAINER, detail=detail))
    inside = f"{INSIDE}{key.serial}"
    changed = {
        posting.key
        for posting in case.state.posted_since(case.body.id)
        if posting.replica != case.link.replica and inside in {posting.place_from, posting.place_to}
    }
    if changed and movement.place_from != NEW_CONTAINER:
        odd = Odd(place=inside, item=CONTAINER, closed=True,
                  detail={"beside": sorted(changed), "assumed": []})  # fmt: skip
        case.flag(Code.KEY_DOUBT, odd)
