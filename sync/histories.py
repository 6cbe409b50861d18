"""Round three of what a batch must know: histories, from the earliest moment that it touches.

A late change runs forward along its track, so everything after it must be known, and so must the
far ends of what it may run into: counts, "all that stands there", the chains of single things.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from sync import containers
from sync.absences import opened_at
from sync.approvals import stood
from sync.arrivals import Arrival
from sync.containers import code_of
from sync.corrections import BOOKED_MS
from sync.counts import SAME_GOODS_MS
from sync.found import is_move, moved
from sync.ledger import CORRECTS, COUNT_PLACE, Effect, TrackName
from sync.needs import (
    MOVING,
    decided,
    late_lot,
    moves,
    resolved_key,
    resolved_place,
)
from sync.operations import Approve, Count, Did, Produce, Receive, Return, Reverse, Settle
from sync.records import Counted, Sighting
from sync.refilling import unlisted
from sync.remedies import undone
from sync.renaming import PREFIX, is_renaming, new_name, seen_again, sighted
from sync.sightings import named_sighting, names_of, thing_of
from sync.state import State
from sync.stock import CONTAINER, is_virtual, key_of, key_text
from sync.verbs import Moving, restated

NEAR_MS: Final = 900_000
"""How long before a count's first scan a movement may have begun that lies across it."""


class History(Struct):
    """Round three: from which time on the history of each key at each place is needed."""

    since: dict[TrackName, int] = field(default_factory=dict)

    def reach(self, name: TrackName, time: int) -> None:
        """Ask for the history of a key at a place from a time on."""
        if not is_virtual(name[0]):
            self.since[name] = min(self.since.get(name, time), time)


def history(state: State, arrivals: Sequence[Arrival]) -> History:
    """Return the histories that deciding the operations will walk."""
    needs = History()
    for arrival in arrivals:
        if arrival.did is None or arrival.body is None:
            continue
        _walk(needs, state, arrival.did, arrival)
    _reach_things(needs, state)
    _reach_contents(needs, state, arrivals)
    reach_doubts(needs, state)
    return needs


def _walk(needs: History, state: State, did: Did, arrival: Arrival) -> None:
    match did:
        case Count():
            _walk_count(needs, state, did, arrival)
        case Reverse():
            _walk_target(needs, state, did)
        case Approve():
            for row in decided(state, did):
                needs.reach((row.place, row.key), min(row.at, row.first))
                places = stood(state, row)
                for held in state.holdings.having("item", row.item):
                    if held.place in places:
                        needs.reach((held.place, held.key), row.at)
            for place, key, _, at in unlisted(state, did):
                needs.reach((place, key), at)
        case Settle():
            _walk_settling(needs, state, did)
        case _:
            if isinstance(did, MOVING):
                _walk_moving(needs, state, did, arrival)


def _walk_moving(needs: History, state: State, did: Moving, arrival: Arrival) -> None:
    left = arrival.taken.at if arrival.taken else arrival.dated.at
    near = BOOKED_MS if isinstance(did, Receive | Produce | Return) else 0
    for movement in moves(state, did, arrival):
        key = key_text(movement.key)
        needs.reach((movement.place_from, key), left)
        needs.reach((movement.place_to, key), arrival.dated.at - near)
    if (item := late_lot(state, arrival)) is not None:
        for row in state.holdings.having("item", item):
            needs.reach((row.place, row.key), arrival.dated.at)


def _walk_count(needs: History, state: State, did: Count, arrival: Arrival) -> None:
    place = resolved_place(state, did.place.text)
    times = [arrival.dated.at, *(line.at for line in arrival.lines)]
    longest = max((line.last_wall - line.first_wall for line in did.lines), default=0)
    first = min(arrival.opened.at if arrival.opened else arrival.dated.at, min(times) - longest)
    for line in did.lines:
        needs.reach((place, resolved_key(state, line.key)), first - NEAR_MS)
    _walk_parts(needs, state, did.count_id, place, first - NEAR_MS)
    for row in state.variances.all():
        # The counts that this one may be held together with (R32).
        if row.place == place and (row.state == "open" or row.at >= first - SAME_GOODS_MS):
            needs.reach((place, row.key), row.at)


def _walk_parts(needs: History, state: State, count_id: str, place: str, since: int) -> None:
    """What a part changes is told anew from when the first one was opened."""
    parts = [one for one in state.counted.having("count_id", count_id) if one.place == place]
    opened = min([since, *(one.opened for one in parts)])
    for held in state.holdings.having("place", place):
        needs.reach((place, held.key), opened)
    for row in state.variances.having("count_id", count_id):
        needs.reach((row.place, row.key), min(row.at, row.first))


def _walk_target(needs: History, state: State, did: Reverse) -> None:
    target = state.operations.find(did.target)
    if target is None:
        return
    for posting in state.made.get(target.seq, ()):
        if posting.t_from is not None:
            needs.reach((posting.place_from, posting.key), posting.t_from)
        if posting.t_to is not None:
            needs.reach((posting.place_to, posting.key), posting.t_to)
    counted = state.counted.find(did.target)
    if counted is not None:
        _walk_parts(needs, state, counted.count_id, counted.place, counted.opened)
    for row in state.variances.all():
        if did.target in {row.operation, *row.parts}:
            needs.reach((row.place, row.key), row.at)


