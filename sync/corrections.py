"""Corrected twice: a difference that was set right by hand, and then by the fact itself (R36).

Nothing is undone by the ledger: both are posted. It says what to take back, for one tap.
"""

from typing import Final

from sync.balances import moment_of
from sync.case import Case, Odd
from sync.ledger import CORRECTS, Effect, Moment, TrackName
from sync.limits import SUSPENSE, end_of
from sync.operations import Adjust, Produce, Receive, Restate, Return
from sync.records import Variance
from sync.state import State
from sync.stock import is_virtual, key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code

BOOKED_MS: Final = 86_400_000
"""How long goods may stand in the bin before they are booked."""

SOURCES: Final = ("supplier/", "production/", "customer/", "transit")


def judge(case: Case, movement: Movement, number: int) -> None:
    """Flag a movement that an adjustment, or an approved count, had corrected already."""
    key, quantity = key_text(movement.key), movement.quantity or 0
    if movement.key.serial is not None or not quantity or isinstance(case.did, Restate):
        return
    if isinstance(case.did, Adjust):
        _adjusted_unseen(case, key)
        return
    for place, time, amount in (
        (movement.place_from, case.left_at, -quantity), (movement.place_to, case.at, quantity),
    ):  # fmt: skip
        if not is_virtual(place):
            _adjusted_since(case, (place, key), case.moment(time, number), amount)
    if isinstance(case.did, Receive | Produce | Return):
        _raised_before(case, (movement.place_to, key), case.moment(case.at, number))


def _adjusted_since(case: Case, name: TrackName, moment: Moment, amount: int) -> None:
    """A late fact explains what somebody adjusted afterwards."""
    track = case.state.tracks.find(name)
    for effect in track.after(moment) if track else ():
        by_hand = _by_hand(case.state, name, effect.other, effect.of)
        if by_hand and effect.of != case.state.seq and _explains(amount, effect.amount):
            _flag(case, name, effect.at[0], {"undo": effect.of, "adjusted": effect.amount})
            return


def _adjusted_unseen(case: Case, key: str) -> None:
    """An adjustment repeats what another device did, or a count set right, and it had not heard of.

    Who counted knows what they saw, and not that it was approved.
    """
    did = case.did
    place = did.place.text if isinstance(did, Adjust) else ""
    for posting in case.state.posted_since(case.body.id) if case.body.base else ():
        ends = {posting.place_from, posting.place_to}
        by_hand = any(_by_hand(case.state, (place, key), end, posting.of) for end in ends)
        if posting.key != key or place not in ends or by_hand:
            continue
        arrives = posting.place_to == place
        time = posting.t_to if arrives else posting.t_from
        amount = posting.quantity if arrives else -posting.quantity
        adjusted = did.quantity if isinstance(did, Adjust) else 0
        others = posting.replica != case.link.replica or posting.kind in CORRECTS
        if others and (time or 0) <= case.at and _explains(amount, adjusted):
            _flag(case, (place, key), case.at, {"undo": case.state.seq, "adjusted": adjusted})
            return


def _by_hand(state: State, name: TrackName, other: str, of: int) -> bool:
    """Say whether an operation set the number of a place right, by its other end there.

    What is scrapped is gone, also while somebody must agree to it (R37).
    """
    if other != SUSPENSE:
        return other.startswith("adjust/")
    rows = state.discrepancies.having(("place", "key"), name)
    held = (end_of(row) for row in rows if row.code == Code.OVER_LIMIT and row.opened_seq == of)
    return next(held, "adjust/").startswith("adjust/")


def _explains(amount: int, adjusted: int) -> bool:
    return (amount > 0) == (adjusted > 0) and 0 < abs(amount) <= abs(adjusted)


def _raised_before(case: Case, name: TrackName, moment: Moment) -> None:
    """Goods that a count had found are booked now."""
    track = case.state.tracks.find(name)
    for effect in track.after((moment[0] - BOOKED_MS, "", 0, 0)) if track else ():
        if effect.at < moment and effect.kind in CORRECTS and effect.amount > 0:
            _flag_count(case, name, effect.at, effect.amount)


def raised(case: Case, row: Variance) -> None:
    """A count that is approved now raised what was booked after it (the same, seen later)."""
    name = (row.place, row.key)
    track = case.state.tracks.find(name)
    effects = track.effects if track else ()
    own = next((one for one in effects if one.at == moment_of(row)), None)
    if own is None or own.amount <= 0:
        return
    if any(_books(effect, own) for effect in effects):
        _flag_count(case, name, own.at, own.amount)


def repeated(case: Case, row: Variance) -> None:
    """A count that is approved now was set right by hand since: in the same direction, again."""
    name = (row.place, row.key)
    track = case.state.tracks.find(name)
    effects = track.effects if track and key_of(row.key).serial is None else ()
    own = next((one for one in effects if one.at == moment_of(row)), None)
    for effect in effects if own is not None and own.amount else ():
        by_hand = _by_hand(case.state, name, effect.other, effect.of)
        same = own is not None and own.amount * effect.amount > 0
        if by_hand and same and effect.at > moment_of(row):
            _flag(case, name, effect.at[0], {"undo": effect.of, "adjusted": effect.amount})
            return


def _books(effect: Effect, count: Effect) -> bool:
    soon = count.at < effect.at and effect.at[0] <= count.at[0] + BOOKED_MS
    return soon and effect.amount > 0 and effect.other.startswith(SOURCES)


def _flag_count(case: Case, name: TrackName, at: Moment, amount: int) -> None:
    variance = _variance_at(case.state, name, at)
    if variance is not None:
        found = [variance.operation, variance.line]
        _flag(case, name, at[0], {"variance": found, "counted": variance.counted, "raised": amount})


def _variance_at(state: State, name: TrackName, at: Moment) -> Variance | None:
    rows = state.variances.having(("place", "key"), name)
    return next((row for row in rows if moment_of(row) == at), None)


def _flag(case: Case, name: TrackName, at: int, detail: dict[str, object]) -> None:
    odd = Odd(place=name[0], key=name[1], item=key_of(name[1]).item, at=at, detail=detail)
    case.flag(Code.DOUBLE_CORRECTION, odd)
