"""Counts: compared with what the ledger says for their own moment, for ever.

A count posts nothing. Each key that was seen, and each that was not (`sync/absences.py`), becomes
a *variance*:
counted beside expected, where expected is the fold to the moment of the key's own last scan.
Late facts change the fold, so they change the variance while it is open (R28); once approved,
the count absorbs them by linked postings (R29). Nothing here depends on when a fact arrived.
"""

from collections import Counter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync import absences
from sync.balances import expected, moment_of
from sync.case import Case, Odd
from sync.found import look_elsewhere
from sync.ledger import CORRECTS, Effect, Moment, Posting, TrackName
from sync.movements import resolve_key, resolve_place
from sync.operations import Count, CountLine
from sync.periods import is_closed
from sync.progress import name_count
from sync.records import Counted, Variance
from sync.state import State
from sync.stock import CONTAINER, Key, key_text
from sync.tasks import ask_recount
from sync.vocabulary import Code, Severity

SAME_GOODS_MS: Final = 86_400_000
"""How far apart two counts may be, one of them approved, that are still held together (R32)."""


VARIANCES_MAX: Final = 2_000
"""How many lines of counts may be open at one place (C9)."""

SAME_KEY_MAX: Final = 50
"""How many of these may be of one key (C9)."""

COUNTS_MAX: Final = {"place": 100, "line": 1_000}
"""How many counts of one place, by their scope, may lie within a day (C9)."""

DEVICE_PART: Final = 2
"""The part of each that one device may fill, so that others can still count there (C9)."""


