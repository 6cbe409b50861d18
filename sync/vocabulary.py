"""The closed vocabularies: what the server can answer, and what can be odd.

Each code of a discrepancy is one line of a table: how grave it is, and which evidence closes it.
Rule numbers are those of SPEC.md.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """The server's answer to one operation. Facts are never refused."""

    POSTED = "posted"
    FLAGGED = "flagged"
    PARKED = "parked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Severity(StrEnum):
    """How soon a person must look; information closes itself."""

    INFORMATION = "I"
    REVIEW = "R"
    URGENT = "U"


class Evidence(StrEnum):
    """What closes a discrepancy without a person."""

    NONE = "none"
    AT_ONCE = "at_once"
    COVERED = "covered"
    ARRIVED = "arrived"
    COUNTED = "counted"


class Policy(NamedTuple):
    """Severity at first, severity once the watermark has passed it, and what closes it."""

    severity: Severity
    later: Severity
    closes: Evidence


class Code(StrEnum):
    """Discrepancy codes, in the order in which an operation's flags are listed."""

    INVARIANT = "INVARIANT"
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    OPERATION_ID_CONFLICT = "OPERATION_ID_CONFLICT"
    REPLICA_FORK = "REPLICA_FORK"
    OPERATIONS_LOST = "OPERATIONS_LOST"
    RESTORE_GAP = "RESTORE_GAP"
    TARGET_UNKNOWN = "TARGET_UNKNOWN"
    ACTOR_NOT_ALLOWED = "ACTOR_NOT_ALLOWED"
    ACTOR_NOT_SEEN = "ACTOR_NOT_SEEN"
    RESCUE_UNSIGNED = "RESCUE_UNSIGNED"
    NOT_PROVED = "NOT_PROVED"
    CONSENT_UNPROVED = "CONSENT_UNPROVED"
    WRONG_PINS = "WRONG_PINS"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    TIME_UNCERTAIN = "TIME_UNCERTAIN"
    LATE_PERIOD = "LATE_PERIOD"
    UNIT_CHANGED = "UNIT_CHANGED"
    TASK_MISMATCH = "TASK_MISMATCH"
    LOT_CONFLICT = "LOT_CONFLICT"
    LOT_BLOCKED = "LOT_BLOCKED"
    LOCATION_BLOCKED = "LOCATION_BLOCKED"
    LOCATION_RULE = "LOCATION_RULE"
    LOCATION_DOUBT = "LOCATION_DOUBT"
    DUPLICATE_SERIAL = "DUPLICATE_SERIAL"
    SERIAL_TWICE = "SERIAL_TWICE"
    NEGATIVE = "NEGATIVE"
    KEY_DOUBT = "KEY_DOUBT"
    OVER_RECEIPT = "OVER_RECEIPT"
    ORDER_CLOSED = "ORDER_CLOSED"
    PICK_NOT_NEEDED = "PICK_NOT_NEEDED"
    RESERVED_USED = "RESERVED_USED"
    OVER_ISSUE = "OVER_ISSUE"
    UNRELEASED_USED = "UNRELEASED_USED"
    FIFO_DEVIATION = "FIFO_DEVIATION"
    FIFO_UNKNOWABLE = "FIFO_UNKNOWABLE"
    COUNT_AMBIGUOUS = "COUNT_AMBIGUOUS"
    COUNT_DISAGREE = "COUNT_DISAGREE"
    COUNT_EXPLAINED = "COUNT_EXPLAINED"
    FOUND_ELSEWHERE = "FOUND_ELSEWHERE"
    NOT_BLIND = "NOT_BLIND"
    OPEN_TASK = "OPEN_TASK"
    DOUBLE_CORRECTION = "DOUBLE_CORRECTION"
    OVER_LIMIT = "OVER_LIMIT"
    LIMIT_IN_PARTS = "LIMIT_IN_PARTS"
    RETURN_UNMATCHED = "RETURN_UNMATCHED"
    DEVICE_LIMIT = "DEVICE_LIMIT"
    COUNT_FULL = "COUNT_FULL"


_I, _R, _U = Severity.INFORMATION, Severity.REVIEW, Severity.URGENT

