"""Stock as a fold: tracks of effects, and the linked postings that absorb lateness.

The history of one key at one place is a *track*: effects in the order
(time, replica, seq, line). A movement adds a fixed amount, an approved count sets the balance,
"all that stands there" takes whatever the balance is, never a negative, and an approved absence
takes the least that was held while the count lasted.
Facts arrive in any order. A late one is posted where it belongs, and its change then runs forward
along the track: through movements untouched, into the first count, which absorbs it by a linked
posting, so that what was counted stays counted; an absence takes more or less. The sum of all
postings of a track is therefore always the fold of its effects, whatever the order of arrival.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from sync.stock import is_virtual

Moment = tuple[int, str, int, int]
"""(time in ms, replica, seq, line): the one order of everything that happened."""

TrackName = tuple[str, str]
"""(place, key text)."""

Kind = Literal["move", "all", "count", "gone", "linked", "reverse"]
"""`gone` is an absence: its end at `count` carries the time at which the count was opened."""

CORRECTS: Final = frozenset({"count", "gone"})
"""Kinds that set the books right, and move no goods."""

COUNT_PLACE: Final = "count"
LATEST: Final = "~"


class Posting(Struct, frozen=True):
    """One balanced entry: `quantity` left `place_from` at `t_from`, reached `place_to` at `t_to`.

    `of` names the operation (its ledger seq) whose effect it makes or amends; a virtual end
    has no time, but that of an absence. `quantity` is never negative: what goes back goes the
    other way.
    """

    of: int
    line: int
    kind: Kind
    item: str
    key: str
    place_from: str
    place_to: str
    quantity: int
    t_from: int | None
    t_to: int | None
    u: int
    replica: str
    rseq: int
    counted: int | None = None

    @property
    def goes_back(self) -> bool:
        """Say whether it takes back what was put back where it stood: its ends are swapped."""
        same = self.place_from == self.place_to
        return same and (self.t_from or 0) > (self.t_to or 0)

    def arrives(self, place: str) -> bool:
        """Say whether its end there, of two the earlier one, is where it arrives."""
        return self.place_to == place and (self.place_from != place or self.goes_back)


class Effect(Struct, frozen=True):
    """One end of an operation's line on a track; `amount` includes what was linked to it."""

    at: Moment
    of: int
    kind: Kind
    amount: int
    other: str
    t_other: int | None
    u: int
    item: str
    counted: int | None = None

    @property
    def start(self) -> int:
        """The earliest time at which the goods can have been on the way."""
        times = (self.at[0], self.t_other) if self.t_other is not None else (self.at[0],)
        return min(times) - self.u

    @property
    def end(self) -> int:
        """The latest time at which the goods can have been on the way."""
        times = (self.at[0], self.t_other) if self.t_other is not None else (self.at[0],)
        return max(times) + self.u


class Track(Struct, frozen=True):
    """The effects of one key at one place from `since` on, in order, and the balance now."""

    balance: int
    effects: tuple[Effect, ...] = ()
    since: int = 0

    def upto(self, moment: Moment) -> int:
        """Return the balance after every effect at or before the moment."""
        cut = bisect_right(self.effects, moment, key=_moment)
        return self.balance - sum(effect.amount for effect in self.effects[cut:])

    def after(self, moment: Moment) -> tuple[Effect, ...]:
        """Return the effects after the moment."""
        return self.effects[bisect_right(self.effects, moment, key=_moment) :]

    def before(self, moment: Moment) -> int:
        """Return the balance just before the moment."""
        return self.upto((moment[0], moment[1], moment[2], moment[3] - 1))

    def at_time(self, time: int) -> int:
        """Return the balance after every effect with that time or an earlier one."""
        return self.upto(end_of(time))

    def least(self, opened: int, moment: Moment) -> int:
        """Return the least that was held from a time on until just before the moment (C2).

        Told backwards, by the movements alone: what a count set right meanwhile was wrong before
        it, too.
        """
        amounts = []
        for effect in reversed(self.effects[: bisect_left(self.effects, moment, key=_moment)]):
            if effect.at[0] <= opened:
                break
            amounts.append(0 if effect.kind in CORRECTS else effect.amount)
        return least_held(self.before(moment), amounts)

    def first_negative(self, time: int) -> int | None:
        """Return the first time from `time` on at which the balance is below zero."""
        balance = self.at_time(time)
        if balance < 0:
            return time
        for effect in self.effects:
            if effect.at[0] > time:
                balance += effect.amount
                if balance < 0:
                    return effect.at[0]
        return None

    def with_posting(self, posting: Posting, place: str) -> "Track":
        """Return the track after one posting that has an end at `place`."""
        sign = (posting.place_to == place) - (posting.place_from == place)
        balance = self.balance + sign * posting.quantity
        effects = self.effects
        for effect in _effects(posting, place):
            cut = bisect_right(effects, effect.at, key=_moment)
            if cut and effects[cut - 1].at == effect.at:
                now = _joined(effects[cut - 1], effect, posting)
                effects = (*effects[: cut - 1], now, *effects[cut:])
            elif effect.at[0] >= self.since:
                effects = (*effects[:cut], effect, *effects[cut:])
        return Track(balance, effects, self.since)


