"""What is kept of a replica's contacts, so that whatever it still has unsent can be dated.

Each push is a contact: the server sees the question at once, and learns with a later push that
the answer arrived. Only then the contact bounds the device's clock from both sides.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync.messages import Exchange

CONTACTS_MAX: Final = 48
SLOT_MS: Final = 900_000
"""Of older contacts one in a quarter of an hour is enough: drift in between is under 0.1 s."""


class Contact(Struct, frozen=True, array_like=True):
    """One push, as the server knows it.

    `received` is None until the device told that the answer came. `through` is the last operation
    that it had appended when it asked, None when nobody knows.
    """

    sent: int
    received: int | None
    server_now: int
    segment: str
    through: int | None = None

    @property
    def offset(self) -> int:
        """Server time minus device time in ms; of a question alone, the most that it can be."""
        return self.server_now - (self.sent + self.ended) // 2

    @property
    def ended(self) -> int:
        """Return device time when the contact was over, as far as it is known."""
        return self.sent if self.received is None else self.received


IsOurs = Callable[[Exchange], bool]
"""Says whether this server gave its time in answer to that question of that device (T1)."""


encode_contacts: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(tuple[Contact, ...]).decode


def read_contacts(stored: bytes) -> tuple[Contact, ...]:
    """Return contacts as they were stored; none are stored as nothing."""
    return _decode(stored) if stored else ()


def learn(
    contacts: Sequence[Contact], told: Sequence[Exchange], is_ours: IsOurs
) -> tuple[Contact, ...]:
    """Return the contacts with what the device tells about their answers, in server order.

    What this server did not say is no evidence. An answer from before its question says nothing
    either: the clock stepped in between.
    """
    known = list(contacts)
    for exchange in told:
        if exchange.received < exchange.sent or not is_ours(exchange):
            continue
        number = next((n for n, c in enumerate(known) if _is_of(exchange, c)), None)
        if number is None:
            known.append(Contact(exchange.sent, exchange.received, exchange.server_now,
                                 exchange.segment, None))  # fmt: skip
        elif known[number].segment == exchange.segment:
            known[number] = replace(
                known[number], received=exchange.received, server_now=exchange.server_now
            )
    return tuple(sorted(known, key=lambda contact: contact.server_now))


def _is_of(exchange: Exchange, contact: Contact) -> bool:
    return contact.received is None and contact.sent == exchange.sent \
        and contact.server_now <= exchange.server_now  # fmt: skip


def kept(contacts: Sequence[Contact], acked: int) -> tuple[Contact, ...]:
    """Return what later dating needs, the newest first of all.

    That is the last sure contact before the oldest unsent operation and all that came after,
    thinned to the tightest, and some of what came before: the lines of a long count were scanned
    then. The last one that knew a number bounds what came next, however loose it is.
    """
    answered = [c for c in contacts if c.received is not None]
    last = answered[-1].server_now if answered else 0
    unsure = [c for c in contacts if c.received is None and c.server_now > last]
    slots: dict[tuple[str, int | None, int], Contact] = {}
    for one in answered:
        slot = (one.segment, one.through, one.server_now // SLOT_MS)
        tight = slots.get(slot, one)
        slots[slot] = one if one.ended - one.sent <= tight.ended - tight.sent else tight
    last_of = {(one.segment, one.through): one for one in answered}
    before = [c for c in answered if c.through is not None and c.through <= acked][-1:]
    wanted = {*slots.values(), *last_of.values()} - {*before}
    rest = [c for c in answered if c in wanted]
    some = [*before, *unsure[-8:], *rest[::-1]][:CONTACTS_MAX]
    return tuple(sorted(some, key=lambda contact: contact.server_now))
