"""A serial is one thing: it leaves where it stands, whatever the operation says (R14, R22).

The sightings of a serial, in the order of time, are a chain: each one moves it from where the
one before left it. A late sighting goes in between, and the next one then leaves from there.
"""

from msgspec.structs import replace

from sync.case import Case, Odd
from sync.ledger import Effect, Moment, Posting, Track, time_at
from sync.operations import Issue, Pick, Receive, Ship
from sync.records import Holding
from sync.state import State
from sync.stock import is_virtual, key_of, key_text
from sync.verbs import Movement
from sync.vocabulary import Code, Severity


def names_of(state: State, item: str, serial: str) -> list[Holding]:
    """Return every place and key under which a serial was ever held."""
    return [
        row
        for row in state.holdings.all()
        if row.item == item and not is_virtual(row.place) and key_of(row.key).serial == serial
    ]


def as_it_stands(case: Case, movement: Movement, number: int) -> Movement:
    """Return the movement with the place and the key that the serial really leaves."""
    serial = movement.key.serial
    if serial is None:
        return movement
    moment = case.moment(case.left_at, number)
    for row in names_of(case.state, movement.key.item, serial):
        track = case.state.tracks.get((row.place, row.key)) or Track(0)
        if track.before(moment) > 0:
            _flag(case, movement, row.place)
            return replace(movement, key=key_of(row.key), place_from=row.place)
    if is_virtual(movement.place_from):
        return movement
    return replace(movement, place_from=f"unidentified/{movement.key.item}")


def _flag(case: Case, movement: Movement, stands: str) -> None:
    """Say that a serial was seen where it could not be."""
    if stands == movement.place_from:
        return
    code, severity = Code.LOCATION_DOUBT, Severity.REVIEW
    if isinstance(case.did, Pick | Ship | Issue):
        code, severity = Code.SERIAL_TWICE, Severity.URGENT
    elif isinstance(case.did, Receive):
        same = stands == movement.place_to
        code = Code.DUPLICATE_SERIAL
        severity = Severity.INFORMATION if same else Severity.REVIEW
    detail: dict[str, object] = {
        "serial": movement.key.serial, "stands": stands, "said": movement.place_from,
    }  # fmt: skip
    odd = Odd(place=stands, key=key_text(movement.key), item=movement.key.item,
              severity=severity, detail=detail)  # fmt: skip
    case.flag(code, odd)


def hand_on(state: State, movement: Movement, moment: Moment) -> None:
    """Let the sighting after a late one leave from where the late one brought the serial."""
    if movement.key.serial is None or movement.place_from == movement.place_to:
        return
    name = key_text(movement.key)
    found = _next_sighting(state, name, moment)
    if found is None or found[0] == movement.place_to:
        return
    place, effect = found
    time = effect.at[0]
    state.apply(
        Posting(
            of=effect.of, line=effect.at[3], kind="linked", item=effect.item, key=name,
            place_from=movement.place_to, place_to=place, quantity=1,
            t_from=time_at(movement.place_to, time), t_to=time_at(place, time),
            u=effect.u, replica=effect.at[1], rseq=effect.at[2],
        )
    )  # fmt: skip


def _next_sighting(state: State, key: str, moment: Moment) -> tuple[str, Effect] | None:
    """Return the next movement of a serial after a moment, and the place that it leaves."""
    later = [
        (place, effect)
        for (place, text), track in state.tracks.rows.items()
        if text == key and track is not None
        for effect in track.effects
        if effect.at > moment and effect.amount and effect.of != state.seq
    ]
    if not later:
        return None
    first = min((effect.at, effect.of) for _, effect in later)[1]
    same = [(place, effect) for place, effect in later if effect.of == first]
    for place, effect in same:
        if effect.amount < 0:
            return place, effect
    _, arrived = same[0]
    return arrived.other, arrived
