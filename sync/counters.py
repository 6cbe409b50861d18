"""The counters of lines: a projection of the postings of the operations that name them (L10).

Nobody adds to a counter by hand. Whatever changes what an operation moved, its reversal, a late
fact that an "all" takes too, a code that was resolved, changes the counter by the same.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from sync.ledger import CORRECTS, Posting
from sync.nets import nets
from sync.papers import COUNTER_NAMES, counter_of, way_of
from sync.records import Counted, Document, Line, Sighting
from sync.state import State, Undo
from sync.stock import is_virtual, key_of
from sync.verbs import STATUS_PLACE

Moved = tuple[str, int, str]
"""Document, line and counter."""


class Works(NamedTuple):
    """What an operation works for: its verb, and the line that it names."""

    verb: str
    document: Document
    line: Line


def of_goods(works: Works, postings: Iterable[Posting]) -> Iterator[tuple[str, int]]:
    """Yield (counter, amount) of what an operation moved of its line's item."""
    for own, quantity in nets(postings):
        # What waits in suspense is booked on from there, and a status is passed through.
        passed = is_virtual(own.place_from) and is_virtual(own.place_to)
        passed = passed or own.place_from.startswith(f"{STATUS_PLACE}/")
        if passed or own.kind in CORRECTS or own.item != works.line.item:
            continue
        head, _, status = own.place_to.partition("/")
        reached = status if head == STATUS_PLACE else key_of(own.key).status
        way = way_of(works.verb, own.place_from, own.place_to, reached)  # type: ignore[arg-type]
        if (counter := counter_of(works.document, works.line, way)) is not None:
            yield counter, quantity


def of_things(works: Works, rows: Iterable[Sighting]) -> Iterator[tuple[str, int]]:
    """Yield what sightings of single things count, as the operation said them."""
    for row in rows:
        key = key_of(row.key)
        if row.gone or row.only_from is not None or key.item != works.line.item:
            continue
        way = way_of(works.verb, row.source, row.place, key.status)
        if (counter := counter_of(works.document, works.line, way)) is not None:
            yield counter, 1


def of_counts(works: Works, rows: Iterable[Counted]) -> Iterator[tuple[str, int]]:
    """Yield what counts of the line's place count: one look each."""
    counter = counter_of(works.document, works.line, "count")
    for row in rows:
        if counter is not None and not row.reversed and row.place == works.line.place:
            yield counter, 1


def changes(state: State, mark: tuple[int, int]) -> Tally[Moved]:
    """Return by how much each counter moves by what was done since the mark."""
    tally: Tally[Moved] = Tally()
    fresh = Tally(posting.of for posting in state.postings[mark[1] :])
    for of, number in fresh.items():
        if (works := works_of(state, of)) is not None:
            made = state.made[of]
            _add(tally, works, of_goods(works, made), 1)
            _add(tally, works, of_goods(works, made[:-number]), -1)
    first: dict[tuple[str, object], Undo] = {}
    for undo in state.journal[mark[0] :]:
        if undo.table is state.sightings or undo.table is state.counted:
            first.setdefault((undo.table.kind, undo.key), undo)
    for undo in first.values():
        _tally_row(state, tally, undo.before, -1)
        _tally_row(state, tally, undo.table.rows[undo.key], 1)
    return Tally({name: amount for name, amount in tally.items() if amount})


def _tally_row(state: State, tally: Tally[Moved], row: object, sign: int) -> None:
    if isinstance(row, Sighting):
        if (works := works_of(state, row.of)) is not None:
            _add(tally, works, of_things(works, (row,)), sign)
    elif isinstance(row, Counted):
        logged = state.operations.find(row.operation)
        if (works := works_of(state, logged.seq if logged else state.seq)) is not None:
            _add(tally, works, of_counts(works, (row,)), sign)


def _add(
    tally: Tally[Moved], works: Works, counted: Iterable[tuple[str, int]], sign: int
) -> None:  # fmt: skip
    for counter, amount in counted:
        tally[works.line.document, works.line.line, counter] += sign * amount


def works_of(state: State, of: int) -> Works | None:
    """Return what an operation works for, by its number; None when it names no line."""
    named = state.named.get(of)
    if named is None:
        return None
    verb, document, number = named
    paper, line = state.documents.find(document), state.lines.find((document, number))
    return Works(verb, paper, line) if paper and line else None


def keep(state: State, mark: tuple[int, int]) -> None:
    """Bring the counters up to what was done since the mark."""
    for (document, number, counter), amount in changes(state, mark).items():
        line = state.lines.get((document, number))
        if line is not None:
            now = replace(line, **{counter: getattr(line, counter) + amount})
            state.lines.put((document, number), now)


def written(state: State, mark: tuple[int, int]) -> Tally[Moved]:
    """Return by how much the counters of lines were moved since the mark, by whomever."""
    before: dict[object, Struct | None] = {}
    for undo in state.journal[mark[0] :]:
        if undo.table is state.lines:
            before.setdefault(undo.key, undo.before if isinstance(undo.before, Line) else None)
    moved: Tally[Moved] = Tally()
    for key, was in before.items():
        now = state.lines.rows[key]  # type: ignore[index]
        for counter in COUNTER_NAMES if now is not None else ():
            amount = getattr(now, counter) - (getattr(was, counter) if was else 0)
            if amount and now is not None:
                moved[now.document, now.line, counter] = amount
    return moved
