"""Found elsewhere: a count sees a lot or serial here that the ledger has in another place (R34).

The likely story is a move that nobody scanned. So the supervisor is offered that move, at the
time of the count, instead of one too many here and one too few there.
"""

from typing import Final

from sync.case import Case, Odd, RefusedError
from sync.dating import Dated
from sync.ledger import Posting
from sync.movements import post_movements
from sync.records import Discrepancy, Variance
from sync.stock import is_virtual, key_of
from sync.verbs import Movement
from sync.vocabulary import Code

MOVE: Final = "move:"
"""The action of a settle that moves what was found: `move:06-B-10`, from where it was missed."""


def look_elsewhere(case: Case, row: Variance) -> None:
    """Flag goods with a lot or serial that the ledger does not have here but somewhere else."""
    key = key_of(row.key)
    if row.counted <= 0 or row.expected > 0 or (key.lot is None and key.serial is None):
        return
    elsewhere = [
        [held.place, held.quantity]
        for held in case.state.holdings.having("item", key.item)
        if held.quantity > 0 and held.place != row.place and not is_virtual(held.place)
        and (held.key == row.key or (key.serial and key_of(held.key).serial == key.serial))
    ]  # fmt: skip
    if elsewhere:
        detail: dict[str, object] = {
            "elsewhere": elsewhere, "quantity": row.counted, "time": row.first - 1,
        }  # fmt: skip
        odd = Odd(place=row.place, key=row.key, item=row.item, at=row.at, detail=detail)
        case.flag(Code.FOUND_ELSEWHERE, odd)


def is_move(action: str, row: Discrepancy | None) -> bool:
    """Say whether a settle moves what was found elsewhere."""
    return row is not None and row.code == Code.FOUND_ELSEWHERE and action.startswith(MOVE)


def moved(row: Discrepancy, action: str) -> tuple[Movement, int] | None:
    """Return the move that was never scanned, and its time; None for a place not offered."""
    source = action.removeprefix(MOVE)
    elsewhere: list[list[object]] = row.detail["elsewhere"]  # type: ignore[assignment]
    held = next((quantity for place, quantity in elsewhere if place == source), None)
    if held is None or row.key is None or row.place is None:
        return None
    quantity = min(int(str(held)), int(str(row.detail["quantity"])))
    movement = Movement(key_of(row.key), source, row.place, quantity)
    return movement, int(str(row.detail["time"]))


def move(case: Case, row: Discrepancy, action: str) -> list[Posting]:
    """Post the move that was never scanned, at the time of the count; return what it re-based."""
    found = moved(row, action)
    if found is None:
        raise RefusedError("not_offered")
    movement, time = found
    then = Case(case.state, case.link, case.body, case.did, device=case.device,
                dated=Dated(time, 0, "high"))  # fmt: skip
    _, linked = post_movements(then, [movement])
    case.flags += then.flags
    return linked
