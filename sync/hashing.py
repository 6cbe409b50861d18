"""The hashes that device and server must compute alike.

`prev` and acknowledgements hash all bytes of an envelope; what guards an id against other content
hashes the bytes of `body` alone; the site's chain links the hash of each stored payload to the
link before it. All are lower-case hex SHA-256.
"""

import hashlib
from typing import Final

ZERO: Final = "0" * 64
"""The link before the first change of a site."""


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def link(prev: str, payload: str) -> str:
    """Return the chain's next link: `prev` and `payload` are hex hashes."""
    return sha256_hex(bytes.fromhex(prev) + bytes.fromhex(payload))
