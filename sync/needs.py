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

from sync import limits
from sync.arrivals import Arrival
from sync.containers import INSIDE, code_of
from sync.editing import item_of_lot, paper
from sync.ends import adjusts
from sync.found import is_move, moved
from sync.ledger import COUNT_PLACE, TrackName
from sync.movements import known_item, known_place, nameable, unnamed
from sync.operations import (
    Adjust,
    Approve,
    Close,
    Count,
    Did,
    Edit,
    Issue,
    Move,
    Pick,
    Produce,
    PutAway,
    Receive,
    Reserve,
    Restate,
    Return,
    Reverse,
    Settle,
    Ship,
    decode_body,
    decode_did,
    decode_envelope,
)
from sync.places import has_rule, tasks
from sync.records import Discrepancy, Variance
from sync.refilling import unlisted
from sync.remedies import papers, undone
from sync.renaming import PREFIX, is_renaming
from sync.returns import is_customer
from sync.reversal import REVERSIBLE
from sync.sightings import UNIDENTIFIED, thing_of
from sync.state import LATEST_MS, State
from sync.stock import CONTAINER, Key, is_virtual, key_of, key_text
from sync.tasks import tasks_at
from sync.verbs import Movement, Moving, movements_of

MOVING: Final = (
    Receive, PutAway, Move, Pick, Ship, Issue, Produce, Return, Restate, Adjust,
)  # fmt: skip
LATE_MS: Final = 60_000
"""After that long, others may have taken newer goods than those that arrive (R26)."""


OVERLAP_MS: Final = 300_000
"""How long another device may have had a thing in hand just then (R20)."""


class Named(Struct):
    """Round one: rows that the operations name."""

    operations: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)
    count_ids: set[str] = field(default_factory=set)
    counts: set[str] = field(default_factory=set)
    discrepancies: set[str] = field(default_factory=set)
    proved: set[tuple[str, str]] = field(default_factory=set)


class Standing(Struct):
    """Round two: what stands where they act.

    `near` are places with their counts and all that is open there; of those in `beside` only what
    concerns one item matters: a busy place must not cost each movement all of its doubts.
    """

    documents: set[str] = field(default_factory=set)
    lots: set[str] = field(default_factory=set)
    names: set[TrackName] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    beside: set[tuple[str, str]] = field(default_factory=set)
    targets: dict[str, int] = field(default_factory=dict)
    since_base: dict[str, tuple[str, int]] = field(default_factory=dict)
    unseen: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    renamed: set[tuple[str, str, str]] = field(default_factory=set)
    things: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)
    stood: set[str] = field(default_factory=set)
    seen_since: int = LATEST_MS
    contents_since: dict[str, tuple[str, int]] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)


def named(pushes: Iterable[tuple[str, Iterable[Arrival]]]) -> Named:
    """Return what the operations of several devices name."""
    needs = Named()
    for device, arrival in ((device, one) for device, arrivals in pushes for one in arrivals):
        again = f"{arrival.id}~{arrival.link.replica[:8]}.{arrival.link.seq}"
        needs.operations |= {arrival.id, again}
        needs.waits.add(arrival.id)
        if arrival.fills is not None:
            needs.discrepancies.add(arrival.fills)
        match arrival.did:
            case Reverse():
                needs.operations.add(arrival.did.target)
                needs.counts.add(arrival.did.target)
            case Approve():
                needs.count_ids.add(arrival.did.count_id)
                needs.counts |= {*arrival.did.named, *(x.of.operation for x in arrival.did.lines)}
            case Settle():
                needs.discrepancies.add(arrival.did.discrepancy)
            case Count():
                needs.count_ids.add(arrival.did.count_id)
            case _:
                pass
        if arrival.body is not None and arrival.body.consent is not None:
            needs.proved.add((device, arrival.body.consent.actor))
        if arrival.body is not None and limits.asks(arrival.did):
            needs.proved.add((device, arrival.body.actor))
    return needs


