"""How much a person may correct alone: beyond it the correction waits in suspense (R37).

The shelf is as the worker says, at once. What is not decided yet is to which reason it is booked.
"""

from typing import Final

from msgspec.structs import replace

from sync.case import Case, Odd
from sync.ledger import Posting
from sync.operations import Adjust
from sync.records import Discrepancy
from sync.state import State
from sync.stock import key_text
from sync.verbs import Movement
from sync.vocabulary import Code

SUSPENSE: Final = "suspense"


def limit_of(state: State, actor: str) -> int | None:
    """Return how many base units a person may adjust; None is any number."""
    person = state.people.find(actor)
    own = person.adjust_limit if person else None
    return state.site.adjust_limit if own is None else own


def hold(case: Case, asked: list[Movement]) -> list[Movement]:
    """Return the movements of an adjustment, against suspense where it is beyond the limit."""
    limit = limit_of(case.state, case.body.actor)
    if not isinstance(case.did, Adjust) or limit is None or abs(case.did.quantity) <= limit:
        return asked
    # A single thing stands where it was sighted, and has a rule of its own (L8).
    if case.did.key.serial is not None:
        return asked
    arrives = case.did.quantity > 0
    end = {"place_from": SUSPENSE} if arrives else {"place_to": SUSPENSE}
    return [replace(one, **end) for one in asked]


def judge(case: Case, movement: Movement) -> None:
    """Say that somebody must agree; what stands in suspense is what these rows say."""
    did = case.did
    if not isinstance(did, Adjust) or SUSPENSE not in {movement.place_from, movement.place_to}:
        return
    arrives = movement.place_from == SUSPENSE
    detail: dict[str, object] = {
        "quantity": did.quantity, "reason": did.reason,
        "limit": limit_of(case.state, case.body.actor),
    }  # fmt: skip
    place = movement.place_to if arrives else movement.place_from
    odd = Odd(place=place, key=key_text(movement.key), item=movement.key.item, alone=True,
              detail=detail)  # fmt: skip
    case.flag(Code.OVER_LIMIT, odd)


def approve(state: State, row: Discrepancy) -> None:
    """Book what waited in suspense to its reason, as part of the adjustment itself."""
    logged = state.operations.find(row.operation)
    quantity = int(str(row.detail["quantity"]))
    if logged is None or row.key is None:
        message = f"{row.discrepancy} has lost its adjustment"
        raise AssertionError(message)
    reason = f"adjust/{row.detail['reason']}"
    state.apply(
        Posting(
            of=logged.seq, line=0, kind="linked", item=row.item or "", key=row.key,
            place_from=reason if quantity > 0 else SUSPENSE,
            place_to=SUSPENSE if quantity > 0 else reason,
            quantity=abs(quantity), t_from=None, t_to=None, u=logged.u,
            replica=logged.replica or "", rseq=logged.rseq or 0,
        )
    )  # fmt: skip


def names(row: Discrepancy) -> set[tuple[str, str]]:
    """Return the balances that an approval changes."""
    if row.code != Code.OVER_LIMIT or row.key is None:
        return set()
    return {(SUSPENSE, row.key), (f"adjust/{row.detail['reason']}", row.key)}
