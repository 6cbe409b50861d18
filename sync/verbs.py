"""What moved: every verb that moves goods, as one row of what left where and reached where."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sync.ends import left, reached
from sync.operations import (
    Adjust,
    Issue,
    Move,
    Pick,
    Produce,
    PutAway,
    Receive,
    Restate,
    Return,
    Ship,
)
from sync.stock import Key, container_key, key_of, key_text

STATUS_PLACE: Final = "status"
"""Goods pass through it when they change their status where they stand: `status/hold`."""

RESTATED: Final = "key"
"""The way of a single thing that a sighting finds under another key: `status/key`."""

NEW_CONTAINER: Final = "transit/container"
"""Where a container comes from that nobody has seen before."""


class Movement(Struct, frozen=True):
    """What left `place_from` and reached `place_to`; None is all that stands there."""

    key: Key
    place_from: str
    place_to: str
    quantity: int | None


Moving = Receive | PutAway | Move | Pick | Ship | Issue | Produce | Return | Restate | Adjust


def restated(key: str, way: str) -> str | None:
    """Return the key that goods have behind a way of `status`; None for every other place."""
    first, _, status = way.partition("/")
    if first != STATUS_PLACE or not status or status == RESTATED:
        return None
    return key_text(replace(key_of(key), status=status))


def movements_of(did: Moving, document: str | None) -> list[Movement]:
    """Return the movements of a verb, in the words of the ledger; its ends as it may name them."""
    verb = str(type(did).__struct_config__.tag)
    match did:
        case Receive() | Pick() | Issue() | Return():
            return [_movement(verb, did.key, did.from_.text, did.to.text, did.quantity)]
        case PutAway():
            return _put(verb, did)
        case Produce():
            source = f"production/{document or 'none'}"
            return [_movement(verb, did.key, source, did.to.text, did.quantity)]
        case Restate():
            return _restated(did, reached(verb, did.place.text))
        case Adjust():
            place, other = reached(verb, did.place.text), f"adjust/{did.reason}"
            if did.quantity < 0:
                return [Movement(did.key, place, other, -did.quantity)]
            return [Movement(did.key, other, place, did.quantity)]


def _movement(
    verb: str, key: Key, place_from: str, place_to: str, quantity: int | None
) -> Movement:  # fmt: skip
    counted = quantity is not None
    return Movement(
        key, left(verb, place_from, counted=counted), reached(verb, place_to, counted=counted),
        quantity,
    )  # fmt: skip


def _put(verb: str, did: PutAway) -> list[Movement]:
    if did.container is not None:
        source = left("container", did.from_.text) if did.from_ else NEW_CONTAINER
        target = reached(verb, did.to.text, counted=False)
        return [Movement(container_key(did.container), source, target, 1)]
    if did.key is None or did.from_ is None:
        return []
    return [_movement(verb, did.key, did.from_.text, did.to.text, did.quantity)]


def _restated(did: Restate, there: str) -> list[Movement]:
    now = replace(did.key, status=did.to_status)
    if did.key.serial is not None:
        return [Movement(now, there, there, 1)]
    way = f"{STATUS_PLACE}/{did.to_status}"
    return [
        Movement(did.key, there, way, did.quantity),
        Movement(now, way, there, did.quantity),
    ]
