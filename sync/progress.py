"""How far a document is: what operations did for its lines, and what nobody asked for."""

from typing import Final

from msgspec.structs import replace

from sync.case import Case, Odd
from sync.operations import Body
from sync.records import Line
from sync.state import State
from sync.stock import key_text
from sync.verbs import Movement
from sync.vocabulary import Code

PROGRESS: Final = {"receive": 1, "pick": 1, "issue": 1, "produce": 1, "return": -1}
"""Which verbs move a document's line, and which way."""

CLOSE_MS: Final = 3_600_000
"""How near in time an equal receipt on another device may be the same goods."""


def progress(case: Case, movement: Movement, quantity: int) -> None:
    """Count the operation towards its line, and say when it was too much or not asked for."""
    verb, item = case.verb, movement.key.item
    line = find_line(case.state, case.body, item)
    document = case.state.documents.find(line.document) if line else None
    if line is None or document is None or verb not in PROGRESS:
        return
    case.line = line
    done = replace(line, done=line.done + PROGRESS[verb] * quantity)
    case.state.lines.put((line.document, line.line), done)
    closed = line.state != "open" or document.state != "open"
    detail: dict[str, object] = {"line": line.line, "wanted": line.quantity, "done": done.done}
    if verb == "receive":
        detail["like"] = _like(case, movement)
        _over_receipt(case, done, closed=closed, detail=detail)
    elif verb == "pick" and (closed or done.done > line.quantity):
        case.flag(Code.PICK_NOT_NEEDED, Odd(item=item, detail=detail))
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


def _over_receipt(case: Case, line: Line, *, closed: bool, detail: dict[str, object]) -> None:
    if closed:
        case.flag(Code.ORDER_CLOSED, Odd(item=line.item, detail=detail))
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
    lines = [row for row in state.lines.all() if row.document == task.document and row.item == item]
    lines.sort(key=_open_first)
    return lines[0] if lines else None


def _open_first(line: Line) -> tuple[bool, int]:
    return (line.done >= line.quantity, line.line)
