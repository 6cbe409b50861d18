"""How far a document is: which line an operation works for, and what nobody asked for."""

from typing import Final

from msgspec.structs import replace

from sync.case import Case, Odd
from sync.counters import keep, works_of
from sync.movements import lot_name
from sync.papers import COUNTERS, PAPER_VERBS, counter_of, have, verb_of, way_of
from sync.records import Document, Line
from sync.stock import CONTAINER, key_text
from sync.tasks import ask_move
from sync.verbs import Movement
from sync.vocabulary import Code

CLOSE_MS: Final = 3_600_000
"""How near in time an equal receipt on another device may be the same goods."""

MOVES: Final = ("putaway", "move")
"""What works off a list of moves, which the ledger itself asked for."""


def count_done(case: Case) -> None:
    """Bring the counters up to all that the operation did until now."""
    keep(case.state, case.kept)
    case.kept = case.state.mark()


def name_line(case: Case, way: str, item: str | None, place: str | None = None) -> None:
    """Find the line that the operation works for, and say when it cannot be the one it names."""
    state, task = case.state, case.body.task
    document = state.documents.find(task.document) if task else None
    if task is None or document is None:
        return
    line = find_line(case, document, item)
    if line is not None:
        case.line = line
        state.named[state.seq] = (case.verb, line.document, line.line)
    if task.line is None:
        return
    why = _mismatch(document, line, way, item, place)
    if why is not None:
        _flag_mismatch(case, task.line, line, why, item)


def _mismatch(
    document: Document, line: Line | None, way: str, item: str | None, place: str | None
) -> str | None:
    """Return what does not fit: no such line, other work, other goods, another place."""
    if line is None:
        return "line"
    verb = verb_of(way)
    if counter_of(document, line, way) is None and way != "return<customer":
        # A return from a customer has a rule of its own (R38), and a status is no work on a paper.
        return "work" if verb in PAPER_VERBS else None
    if verb == "count":
        return "place" if place != line.place else None
    unknown = item is None or item == CONTAINER or item.startswith("unidentified/")
    return "item" if not unknown and item != line.item else None


def _flag_mismatch(case: Case, number: int, line: Line | None, why: str, item: str | None) -> None:
    detail: dict[str, object] = {"line": number, "why": why, "undo": case.state.seq}
    if line is not None:
        detail |= {"wanted": line.item or line.place}
    case.flag(Code.TASK_MISMATCH, Odd(item=item, alone=True, detail=detail))


def renamed(case: Case, ofs: set[int], item: str) -> None:
    """Say of operations whose code was resolved when their line asks for something else (R6)."""
    for of in sorted(ofs):
        works = works_of(case.state, of)
        if works is not None and works.line.item not in {None, item}:
            detail: dict[str, object] = {
                "document": works.document.document, "line": works.line.line, "why": "item",
                "undo": of, "wanted": works.line.item,
            }  # fmt: skip
            case.flag(Code.TASK_MISMATCH, Odd(item=item, alone=True, detail=detail))


def name_movement(case: Case, movement: Movement) -> None:
    """Find the line that goods which moved work for."""
    name_line(case, _way(case, movement), movement.key.item)


def _way(case: Case, movement: Movement) -> str:
    status = getattr(case.did, "to_status", movement.key.status)
    return way_of(case.verb, movement.place_from, movement.place_to, status)


def name_count(case: Case, place: str) -> None:
    """Find the line that a count works for, which is one of its place."""
    name_line(case, "count", None, place)


def judge(case: Case, movement: Movement) -> None:
    """Say when what was done for a line was too much, or not asked for."""
    works = works_of(case.state, case.state.seq)
    if works is None or works.line.item != movement.key.item:
        return
    verb, document, line = works
    if counter_of(document, line, _way(case, movement)) != "done":
        return
    quantity, there = movement.quantity or 0, have(document, line)
    closed = line.state != "open" or document.state != "open"
    detail: dict[str, object] = {"line": line.line, "wanted": line.quantity, "done": there}
    if verb == "receive":
        detail["like"] = _like(case, movement)
        _over_receipt(case, movement, line, closed=closed, detail=detail)
    elif verb == "pick" and (closed or there > line.quantity):
        over = quantity if closed else min(quantity, there - line.quantity)
        _not_needed(case, movement, over, detail)
    elif verb in MOVES and there >= line.quantity:
        case.state.lines.put((line.document, line.line), replace(line, state="closed"))
    elif verb == "issue" and there - line.returned > _with_tolerance(
        line, case.state.site.over_issue_percent
    ):
        case.flag(Code.OVER_ISSUE, Odd(item=line.item, detail=detail))


def _like(case: Case, movement: Movement) -> list[list[int]]:
    """Return [time, quantity, ledger seq] of receipts nearby that this one may repeat (R13)."""
    track = case.state.tracks.find((movement.place_to, key_text(movement.key)))
    return [
        [effect.at[0], effect.amount, effect.of]
        for effect in (track.effects if track else ())
        if effect.amount == movement.quantity
        and effect.other == movement.place_from
        and effect.at[1] != case.link.replica
        and abs(effect.at[0] - case.at) <= CLOSE_MS
    ]


def _not_needed(
    case: Case, movement: Movement, quantity: int, detail: dict[str, object]
) -> None:  # fmt: skip
    """They stand at the stage, and go on the list of what must go back (R23)."""
    detail |= {"to": movement.place_to, "quantity": quantity}
    case.flag(Code.PICK_NOT_NEEDED, Odd(item=movement.key.item, detail=detail))
    ask_move(case.state, movement.place_to, movement.key.item, quantity)


def _block_lot(case: Case, movement: Movement, by: str) -> None:
    """A block lies on a whole lot; goods without one stay at the dock, where nobody picks."""
    key = movement.key
    lot = case.state.lots.find(lot_name(key.item, key.lot)) if key.lot else None
    if lot is not None and key.lot is not None and lot.blocked is None:
        case.state.lots.put(lot_name(key.item, key.lot), replace(lot, blocked=by))


def _over_receipt(
    case: Case, movement: Movement, line: Line, *, closed: bool, detail: dict[str, object]
) -> None:  # fmt: skip
    if closed:
        detail |= {"to": movement.place_to, "quantity": movement.quantity}
        odd = Odd(item=movement.key.item, key=key_text(movement.key), detail=detail)
        row = case.flag(Code.ORDER_CLOSED, odd)
        _block_lot(case, movement, row.discrepancy)
    elif int(str(detail["done"])) > _with_tolerance(line, case.state.site.over_receipt_percent):
        case.flag(Code.OVER_RECEIPT, Odd(item=line.item, detail=detail))


def _with_tolerance(line: Line, percent: int) -> int:
    return line.quantity + line.quantity * percent // 100


def find_line(case: Case, document: Document, item: str | None) -> Line | None:
    """Return the line of an operation: the one named, else the first that asks for its item."""
    task = case.body.task
    if task is None:
        return None
    if task.line is not None:
        return case.state.lines.find((task.document, task.line))
    lines = [
        row
        for row in case.state.lines.having("document", task.document)
        if row.item is not None and row.item == item and _works_on(document, row, case.verb)
    ]
    lines.sort(key=lambda row: (have(document, row) >= row.quantity, row.line))
    return lines[0] if lines else None


def _works_on(document: Document, line: Line, verb: str) -> bool:
    """Say whether some way of a verb counts on a line."""
    return any(
        (kind, role, verb_of(way)) == (document.kind, line.role, verb)
        for kind, role, way in COUNTERS
    )
