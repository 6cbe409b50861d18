"""When it happened: device clocks turned into server time, with an honest error bar.

Each exchange with the server shows how far a device's clock is off, exact to half the round trip.
An operation between two exchanges that agree is dated exactly, however wrong the clock is;
one that no exchange vouches for is clamped to what is possible and trusted little (R8).
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from sync.messages import Exchange

NEAR_EQUAL_MS: Final = 2_000
GRAIN_MS: Final = 250


class Dated(Struct, frozen=True):
    """Server time in ms, error bar in ms, and whether it can be relied on."""

    at: int
    u: int
    trust: Literal["high", "low"]


class Clock(Struct, frozen=True):
    """What is known of one replica's clock when a push arrives.

    `exchanges` are in the order of the device's journal and end with the push itself;
    `receipt` is the server's clock when the push came; `since` when it was last heard before.
    """

    exchanges: tuple[Exchange, ...]
    receipt: int
    since: int


def closing(sent: int, receipt: int, segment: str) -> Exchange:
    """Return the exchange that a push itself is: one way only, so sent is also received."""
    return Exchange(sent=sent, received=sent, server_now=receipt, segment=segment)


def offset_of(exchange: Exchange) -> int:
    """Return server time minus device time in ms."""
    return exchange.server_now - (exchange.sent + exchange.received) // 2


def date(wall: int, segment: str, clock: Clock) -> Dated:
    """Return the server time of a device time: sure, or clamped between what is possible."""
    found = _between(wall, segment, clock.exchanges)
    if found is None:
        # A rescue of a device that never spoke with us has none: its own clock must do.
        offset = offset_of(clock.exchanges[-1]) if clock.exchanges else 0
        at = min(max(wall + offset, clock.since), clock.receipt)
        return Dated(at, max(clock.receipt - clock.since, GRAIN_MS), "low")
    at = min(found.at, clock.receipt)
    return Dated(at, found.u + (found.at - at), found.trust)


def _between(wall: int, segment: str, exchanges: Sequence[Exchange]) -> Dated | None:
    """Date by the exchanges of the same clock segment, else by two that agree around it."""
    # An answer from before its question: the clock stepped in between, so it says nothing.
    exchanges = [e for e in exchanges if e.received >= e.sent]
    same = [e for e in exchanges if e.segment == segment]
    before, after = _around(wall, same or exchanges)
    if before is None or after is None:
        only = before or after
        if not same or only is None:
            return None
        return Dated(wall + offset_of(only), _half_trip(only) + GRAIN_MS, "high")
    first, last = offset_of(before), offset_of(after)
    if abs(last - first) > NEAR_EQUAL_MS:
        return None
    span = max(after.sent - before.received, 1)
    gone = min(max(wall - before.received, 0), span)
    offset = first + (last - first) * gone // span
    u = max(_half_trip(before), _half_trip(after)) + abs(last - first) + GRAIN_MS
    return Dated(wall + offset, u, "high")


def _around(wall: int, exchanges: Sequence[Exchange]) -> tuple[Exchange | None, Exchange | None]:
    """Return the last exchange that ended before `wall` and the first that began after it."""
    before = after = None
    for exchange in exchanges:
        if exchange.received <= wall and (before is None or exchange.received > before.received):
            before = exchange
        if exchange.sent >= wall and (after is None or exchange.sent < after.sent):
            after = exchange
    return before, after


def _half_trip(exchange: Exchange) -> int:
    return (exchange.received - exchange.sent + 1) // 2


def monotone(dated: Dated, floor: int) -> Dated:
    """Keep the order of a replica's own operations; the error bar grows to hold the estimate."""
    if dated.at >= floor:
        return dated
    return Dated(floor, dated.u + floor - dated.at, "low")