def least_held(held: int, amounts: Iterable[int]) -> int:
    """Return the least that was held, from what is held in the end and what moved, newest first.

    The least balance where it stayed positive, the greatest where it stayed negative, else zero.
    """
    lowest = highest = held
    for amount in amounts:
        held -= amount
        lowest, highest = min(lowest, held), max(highest, held)
    if lowest > 0:
        return lowest
    return min(highest, 0)


def _effects(posting: Posting, place: str) -> list[Effect]:
    """Return what a posting does at a place: nothing where it has no time.

    What was taken there and put back later does both, and was in hand between.
    """
    if posting.place_from == posting.place_to and posting.t_from == posting.t_to:
        return []
    found = []
    if posting.place_from == place and posting.t_from is not None:
        found.append(_effect(posting, posting.t_from, arrives=False))
    if posting.place_to == place and posting.t_to is not None:
        found.append(_effect(posting, posting.t_to, arrives=True))
    return found


def _effect(posting: Posting, time: int, *, arrives: bool) -> Effect:
    other = posting.place_from if arrives else posting.place_to
    # Only the end that gives is open; what it gave has simply arrived at the other.
    # A zero that balances against a real place is set at the end that receives (L12).
    far = arrives if posting.kind == "all" else posting.kind == "count" and not arrives
    far = far and not (posting.kind == "count" and other == COUNT_PLACE)
    return Effect(
        (time, posting.replica, posting.rseq, posting.line),
        posting.of,
        "move" if far else posting.kind,
        posting.quantity if arrives else -posting.quantity,
        other,
        posting.t_from if arrives else posting.t_to,
        posting.u,
        posting.item,
        posting.counted,
    )


def _joined(old: Effect | None, effect: Effect, posting: Posting) -> Effect:
    """Return an operation's line after one more posting for it.

    What it is, its last own posting says: what was taken back may rule again.
    """
    if old is None:
        return effect
    amount = old.amount + effect.amount
    if posting.kind == "linked":
        return replace(old, amount=amount)
    if posting.kind == "reverse":
        return replace(old, amount=amount, kind="reverse")
    return replace(effect, amount=amount)


def end_of(time: int) -> Moment:
    """Return the moment after everything that happened at a time."""
    return (time, LATEST, 0, 0)


def _moment(effect: Effect) -> Moment:
    return effect.at


def track_of(balance: int, since: int, place: str, postings: Iterable[Posting]) -> Track:
    """Build a track from its balance now and its postings from `since` on, as they were made."""
    effects: dict[Moment, Effect] = {}
    for posting in postings:
        for effect in _effects(posting, place):
            if effect.at in effects or effect.at[0] >= since:
                effects[effect.at] = _joined(effects.get(effect.at), effect, posting)
    return Track(balance, tuple(effects[at] for at in sorted(effects)), since)


def next_amendment(track: Track, name: TrackName, after: Moment) -> tuple[Moment, Posting] | None:
    """Return the next linked posting by which a late change runs forward along its track.

    `track` holds the change itself and all that it has led to so far. The first effect after the
    moment that is not what the others make it is amended: a count absorbs what came before it,
    an "all" takes or leaves its part of it, and so does an absence whose window was touched, also
    behind a count. None when all of them stand.
    """
    held = track.upto(after)
    for effect in track.after(after):
        amount = _amount(track, effect, held)
        if amount != effect.amount:
            return effect.at, amend(effect, name, amount - effect.amount, "linked")
        held += effect.amount
    return None


def _amount(track: Track, effect: Effect, held: int) -> int:
    """Return what an effect moves where `held` stood just before it."""
    match effect.kind:
        case "count":
            return (effect.counted or 0) - held
        case "all":
            return -max(held, 0)
        case "gone":
            return -track.least(effect.t_other or 0, effect.at)
        case _:
            return effect.amount


def amend(effect: Effect, name: TrackName, amount: int, kind: Kind) -> Posting:
    """Return the posting that changes an earlier effect of a track by a signed amount."""
    place, key = name
    arrives = amount > 0
    time = effect.at[0]
    return Posting(
        of=effect.of,
        line=effect.at[3],
        kind=kind,
        item=effect.item,
        key=key,
        place_from=effect.other if arrives else place,
        place_to=place if arrives else effect.other,
        quantity=abs(amount),
        t_from=effect.t_other if arrives else time,
        t_to=time if arrives else effect.t_other,
        u=effect.u,
        replica=effect.at[1],
        rseq=effect.at[2],
    )


def time_at(place: str, time: int) -> int | None:
    """Return the time of a posting's end: virtual places keep no history."""
    return None if is_virtual(place) else time