POLICIES: Final[dict[Code, Policy]] = {
    Code.INVARIANT: Policy(_U, _U, Evidence.NONE),
    Code.NOT_UNDERSTOOD: Policy(_R, _R, Evidence.ARRIVED),
    Code.OPERATION_ID_CONFLICT: Policy(_U, _U, Evidence.NONE),
    Code.REPLICA_FORK: Policy(_U, _U, Evidence.NONE),
    Code.OPERATIONS_LOST: Policy(_U, _U, Evidence.ARRIVED),
    Code.RESTORE_GAP: Policy(_U, _U, Evidence.ARRIVED),
    Code.TARGET_UNKNOWN: Policy(_I, _R, Evidence.ARRIVED),
    Code.ACTOR_NOT_ALLOWED: Policy(_R, _R, Evidence.NONE),
    Code.ACTOR_NOT_SEEN: Policy(_R, _R, Evidence.NONE),
    Code.RESCUE_UNSIGNED: Policy(_R, _R, Evidence.NONE),
    Code.NOT_PROVED: Policy(_I, _I, Evidence.ARRIVED),
    Code.CONSENT_UNPROVED: Policy(_R, _R, Evidence.NONE),
    Code.WRONG_PINS: Policy(_R, _R, Evidence.NONE),
    Code.UNKNOWN_CODE: Policy(_R, _R, Evidence.ARRIVED),
    Code.TIME_UNCERTAIN: Policy(_R, _R, Evidence.NONE),
    Code.LATE_PERIOD: Policy(_R, _R, Evidence.NONE),
    Code.UNIT_CHANGED: Policy(_R, _R, Evidence.NONE),
    Code.TASK_MISMATCH: Policy(_R, _R, Evidence.NONE),
    Code.LOT_CONFLICT: Policy(_R, _R, Evidence.NONE),
    Code.LOT_BLOCKED: Policy(_U, _U, Evidence.NONE),
    Code.LOCATION_BLOCKED: Policy(_R, _R, Evidence.NONE),
    Code.LOCATION_RULE: Policy(_I, _I, Evidence.AT_ONCE),
    Code.LOCATION_DOUBT: Policy(_R, _R, Evidence.COUNTED),
    Code.DUPLICATE_SERIAL: Policy(_R, _R, Evidence.NONE),
    Code.SERIAL_TWICE: Policy(_U, _U, Evidence.NONE),
    Code.NEGATIVE: Policy(_I, _R, Evidence.COVERED),
    Code.KEY_DOUBT: Policy(_R, _R, Evidence.COVERED),
    Code.OVER_RECEIPT: Policy(_R, _R, Evidence.NONE),
    Code.ORDER_CLOSED: Policy(_R, _R, Evidence.NONE),
    Code.PICK_NOT_NEEDED: Policy(_R, _R, Evidence.NONE),
    Code.RESERVED_USED: Policy(_I, _I, Evidence.AT_ONCE),
    Code.OVER_ISSUE: Policy(_R, _R, Evidence.NONE),
    Code.UNRELEASED_USED: Policy(_R, _R, Evidence.NONE),
    Code.FIFO_DEVIATION: Policy(_I, _I, Evidence.AT_ONCE),
    Code.FIFO_UNKNOWABLE: Policy(_I, _I, Evidence.AT_ONCE),
    Code.COUNT_AMBIGUOUS: Policy(_R, _R, Evidence.COUNTED),
    Code.COUNT_DISAGREE: Policy(_R, _R, Evidence.COUNTED),
    Code.COUNT_EXPLAINED: Policy(_I, _I, Evidence.AT_ONCE),
    Code.FOUND_ELSEWHERE: Policy(_R, _R, Evidence.NONE),
    Code.NOT_BLIND: Policy(_I, _I, Evidence.AT_ONCE),
    Code.OPEN_TASK: Policy(_I, _I, Evidence.AT_ONCE),
    Code.DOUBLE_CORRECTION: Policy(_R, _R, Evidence.NONE),
    Code.OVER_LIMIT: Policy(_R, _R, Evidence.NONE),
    Code.LIMIT_IN_PARTS: Policy(_R, _R, Evidence.NONE),
    Code.RETURN_UNMATCHED: Policy(_R, _R, Evidence.NONE),
    Code.DEVICE_LIMIT: Policy(_R, _R, Evidence.NONE),
    Code.COUNT_FULL: Policy(_R, _R, Evidence.NONE),
}

ALLOWED: Final[dict[str, frozenset[str]]] = {
    "worker": frozenset({
        "receive", "putaway", "move", "pick", "ship", "issue", "produce", "return", "status",
        "count", "adjust", "reverse", "lost",
    }),
    "supervisor": frozenset({
        "receive", "putaway", "move", "pick", "ship", "issue", "produce", "return", "status",
        "count", "adjust", "reverse", "lost",
        "approve", "recount", "reject", "settle", "close", "reserve", "edit",
    }),
}  # fmt: skip
"""Which verbs a role may do. A fact outside is posted and flagged (R7), an intent refused."""
