"""How far a document is: what operations did for its lines, and what nobody asked for."""

from typing import Final

from msgspec.structs import replace

from sync.case import Case, Odd
from sync.movements import lot_name
from sync.operations import Body
from sync.records import Line
from sync.state import State
from sync.stock import key_text
from sync.tasks import ask_move
from sync.verbs import Movement
from sync.vocabulary import Code

PROGRESS: Final = {"receive": 1, "pick": 1, "issue": 1, "produce": 1, "return": -1}
"""Which verbs move a document's line, and which way."""

MOVES: Final = {"putaway": 1, "move": 1}
"""The same for a list of moves, which the ledger itself asked for."""

CLOSE_MS: Final = 3_600_000
"""How near in time an equal receipt on another device may be the same goods."""


def progress(case: Case, movement: Movement, quantity: int) -> None:
    """Count the operation towards its line, and say when it was too much or not asked for."""
    verb, item = case.verb, movement.key.item
    line = find_line(case.state, case.body, item)
    document = case.state.documents.find(line.document) if line else None
    ways = MOVES if document and document.kind == "move" else PROGRESS
    if line is None or document is None or verb not in ways:
        return
    case.line = line
    done = replace(line, done=line.done + ways[verb] * quantity)
    case.state.lines.put((line.document, line.line), done)
    closed = line.state != "open" or document.state != "open"
    detail: dict[str, object] = {"line": line.line, "wanted": line.quantity, "done": done.done}
    if verb == "receive":
        detail["like"] = _like(case, movement)
        _over_receipt(case, movement, done, closed=closed, detail=detail)
    elif verb == "pick" and (closed or done.done > line.quantity):
        over = quantity if closed else min(quantity, done.done - line.quantity)
        _not_needed(case, movement, over, detail)
    elif verb in MOVES and done.done >= line.quantity:
        case.state.lines.put((line.document, line.line), replace(done, state="closed"))
    elif verb == "issue" and done.done > _with_tolerance(line, case.state.site.over_issue_percent):
        case.flag(Code.OVER_ISSUE, Odd(item=item, detail=detail))


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
    elif line.done > _with_tolerance(line, case.state.site.over_receipt_percent):
        case.flag(Code.OVER_RECEIPT, Odd(item=line.item, detail=detail))


def _with_tolerance(line: Line, percent: int) -> int:
    return line.quantity + line.quantity * percent // 100


def find_line(state: State, body: Body, item: str) -> Line | None:
    """Return the document line of an operation: the one named, else the first with the item."""
    task = body.task
    if task is None:
        return None
    if task.line is not None:
        return state.lines.find((task.document, task.line))
    lines = [row for row in state.lines.having("document", task.document) if row.item == item]
    lines.sort(key=_open_first)
    return lines[0] if lines else None


def _open_first(line: Line) -> tuple[bool, int]:
    return (line.done >= line.quantity, line.line)
