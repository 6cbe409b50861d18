"""What was decided once is not decided again: verdicts sealed for the day after a restore (T5).

A seal covers everything that must come back as it was: id and content, the outcome and why,
where it was first posted, and every time with its error bar. A device keeps it with the verdict
and sends it again; a server that has lost the operation then takes its word for all of that.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from sync.arrivals import Arrival, Sealed
from sync.dating import Dated
from sync.messages import Dated as Told
from sync.messages import Flag
from sync.operations import Link
from sync.vocabulary import Code, Outcome

Seal = Callable[[bytes], str]
"""Seals bytes with the server's key; the text begins with the epoch."""

Check = Callable[[bytes, str], bool]
"""Says whether a seal is one that this server's key has made for these bytes."""

DECIDED_ANEW: Final = frozenset({Code.TARGET_UNKNOWN, Code.NOT_UNDERSTOOD, Code.NOT_PROVED})
"""Parked only until something else came: what that is may be here by now."""

encode: Final = msgspec.json.Encoder().encode


def sealed_outcome(outcome: Outcome) -> Literal["posted", "parked", "accepted", "refused"]:
    """Return what is sealed of an outcome: flags open and close, posted stays posted."""
    match outcome:
        case Outcome.POSTED | Outcome.FLAGGED:
            return "posted"
        case Outcome.PARKED:
            return "parked"
        case Outcome.ACCEPTED:
            return "accepted"
        case Outcome.REFUSED:
            return "refused"


def why_of(outcome: Outcome, reason: str | None, flags: tuple[Flag, ...]) -> str | None:
    """Return why an operation had no effect: a refusal's reason, a parked one's discrepancy."""
    if outcome is Outcome.PARKED:
        return flags[0].code if flags else None
    return reason


def parts_of(arrival: Arrival, link: Link, outcome: str, why: str | None) -> bytes:
    """Return the bytes that a seal covers."""
    dated = arrival.dated
    return encode((arrival.id, arrival.content_hash, outcome, why, link.replica, link.seq,
                   arrival.times(), dated.u, dated.trust))  # fmt: skip


def unsealed(arrival: Arrival, told: Told, check: Check) -> Arrival:
    """Return an operation as it was decided before, or unchanged when the seal is not ours."""
    before = _as_told(arrival, told)
    if before is None:
        return arrival
    for link in _first_links(arrival, told):
        if check(parts_of(before, link, told.outcome, told.why), told.seal):
            epoch, _, _ = told.seal.partition(".")
            sealed = Sealed(int(epoch), told.outcome, told.why)
            return replace(before, sealed=sealed, first=link)
    return arrival


def _first_links(arrival: Arrival, told: Told) -> list[Link]:
    """Where it may have been posted first: here, or before the device began a new replica."""
    return [arrival.link, *([Link(*told.first)] if told.first else [])]


def _as_told(arrival: Arrival, told: Told) -> Arrival | None:
    """Put the times of a verdict in the place of those that were just worked out."""
    times = told.times
    names = ["taken"] * (times.taken is not None) + ["opened"] * (times.opened is not None)
    inner = [time for time in (times.taken, times.opened) if time is not None]
    if len(times.margins) != len(inner) + len(times.lines):
        return None
    dated = [Dated(at, margin.u, margin.trust)
             for at, margin in zip([*inner, *times.lines], times.margins, strict=True)]  # fmt: skip
    return replace(
        arrival, dated=Dated(times.own, told.u, told.trust), lines=tuple(dated[len(inner) :]),
        **({"taken": None, "opened": None} | dict(zip(names, dated, strict=False))),
    )  # fmt: skip
