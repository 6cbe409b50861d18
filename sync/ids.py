"""Whose an operation's id is: it names the device that made it, so nobody can take it first (E4).

The id of an older app, or of another client, names nobody: it is whose it is first (R2).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from sync.hashing import sha256_hex
from sync.limits import OPENING

RANDOM_BYTES: Final = 6

_OWNED: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{4}([0-9a-f]{8})"
)
_OPENING: Final = "opening-"


@lru_cache(4_096)
def tag_of(device: str) -> str:
    """Return the eight hex digits by which an id names its device."""
    return sha256_hex(device.encode())[:8]


def operation_id(ms: int, random: bytes, device: str) -> str:
    """Return the UUIDv8 of a moment, six random bytes and the device that makes it."""
    value = bytearray(ms.to_bytes(6, "big") + random[:RANDOM_BYTES])
    value[6] = 0x80 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    text = value.hex() + tag_of(device)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def owner_of(id_: str) -> str | None:
    """Return the tag of the device that an id names; None where it names nobody."""
    if id_.startswith(_OPENING):
        return tag_of(OPENING)
    found = _OWNED.fullmatch(id_)
    return found[1] if found else None


def is_of(id_: str, devices: Iterable[str]) -> bool:
    """Say whether one of these devices may have made an id."""
    owner = owner_of(id_)
    return owner is None or any(owner == tag_of(device) for device in devices)
