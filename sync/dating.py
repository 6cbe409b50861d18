"""When it happened: device clocks turned into server time, with an honest error bar.

Each contact with the server bounds how far a device's clock is off; drift widens the bounds with
the distance. Within a clock segment they hold, however wrong the clock is. Over segments they hold
where the contacts around agree and no step back shows. What no contact vouches for is clamped
to what is possible and trusted little (R8).
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from sync.contacts import Contact

NEAR_EQUAL_MS: Final = 2_000
GRAIN_MS: Final = 250
DRIFT: Final = 5_000
"""A clock gains or loses at most one millisecond in so many: 200 ppm."""


class Dated(Struct, frozen=True):
    """Server time in ms, error bar in ms, and whether it can be relied on."""

    at: int
    u: int
    trust: Literal["high", "low"]


class Reading(Struct, frozen=True):
    """What a device's clock said at a scan; `seq` is the operation that the scan went into.

    An operation's `own` reading was taken when it was appended; its other scans are older, those
    at `home` in the same segment.
    """

    wall: int
    segment: str
    seq: int
    own: bool = True
    home: bool = True

    def follows(self, contact: Contact) -> bool | None:
        """Say whether it came after a contact was asked; None when only the clock can tell."""
        if contact.through is None:
            return None
        if contact.through >= self.seq:
            return False
        # A segment that ends in the operation began after every contact of another one.
        return True if self.own or (self.home and contact.segment != self.segment) else None


class Clock(Struct, frozen=True):
    """What is known of a replica's clock when a push arrives at `receipt`: contacts in order."""

    contacts: tuple[Contact, ...]
    receipt: int


def date(reading: Reading, clock: Clock) -> Dated:
    """Return the server time of a device time: sure, or clamped between what is possible."""
    contacts = clock.contacts
    first, last = _possible(reading, clock)
    found = _in_segment(reading, contacts)
    if found is None:
        before, after = _around(reading, contacts)
        found = _between(reading, before, after)
        if found is None:
            at = min(reading.wall + _likely(reading, contacts, before, after), last)
            first = at if first is None else first
            return Dated(max(at, first), max(last - first, GRAIN_MS), "low")
    offset, u = found
    at = reading.wall + offset
    return Dated(min(max(at, first or at), last), u, "high")


def monotone(dated: Dated, floor: int) -> Dated:
    """Keep the order of a replica's own operations; the error bar grows to hold the estimate."""
    if dated.at >= floor:
        return dated
    return Dated(floor, dated.u + floor - dated.at, "low")


def _possible(reading: Reading, clock: Clock) -> tuple[int | None, int]:
    """Return between which server times it must lie: nobody asks before, or tells after."""
    first, last = None, clock.receipt
    for contact in clock.contacts:
        follows = reading.follows(contact)
        if follows is False:
            return first, min(last, contact.server_now)
        if follows and contact.received is not None:
            first = contact.server_now - (contact.received - contact.sent)
    return first, last


def _in_segment(reading: Reading, contacts: Sequence[Contact]) -> tuple[int, int] | None:
    """Return offset and error bar by the contacts of the same segment, if one was answered."""
    return _offset(reading.wall, [c for c in contacts if c.segment == reading.segment])


def _between(
    reading: Reading, before: Contact | None, after: Contact | None
) -> tuple[int, int] | None:
    """Return offset and error bar by two contacts that agree, if no step shows between them."""
    if before is None or after is None or not before.sent <= reading.wall <= after.sent:
        return None
    if abs(after.offset - before.offset) > NEAR_EQUAL_MS:
        return None
    if len({_steps_back(x.segment) for x in (before, reading, after)}) > 1:
        return None
    offset, both = _interpolated(reading.wall, (before, after)), (before, after)
    low = min(contact.server_now - contact.ended for contact in both)
    high = max(contact.server_now - contact.sent for contact in both)
    drift = min(_drift(contact, reading.wall) for contact in both)
    return offset, max(high - offset, offset - low) + drift + GRAIN_MS


def _steps_back(segment: str) -> str:
    """Return how often the device had seen its clock step back: a segment's name begins with it."""
    return segment.partition("-")[0] if "-" in segment else ""


def _around(reading: Reading, contacts: Sequence[Contact]) -> tuple[Contact | None, Contact | None]:
    """Return the last answered contact before a reading, and the first one after it."""
    answered = [contact for contact in contacts if contact.received is not None]
    cut = sum(_is_before(contact, reading) for contact in answered)
    if any(_is_before(contact, reading) for contact in answered[cut:]):
        return None, None
    if cut and not reading.home and any(abs(c.offset - answered[cut - 1].offset) > NEAR_EQUAL_MS
                                       for c in answered[cut:]):  # fmt: skip
        return None, None
    return (answered[cut - 1] if cut else None), (answered[cut] if cut < len(answered) else None)


def _is_before(contact: Contact, reading: Reading) -> bool:
    """Say whether a contact was asked first: by what it knew, else by the device's clock."""
    follows = reading.follows(contact)
    return contact.sent <= reading.wall if follows is None else follows


def _offset(wall: int, contacts: Sequence[Contact]) -> tuple[int, int] | None:
    """Return server time minus device time at a device time, and how far off that can be.

    An answer bounds it from below; a question alone may have travelled long, and does not.
    """
    low = high = None
    for contact in contacts:
        drift = _drift(contact, wall)
        most = contact.server_now - contact.sent + drift
        high = most if high is None or most < high else high
        if contact.received is not None:
            least = contact.server_now - contact.received - drift
            low = least if low is None or least > low else low
    if low is None or high is None or low - high > GRAIN_MS:
        return None
    low, high = min(low, high), max(low, high)
    offset = min(max(_interpolated(wall, contacts), low), high)
    return offset, max(high - offset, offset - low) + GRAIN_MS


def _drift(contact: Contact, wall: int) -> int:
    ended = contact.sent if contact.received is None else contact.received
    away = contact.sent - wall if wall < contact.sent else wall - ended
    return -(-away // DRIFT) if away > 0 else 0


def _interpolated(wall: int, contacts: Sequence[Contact]) -> int:
    before = after = None
    for contact in contacts:
        if contact.sent > wall:
            after = contact if after is None or contact.sent < after.sent else after
        elif before is None or contact.sent > before.sent:
            before = contact
    if before is None or after is None:
        return (before or after or contacts[0]).offset
    gone, span = max(wall - before.ended, 0), max(after.sent - before.ended, 1)
    return before.offset + (after.offset - before.offset) * min(gone, span) // span


def _likely(
    reading: Reading, contacts: Sequence[Contact], before: Contact | None, after: Contact | None
) -> int:
    """Return the best guess of an offset that nobody vouches for."""
    same = [contact for contact in contacts if contact.segment == reading.segment]
    nearest = min(same, key=lambda c: abs(c.sent - reading.wall), default=after or before)
    return nearest.offset if nearest is not None else 0
