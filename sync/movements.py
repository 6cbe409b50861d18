"""Goods that moved: balanced postings, and what is odd about them.

Nothing here is ever refused. The goods have moved; the ledger says what it thinks of it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec.structs import replace

from sync import sightings
from sync.case import Case, Odd, close
from sync.ledger import Effect, Posting, Track, TrackName, time_at
from sync.operations import Pick, Ship
from sync.records import Counted, LotRow
from sync.state import State
from sync.stock import CONTAINER, Key, Lot, is_virtual, key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code

DAY_MS: Final = 86_400_000
COVERED: Final = frozenset({Code.NEGATIVE, Code.KEY_DOUBT})
"""What more goods at a place may show to have been no shortage."""

EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def post_movements(case: Case, movements: list[Movement]) -> tuple[list[Movement], list[Posting]]:
    """Post every movement and say what is odd; return them as posted, and what they re-based."""
    posted, linked = [], []
    for number, movement in enumerate(movements):
        known = resolve(case, movement)
        know_lot(case, known.key, comes=is_virtual(known.place_from), place=known.place_to)
        if known.key.serial is not None:
            posted.append(sightings.sight(case, known, number))
            continue
        if known.quantity is None and posted:
            # All of a status: its other half is what the first half took, and follows it (L7).
            known = replace(known, quantity=posted[-1].quantity)
        start = len(case.state.postings)
        linked += post(case, known, number)
        look_at_source(case, (known.place_from, key_text(known.key)), case.left_at)
        posted.append(replace(known, quantity=case.state.postings[start].quantity))
    return posted, linked


def resolve(case: Case, movement: Movement) -> Movement:
    """Return the movement with its key and places as they can be found again (R6)."""
    return Movement(
        resolve_key(case, movement.key),
        resolve_place(case, movement.place_from),
        resolve_place(case, movement.place_to),
        movement.quantity,
    )


def resolve_key(case: Case, key: Key) -> Key:
    """Return the key as posted: goods that nobody knows keep their code under `unidentified/`."""
    item = known_item(case.state, nameable(key))
    if item is not None:
        return key if item == key.item else replace(key, item=item)
    raw = nameable(key).removeprefix("unidentified/")
    item = f"unidentified/{raw}"
    odd = Odd(item=item, place=_asked_at(item), detail={"raw": raw, "kind": "item"})
    case.flag(Code.UNKNOWN_CODE, odd)
    return replace(key, item=item)


def unnamed(items: Iterable[str]) -> set[tuple[str, str]]:
    """Return place and item of the one row that asks for the name of each that nobody knows."""
    return {(_asked_at(item), item) for item in items if item.startswith("unidentified/")}


def _asked_at(item: str) -> str:
    return f"item/{item.removeprefix('unidentified/')}"


def resolve_place(case: Case, place: str) -> str:
    """Return the place as posted: one that nobody knows keeps its code under `unidentified/`."""
    found = known_place(case.state, place)
    if found is not None:
        return found
    raw = place.removeprefix("unidentified/")
    odd = Odd(place=f"unidentified/{raw}", detail={"raw": raw, "kind": "location"})
    case.flag(Code.UNKNOWN_CODE, odd)
    return f"unidentified/{raw}"


def nameable(key: Key) -> str:
    """Return the item that a key names; a container without its code is none that is known."""
    return f"unidentified/{CONTAINER}" if key.item == CONTAINER and not key.serial else key.item


def known_item(state: State, code: str) -> str | None:
    """Return the item's code, also behind a code that was resolved; None when nobody knows it."""
    if code == CONTAINER or state.items.find(code):
        return code
    alias = state.aliases.find(code.removeprefix("unidentified/"))
    return alias.code if alias and alias.kind == "item" else None


def known_place(state: State, place: str) -> str | None:
    """Return the place's text, also behind a code that was resolved; None when unknown."""
    if state.locations.find(place) or is_virtual(place) or place.startswith("container/"):
        return place
    alias = state.aliases.find(place.removeprefix("unidentified/"))
    return alias.code if alias and alias.kind == "location" else None


def post(case: Case, movement: Movement, number: int) -> list[Posting]:
    """Post one movement with a time for each end; return what running forward linked to it."""
    state = case.state
    name = key_text(movement.key)
    start, end = (movement.place_from, name), (movement.place_to, name)
    quantity = movement.quantity
    if quantity is None:
        track = state.tracks.find(start)
        quantity = max(track.before(case.moment(case.left_at, number)), 0) if track else 0
    state.apply(
        Posting(
            of=state.seq,
            line=number,
            kind="all" if movement.quantity is None else "move",
            item=movement.key.item,
            key=name,
            place_from=movement.place_from,
            place_to=movement.place_to,
            quantity=quantity,
            t_from=time_at(movement.place_from, case.left_at),
            t_to=time_at(movement.place_to, case.at),
            u=max(case.dated.u, case.taken.u if case.taken else 0),
            replica=case.link.replica,
            rseq=case.link.seq,
        )
    )
    linked = state.run_forward(start, case.moment(case.left_at, number), -quantity)
    return linked + state.run_forward(end, case.moment(case.at, number), quantity)


