"""Which facts a batch must know before it can be decided: a closed set, in three rounds.

First what the operations name (themselves, their targets, the counts they decide), then what
stands where they act, then the history from the earliest moment that they touch, with the far
ends of what a late change would run into.
The book loads each round in a few set-based queries; deciding then needs no I/O.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from sync.arrivals import Arrival
from sync.ledger import COUNT_PLACE, TrackName
from sync.movements import known_item, known_place
from sync.operations import (
    Adjust,
    Approve,
    Close,
    Count,
    Did,
    Issue,
    Move,
    Pick,
    Produce,
    PutAway,
    Receive,
    Restate,
    Return,
    Reverse,
    Settle,
    Ship,
    decode_body,
    decode_did,
    decode_envelope,
)
from sync.progress import CLOSE_MS
from sync.records import Counted, Variance
from sync.renaming import PREFIX, is_renaming, new_name
from sync.reversal import REVERSIBLE
from sync.serials import names_of
from sync.state import State
from sync.stock import Key, is_virtual, key_of, key_text
from sync.verbs import Movement, Moving, movements_of

MOVING: Final = (
    Receive, PutAway, Move, Pick, Ship, Issue, Produce, Return, Restate, Adjust,
)  # fmt: skip
LATE_MS: Final = 60_000
"""After that long, others may have taken newer goods than those that arrive (R26)."""

NEAR_MS: Final = 900_000
"""How long before a count's first scan a movement may have begun that lies across it."""


class Named(Struct):
    """Round one: rows that the operations name."""

    operations: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)
    count_ids: set[str] = field(default_factory=set)
    discrepancies: set[str] = field(default_factory=set)
    proved: set[tuple[str, str]] = field(default_factory=set)


class Standing(Struct):
    """Round two: what stands where they act. `near` are places with their counts and doubts."""

    documents: set[str] = field(default_factory=set)
    lots: set[str] = field(default_factory=set)
    names: set[TrackName] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    targets: dict[str, int] = field(default_factory=dict)
    since_base: dict[str, tuple[str, int]] = field(default_factory=dict)
    renamed: set[tuple[str, str]] = field(default_factory=set)


class History(Struct):
    """Round three: from which time on the history of each key at each place is needed."""

    since: dict[TrackName, int] = field(default_factory=dict)

    def reach(self, name: TrackName, time: int) -> None:
        """Ask for the history of a key at a place from a time on."""
        if not is_virtual(name[0]):
            self.since[name] = min(self.since.get(name, time), time)


def named(pushes: Iterable[tuple[str, Iterable[Arrival]]]) -> Named:
    """Return what the operations of several devices name."""
    needs = Named()
    for device, arrival in ((device, one) for device, arrivals in pushes for one in arrivals):
        needs.operations |= {
            arrival.id,
            f"{arrival.id}~{arrival.link.replica[:8]}.{arrival.link.seq}",
        }
        needs.waits.add(arrival.id)
        match arrival.did:
            case Reverse():
                needs.operations.add(arrival.did.target)
            case Approve():
                needs.count_ids.add(arrival.did.count_id)
            case Settle():
                needs.discrepancies.add(arrival.did.discrepancy)
            case Count():
                needs.count_ids.add(arrival.did.count_id)
            case _:
                pass
        if arrival.body is not None and arrival.body.class_ == "intent":
            needs.proved.add((device, arrival.body.actor))
    return needs


def standing(state: State, arrivals: Iterable[Arrival]) -> Standing:
    """Return what must be known of the places, lots and documents that the operations act on."""
    needs = Standing()
    for arrival in arrivals:
        if arrival.did is None or arrival.body is None:
            continue
        if arrival.body.task is not None:
            needs.documents.add(arrival.body.task.document)
        _stand(needs, state, arrival.did, arrival)
        if isinstance(arrival.did, Issue | Pick) and arrival.did.key.lot is not None:
            item = resolved_item(state, arrival.did.key.item)
            cursor = arrival.body.base.cursor if arrival.body.base else 0
            needs.items.add(item)
            needs.since_base[arrival.id] = (item, cursor)
        elif _is_late(state, arrival) and (brought := _lot_item(arrival.did)):
            needs.items.add(resolved_item(state, brought))
    return needs


def _is_late(state: State, arrival: Arrival) -> bool:
    return arrival.dated.at < state.now - LATE_MS


def _lot_item(did: Did) -> str | None:
    """Return the item of a movement that may bring an older lot to a bin."""
    if isinstance(did, Receive | PutAway | Move | Return) and did.key is not None and did.key.lot:
        return did.key.item
    return None


