"""Opening stock goes the way of every scan: as facts of a replica, through push, into the ledger.

The replica is the server's own, derived from the site's name, so that an import that was cut off
and started again is recognised by its sequence numbers and its ids.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from sync import records
from sync.messages import PUSH_OPERATIONS_MAX, Conflict, Exchange, Push, Pushed
from sync.operations import ENVELOPE_VERSION, Body, Envelope, Link, Receive
from sync.stock import Key, Lot, Place

DEVICE: Final = records.Device(device="opening", name="Opening stock")
FROM: Final = Place(location="adjust/opening")
_SEGMENT: Final = "opening"
_encode: Final = msgspec.json.Encoder().encode


class Book(Protocol):
    """What an import asks of the book."""

    async def change(self, site: str, by: str, rows: Sequence[records.Row], why: str) -> int: ...

    async def push(self, device_id: str, push: Push, received_ms: int) -> Pushed | Conflict: ...


class OpeningRefusedError(Exception):
    """The book did not take the opening stock; the message says what it has."""


class Stock(Struct, frozen=True):
    """What lies in a place on the first day."""

    item: str
    place: str
    quantity: int
    lot: str | None = None
    expires: str | None = None
    fifo_date: str | None = None

    def receive(self) -> Receive:
        lot = Lot(self.lot, self.expires) if self.lot else None
        return Receive(
            key=Key(self.item, lot),
            quantity=self.quantity,
            from_=FROM,
            to=Place(location=self.place),
            fifo_date=self.fifo_date,
        )


def opening_operations(site: str, actor: str, stock: Sequence[Stock], opened: int) -> list[Body]:
    """Return one fact for each stock that is there, a millisecond apart from `opened` on."""
    there = [line for line in stock if line.quantity]
    return [
        Body(
            v=ENVELOPE_VERSION,
            class_="fact",
            id=f"{site}-opening-{number:05}",
            site=site,
            actor=actor,
            wall=opened + number,
            mono=float(number),
            segment=_SEGMENT,
            did=msgspec.Raw(_encode(line.receive())),
            app="bincard import",
        )
        for number, line in enumerate(there, start=1)
    ]


def replica_of(site: str) -> str:
    return sha256(f"{site}/opening".encode()).hexdigest()[:32]


def envelopes(site: str, bodies: Sequence[Body]) -> Iterator[bytes]:
    """Chain the bodies: each link holds the hash of the whole envelope before it."""
    prev: str | None = None
    for seq, body in enumerate(bodies, start=1):
        link = Link(replica_of(site), seq, prev)
        envelope = _encode(Envelope(link, msgspec.Raw(_encode(body))))
        prev = sha256(envelope).hexdigest()
        yield envelope


def pushes(site: str, bodies: Sequence[Body], received: int, epoch: int) -> Iterator[Push]:
    """Cut the chain into full pushes; the last one says that the replica leaves the floor."""
    chain = [msgspec.Raw(envelope) for envelope in envelopes(site, bodies)]
    exact = Exchange(sent=received, received=received, server_now=received, segment=_SEGMENT)
    for start in range(0, len(chain), PUSH_OPERATIONS_MAX):
        end = start + PUSH_OPERATIONS_MAX
        yield Push(
            v=ENVELOPE_VERSION,
            site=site,
            replica=replica_of(site),
            epoch=epoch,
            sent=received,
            segment=_SEGMENT,
            exchanges=(exact,),
            unsent=max(len(chain) - end, 0),
            leaving=end >= len(chain),
            operations=tuple(chain[start:end]),
        )


async def post(book: Book, site: str, bodies: Sequence[Body], received: int) -> int:
    """Push all bodies and return how many were posted without a flag."""
    clean, epoch, waiting = 0, 1, list(pushes(site, bodies, received, 1))
    while waiting:
        push = msgspec.structs.replace(waiting[0], epoch=epoch)
        answer = await book.push(DEVICE.device, push, received)
        if isinstance(answer, Conflict):
            if answer.code != "epoch" or answer.epoch == epoch:
                raise OpeningRefusedError(f"opening stock of {site}: {answer}")
            epoch = answer.epoch
            continue
        waiting.pop(0)
        clean += sum(b'"posted"' in bytes(verdict) for verdict in answer.verdicts)
    return clean
