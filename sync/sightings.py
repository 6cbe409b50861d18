"""A serial or a container is one thing: it stands where it was sighted last (R14, R20, R22).

The sightings of a thing, in the order of their moments, are a chain: each one moves it from where
the one before left it, whatever the operation says. A late sighting goes in between, a reversed
one leaves; what follows is then derived again, and only what differs is posted.
A *conditional* sighting moves the thing only if it stands at one place just then, and has since a
time: the approved absence of a count, and what leaves with the container that it is in.
"""

from typing import Final, NamedTuple

from msgspec.structs import replace

from sync.case import Case, Odd, close, open_at
from sync.feed import feed_key
from sync.ledger import COUNT_PLACE, Kind, Moment, Posting, TrackName, time_at
from sync.operations import Issue, Pick, Produce, Receive, Restate, Return, Ship
from sync.records import Discrepancy, Sighting, Variance
from sync.state import State
from sync.stock import CONTAINER, Key, is_virtual, key_of, key_text
from sync.verbs import NEW_CONTAINER, RESTATED, STATUS_PLACE, Movement
from sync.vocabulary import Code, Severity

UNIDENTIFIED: Final = "unidentified/"
"""Where goods stand whose place or item nobody can name."""

LINES_MAX: Final = 1_000
"""More than a count has lines: what is added to a number that is taken already."""

SETS: Final = (Receive, Produce, Return, Restate)
"""Verbs that say what a thing is; the others find it as it was (K3)."""


class Flow(NamedTuple):
    """What a sighting moves: from where and as what, to where and as what."""

    place_from: str
    key_from: str
    place_to: str
    key_to: str


def thing_of(key: Key) -> str | None:
    """Return the name of the one thing behind a key; None for goods that are counted."""
    return feed_key(key.item, key.serial) if key.serial is not None else None


def moment_of(row: Sighting) -> Moment:
    """Return the sighting's place in the order of everything."""
    return (row.at, row.replica, row.rseq, row.line)


def chain(state: State, thing: str) -> list[Sighting]:
    """Return the sightings of a thing in their order, those that were taken back too."""
    return sorted(state.sightings.having("thing", thing), key=moment_of)


def stood(state: State, thing: str) -> Flow | None:
    """Return the flow that brought a thing to where it stood before the sightings known here."""
    before = state.stood.get(thing)
    return Flow(*before) if before else None


def flows(rows: list[Sighting], before: Flow | None = None) -> list[Flow | None]:
    """Return what each sighting of a chain moves; None where it says nothing."""
    found: list[Flow | None] = []
    stands, since = before, 0
    for row in rows:
        flow = None if row.gone or not _holds(row, stands, since) else _flow(row, stands)
        found.append(flow)
        if flow is not None:
            # What was seen where it stood, and was in nobody's hands, has not come just then.
            stays = stands is not None and stands[2:] == flow[2:] and row.taken == row.at
            stands, since = flow, since if stays else row.at
    return found


def _holds(row: Sighting, stands: Flow | None, since: int) -> bool:
    """Say whether what a conditional sighting asks is so: there, as that, since it was taken."""
    if row.only_from is None:
        return True
    there = stands is not None and stands.place_to == row.only_from and since <= row.taken
    return there and stands is not None and row.only_key in {None, stands.key_to}


def _flow(row: Sighting, before: Flow | None) -> Flow:
    if before is None:
        return Flow(_origin(row), row.key, row.place, row.key)
    return Flow(before.place_to, before.key_to, row.place, row.key if row.sets else before.key_to)


def _origin(row: Sighting) -> str:
    """A first sighting leaves what balances the books, else a place that nobody can name."""
    key = key_of(row.key)
    if key.item == CONTAINER:
        return NEW_CONTAINER
    return row.source if is_virtual(row.source) else f"unidentified/{key.item} {key.serial}"


def stands_at(state: State, thing: str, moment: Moment) -> Flow | None:
    """Return the flow that brought a thing to where it stands just before a moment."""
    rows = [row for row in chain(state, thing) if moment_of(row) < moment]
    before = stood(state, thing)
    return next((flow for flow in reversed(flows(rows, before)) if flow is not None), before)