def know_lot(case: Case, key: Key, *, comes: bool, place: str, fifo_at: int | None = None) -> None:
    """Know a lot that comes into the site: its first-in date, and siblings of its code (R15)."""
    if key.lot is None or not comes:
        return
    state, name = case.state, lot_name(key.item, key.lot)
    first = _fifo_at(case) if fifo_at is None else fifo_at
    row = state.lots.find(name)
    if row is None:
        blocked = _conflict(case, key, key.lot, place)
        row = LotRow(item=key.item, lot=name[1], expires=name[2], supplier=name[3],
                     fifo_at=first, blocked=blocked)  # fmt: skip
        state.lots.put(name, row)
    elif first < row.fifo_at or not row.fifo_at:
        state.lots.put(name, replace(row, fifo_at=first))


def _conflict(case: Case, key: Key, lot: Lot, place: str) -> str | None:
    """Flag a lot code that exists with other attributes; return what blocks the new sibling."""
    sibling = _sibling(case.state, key.item, lot)
    if sibling is None:
        return None
    detail: dict[str, object] = {
        "lot": lot.code,
        "expires": [sibling.expires, lot.expires or ""],
        "supplier": [sibling.supplier, lot.supplier or ""],
    }
    odd = Odd(place=place, key=key_text(key), item=key.item, detail=detail)
    return case.flag(Code.LOT_CONFLICT, odd).discrepancy


def lot_name(item: str, lot: Lot) -> tuple[str, str, str, str]:
    """Return the key of a lot's row."""
    return (item, lot.code, lot.expires or "", lot.supplier or "")


def _sibling(state: State, item: str, lot: Lot) -> LotRow | None:
    return next((row for row in state.lots.having("item", item) if row.lot == lot.code), None)


def _fifo_at(case: Case) -> int:
    """Return the date that ranks the lot: the one given, else when it came."""
    given = getattr(case.did, "fifo_date", None)
    return day_ms(given) if given else case.at


def day_ms(day: str) -> int:
    """Return the start of a day in UTC, in ms since 1970. Raises ValueError for 2026-02-31."""
    return (date.fromisoformat(day).toordinal() - EPOCH_DAY) * DAY_MS


def look_at_source(case: Case, name: TrackName, time: int) -> None:
    """Negative where more left than stood there (R18, R19, R22), or another key beside (R43)."""
    if is_virtual(name[0]):
        return
    track = case.state.tracks.get(name)
    below = track.first_negative(time) if track else None
    if track is None or below is None:
        return
    until = below + case.dated.u
    if track.first_negative(until) is None:
        # What covers it is here already, within the error of its time: as if it had come later.
        return
    item = key_of(name[1]).item
    beside = _beside(case.state, name, item)
    picked = isinstance(case.did, Pick | Ship)
    odd = Odd(place=name[0], key=name[1], item=item, at=until, until=until,
              detail={"later": "U" if picked else "R", "beside": beside})  # fmt: skip
    case.flag(Code.NEGATIVE, odd)
    if beside and case.body.assumed:
        detail: dict[str, object] = {"beside": beside, "assumed": list(case.body.assumed)}
        case.flag(Code.KEY_DOUBT, replace(odd, until=None, detail=detail))


def _beside(state: State, name: TrackName, item: str) -> list[str]:
    rows = state.holdings.having(("place", "item"), (name[0], item))
    return sorted(row.key for row in rows if row.key != name[1] and row.quantity > 0)


def close_covered(state: State, name: TrackName, by: str) -> None:
    """Close what says that a key was short there, once the fold says that it never was."""
    track = state.tracks.find(name)
    if track is None:
        return
    for row in state.discrepancies.having(("place", "key"), name):
        if row.state == "open" and row.code in COVERED:
            counted = any(_counts(track, e) and e.at[0] >= row.at for e in track.effects)
            if counted or track.first_negative(row.at) is None:
                close(state, row, by)


def _counts(track: Track, effect: Effect) -> bool:
    """Say whether a count has set a shortage right: what nobody found leaves none, as a rule."""
    return effect.kind == "count" or (effect.kind == "gone" and track.upto(effect.at) >= 0)


def close_counted_away(state: State, name: TrackName, counted: Counted) -> None:
    """Close what says that a key was short there: a count found none, and none should be left."""
    for row in state.discrepancies.having(("place", "key"), name):
        if row.state == "open" and row.code in COVERED and row.at <= counted.at:
            close(state, row, counted.operation)