class FullError(Exception):
    """At its place too much is open, or was counted, for one more count (C9)."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class Seen(Struct, frozen=True):
    """What a count says of one key: its lines added up, between first and last scan."""

    line: int
    key: Key
    counted: int
    at: int
    u: int
    first: int
    last: int
    fifo_date: str | None


def record_count(case: Case, did: Count) -> list[Posting]:
    """Keep a count and its variances; set no stock. Raises `FullError`.

    Return what it took back: absences of other parts, of keys that it lists.
    """
    place = resolve_place(case, did.place.text)
    if _is_full(case, did, place):
        raise FullError(place)
    counted = Counted(
        operation=case.body.id, count_id=did.count_id, place=place, scope=did.scope,
        opened=case.opened or case.at, at=case.at, u=case.dated.u, replica=case.link.replica,
        seq=case.link.seq, actor=case.body.actor, device=case.device, blind=did.blind,
    )  # fmt: skip
    case.state.counted.put(counted.operation, counted)
    for seen in _seen(case, did):
        _keep(case, counted, seen)
    start = len(case.state.postings)
    absences.retell(case, did.count_id, place)
    if did.scope == "place":
        _miss_containers(case, counted)
    if not did.blind:
        case.flag(Code.NOT_BLIND, Odd(place=place))
    name_count(case, place)
    return case.state.postings[start:]


def _is_full(case: Case, did: Count, place: str) -> bool:
    """Say whether one more count would make what is open at a place too much to decide."""
    rows = [row for row in case.state.variances.having("place", place) if row.state == "open"]
    near = [row for row in case.state.counted.having("place", place)
            if row.scope == did.scope and abs(row.at - case.at) <= SAME_GOODS_MS]  # fmt: skip
    own_rows = [row for row in rows if row.device == case.device]
    own_near = [row for row in near if row.device == case.device]
    return _is_beyond(did, rows, near, 1) or _is_beyond(did, own_rows, own_near, DEVICE_PART)


def _is_beyond(did: Count, rows: list[Variance], near: list[Counted], part: int) -> bool:
    """Say whether one more count would be beyond a part of what may be open, or counted."""
    of_key = Counter(row.key for row in rows)
    return (
        of_key.total() + len(did.lines) > VARIANCES_MAX // part
        or max(of_key.values(), default=0) >= SAME_KEY_MAX // part
        or len(near) >= COUNTS_MAX[did.scope] // part
    )


def _seen(case: Case, did: Count) -> list[Seen]:
    found: dict[str, Seen] = {}
    for number, line in enumerate(did.lines):
        key = resolve_key(case, line.key)
        seen = _one(case, number, line, key)
        other = found.get(key_text(key))
        found[key_text(key)] = _both(other, seen) if other else seen
    return list(found.values())


def _one(case: Case, number: int, line: CountLine, key: Key) -> Seen:
    dated = case.lines[number]
    lasted = max(line.last_wall - line.first_wall, 0)
    return Seen(number, key, line.quantity, dated.at, dated.u, dated.at - lasted - dated.u,
                dated.at + dated.u, line.fifo_date)  # fmt: skip


def _both(one: Seen, two: Seen) -> Seen:
    later = two if two.at >= one.at else one
    return replace(
        later,
        counted=one.counted + two.counted,
        first=min(one.first, two.first),
        last=max(one.last, two.last),
        u=max(one.u, two.u),
    )


def _keep(case: Case, counted: Counted, seen: Seen) -> None:
    """Write the variance of one key, and say what makes it doubtful."""
    name = (counted.place, key_text(seen.key))
    state = case.state
    variance = Variance(
        operation=counted.operation, line=seen.line, count_id=counted.count_id,
        place=counted.place, key=name[1], item=seen.key.item, counted=seen.counted,
        expected=0, at=seen.at, u=seen.u, first=seen.first, last=seen.last,
        replica=counted.replica, seq=counted.seq, actor=counted.actor, device=counted.device,
        blind=counted.blind, fifo_date=seen.fifo_date,
        assumed=tuple(part for part in case.body.assumed if part != "quantity"),
    )  # fmt: skip
    track = state.tracks.find(name)
    near = [e for e in track.effects if _crosses(e, variance)] if track else []
    variance = replace(variance, expected=expected(state, variance), ambiguous=bool(near))
    odd = Odd(place=name[0], key=name[1], item=seen.key.item, at=seen.at)
    if near:
        case.flag(Code.COUNT_AMBIGUOUS, odd)
        ask_recount(state, name[0])
    other = _disagrees(state, variance)
    if other is not None:
        detail: dict[str, object] = {
            "first": [other.operation, other.counted, other.at],
            "second": [counted.operation, seen.counted, seen.at],
        }
        case.flag(Code.COUNT_DISAGREE, replace(odd, detail=detail))
        ask_recount(state, name[0])
    state.variances.put((variance.operation, variance.line), variance)
    look_elsewhere(case, variance)


def _crosses(effect: Effect, variance: Variance) -> bool:
    """Say whether a movement of another device may lie on either side of the scan (R31)."""
    if effect.kind in {*CORRECTS, "reverse"} or effect.at[1] == variance.replica:
        return False
    return effect.start <= variance.last and effect.end >= variance.first


def _disagrees(state: State, variance: Variance) -> Variance | None:
    """Return the count before or after this one that the movements between do not explain (R32)."""
    name, moment = (variance.place, variance.key), moment_of(variance)
    others = [row for row in _of_key(state, name) if _speaks_beside(row, variance)]
    before = max((row for row in others if moment_of(row) < moment), key=moment_of, default=None)
    after = min((row for row in others if moment_of(row) > moment), key=moment_of, default=None)
    for other in filter(None, (before, after)):
        first, second = sorted((other, variance), key=moment_of)
        between = _moved(state, name, moment_of(first), moment_of(second))
        if second.counted - first.counted != between:
            return other
    return None


def _speaks_beside(other: Variance, variance: Variance) -> bool:
    """Say whether another count is a second look at the same goods, and not at those of long ago.

    What was approved is in the books, and after a day only they are asked; what was rejected
    says nothing.
    """
    if other.count_id == variance.count_id or other.line < 0:
        return False
    return other.state == "open" or (
        other.state == "approved" and abs(other.at - variance.at) <= SAME_GOODS_MS
    )


def _moved(state: State, name: TrackName, after: Moment, upto: Moment) -> int:
    track = state.tracks.find(name)
    if track is None:
        return 0
    return sum(e.amount for e in track.effects if after < e.at <= upto and e.kind not in CORRECTS)


def _of_key(state: State, name: TrackName) -> list[Variance]:
    return state.variances.having(("place", "key"), name)


def _miss_containers(case: Case, counted: Counted) -> None:
    """A container that no part lists stays where it was sighted, and somebody looks for it."""
    for held in case.state.held(counted.place):
        rows = _of_key(case.state, (held.place, held.key))
        listed = absences.is_listed(row for row in rows if row.count_id == counted.count_id)
        if held.item == CONTAINER and held.quantity > 0 and not listed:
            odd = Odd(place=held.place, key=held.key, item=held.item, at=counted.at)
            case.flag(Code.LOCATION_DOUBT, odd)


def refresh(case: Case, postings: list[Posting]) -> None:
    """Bring open variances up to facts from before their moment (R28), and doubt near ones."""
    seen = set()
    for posting in postings:
        for place, time in ((posting.place_from, posting.t_from), (posting.place_to, posting.t_to)):
            name = (place, posting.key)
            if time is not None and name not in seen:
                seen.add(name)
                _refresh_key(case, name, posting.item)


def _refresh_key(case: Case, name: TrackName, item: str) -> None:
    state = case.state
    track = state.tracks.find(name)
    if track is None:
        return
    for row in _of_key(state, name):
        if row.state == "open" and row.line >= 0 and row.at >= track.since:
            fresh = replace(row, expected=expected(state, row))
            own = [e for e in track.effects if e.of == state.seq and _crosses(e, row)]
            if own:
                odd = Odd(place=name[0], key=name[1], item=item, at=row.at)
                case.flag(Code.COUNT_AMBIGUOUS, odd)
                ask_recount(state, name[0])
                fresh = replace(fresh, ambiguous=True)
            if fresh != row:
                state.variances.put((row.operation, row.line), fresh)
    for window in absences.windows_at(state, name[0]):
        if window.opened >= track.since:
            absences.tell(state, window, name, item)


def doubt_time(case: Case, postings: list[Posting]) -> None:
    """A time that cannot be relied on matters where it may lie on either side of a count (R8)."""
    if case.dated.trust == "high":
        return
    touched = {(place, p.key) for p in postings for place in (p.place_from, p.place_to)}
    for row in case.state.variances.all():
        near = abs(row.at - case.at) <= case.dated.u + row.u
        if near and (row.place, row.key) in touched and row.replica != case.link.replica:
            odd = Odd(place=row.place, key=row.key, item=row.item, detail={"u": case.dated.u})
            case.flag(Code.TIME_UNCERTAIN, odd)


def explain(case: Case, linked: list[Posting]) -> None:
    """Say that a late fact explains, or worsens, a variance that was approved (R29)."""
    for posting in linked:
        if "count" not in (posting.place_from, posting.place_to):
            continue
        arrives = posting.place_from == "count"
        place = posting.place_to if arrives else posting.place_from
        amount = posting.quantity if arrives else -posting.quantity
        track = case.state.tracks.get((place, posting.key))
        time = posting.t_to if arrives else posting.t_from
        moment = (time or 0, posting.replica, posting.rseq, posting.line)
        now = next((e.amount for e in track.effects if e.at == moment), 0) if track else 0
        worse = abs(now) > abs(now - amount) or is_closed(case.state, time or case.at)
        case.flag(
            Code.COUNT_EXPLAINED,
            Odd(
                place=place, key=posting.key, item=posting.item, at=time,
                severity=Severity.REVIEW if worse else Severity.INFORMATION,
                detail={"variance_before": now - amount, "variance_now": now},
            ),
        )  # fmt: skip