def _stand(needs: Standing, state: State, did: Did, arrival: Arrival) -> None:
    match did:
        case Count():
            place = resolved_place(state, did.place.text)
            needs.places.add(place)
            needs.near.add(place)
            needs.names |= {(place, resolved_key(state, line.key)) for line in did.lines}
        case Reverse():
            _stand_target(needs, state, did, arrival)
        case Approve():
            for row in _decided(state, did):
                needs.names |= {(row.place, row.key), (COUNT_PLACE, row.key)}
                needs.near.add(row.place)
                needs.lots.add(row.item)
                needs.documents.add(f"RC-{row.place}")
        case Close():
            needs.documents.add(did.document)
        case Settle():
            row_ = state.discrepancies.find(did.discrepancy)
            if row_ is not None and row_.item is not None:
                needs.lots.add(row_.item)
            if row_ is not None and is_renaming(did.action, row_):
                needs.renamed.add((str(row_.detail["kind"]), f"unidentified/{row_.detail['raw']}"))
        case _:
            if isinstance(did, MOVING):
                _stand_moving(needs, state, did, arrival)


def _stand_moving(needs: Standing, state: State, did: Moving, arrival: Arrival) -> None:
    for movement in _moves(state, did, arrival):
        key, item = key_text(movement.key), movement.key.item
        if movement.key.lot is not None:
            needs.lots.add(item)
        if movement.key.serial is not None:
            needs.items.add(item)
        for place in (movement.place_from, movement.place_to):
            needs.names.add((place, key))
            if not is_virtual(place):
                needs.near.add(place)
        if not is_virtual(movement.place_from):
            needs.places.add(movement.place_from)


def _moves(state: State, did: Moving, arrival: Arrival) -> list[Movement]:
    """Return the movements of an operation, or of a reverse's target, as they will be posted."""
    name = (arrival.id, did is arrival.did)
    found = state.moves.get(name)
    if found is None:
        document = arrival.body.task.document if arrival.body and arrival.body.task else None
        found = state.moves[name] = [
            Movement(
                _as_known(state, one.key),
                resolved_place(state, one.place_from),
                resolved_place(state, one.place_to),
                one.quantity,
            )
            for one in movements_of(did, document)
        ]
    return found


def _stand_target(needs: Standing, state: State, did: Reverse, arrival: Arrival) -> None:
    target = state.operations.find(did.target)
    if target is None or target.outcome == "parked" or target.verb not in REVERSIBLE:
        return
    needs.targets[target.id] = target.seq
    if target.document is not None:
        needs.documents.add(target.document)
    body = decode_body(bytes(decode_envelope(target.payload).body))
    inner = decode_did(bytes(body.did))
    if not isinstance(inner, Reverse):
        _stand(needs, state, inner, arrival)


def _decided(state: State, did: Approve) -> list[Variance]:
    return [row for row in state.variances.all() if row.count_id == did.count_id]


def history(state: State, arrivals: Iterable[Arrival]) -> History:
    """Return the histories that deciding the operations will walk."""
    needs = History()
    for arrival in arrivals:
        if arrival.did is None or arrival.body is None:
            continue
        _walk(needs, state, arrival.did, arrival)
    reach_doubts(needs, state)
    return needs


def _walk(needs: History, state: State, did: Did, arrival: Arrival) -> None:
    match did:
        case Count():
            _walk_count(needs, state, did, arrival)
        case Reverse():
            _walk_target(needs, state, did)
        case Approve():
            for row in _decided(state, did):
                needs.reach((row.place, row.key), row.at)
        case Settle():
            _walk_renaming(needs, state, did)
        case _:
            if isinstance(did, MOVING):
                _walk_moving(needs, state, did, arrival)


def _walk_moving(needs: History, state: State, did: Moving, arrival: Arrival) -> None:
    left = arrival.taken.at if arrival.taken else arrival.dated.at
    near = CLOSE_MS if isinstance(did, Receive) else 0
    for movement in _moves(state, did, arrival):
        key = key_text(movement.key)
        needs.reach((movement.place_from, key), left)
        needs.reach((movement.place_to, key), arrival.dated.at - near)
        if movement.key.serial is not None:
            _walk_serial(needs, state, movement)
    if _is_late(state, arrival) and (item := _lot_item(did)):
        for row in state.holdings.all():
            if row.item == resolved_item(state, item):
                needs.reach((row.place, row.key), arrival.dated.at)


