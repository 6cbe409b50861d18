"""May these goods be used? Asked when they were: the answer never undoes what was done.

A lot that is blocked, recalled or past its day, goods on hold or rejected, and goods that wait
for inspection (R25, R42). The handheld asks the same before the fact; here it is too late to
stop the hand, but not the truck.
"""

from typing import Final, NamedTuple

from msgspec.structs import replace

from sync.adherence import consented
from sync.case import Case, Odd, close
from sync.movements import lot_name
from sync.operations import Issue, Pick, Restate, Ship
from sync.records import LotRow
from sync.stock import Key, key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code

USES: Final = (Pick, Issue, Ship)


class Why(NamedTuple):
    """Why goods should not have been used: one word, and what says so."""

    word: str
    says: str


def judge(case: Case, movement: Movement) -> None:
    """Flag goods that should not have been used, and stop the shipment that they are in."""
    if isinstance(case.did, Restate):
        _released(case, case.did)
    if not isinstance(case.did, USES):
        return
    key = movement.key
    lot = case.state.lots.find(lot_name(key.item, key.lot)) if key.lot else None
    if key.status == "quality" and consented(case):
        odd = Odd(place=movement.place_from, key=key_text(key), item=key.item)
        case.flag(Code.UNRELEASED_USED, odd)
        return
    why = _why(case, key, lot)
    if why is not None:
        _block(case, movement, lot, why)
    elif lot is not None and lot.expires:
        _doubt_day(case, movement, lot)


def _why(case: Case, key: Key, lot: LotRow | None) -> Why | None:
    if lot is not None and lot.blocked is not None:
        return Why("blocked", lot.blocked)
    if lot is not None and lot.expires and lot.expires < case.state.day_of(case.at):
        return Why("expired", lot.expires)
    if key.status not in {None, "ok"}:
        return Why("status", str(key.status))
    return None


def _block(case: Case, movement: Movement, lot: LotRow | None, why: Why) -> None:
    state = case.state
    detail: dict[str, object] = {
        "why": why.word, "says": why.says, "to": movement.place_to,
        "quantity": getattr(case.did, "quantity", None),
    }  # fmt: skip
    odd = Odd(place=movement.place_from, key=key_text(movement.key), item=movement.key.item,
              alone=True, detail=detail)  # fmt: skip
    row = case.flag(Code.LOT_BLOCKED, odd)
    if why.word == "expired" and lot is not None:
        name = lot_name(lot.item, movement.key.lot)  # type: ignore[arg-type]  # it has a row
        state.lots.put(name, replace(lot, blocked=row.discrepancy))
    task = case.body.task
    document = state.documents.find(task.document) if task else None
    if document is not None and document.kind == "sales" and document.stopped is None:
        state.documents.put(document.document, replace(document, stopped=row.discrepancy))


def _doubt_day(case: Case, movement: Movement, lot: LotRow) -> None:
    """A clock that cannot be relied on may put the last day on either side (R8)."""
    day_of, u = case.state.day_of, case.dated.u
    if case.dated.trust == "low" and lot.expires < day_of(case.at + u):
        odd = Odd(place=movement.place_from, key=key_text(movement.key), item=movement.key.item,
                  detail={"u": u, "expires": lot.expires})  # fmt: skip
        case.flag(Code.TIME_UNCERTAIN, odd)


def _released(case: Case, did: Restate) -> None:
    """What was used before its inspection is in order once the same lot passed."""
    if did.key.status != "quality" or did.to_status != "ok":
        return
    for row in list(case.state.discrepancies.all()):
        if row.state == "open" and row.code == Code.UNRELEASED_USED and row.key:
            key = key_of(row.key)
            if (key.item, key.lot) == (did.key.item, did.key.lot):
                close(case.state, row, case.body.id)
