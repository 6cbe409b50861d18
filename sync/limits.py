"""How much a person may correct alone: beyond it the correction waits in suspense (R37).

The shelf is as the worker says, at once. What is not decided yet is to which reason it is booked.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from sync.arrivals import Arrival
from sync.case import SERVER, Case, Odd
from sync.ends import adjusts
from sync.formers import names_of
from sync.ledger import Posting
from sync.operations import Adjust, Did
from sync.records import Discrepancy
from sync.state import State
from sync.stock import key_text
from sync.verbs import Movement
from sync.vocabulary import Code

SUSPENSE: Final = "suspense"

OPENING: Final = "opening"
"""The device that opening stock comes from: nobody carries it, an import has written its facts."""

UNLIMITED: Final = frozenset({SERVER, OPENING})


def limit_of(case: Case) -> int | None:
    """Return how many base units the actor may adjust alone; None is any number.

    A limit of their own is for who has signed in before the server's eyes on this phone. Anybody
    may give a name: then the lesser holds of theirs and the site's, so no name is worth taking.
    """
    person = case.state.people.find(case.body.actor)
    own, of_site = person.adjust_limit if person else None, case.state.site.adjust_limit
    if own is None or of_site is None:
        return of_site if own is None else own
    return own if _is_seen(case) else min(own, of_site)


def _is_seen(case: Case) -> bool:
    """Say whether the server has seen the actor sign in on the device, or on what it was before."""
    names = names_of(case.state, case.device)
    return any(case.state.proved.find((name, case.body.actor)) for name in names)


def asks(did: Did | None) -> bool:
    """Say whether an operation may be beyond a limit, as far as it names its ends itself."""
    ends = (getattr(did, "from_", None), getattr(did, "to", None))
    return isinstance(did, Adjust) or any(adjusts(end.text) for end in ends if end is not None)


def hold(case: Case, asked: list[Movement]) -> list[Movement]:
    """Return movements against suspense where they adjust more than the limit."""
    limit = limit_of(case)
    if limit is None or case.device in UNLIMITED:
        return asked
    return [_held(one) if _beyond(one, limit) else one for one in asked]


def _beyond(one: Movement, limit: int) -> bool:
    # A single thing stands where it was sighted, and has a rule of its own (L8).
    counted = one.key.serial is None and one.quantity is not None and one.quantity > limit
    return counted and (adjusts(one.place_from) or adjusts(one.place_to))


def _held(one: Movement) -> Movement:
    # Where both ends adjust, the goods were never ours to begin with: the one that gives is held.
    if adjusts(one.place_from):
        return replace(one, place_from=SUSPENSE)
    return replace(one, place_to=SUSPENSE)


def judge(case: Case, movement: Movement, asked: Movement) -> None:
    """Say that somebody must agree; what stands in suspense is what these rows say."""
    if SUSPENSE not in {movement.place_from, movement.place_to}:
        _add_up(case, movement)
        return
    arrives = movement.place_from == SUSPENSE
    end = asked.place_from if arrives else asked.place_to
    quantity = movement.quantity or 0
    detail: dict[str, object] = {
        "quantity": quantity if arrives else -quantity, "reason": end.partition("/")[2] or end,
        "end": end, "limit": limit_of(case),
    }  # fmt: skip
    place = movement.place_to if arrives else movement.place_from
    odd = Odd(place=place, key=key_text(movement.key), item=movement.key.item, alone=True,
              detail=detail)  # fmt: skip
    case.flag(Code.OVER_LIMIT, odd)


def sums(state: State, device: str, arrivals: Iterable[Arrival]) -> set[str]:
    """Return the names of what adds up the corrections of operations, whoever is seen there."""
    found = set()
    for one in arrivals:
        key = getattr(one.did, "key", None)
        if one.body is not None and key is not None and asks(one.did):
            day = state.day_of(one.dated.at)
            found |= {_sum(device, who, key.item, day) for who in ("", one.body.actor)}
    return found


def _sum(device: str, who: str, item: str, day: str) -> str:
    return f"{Code.LIMIT_IN_PARTS.value}/{device}/{who}/{day}/{item}"


def _add_up(case: Case, movement: Movement) -> None:
    """Say when corrections that are each within the limit are beyond it together (R51).

    The sum and the least limit of a day are the same in whatever order they come. All names that
    the server never saw there share one sum: a new name is no new limit.
    """
    limit = limit_of(case)
    adjusted = adjusts(movement.place_from) or adjusts(movement.place_to)
    if limit is None or not adjusted or movement.key.serial or case.device in UNLIMITED:
        return
    who = case.body.actor if _is_seen(case) else ""
    day, item = case.state.day_of(case.at), getattr(case.did, "key", movement.key).item
    row = case.row_named(Code.LIMIT_IN_PARTS, _sum(case.device, who, item, day), Odd(
        item=movement.key.item, closed=True, detail={"device": case.device, "actor": who},
    ))  # fmt: skip
    before = {} if row.state == "settled" else row.detail
    quantity = int(str(before.get("quantity", 0))) + (movement.quantity or 0)
    least = min(limit, int(str(before.get("limit", limit))))
    row = replace(row, state="open" if quantity > least else "evidence", settled_by=None,
                  detail={**row.detail, "quantity": quantity, "limit": least})  # fmt: skip
    case.state.discrepancies.put(row.discrepancy, row)
    if row.state == "open":
        case.tell(row)


def end_of(row: Discrepancy) -> str:
    """Return where an adjustment is booked to once somebody agrees to it."""
    return str(row.detail.get("end") or f"adjust/{row.detail['reason']}")


def waiting(row: Discrepancy) -> int:
    """Return what suspense holds of a key because of a discrepancy: what nobody agreed to yet."""
    if row.code != Code.OVER_LIMIT or row.state != "open":
        return 0
    return -int(str(row.detail["quantity"]))


def approve(state: State, row: Discrepancy) -> None:
    """Book what waited in suspense to its end, as part of the adjustment itself."""
    logged = state.operations.find(row.operation)
    if logged is None or row.key is None:
        message = f"{row.discrepancy} has lost its adjustment"
        raise AssertionError(message)
    quantity, end = int(str(row.detail["quantity"])), end_of(row)
    state.apply(
        Posting(
            of=logged.seq, line=0, kind="linked", item=row.item or "", key=row.key,
            place_from=end if quantity > 0 else SUSPENSE,
            place_to=SUSPENSE if quantity > 0 else end,
            quantity=abs(quantity), t_from=None, t_to=None, u=logged.u,
            replica=logged.replica or "", rseq=logged.rseq or 0,
        )
    )  # fmt: skip


def names(row: Discrepancy) -> set[tuple[str, str]]:
    """Return the balances that an approval changes."""
    if row.code != Code.OVER_LIMIT or row.key is None:
        return set()
    return {(SUSPENSE, row.key), (end_of(row), row.key)}