def _walk_serial(needs: History, state: State, movement: Movement) -> None:
    """Know where a serial was ever seen, under every key: it leaves where it stands.

    Other operations of the batch see it too, perhaps at a place or under a key of their own.
    """
    item, serial = movement.key.item, movement.key.serial or ""
    rows = names_of(state, item, serial)
    seen = [one for moves in state.moves.values() for one in moves
            if (one.key.item, one.key.serial) == (item, serial)]  # fmt: skip
    keys = {row.key for row in rows} | {key_text(one.key) for one in seen}
    places = {row.place for row in rows} | {f"unidentified/{item}"}
    places |= {place for one in seen for place in (one.place_from, one.place_to)}
    for place in places:
        needs.since.update({(place, key): 0 for key in keys})


def _walk_count(needs: History, state: State, did: Count, arrival: Arrival) -> None:
    place = resolved_place(state, did.place.text)
    times = [arrival.dated.at, *(line.at for line in arrival.lines)]
    longest = max((line.last_wall - line.first_wall for line in did.lines), default=0)
    first = min(arrival.opened.at if arrival.opened else arrival.dated.at, min(times) - longest)
    listed = {resolved_key(state, line.key) for line in did.lines}
    held = {row.key for row in state.holdings.all() if row.place == place}
    for key in listed | held:
        needs.reach((place, key), first - NEAR_MS)
    for row in state.variances.all():
        if row.place == place and row.state != "reversed":
            needs.reach((place, row.key), row.at)


def _walk_target(needs: History, state: State, did: Reverse) -> None:
    target = state.operations.find(did.target)
    if target is None:
        return
    for posting in state.made.get(target.seq, ()):
        serial = key_of(posting.key).serial
        for seen in names_of(state, posting.item, serial) if serial else ():
            needs.since[seen.place, seen.key] = 0
        if posting.t_from is not None:
            needs.reach((posting.place_from, posting.key), posting.t_from)
        if posting.t_to is not None:
            needs.reach((posting.place_to, posting.key), posting.t_to)
    for row in state.variances.all():
        if row.operation == did.target:
            needs.reach((row.place, row.key), row.at)


def _walk_renaming(needs: History, state: State, did: Settle) -> None:
    row = state.discrepancies.find(did.discrepancy)
    if row is None or not is_renaming(did.action, row):
        return
    code = did.action.removeprefix(PREFIX)
    times = [t for p in state.renaming for t in (p.t_from, p.t_to) if t is not None]
    for posting in state.renaming:
        for one in (posting, new_name(row, code, posting)):
            for place in (one.place_from, one.place_to):
                needs.since[place, one.key] = min(times)


def reach_doubts(needs: History, state: State) -> None:
    """Reach back to what is open there: a shortage to cover, a count whose window is touched."""
    for row in state.discrepancies.all():
        name = (row.place or "", row.key or "")
        if row.state == "open" and name in needs.since:
            needs.reach(name, row.at)
    for counted in state.counted.all():
        if not counted.reversed:
            _reach_count(needs, counted)


def _reach_count(needs: History, counted: Counted) -> None:
    for name, since in list(needs.since.items()):
        if name[0] == counted.place and since <= counted.at:
            needs.reach(name, counted.opened)


def far_ends(state: State) -> History:
    """Return what lies behind the counts and "all"s of the histories loaded so far.

    A late change that runs into one of them is posted at its far end too. Empty once all are
    known; an "all" may lead to another, so the book asks again until it is.
    """
    needs = History()
    for track_name, track in state.tracks.rows.items():
        for effect in track.effects if track else ():
            name = (effect.other, track_name[1])
            time = effect.at[0] if effect.t_other is None else effect.t_other
            if effect.kind in {"count", "all"} and not _reaches(state, name, time):
                needs.since[name] = min(needs.since.get(name, time), time)
    return needs


def _reaches(state: State, name: TrackName, time: int) -> bool:
    """Say whether a far end is known from that time on; a virtual one has no history."""
    if is_virtual(name[0]):
        return name in state.holdings.rows
    track = state.tracks.rows.get(name)
    return track is not None and track.since <= time


def resolved_item(state: State, code: str) -> str:
    """Return the item as it will be posted."""
    return known_item(state, code) or f"unidentified/{code.removeprefix('unidentified/')}"


def resolved_place(state: State, place: str) -> str:
    """Return the place as it will be posted."""
    return known_place(state, place) or f"unidentified/{place.removeprefix('unidentified/')}"


def resolved_key(state: State, key: Key) -> str:
    """Return the text of the key as it will be posted."""
    return key_text(_as_known(state, key))


def _as_known(state: State, key: Key) -> Key:
    item = resolved_item(state, key.item)
    return key if item == key.item else replace(key, item=item)
