"""What time itself settles: once the watermark has passed, waiting is over.

Until every active device has reported up to a moment, a shortage may still be covered and a
variance may still explain itself. After it, what is still short is for a person, and a count
that matches is approved by the server's own replica (R18, R19, R22, R28).
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from sync.approvals import beside, why_by_hand, within_tolerance
from sync.decisions import decision_of
from sync.messages import Push
from sync.operations import Approve
from sync.records import Discrepancy, Variance
from sync.returns import is_customer, unmatched
from sync.state import Replica, State
from sync.tasks import ask_recount
from sync.vocabulary import POLICIES, Code

SILENT_MS: Final = 8 * 3_600_000


def heard(replica: Replica, push: Push, receipt: int) -> Replica:
    """Return the replica after a push that it had: what it vouches for, and whether it stays.

    Once everything that was appended before sending is acknowledged, it vouches for all
    up to the last answer that it had received.
    """
    watermark = max(replica.watermark, push.echo) if not push.unsent else replica.watermark
    leaving = push.leaving and not push.unsent
    return replace(
        replica,
        seen_at=receipt,
        watermark=min(watermark, receipt),
        unsent=push.unsent,
        active=not leaving,
    )


def brought(replica: Replica, acked: int) -> Replica:
    """Return the replica after a push by a carrier: it was not heard and vouches for nothing."""
    return replace(replica, unsent=max(0, replica.unsent - (acked - replica.acked)))


def watermark(replicas: Iterable[Replica], now: int) -> int:
    """Return the time up to which all active devices have reported; now when none is active."""
    active = [row.watermark for row in replicas if row.active and now - row.seen_at < SILENT_MS]
    return min(active, default=now)


def graver(state: State, row: Discrepancy, by: str) -> None:
    """A shortage that nothing covered in time is for a person, and its bin for a count."""
    policy = POLICIES[Code(row.code)]
    later = str(row.detail.get("later", policy.later))
    if later == row.severity:
        return
    state.discrepancies.put(
        row.discrepancy,
        replace(row, severity=later),
    )
    if row.code != Code.NEGATIVE or row.place is None:
        return
    if is_customer(row.place):
        unmatched(state, row, by)
    else:
        ask_recount(state, row.place)


def approvable(state: State, row: Variance) -> bool:
    """Say whether a variance may be approved without a person (R28)."""
    if row.state != "open" or row.line < 0 or row.ambiguous or row.by_hand:
        return False
    return within_tolerance(state, row)


def sort_out(
    state: State, rows: list[Variance], outputs: set[str]
) -> tuple[list[Variance], list[Variance]]:
    """Part the lines of a count that may be approved into those that are, and those that wait.

    Those that wait for a person say why. `outputs` are places that production delivered to.
    """
    waiting = [replace(row, by_hand=why) for row in rows
               if (why := why_by_hand(state, row, outputs)) is not None]  # fmt: skip
    names = {(row.place, row.key) for row in rows}
    fit = [row for row in rows if why_by_hand(state, row, outputs) is None]
    for row in [*fit]:
        if any(name not in names for name in beside(state, row)):
            fit.remove(row)
            waiting.append(replace(row, by_hand="not_alone"))
    return fit, waiting


def approval(rows: list[Variance]) -> Approve:
    """Return the server's own intent for the lines of one count that it may approve."""
    return Approve(
        count_id=rows[0].count_id,
        parts=tuple(sorted({row.operation for row in rows})),
        lines=tuple(decision_of(row) for row in rows),
    )