def sight(case: Case, movement: Movement, number: int) -> Movement:
    """Record where a thing was seen; return the movement as it really was."""
    key = movement.key
    row = Sighting(
        thing=thing_of(key) or "", of=case.state.seq, line=number, at=case.at,
        taken=min(case.left_at, case.at), u=max(case.dated.u, case.taken.u if case.taken else 0),
        replica=case.link.replica, rseq=case.link.seq, place=movement.place_to,
        source=movement.place_from, key=key_text(key), sets=isinstance(case.did, SETS),
    )  # fmt: skip
    before = stands_at(case.state, row.thing, moment_of(row))
    see(case.state, row)
    _doubt(case, row, before)
    if before is None:
        return replace(movement, quantity=1)
    return replace(movement, key=key_of(before.key_to), place_from=before.place_to, quantity=1)


def see(state: State, row: Sighting) -> None:
    """Put a sighting into its chain and post what differs."""
    state.sightings.put((row.thing, row.of, row.line), row)
    rechain(state, row.thing)


def forget(state: State, rows: list[Sighting]) -> None:
    """Take sightings out of their chains."""
    for row in rows:
        if not row.gone:
            see(state, replace(row, gone=True))


def rechain(state: State, thing: str, taken_back: Kind = "reverse") -> None:
    """Derive a chain again and post what differs; `taken_back` is the kind of what is gone."""
    rows = chain(state, thing)
    for row, flow in zip(rows, flows(rows, stood(state, thing)), strict=True):
        told = Flow(*row.posted) if row.posted else None
        if flow == told:
            continue
        if told is not None:
            _post(state, row, _back(told), taken_back if row.gone else "linked", back=True)
        if flow is not None:
            first = told is None and row.of == state.seq
            _post(state, row, flow, "move" if first else "linked")
        state.sightings.put((row.thing, row.of, row.line), replace(row, posted=flow or ()))


def _back(flow: Flow) -> Flow:
    return Flow(flow.place_to, flow.key_to, flow.place_from, flow.key_from)


def _post(state: State, row: Sighting, flow: Flow, kind: Kind, *, back: bool = False) -> None:
    """Post one flow, through `status` where the thing changes its key on the way."""
    steps = [(flow.place_from, flow.place_to, flow.key_from)]
    if flow.key_from != flow.key_to:
        way = f"{STATUS_PLACE}/{RESTATED}"
        steps = [(flow.place_from, way, flow.key_from), (way, flow.place_to, flow.key_to)]
    # The condition looks back; what it moves leaves at its own time.
    left = row.taken if row.only_from is None else row.at
    start, end = (row.at, left) if back else (left, row.at)
    for number, (place_from, place_to, key) in enumerate(steps):
        state.apply(
            Posting(
                of=row.of, line=row.line, kind="linked" if number else kind,
                item=key_of(key).item, key=key, place_from=place_from, place_to=place_to,
                quantity=1, t_from=time_at(place_from, start), t_to=time_at(place_to, end),
                u=row.u, replica=row.replica, rseq=row.rseq,
            )
        )  # fmt: skip


def named_sighting(thing: str, key: str, place: str, source: str) -> Sighting:
    """Return what an operation to come may add to a chain, as far as names go."""
    return Sighting(
        thing=thing, of=0, line=0, at=0, taken=0, u=0, replica="", rseq=0, place=place,
        source=source, key=key,
    )  # fmt: skip


def names_of(rows: list[Sighting]) -> set[TrackName]:
    """Return every key at every place where deriving a chain may post."""
    keys = {row.key for row in rows} | {key for row in rows for key in row.posted[1::2]}
    places = {row.place for row in rows} | {place for row in rows for place in row.posted[::2]}
    places |= {_origin(row) for row in rows} | {f"{STATUS_PLACE}/{RESTATED}", COUNT_PLACE}
    return {(place, key) for place in places for key in keys}


def rename(state: State, rows: list[Sighting], again: list[Sighting]) -> None:
    """Let sightings be those of what an unknown code turned out to be, in the same moments (R6)."""
    for row, known in zip(rows, again, strict=True):
        if known.thing != row.thing:
            state.sightings.put((row.thing, row.of, row.line), replace(row, gone=True))
            known = replace(known, posted=())  # noqa: PLW2901 - it stands in another chain now
        state.sightings.put((known.thing, known.of, known.line), known)
    for thing in dict.fromkeys(row.thing for row in (*rows, *again)):
        rechain(state, thing, "linked")


def approve(state: State, row: Variance, *, there: bool, since: int) -> None:
    """An approved line is a sighting: of the thing, or of its absence since a time."""
    thing, line = thing_of(key_of(row.key)) or "", row.line
    while state.sightings.find((thing, state.seq, line)) is not None:
        # Another part of the count names the thing too, in a line of the same number.
        line += LINES_MAX
    see(
        state,
        Sighting(
            thing=thing, of=state.seq, line=line, at=row.at, taken=row.at if there else since,
            u=row.u, replica=row.replica, rseq=row.seq,
            place=row.place if there else COUNT_PLACE, source=COUNT_PLACE, key=row.key,
            sets=there, only_from=None if there else row.place,
            only_key=None if there else row.key,
        ),
    )  # fmt: skip