def _walk_settling(needs: History, state: State, did: Settle) -> None:
    row = state.discrepancies.find(did.discrepancy)
    back = undone(state, did)
    if back is not None:
        _walk_target(needs, state, back)
    move = moved(row, did.action) if row is not None and is_move(did.action, row) else None
    if move is not None:
        for place in (move[0].place_from, move[0].place_to):
            needs.reach((place, key_text(move[0].key)), move[1])
    if row is not None and "variance" in row.detail:
        needs.reach((row.place or "", row.key or ""), row.at)
    if row is None or not is_renaming(did.action, row):
        return
    code = did.action.removeprefix(PREFIX)
    again = [seen_again(row, code, one) for one in sighted(state, row)]
    for thing in {one.thing for one in again}:
        rows = [one for one in again if one.thing == thing]
        rows += state.sightings.having("thing", thing)
        needs.since.update(dict.fromkeys(names_of(rows), 0))
    times = [t for p in state.renaming for t in (p.t_from, p.t_to) if t is not None]
    for posting in state.renaming:
        for one in (posting, new_name(row, code, posting)):
            for place in (one.place_from, one.place_to):
                needs.since[place, one.key] = min(times)


def _leaving_to(state: State) -> set[str]:
    """Return where containers went out of the books, or are about to."""
    places = {row.place for row in state.sightings.all() if containers.leaves(row)}
    for several in state.moves.values():
        places |= {
            one.place_to
            for one in several
            if one.key.item == CONTAINER and is_virtual(one.place_to)
        }
    return places


def _reach_contents(needs: History, state: State, arrivals: Sequence[Arrival]) -> None:
    """Know what stood in containers from where one of them left with all that was in it."""
    places = _leaving_to(state)
    if not places:
        return
    times = [row.at for row in containers.leavings(state)]
    first = min([*times, *(one.dated.at for one in arrivals)])
    held = {(row.place, row.key) for row in state.holdings.all()}
    for place, key in [name for name in {*held, *needs.since} if code_of(name[0])]:
        needs.reach((place, key), first)
        nowhere = (containers.nowhere_of(place), key)
        needs.since.update({nowhere: 0, **{(to, key): 0 for to in places}})


def _chains(state: State) -> dict[str, list[Sighting]]:
    """Return each thing's sightings, with those that the batch may add, as far as names go."""
    chains: dict[str, list[Sighting]] = {}
    for row in state.sightings.all():
        chains.setdefault(row.thing, []).append(row)
    for name, flow in state.stood.items():
        chains.setdefault(name, []).append(named_sighting(name, flow[3], flow[2], flow[0]))
    for one in (one for several in state.moves.values() for one in several):
        if (thing := thing_of(one.key)) is not None:
            may_be = named_sighting(thing, key_text(one.key), one.place_to, one.place_from)
            chains.setdefault(thing, []).append(may_be)
    for variance in state.variances.all():
        if (thing := thing_of(key_of(variance.key))) is not None:
            # Its approval may be the first that is ever seen of the thing.
            may_be = named_sighting(thing, variance.key, variance.place, COUNT_PLACE)
            chains.setdefault(thing, []).append(may_be)
    return chains


def _reach_things(needs: History, state: State) -> None:
    """Know every place and key of each thing's chain: deriving it again posts anywhere there."""
    chains = _chains(state)
    going = _leaving_to(state)
    for name, rows in chains.items():
        if any(code_of(row.place) for row in rows):
            rows.extend(named_sighting(name, rows[0].key, place, place) for place in going)
        for track in names_of(rows):
            needs.since[track] = min(needs.since.get(track, state.seen_since), state.seen_since)


def reach_doubts(needs: History, state: State) -> None:
    """Reach back to what is open there: a shortage to cover, a count whose window is touched."""
    for row in state.discrepancies.all():
        name = (row.place or "", row.key or "")
        if row.state == "open" and name in needs.since:
            needs.reach(name, row.at)
    for counted in state.counted.all():
        if not counted.reversed:
            _reach_count(needs, counted, opened_at(state, counted))


def _reach_count(needs: History, counted: Counted, opened: int) -> None:
    for name, since in list(needs.since.items()):
        if name[0] == counted.place and since <= counted.at:
            needs.reach(name, opened)


def far_ends(state: State) -> History:
    """Return what lies behind the counts, absences and "all"s of the histories loaded so far.

    A late change that runs into one of them is posted at its far end too, and an absence is told
    from when its count was opened. Empty once all are known; an "all" may lead to another, so the
    book asks again until it is.
    """
    needs = History()
    for track_name, track in state.tracks.rows.items():
        for effect in track.effects if track else ():
            if effect.kind in {*CORRECTS, "all"}:
                for name, time in _behind(track_name, effect):
                    if not _reaches(state, name, time):
                        needs.since[name] = min(needs.since.get(name, time), time)
    return needs


def _behind(name: TrackName, effect: Effect) -> list[tuple[TrackName, int]]:
    """Return the far end of an effect; behind a change of status it is here, under another key."""
    place, key = name
    far = [((effect.other, key), effect.at[0] if effect.t_other is None else effect.t_other)]
    if effect.kind == "gone" and effect.t_other is not None:
        far.append((name, effect.t_other))
    if (now := restated(key, effect.other)) is not None:
        far += [((effect.other, now), effect.at[0]), ((place, now), effect.at[0])]
    return far


def _reaches(state: State, name: TrackName, time: int) -> bool:
    """Say whether a far end is known from that time on; a virtual one has no history."""
    if is_virtual(name[0]):
        return name in state.holdings.rows
    track = state.tracks.rows.get(name)
    return track is not None and track.since <= time
