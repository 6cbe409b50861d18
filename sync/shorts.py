"""What a picker did not find is a word, never a count: the bin goes on the list to count (R52)."""

from sync.case import Case
from sync.movements import resolve_place
from sync.operations import Short
from sync.tasks import ask_recount


def ask_to_count(case: Case, did: Short) -> None:
    """Ask for a count of the bin; stock and variances stay as they are."""
    place = resolve_place(case, did.place.text)
    if case.state.locations.find(place) is not None:
        ask_recount(case.state, place)
