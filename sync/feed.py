"""The feed as a device applies it: absolute images by (kind, key, version), and their scope.

The scope is a sum over all live rows, so that both sides keep it by one addition and one
subtraction per change and compare it at the end of each page. It finds drift, not forgers: what a
row adds is a checksum, because a phone adds up 200,000 rows before it shows its first picture.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

SCOPE_MODULUS: Final = 2**64
_MASK: Final = SCOPE_MODULUS - 1
_MIXER: Final = 0xD6E8FEB86659FD93
_encode = msgspec.json.Encoder().encode


def feed_key(*parts: str | int | None) -> str:
    """Return a row's key: its key fields as a compact JSON array."""
    return _encode(parts).decode()


def scope_of(kind: str, key: str, version: int) -> int:
    """Return what one live row adds to the scope.

    A CRC is linear: where four places and keys differ alike their CRCs cancel. So it is mixed
    (multiplied twice, each time with its upper half laid over the lower): one to one, so that two
    versions of a row never add the same.
    """
    mixed = crc32(f"{kind}\n{key}".encode()) << 32 ^ version
    mixed = (mixed ^ mixed >> 32) * _MIXER & _MASK
    mixed = (mixed ^ mixed >> 32) * _MIXER & _MASK
    return mixed ^ mixed >> 32


class Image(NamedTuple):
    """A row as last told; `payload` is None once it is gone."""

    version: int
    payload: object


Images = dict[tuple[str, str], Image]
"""All rows ever told, tombstones included: an older image must not bring one back."""


def apply(images: Images, scope: int, rows: Iterable[tuple[str, str, int, object]]) -> int:
    """Bring images up to a page's rows and return the new scope; applying twice is harmless."""
    for kind, key, version, payload in rows:
        old = images.get((kind, key))
        if old is not None and old.version > version:
            continue
        if old is not None and old.payload is not None:
            scope -= scope_of(kind, key, old.version)
        if payload is not None:
            scope += scope_of(kind, key, version)
        images[kind, key] = Image(version, payload)
    return scope % SCOPE_MODULUS
