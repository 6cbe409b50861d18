"""What a person is told of each discrepancy, and what can be done about it.

Every code has two readings: what may have happened. Their sentences are in the catalogue of
the screens under `reading.CODE.1` and `reading.CODE.2`, those of the actions under `action.NAME`;
here is what the ledger must know: the actions that settle it, the first one by default, who is
asked, and within how many hours.
"""

from typing import Final, Literal, NamedTuple

from sync.vocabulary import POLICIES, Code, Evidence, Severity

Action = Literal[
    "keep", "count", "reverse", "is", "approve", "refuse", "reopen", "order", "give_back",
    "put_back", "release", "move",
]  # fmt: skip
Owner = Literal["nobody", "worker", "supervisor"]
"""Who is asked. Nobody: it closes by itself; a worker: somebody must go there and look."""


class Review(NamedTuple):
    """The actions that may settle it, the default first, and who is asked for one."""

    actions: tuple[Action, ...]
    owner: Owner = "supervisor"

    @property
    def default(self) -> Action:
        """What the desk offers first."""
        return self.actions[0]


HOURS: Final = {Severity.URGENT: 4, Severity.REVIEW: 24, Severity.INFORMATION: 72}
"""How long each may wait before it is overdue."""

_KEEP: Final = Review(("keep",))
_LOOK: Final = Review(("count", "keep"), "worker")
_MADE_UP: Final = Review(("keep", "reverse"))

REVIEWS: Final[dict[Code, Review]] = {
    Code.INVARIANT: _KEEP,
    Code.NOT_UNDERSTOOD: _KEEP,
    Code.OPERATION_ID_CONFLICT: _KEEP,
    Code.REPLICA_FORK: _KEEP,
    Code.OPERATIONS_LOST: _KEEP,
    Code.RESTORE_GAP: _KEEP,
    Code.TARGET_UNKNOWN: _KEEP,
    Code.ACTOR_NOT_ALLOWED: _MADE_UP,
    Code.ACTOR_NOT_SEEN: _KEEP,
    Code.RESCUE_UNSIGNED: _KEEP,
    Code.NOT_PROVED: _KEEP,
    Code.CONSENT_UNPROVED: _MADE_UP,
    Code.WRONG_PINS: _KEEP,
    Code.UNKNOWN_CODE: Review(("is", "keep")),
    Code.TIME_UNCERTAIN: _LOOK,
    Code.LATE_PERIOD: _MADE_UP,
    Code.UNIT_CHANGED: Review(("keep", "count", "reverse")),
    Code.TASK_MISMATCH: _MADE_UP,
    Code.LOT_CONFLICT: _KEEP,
    Code.LOT_BLOCKED: Review(("put_back", "release")),
    Code.LOCATION_BLOCKED: Review(("put_back", "keep"), "worker"),
    Code.LOCATION_RULE: Review(("put_back", "keep"), "worker"),
    Code.LOCATION_DOUBT: _LOOK,
    Code.DUPLICATE_SERIAL: Review(("count", "keep", "reverse"), "worker"),
    Code.SERIAL_TWICE: Review(("count", "keep", "reverse"), "worker"),
    Code.NEGATIVE: _LOOK,
    Code.KEY_DOUBT: _LOOK,
    Code.OVER_RECEIPT: _MADE_UP,
    Code.ORDER_CLOSED: Review(("reopen", "order", "give_back", "reverse")),
    Code.PICK_NOT_NEEDED: Review(("put_back", "keep"), "worker"),
    Code.RESERVED_USED: _KEEP,
    Code.OVER_ISSUE: _MADE_UP,
    Code.UNRELEASED_USED: _KEEP,
    Code.FIFO_DEVIATION: _KEEP,
    Code.FIFO_UNKNOWABLE: _KEEP,
    Code.COUNT_AMBIGUOUS: _LOOK,
    Code.COUNT_DISAGREE: _LOOK,
    Code.COUNT_EXPLAINED: Review(("keep", "count")),
    Code.FOUND_ELSEWHERE: Review(("move", "count", "keep")),
    Code.NOT_BLIND: Review(("keep", "count")),
    Code.OPEN_TASK: Review(("keep", "count")),
    Code.DOUBLE_CORRECTION: Review(("reverse", "keep")),
    Code.OVER_LIMIT: Review(("approve", "refuse")),
    Code.LIMIT_IN_PARTS: _KEEP,
    Code.RETURN_UNMATCHED: _MADE_UP,
    Code.DEVICE_LIMIT: _KEEP,
    Code.COUNT_FULL: Review(("count", "keep")),
}


def owner_of(code: Code, severity: Severity) -> Owner:
    """Return who is asked: nobody while it may still close by itself."""
    waits = POLICIES[code].closes not in {Evidence.NONE, Evidence.COUNTED}
    return "nobody" if severity is Severity.INFORMATION and waits else REVIEWS[code].owner