def standing(state: State, arrivals: Iterable[Arrival]) -> Standing:
    """Return what must be known of the places, lots and documents that the operations act on."""
    needs = Standing()
    arrivals = list(arrivals)
    state.edits = any(isinstance(arrival.did, Edit) for arrival in arrivals)
    for arrival in arrivals:
        if arrival.did is None or arrival.body is None:
            continue
        if arrival.body.task is not None:
            needs.documents.add(arrival.body.task.document)
        _stand(needs, state, arrival.did, arrival)
        _reach_back(needs, arrival)
        if isinstance(arrival.did, Issue | Pick) and arrival.did.key.lot is not None:
            item = resolved_item(state, arrival.did.key.item)
            cursor = arrival.body.base.cursor if arrival.body.base else 0
            needs.items.add(item)
            needs.unseen[arrival.id] = (item, arrival.link.replica, cursor)
        elif isinstance(arrival.did, Adjust) and arrival.body.base is not None:
            item = resolved_item(state, arrival.did.key.item)
            needs.since_base[arrival.id] = (item, arrival.body.base.cursor)
        elif (brought := late_lot(state, arrival)) is not None:
            needs.items.add(brought)
    return needs


def _reach_back(needs: Standing, arrival: Arrival) -> None:
    """Know things from before the operation on, as far as it may lie back."""
    dated = [one for one in (arrival.dated, arrival.taken, arrival.opened) if one is not None]
    needs.seen_since = min(needs.seen_since, *(one.at - one.u - OVERLAP_MS for one in dated))


def late_lot(state: State, arrival: Arrival) -> str | None:
    """Return the item of a movement that may, late, bring an older lot to a bin (R26)."""
    did = arrival.did
    if not isinstance(did, Receive | PutAway | Move | Return) or did.key is None:
        return None
    if did.key.lot is None or arrival.dated.at >= state.now - LATE_MS:
        return None
    there = state.locations.find(resolved_place(state, did.to.text))
    may = there is not None and (there.kind == "bin" or state.edits)
    return resolved_item(state, did.key.item) if may else None


def _stand(needs: Standing, state: State, did: Did, arrival: Arrival) -> None:
    match did:
        case Count():
            place = resolved_place(state, did.place.text)
            needs.places.add(place)
            needs.near.add(place)
            needs.documents |= tasks_at(place)
            needs.names |= {(place, resolved_key(state, line.key)) for line in did.lines}
            needs.beside |= unnamed(resolved_item(state, line.key.item) for line in did.lines)
            needs.items |= {
                resolved_item(state, line.key.item)
                for line in did.lines
                if line.key.lot is not None or line.key.serial is not None
            }
            _stand_absences(needs, state, did)
        case Reverse():
            _stand_target(needs, state, did, arrival)
        case Approve():
            _stand_decided(needs, state, did)
        case Close() | Reserve() | Edit():
            _stand_paper(needs, did)
        case Settle():
            _stand_settling(needs, state, did, arrival)
        case _:
            if isinstance(did, MOVING):
                _stand_moving(needs, state, did, arrival)


def _stand_absences(needs: Standing, state: State, did: Count) -> None:
    """A part that comes, or never happened, changes what the other parts say is not there."""
    for row in state.variances.having("count_id", did.count_id):
        if row.line < 0:
            needs.seen_since = min(needs.seen_since, row.first)
            needs.lots.add(row.item)
            needs.names |= {(row.place, row.key), (COUNT_PLACE, row.key)}
            if (thing := thing_of(key_of(row.key))) is not None:
                needs.things.add(thing)


def _stand_decided(needs: Standing, state: State, did: Approve) -> None:
    for row in decided(state, did):
        needs.seen_since = min(needs.seen_since, row.at, row.first)
        needs.names |= {(row.place, row.key), (COUNT_PLACE, row.key)}
        needs.near.add(row.place)
        needs.places.add(row.place)
        needs.stood.add(row.place)
        needs.lots.add(row.item)
        needs.documents.add(f"RC-{row.place}")
        if (code := code_of(row.place)) is not None:
            needs.containers.add(code)
        if (thing := thing_of(key_of(row.key))) is not None:
            needs.things.add(thing)
    for place, key, item, at in unlisted(state, did):
        needs.seen_since = min(needs.seen_since, at)
        needs.names |= {(place, key), (COUNT_PLACE, key)}
        needs.near.add(place)
        needs.lots.add(item)


def _stand_paper(needs: Standing, did: Close | Reserve | Edit) -> None:
    match did:
        case Close():
            needs.documents.add(did.document)
            needs.freed.add(did.document)
        case Reserve():
            needs.documents.add(did.document)
            needs.names.add((did.place.text, key_text(did.key)))
            needs.reserved.add(did.key.item)
        case Edit():
            if (document := paper(did)) is not None:
                needs.documents.add(document)
                needs.freed.add(document)
            if (item := item_of_lot(did)) is not None:
                needs.lots.add(item)