def approved(state: State, row: Variance) -> list[Sighting]:
    """Return the sighting that an approved line made."""
    moment = (row.at, row.replica, row.seq)
    return [
        one
        for one in chain(state, thing_of(key_of(row.key)) or "")
        if moment_of(one)[:3] == moment and (one.source, one.key) == (COUNT_PLACE, row.key)
        and row.place in {one.place, one.only_from}
    ]  # fmt: skip


# --- doubts ---------------------------------------------------------------------------------------


def _doubt(case: Case, row: Sighting, before: Flow | None) -> None:
    """Say that a thing was seen where it could not be."""
    rival = _rival(case.state, row)
    if rival is not None:
        detail: dict[str, object] = {"thing": row.thing, "also": rival.place, "by": rival.of}
        odd = Odd(place=row.place, key=row.key, item=key_of(row.key).item, detail=detail)
        case.flag(Code.LOCATION_DOUBT, odd)
    if before is None or rival is not None:
        return
    if not row.sets and _contradicts(key_of(row.key), key_of(before.key_to)):
        detail = {"beside": [before.key_to], "assumed": list(case.body.assumed)}
        odd = Odd(place=before.place_to, key=row.key, item=key_of(row.key).item, detail=detail)
        case.flag(Code.KEY_DOUBT, odd)
    _elsewhere(case, row, before.place_to)


def _contradicts(said: Key, stands: Key) -> bool:
    """Say whether what was scanned is not what the thing is; what was not scanned says nothing."""
    pairs = ((said.lot, stands.lot), (said.owner, stands.owner))
    return any(one is not None and one != other for one, other in pairs)


def _elsewhere(case: Case, row: Sighting, stands: str) -> None:
    """It left another place than the operation says: a chain, or a thing that was used twice."""
    if row.source in {stands, NEW_CONTAINER}:
        return
    gone = is_virtual(stands)
    code, severity = Code.LOCATION_DOUBT, Severity.REVIEW if gone else Severity.INFORMATION
    if isinstance(case.did, Pick | Ship | Issue):
        code, severity = Code.SERIAL_TWICE, Severity.URGENT
    elif isinstance(case.did, Receive):
        same = stands == row.place
        code = Code.DUPLICATE_SERIAL
        severity = Severity.INFORMATION if same else Severity.REVIEW
    detail: dict[str, object] = {"thing": row.thing, "stands": stands, "said": row.source}
    odd = Odd(place=stands, key=row.key, item=key_of(row.key).item, severity=severity,
              detail=detail, closed=severity is Severity.INFORMATION)  # fmt: skip
    case.flag(code, odd)


def _rival(state: State, row: Sighting) -> Sighting | None:
    """Return another device's sighting elsewhere that may have been before or after (R20)."""
    for other in chain(state, row.thing):
        if other.gone or other.replica == row.replica or other.only_from is not None:
            continue
        apart = other.at + other.u < row.taken - row.u or row.at + row.u < other.taken - other.u
        if not apart and other.place != row.place:
            return other
    return None


def still_there(state: State, row: Discrepancy) -> bool:
    """Say whether goods stand where nobody can name it, and only this discrepancy explains them."""
    nameless = {name for name in (row.place, row.item) if name and name.startswith(UNIDENTIFIED)}
    return any(
        held.quantity and row.key in {None, held.key} and {held.place, held.item} & nameless
        for held in state.holdings.all()
    )


def explain_unidentified(case: Case, postings: list[Posting]) -> None:
    """Whatever stands at a place that nobody can name is explained by something open."""
    state = case.state
    for name in {(place, p.key) for p in postings for place in (p.place_from, p.place_to)}:
        place, key = name
        if not place.startswith(UNIDENTIFIED):
            continue
        row = state.holdings.get(name)
        doubts = open_at(state, Code.LOCATION_DOUBT, place, key)
        if row is None or not row.quantity:
            for doubt in doubts:
                close(state, doubt, case.name)
        elif not doubts and not open_at(state, Code.UNKNOWN_CODE, place, None):
            detail: dict[str, object] = {"quantity": row.quantity}
            case.flag(Code.LOCATION_DOUBT, Odd(place=place, key=key, item=row.item, detail=detail))
