"""Goods kept for a document line: a promise that gives way to what hands have done (R24, R33)."""

from collections.abc import Iterator

from msgspec.structs import replace

from sync.adherence import may_take
from sync.case import Case, Odd, RefusedError
from sync.movements import known_place
from sync.operations import Count, Issue, Move, Pick, Reserve, Ship
from sync.records import Holding, Reservation
from sync.state import State
from sync.stock import key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code, Severity


def reserve(case: Case, did: Reserve) -> None:
    """Keep goods for a line; what it had kept of this key there is replaced."""
    state, place, key = case.state, did.place.text, key_text(did.key)
    document, line = state.documents.find(did.document), state.lines.find((did.document, did.line))
    if document is None or line is None:
        raise RefusedError("document_unknown" if document is None else "line_unknown")
    if document.state != "open" or line.state != "open":
        raise RefusedError("document_closed")
    if line.item != did.key.item:
        raise RefusedError("not_ordered")
    name = (did.document, did.line, place, key)
    own = state.reservations.find(name)
    row = own or Reservation(document=did.document, line=did.line, place=place, key=key,
                             item=did.key.item)  # fmt: skip
    if not case.again and _free(state, place, key) + row.quantity < did.quantity:
        raise RefusedError("not_enough")
    state.reservations.put(name, replace(row, quantity=did.quantity))


def kept(state: State, place: str, key: str) -> list[Reservation]:
    """Return what is kept of a key at a place, the youngest promise first."""
    rows = state.reservations.having(("place", "key"), (place, key))
    open_ = [row for row in rows if row.quantity > 0]
    return sorted(open_, key=lambda row: (-row.version, row.document, row.line))


def _free(state: State, place: str, key: str) -> int:
    holding = state.holdings.find((place, key))
    held = holding.quantity if holding else 0
    return held - sum(row.quantity for row in kept(state, place, key))


def free_all(state: State, document: str, line: int | None) -> None:
    """Let go of what was kept for a document, or a line of it, that is closed."""
    for row in state.reservations.having("document", document):
        if row.quantity and line in {None, row.line}:
            _put(state, replace(row, quantity=0))


def free_closed(state: State) -> None:
    """Let go of what was kept for documents and lines that are closed or cancelled."""
    for row in list(state.reservations.all()):
        papers = (
            state.documents.find(row.document),
            state.lines.find((row.document, row.line)),
        )
        if any(paper is not None and paper.state != "open" for paper in papers):
            free_all(state, row.document, row.line)


def judge(case: Case, movement: Movement) -> None:
    """Use up the promise that the goods were kept for; plan those anew that they were not for."""
    state, place, key = case.state, movement.place_from, key_text(movement.key)
    if not isinstance(case.did, Pick | Issue | Ship | Move):
        return
    used = movement.quantity or 0
    task = case.body.task
    for row in kept(state, place, key):
        if task is not None and row.document == task.document and task.line in {None, row.line}:
            taken = min(used, row.quantity)
            _put(state, replace(row, quantity=row.quantity - taken))
            used -= taken
    for row in kept(state, place, key):
        missing = min(-_free(state, place, key), row.quantity)
        if missing > 0:
            _plan_anew(case, row, missing)


def _plan_anew(case: Case, row: Reservation, missing: int) -> None:
    state = case.state
    _put(state, replace(row, quantity=row.quantity - missing))
    left, found = missing, []
    for holding, free in _elsewhere(state, row):
        amount = min(left, free)
        if amount <= 0:
            continue
        name = (row.document, row.line, holding.place, holding.key)
        other = state.reservations.find(name) or replace(
            row, place=holding.place, key=holding.key, quantity=0, version=0
        )  # fmt: skip
        _put(state, replace(other, quantity=other.quantity + amount))
        found.append([holding.place, holding.key, amount])
        left -= amount
    nothing = left == missing and row.quantity == missing
    detail: dict[str, object] = {
        "document": row.document, "line": row.line, "missing": missing, "now_at": found,
    }  # fmt: skip
    severity = Severity.REVIEW if nothing else Severity.INFORMATION
    odd = Odd(place=row.place, key=row.key, item=row.item, severity=severity, alone=True,
              detail=detail)  # fmt: skip
    case.flag(Code.RESERVED_USED, odd)


def _elsewhere(state: State, row: Reservation) -> Iterator[tuple[Holding, int]]:
    """Yield what else may be picked of the item, the oldest first, and how much of it is free."""
    rows = [one for one in state.holdings.having("item", row.item) if one.quantity > 0]
    aged = [(age, one) for one in rows if (age := may_take(state, one)) is not None]
    for _, one in sorted(aged, key=lambda pair: (pair[0], pair[1].place, pair[1].key)):
        if (one.place, one.key) != (row.place, row.key) and key_of(one.key).serial is None:
            yield one, _free(state, one.place, one.key)


def _put(state: State, row: Reservation) -> None:
    state.reservations.put((row.document, row.line, row.place, row.key), row)


def look(case: Case, did: Count) -> None:
    """A count of a bin from which somebody is about to pick says so (R33)."""
    place = known_place(case.state, did.place.text)
    rows = [row for row in case.state.reservations.having("place", place) if row.quantity > 0]
    if rows:
        papers = sorted({row.document for row in rows})
        case.flag(Code.OPEN_TASK, Odd(place=place, detail={"for": papers, "blind": did.blind}))