def _stand_settling(needs: Standing, state: State, did: Settle, arrival: Arrival) -> None:
    row = state.discrepancies.find(did.discrepancy)
    if row is None:
        return
    needs.settled.add(row.discrepancy)
    # What it hangs on may lie as far back as the first of what stands there.
    needs.seen_since = 0
    needs.documents |= papers(row)
    needs.names |= limits.names(row)
    _stand_doubt(needs, row)
    if is_renaming(did.action, row):
        raw = f"unidentified/{row.detail['raw']}"
        needs.renamed.add((str(row.detail["kind"]), raw, did.action.removeprefix(PREFIX)))
    if is_move(did.action, row) and (move := moved(row, did.action)):
        state.moves[arrival.id, False] = [move[0]]
        _stand_one(needs, move[0], arrival)
    back = undone(state, did)
    if back is not None:
        _stand_target(needs, state, back, arrival)


def _stand_doubt(needs: Standing, row: Discrepancy) -> None:
    """What a discrepancy hangs on."""
    if row.item is not None:
        needs.lots.add(row.item)
        needs.items |= {row.item} if row.item.startswith(UNIDENTIFIED) else set()
    if row.place is not None:
        needs.near.add(row.place)
        needs.places |= {row.place} if row.place.startswith(UNIDENTIFIED) else set()
    if row.key is not None and (thing := thing_of(key_of(row.key))) is not None:
        needs.things.add(thing)
    if "variance" in row.detail:
        needs.names |= {(row.place or "", row.key or ""), (COUNT_PLACE, row.key or "")}


def _stand_moving(needs: Standing, state: State, did: Moving, arrival: Arrival) -> None:
    for movement in moves(state, did, arrival):
        _stand_one(needs, movement, arrival)
        _stand_rules(needs, state, did, movement)


def _stand_rules(needs: Standing, state: State, did: Moving, movement: Movement) -> None:
    """What the rules of places, promises and limits ask beside the goods themselves."""
    for place in (movement.place_from, movement.place_to):
        if has_rule(state, place):
            needs.places.add(place)
    needs.documents |= tasks(state, movement.place_to)
    if isinstance(did, Pick):
        needs.documents |= tasks_at(movement.place_to)
    if isinstance(did, Pick | Issue | Ship | Move):
        needs.reserved.add(movement.key.item)
    if adjusts(movement.place_from) or adjusts(movement.place_to):
        needs.names.add((limits.SUSPENSE, key_text(movement.key)))


def _stand_one(needs: Standing, movement: Movement, arrival: Arrival) -> None:
    key, item = key_text(movement.key), movement.key.item
    if movement.key.lot is not None:
        needs.lots.add(item)
    needs.beside |= unnamed([item])
    if (thing := thing_of(movement.key)) is not None:
        needs.things.add(thing)
    if item == CONTAINER and movement.key.serial is not None:
        needs.containers.add(movement.key.serial)
        cursor = arrival.body.base.cursor if arrival.body and arrival.body.base else 0
        needs.contents_since[arrival.id] = (f"{INSIDE}{movement.key.serial}", cursor)
    for place in (movement.place_from, movement.place_to):
        if (code := code_of(place)) is not None:
            needs.containers.add(code)
        needs.names.add((place, key))
        if not is_virtual(place) or is_customer(place):
            needs.beside.add((place, item))


def moves(state: State, did: Moving, arrival: Arrival) -> list[Movement]:
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
    needs.seen_since = min(needs.seen_since, target.at - target.u - OVERLAP_MS)
    body = decode_body(bytes(decode_envelope(target.payload).body))
    # The line that it worked off, and the paper that it may have stopped.
    needs.documents |= {one for one in (target.document, body.task and body.task.document) if one}
    inner = decode_did(bytes(body.did))
    if not isinstance(inner, Reverse):
        # What was produced came from its own order, whatever the reverse works for.
        _stand(needs, state, inner, replace(arrival, body=body))


def amended(state: State) -> set[int]:
    """Return the operations whose counters may move because what they did is amended (L10).

    Those that took all, or are taken back, and those whose code is resolved.
    """
    found = {posting.of for posting in state.renaming} | set(state.made)
    found |= {row.seq for row in state.operations.all() if row.line is not None}
    if state.renaming or state.made:
        found |= {row.of for row in state.sightings.all()}
    for track in state.tracks.all():
        found |= {effect.of for effect in track.effects if effect.kind == "all"}
    return found


def decided(state: State, did: Approve) -> list[Variance]:
    return [row for row in state.variances.all() if row.count_id == did.count_id]


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
    item = resolved_item(state, nameable(key))
    return key if item == key.item else replace(key, item=item)
