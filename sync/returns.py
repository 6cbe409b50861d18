"""Goods that come back from a customer: whether they ever went there (R38, R39).

What a customer has of ours is a balance like any other. It may be below zero for a while, because
the shipment is still on a handheld; once every device has reported, more came back than went.
"""

from typing import Final

from msgspec.structs import replace

from sync.case import Case, Odd, close, open_at
from sync.movements import lot_name
from sync.operations import Return
from sync.progress import find_line
from sync.records import Discrepancy
from sync.state import State
from sync.stock import key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code

CUSTOMER: Final = "customer/"
SHORT: Final = (Code.NEGATIVE, Code.RETURN_UNMATCHED)


def is_customer(place: str) -> bool:
    """Say whether a place is a customer's, whose balance must be explained."""
    return place.startswith(CUSTOMER)


def judge(case: Case, movement: Movement) -> None:
    """Flag what cannot have been shipped; wait for a shipment that may still arrive."""
    key = key_text(movement.key)
    for place in {movement.place_to, movement.place_from} - {""}:
        if is_customer(place):
            _covered(case, place, key)
    did = case.did
    if not isinstance(did, Return) or not is_customer(did.from_.text):
        return
    why = _why(case, did, movement)
    if why is not None:
        detail: dict[str, object] = {"why": why, "customer": did.from_.text}
        odd = Odd(place=movement.place_to, key=key, item=movement.key.item, alone=True,
                  detail=detail)  # fmt: skip
        row = case.flag(Code.RETURN_UNMATCHED, odd)
        _block(case.state, row)
    elif _balance(case.state, did.from_.text, key) < 0:
        until = case.at + case.dated.u
        odd = Odd(place=did.from_.text, key=key, item=movement.key.item, at=until, until=until)
        case.flag(Code.NEGATIVE, odd)


def _why(case: Case, did: Return, movement: Movement) -> str | None:
    """Return what shows that the goods were not shipped; None while they may have been."""
    if movement.place_from != did.from_.text:
        return "stands_elsewhere"
    task = case.body.task
    if task is None:
        return None
    document = case.state.documents.find(task.document)
    customer = did.from_.text.removeprefix(CUSTOMER)
    if document is None or document.kind != "sales" or document.partner not in {None, customer}:
        return "order_unknown"
    line = find_line(case, document, movement.key.item)
    if line is None:
        return "not_ordered"
    return "more_than_ordered" if (movement.quantity or 0) > line.quantity else None


def _balance(state: State, place: str, key: str) -> int:
    holding = state.holdings.find((place, key))
    return holding.quantity if holding else 0


def _covered(case: Case, place: str, key: str) -> None:
    if _balance(case.state, place, key) >= 0:
        for code in SHORT:
            for row in open_at(case.state, code, place, key):
                close(case.state, row, case.body.id)


def _block(state: State, row: Discrepancy) -> None:
    key = key_of(row.key or "")
    lot = state.lots.find(lot_name(key.item, key.lot)) if key.lot else None
    if lot is not None and key.lot is not None and lot.blocked is None:
        state.lots.put(lot_name(key.item, key.lot), replace(lot, blocked=row.discrepancy))


def unmatched(state: State, row: Discrepancy, by: str) -> None:
    """Every device has reported, and no shipment came: more came back than ever went there."""
    close(state, row, by)
    name = f"{Code.RETURN_UNMATCHED.value}/{row.operation}"
    if state.discrepancies.find(name) is not None:
        return
    detail: dict[str, object] = {"why": "more_than_shipped", "customer": row.place}
    found = replace(
        row, discrepancy=name, code=Code.RETURN_UNMATCHED.value, severity="R", until=None,
        detail=detail, state="open", settled_by=None, opened_seq=state.seq, version=0,
    )  # fmt: skip
    state.discrepancies.put(name, found)
    _block(state, found)
