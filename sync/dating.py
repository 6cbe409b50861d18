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
    """What is known of a replica's clock when a push arrives at `receipt`: contacts in order.

    `since` is when its device was enrolled, 0 when nobody knows: it did nothing before.
    """

    contacts: tuple[Contact, ...]
    receipt: int
    since: int = 0


def date(reading: Reading, clock: Clock) -> Dated:
    """Return the server time of a device time: sure, or clamped between what is possible."""
    return monotone(_date(reading, clock), min(clock.since, clock.receipt))


def _date(reading: Reading, clock: Clock) -> Dated:
    contacts = clock.contacts
    first, last = _possible(reading, clock)
    found = _in_segment(reading, contacts)
    if found is None:
        before, after = _around(reading, contacts)
        found = _between(reading, contacts, before, after)
        if found is None:
            at = min(reading.wall + _likely(reading, contacts, before, after), last)
            first = at if first is None else first
            return Dated(min(max(at, first), last), max(last - first, GRAIN_MS), "low")
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
            last = min(last, contact.server_now)
        elif follows and contact.received is not None:
            asked = contact.server_now - (contact.received - contact.sent)
            first = asked if first is None else max(first, asked)
    return first, last


def _in_segment(reading: Reading, contacts: Sequence[Contact]) -> tuple[int, int] | None:
    """Return offset and error bar by the contacts of the same segment, if one was answered."""
    return _offset(reading.wall, [c for c in contacts if c.segment == reading.segment])


def _between(
    reading: Reading, contacts: Sequence[Contact], before: Contact | None, after: Contact | None
) -> tuple[int, int] | None:
    """Return offset and error bar by two contacts that agree, if no step shows between them.

    Those next to it say that it lies between them; how far the clock was off the tightest of
    their segments say.
    """
    if before is None or after is None or not before.sent <= reading.wall <= after.sent:
        return None
    if len({_steps_back(x.segment) for x in (before, reading, after)}) > 1:
        return None
    both = (
        _tightest(reading.wall, [c for c in _alike(contacts, before) if c.sent <= before.sent]),
        _tightest(reading.wall, [c for c in _alike(contacts, after) if c.sent >= after.sent]),
    )
    if abs(both[1].offset - both[0].offset) > NEAR_EQUAL_MS:
        return None
    offset = _interpolated(reading.wall, both)
    low = min(contact.server_now - contact.ended for contact in both)
    high = max(contact.server_now - contact.sent for contact in both)
    drift = min(_drift(contact, reading.wall) for contact in both)
    return offset, max(high - offset, offset - low) + drift + GRAIN_MS


def _alike(contacts: Sequence[Contact], one: Contact) -> list[Contact]:
    """Return the answered contacts of the same segment; itself among them."""
    same = (c for c in contacts if c.segment == one.segment)
    return [c for c in same if c.received is not None]


def _tightest(wall: int, contacts: Sequence[Contact]) -> Contact:
    """Return the contact that bounds the offset at a device time most closely.

    How near it was counts by what the clock may have drifted since, and no more. A question
    alone bounds one side only: it speaks where nothing else does.
    """
    return min(contacts, key=lambda c: (c.received is None, _width(c, wall)))


def _width(contact: Contact, wall: int) -> int:
    return contact.ended - contact.sent + 2 * _drift(contact, wall)


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
    """Return the offset that the tightest contact gives, or it and one beyond the reading.

    That one must know more of its own time than the tightest does of it: else it only adds error.
    """
    best = _tightest(wall, contacts)
    beyond = [c for c in contacts if (c.sent > wall) != (best.sent > wall)]
    if not beyond:
        return best.offset
    other = _tightest(wall, beyond)
    if other.ended - other.sent > _width(best, other.sent):
        return best.offset
    before, after = sorted((best, other), key=lambda contact: contact.sent)
    gone, span = max(wall - before.ended, 0), max(after.sent - before.ended, 1)
    return before.offset + (after.offset - before.offset) * min(gone, span) // span


def _likely(
    reading: Reading, contacts: Sequence[Contact], before: Contact | None, after: Contact | None
) -> int:
    """Return the best guess of an offset that nobody vouches for."""
    same = [contact for contact in contacts if contact.segment == reading.segment]
    known = _tightest(reading.wall, same) if same else after or before
    return known.offset if known is not None else 0
