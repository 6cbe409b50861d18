"""May these goods stand here? A place that is blocked, too small, or meant for one thing only.

They stand there all the same (R16, R17). A place that is taken out of use is blocked: one flag.
"""

from sync.case import Case, Odd, close, open_at
from sync.operations import Restate
from sync.records import Location
from sync.state import State
from sync.stock import key_of, key_text
from sync.tasks import ask_move, tasks_at
from sync.verbs import Movement
from sync.vocabulary import Code, Severity


def has_rule(state: State, place: str) -> bool:
    """Say whether all that stands at a place must be known to judge it."""
    location = state.locations.find(place)
    if state.edits:
        return location is not None
    return location is not None and (location.capacity is not None or location.mixing != "any")


def tasks(state: State, place: str) -> set[str]:
    """Return the lists of work on which a place may have to be put."""
    location = state.locations.find(place)
    may = location is not None and (location.blocked or state.edits)
    return tasks_at(place) if may else set()


def judge(case: Case, movement: Movement, quantity: int) -> None:
    """Flag goods where they should not stand; close what was flagged when they have left."""
    state = case.state
    _left(case, movement)
    there = state.locations.find(movement.place_to)
    # A change of status brings nothing that did not stand there.
    if there is None or movement.place_to == movement.place_from or isinstance(case.did, Restate):
        return
    key, item = key_text(movement.key), movement.key.item
    if there.blocked:
        odd = Odd(place=there.location, key=key, item=item)
        case.flag(Code.LOCATION_BLOCKED, odd)
        ask_move(state, there.location, item, quantity)
    if there.capacity is not None or there.mixing != "any":
        _rule(case, there, movement)


def _rule(case: Case, there: Location, movement: Movement) -> None:
    key, item = key_text(movement.key), movement.key.item
    over = _over(case.state, there)
    if over > 0:
        detail: dict[str, object] = {"capacity": there.capacity, "quantity": over}
        odd = Odd(place=there.location, item=item, severity=Severity.REVIEW, detail=detail)
        case.flag(Code.LOCATION_RULE, odd)
    others = [row for row in case.state.held(there.location) if row.key != key and row.quantity > 0]
    mixed = [row.key for row in others if _mixes(there, movement, row.key)]
    if mixed:
        detail = {"mixing": there.mixing, "beside": mixed}
        odd = Odd(place=there.location, key=key, item=item, severity=Severity.INFORMATION,
                  detail=detail)  # fmt: skip
        case.flag(Code.LOCATION_RULE, odd)


def _mixes(there: Location, movement: Movement, other: str) -> bool:
    key = key_of(other)
    if there.mixing == "lot":
        return (key.item, key.lot) != (movement.key.item, movement.key.lot)
    return there.mixing == "item" and key.item != movement.key.item


def _over(state: State, location: Location) -> int:
    """Return how many base units more than its capacity a place holds."""
    if location.capacity is None:
        return 0
    return sum(max(row.quantity, 0) for row in state.held(location.location)) - location.capacity


def _left(case: Case, movement: Movement) -> None:
    state, place, key = case.state, movement.place_from, key_text(movement.key)
    holding = state.holdings.find((place, key))
    if holding is not None and holding.quantity <= 0:
        for row in open_at(state, Code.LOCATION_BLOCKED, place, key):
            close(state, row, case.body.id)
    location = state.locations.find(place)
    if location is not None and location.capacity is not None and _over(state, location) <= 0:
        for row in open_at(state, Code.LOCATION_RULE, place, None):
            close(state, row, case.body.id)
