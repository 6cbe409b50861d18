"""First in, first out: whether an older lot was there, and whether the worker could know (R26)."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from sync.case import Case, Odd
from sync.fifo import Candidate, day_number, pickable
from sync.ledger import Effect, TrackName
from sync.movements import lot_name
from sync.operations import Issue, Pick
from sync.records import Holding, LotRow
from sync.state import State
from sync.stock import key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code, Severity

USED: Final = ("production/", "cost/", "customer/")


class Older(Struct, frozen=True):
    """An older lot at a place: as the ledger has it now, and as the screen could show it."""

    lot: str
    place: str
    fifo_at: int
    quantity: int
    quantity_known: int


def judge(case: Case, movement: Movement) -> None:
    """Flag an issue or a pick that was not from the oldest lot; never against what was unknown."""
    did, lot = case.did, movement.key.lot
    if not isinstance(did, Issue | Pick) or lot is None:
        return
    item = case.state.items.find(movement.key.item)
    own = case.state.lots.find(lot_name(movement.key.item, lot))
    if item is None or own is None:
        return
    older = _older(case, own, key_text(movement.key), dated=item.dated)
    if not older:
        return
    known = [row for row in older if row.quantity_known > 0] if did.shown else []
    due = bool(known) and item.fifo in {"consent", "block"} and not consented(case)
    case.flag(
        Code.FIFO_DEVIATION if known else Code.FIFO_UNKNOWABLE,
        Odd(
            item=item.item,
            key=key_text(movement.key),
            severity=Severity.REVIEW if due else Severity.INFORMATION,
            detail={
                "older": [[row.lot, row.place, row.fifo_at, row.quantity] for row in older],
                "policy": item.fifo,
                "override": getattr(did, "override", None),
            },
        ),
    )


def consented(case: Case) -> bool:
    """Say whether a supervisor agreed at the device: a worker's own word is none."""
    consent = case.body.consent
    person = case.state.people.find(consent.actor) if consent else None
    return person is not None and person.active and person.role == "supervisor"


def judge_again(case: Case, movement: Movement) -> None:
    """Goods that arrive late may have been the older ones when others were taken meanwhile."""
    state, lot = case.state, movement.key.lot
    location = state.locations.find(movement.place_to)
    own = state.lots.find(lot_name(movement.key.item, lot)) if lot else None
    item = state.items.find(movement.key.item)
    if own is None or item is None or location is None or location.kind != "bin":
        return
    passed_over = []
    for holding in state.holdings.having("item", own.item):
        track = state.tracks.find((holding.place, holding.key))
        key = key_of(holding.key)
        other = state.lots.find(lot_name(key.item, key.lot)) if key.lot else None
        if track is None or other is None:
            continue
        if _age(own, dated=item.dated) < _age(other, dated=item.dated):
            passed_over += [
                [e.of, holding.place, e.at[0]] for e in track.effects if _taken(case, e)
            ]
    if passed_over:
        odd = Odd(item=item.item, key=key_text(movement.key), severity=Severity.INFORMATION,
                  detail={"passed_over_by": passed_over, "policy": item.fifo})  # fmt: skip
        case.flag(Code.FIFO_UNKNOWABLE, odd)


def _taken(case: Case, effect: Effect) -> bool:
    """Say whether an effect is an issue or a pick by another device after the goods arrived."""
    there = case.state.locations.find(effect.other)
    used = effect.other.startswith(USED) or (there is not None and there.kind == "stage")
    return used and effect.amount < 0 and effect.at[0] > case.at and effect.at[1] != \
        case.link.replica  # fmt: skip


def doubt_age(case: Case, movement: Movement) -> None:
    """A clock that cannot be relied on may put a new lot before or after another one (R8)."""
    key, u = movement.key, case.dated.u
    own = case.state.lots.find(lot_name(key.item, key.lot)) if key.lot else None
    if own is None or case.dated.trust == "high" or own.fifo_at != case.at:
        return
    near = [
        row.lot
        for row in case.state.lots.having("item", key.item)
        if row != own and row.fifo_at and abs(row.fifo_at - own.fifo_at) <= u
    ]
    if near:
        odd = Odd(key=key_text(key), item=key.item, detail={"u": u, "lots": near})
        case.flag(Code.TIME_UNCERTAIN, odd)


def may_take(state: State, holding: Holding) -> tuple[int, int] | None:
    """Return the age of goods that may be picked, the oldest least; None for all others."""
    item, key = state.items.find(holding.item), key_of(holding.key)
    if item is None:
        return None
    if key.lot is None:
        location = state.locations.find(holding.place)
        free = location is not None and location.kind == "bin" and not location.blocked
        return (0, 0) if free and key.status == "ok" and holding.quantity > 0 else None
    lot = _pickable_lot(state, holding)
    return None if lot is None else _age(lot, dated=item.dated)


def _older(case: Case, own: LotRow, own_key: str, *, dated: bool) -> list[Older]:
    """Return where older lots of the item can be picked, with what the device knew of them."""
    older = {}
    for holding in case.state.holdings.having("item", own.item):
        if holding.key == own_key or holding.quantity <= 0:
            continue
        lot = _pickable_lot(case.state, holding)
        if lot is not None and _age(lot, dated=dated) < _age(own, dated=dated):
            older[holding.place, holding.key] = lot, holding.quantity
    unseen = _unseen(case, older.keys()) if older else {}
    return [
        Older(lot.lot, name[0], lot.fifo_at, quantity, quantity - unseen[name])
        for name, (lot, quantity) in older.items()
    ]


def _pickable_lot(state: State, holding: Holding) -> LotRow | None:
    key = key_of(holding.key)
    location = state.locations.find(holding.place)
    lot = state.lots.find(lot_name(key.item, key.lot)) if key.lot else None
    if lot is None or location is None:
        return None
    candidate = Candidate(
        quantity=holding.quantity,
        version=holding.version,
        fifo_at=lot.fifo_at,
        expires=lot.expires or None,
        status=key.status or "ok",
        blocked=lot.blocked is not None,
        kind=location.kind,
        walk=location.walk,
        place_blocked=location.blocked,
    )
    return lot if pickable(candidate) else None


def _age(lot: LotRow, *, dated: bool) -> tuple[int, int]:
    return (day_number(lot.expires or None) if dated else 0, lot.fifo_at)


def _unseen(case: Case, names: Iterable[TrackName]) -> dict[TrackName, int]:
    """Return what other devices did to these holdings since the screen's picture of them."""
    stored = case.state.unseen.get(case.body.id, {})
    unseen = {name: stored.get(name, 0) for name in names}
    # Whatever came in the same batch nobody has seen either.
    for posting in case.state.postings:
        if posting.replica != case.link.replica:
            for place, sign in ((posting.place_from, -1), (posting.place_to, 1)):
                if (name := (place, posting.key)) in unseen:
                    unseen[name] += sign * posting.quantity
    return unseen
