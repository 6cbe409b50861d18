"""Packs: a scan keeps the factor that the worker saw, whatever the master data say later (R10)."""

from msgspec.structs import replace

from sync.case import Case, Odd
from sync.movements import known_item
from sync.operations import Count, Entered
from sync.records import Item, Unit
from sync.stock import Key, key_text
from sync.vocabulary import Code


def judge(case: Case) -> None:
    """Flag what was entered in a pack that has another size now; it stays as it was meant."""
    did = case.did
    if isinstance(did, Count):
        for line in did.lines:
            _look(case, line.key, line.entered, line.quantity)
        return
    key, entered = getattr(did, "key", None), getattr(did, "entered", None)
    if isinstance(key, Key):
        _look(case, key, entered, getattr(did, "quantity", None))


def _look(case: Case, key: Key, entered: Entered | None, quantity: int | None) -> None:
    item = case.state.items.find(known_item(case.state, key.item) or "")
    if entered is None or item is None or quantity is None:
        return
    now = factor_now(item, entered.unit)
    if now == entered.factor:
        return
    detail: dict[str, object] = {
        "entered": entered.quantity, "unit": entered.unit, "factor_seen": entered.factor,
        "factor_now": now, "posted": quantity,
        "would_be": None if now is None else quantity * now // entered.factor,
    }  # fmt: skip
    odd = Odd(key=key_text(key), item=item.item, detail=detail)
    case.flag(Code.UNIT_CHANGED, odd)


def factor_now(item: Item, code: str) -> int | None:
    """Return how many base units a pack has today; None when there is no such pack any more."""
    if code == item.unit:
        return 1
    return next((unit.factor for unit in item.units if unit.code == code), None)


def renewed(before: Item | None, after: Item) -> Item:
    """Return an item whose packs have a new version where their factor is another one."""
    known = {unit.code: unit for unit in before.units} if before else {}
    return replace(after, units=tuple(_renewed(known.get(one.code), one) for one in after.units))


def _renewed(before: Unit | None, after: Unit) -> Unit:
    if before is None:
        return after
    return replace(after, version=before.version + (before.factor != after.factor))
