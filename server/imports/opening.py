"""Opening stock goes the way of every scan: as facts of a replica, through push, into the ledger.

Replica, ids and bytes follow from the file and the stated moment, so that an import that was cut
off, or is done a second time, is recognised and changes nothing.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync import records
from sync.limits import OPENING
from sync.messages import PUSH_OPERATIONS_MAX, Conflict, Exchange, Push, Pushed, Verdict
from sync.operations import ENVELOPE_VERSION, Body, Envelope, Link, Receive
from sync.stock import Key, Lot, Place, Status, key_text

DEVICE: Final = records.Device(device=OPENING, name="Opening stock")
FROM: Final = Place(location="adjust/opening")
_SEGMENT: Final = "opening"
_encode: Final = msgspec.json.Encoder().encode
_decode_verdict: Final = msgspec.json.Decoder(Verdict).decode


class Book(Protocol):
    """What an import asks of the book."""

    async def change(self, site: str, by: str, rows: Sequence[records.Row], why: str) -> int: ...

    async def push(self, device_id: str, push: Push, received_ms: int) -> Pushed | Conflict: ...


class OpeningRefusedError(ValueError):
    """The book did not take the opening stock; the message says what it has."""


class Stock(Struct, frozen=True):
    """What lies in a place on the first day: one key, with all that the ledger tells it by.

    `unit_cost` is in millionths of the currency for a base unit; it never leaves the server.
    """

    item: str
    place: str
    quantity: int
    lot: str | None = None
    expires: str | None = None
    fifo_date: str | None = None
    serial: str | None = None
    status: Status = "ok"
    supplier: str | None = None
    owner: str | None = None
    unit_cost: int | None = None

    @property
    def key(self) -> Key:
        lot = Lot(self.lot, self.expires, self.supplier) if self.lot else None
        return Key(self.item, lot, self.serial, self.status, self.owner)

    def operation(self, site: str) -> str:
        """Return the id of this stock's opening fact."""
        spot = f"{site}\n{self.place}\n{key_text(self.key)}"
        return f"opening-{sha256(spot.encode()).hexdigest()[:32]}"

    def receive(self) -> Receive:
        return Receive(
            key=self.key,
            quantity=self.quantity,
            from_=FROM,
            to=Place(location=self.place),
            fifo_date=self.fifo_date,
        )


def opening_operations(site: str, actor: str, stock: Sequence[Stock], opened: int) -> list[Body]:
    """Return one fact for each stock that is there, all at the stated moment `opened`.

    The id follows from place and key: the same stock of a corrected file is the same operation.
    """
    return [
        Body(
            v=ENVELOPE_VERSION,
            class_="fact",
            id=line.operation(site),
            site=site,
            actor=actor,
            wall=opened,
            mono=0,
            segment=_SEGMENT,
            did=msgspec.Raw(_encode(line.receive())),
            app="bincard import",
        )
        for line in stock
        if line.quantity
    ]


def source_of(bodies: Sequence[Body]) -> str:
    """Name what is posted by its content: the same facts again are the same replica."""
    return sha256(_encode(bodies)).hexdigest()


def replica_of(site: str, source: str) -> str:
    """Name the replica of one source: the same again is the same replica."""
    return sha256(f"{site}/opening/{source}".encode()).hexdigest()[:32]


def envelopes(replica: str, bodies: Sequence[Body]) -> Iterator[bytes]:
    """Chain the bodies: each link holds the hash of the whole envelope before it."""
    prev: str | None = None
    for seq, body in enumerate(bodies, start=1):
        envelope = _encode(Envelope(Link(replica, seq, prev), msgspec.Raw(_encode(body))))
        prev = sha256(envelope).hexdigest()
        yield envelope


def pushes(site: str, source: str, bodies: Sequence[Body], received: int) -> Iterator[Push]:
    """Cut the chain into full pushes; the last one says that the replica leaves the floor."""
    replica = replica_of(site, source)
    chain = [msgspec.Raw(envelope) for envelope in envelopes(replica, bodies)]
    exact = Exchange(sent=received, received=received, server_now=received, segment=_SEGMENT)
    for start in range(0, len(chain), PUSH_OPERATIONS_MAX):
        end = start + PUSH_OPERATIONS_MAX
        yield Push(
            v=ENVELOPE_VERSION,
            site=site,
            replica=replica,
            epoch=1,
            sent=received,
            segment=_SEGMENT,
            exchanges=(exact,),
            unsent=max(len(chain) - end, 0),
            leaving=end >= len(chain),
            operations=tuple(chain[start:end]),
        )


async def post(
    book: Book, site: str, source: str, bodies: Sequence[Body], received: int
) -> tuple[Verdict, ...]:
    """Push all bodies in the book's epoch and return the verdicts, in their order."""
    verdicts: list[Verdict] = []
    epoch = 1
    for push in pushes(site, source, bodies, received):
        answer = await book.push(DEVICE.device, replace(push, epoch=epoch), received)
        if isinstance(answer, Conflict) and answer.code == "epoch":
            epoch = answer.epoch
            answer = await book.push(DEVICE.device, replace(push, epoch=epoch), received)
        if isinstance(answer, Conflict):
            raise OpeningRefusedError(
                f"The opening stock of {site} was not taken ({answer.code}): "
                "the same file was posted before, for another moment."
            )
        verdicts.extend(_decode_verdict(verdict) for verdict in answer.verdicts)
    return tuple(verdicts)
