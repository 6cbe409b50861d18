"""What was parked is kept packed: it may be large, is seldom read, and anybody may send it.

Every envelope is a JSON object, so its first byte says whether it is packed. Hashes, and the
chain, are of the bytes as they came.
"""

import zlib
from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import Connection

from server.book.rows import fetch_in
from sync.state import Logged

WORTH_PACKING: Final = 1_024
"""Bytes below which a page of the database holds it as well as it is."""

MARK: Final = b"\x78"
"""How zlib begins."""


def packed(payload: bytes, outcome: str) -> bytes:
    """Return bytes as they are stored."""
    wanted = outcome == "parked" and len(payload) >= WORTH_PACKING
    return zlib.compress(payload) if wanted else payload


def unpacked(stored: bytes) -> bytes:
    """Return bytes as they came."""
    return zlib.decompress(stored) if stored[:1] == MARK else stored


def fetch_logged(
    connection: Connection, site: str, column: str, values: Iterable[Any]
) -> list[Logged]:
    """Return entries of the log whose column is among the values."""
    rows = fetch_in(connection, "log", Logged, site, column, values)
    return [
        row if row.payload[:1] != MARK else replace(row, payload=unpacked(row.payload))
        for row in rows
    ]
