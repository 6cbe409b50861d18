"""What a device lost: the hole in its chain, and how it closes when an envelope is found after all.

A hole is told by a `lost` operation (R4), or by a device that starts without the storage it had.
It stays open for what a rescue file, or the device itself, still brings: that posts like any
other operation and narrows the discrepancy; the last one missing closes it.
"""

from collections.abc import Iterable, Sequence
from typing import Final, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync.case import close
from sync.records import Discrepancy
from sync.state import State

SEQ_MAX: Final = 2**53 - 1
"""The end of a hole whose end nobody knows: what was written after the last contact."""


AHEAD_MAX: Final = 100_000
"""How many numbers past the last acknowledged a device may say it had written: half a year."""


def reach(acked: int, heard: Iterable[int]) -> int:
    """Return how far a replica can have lost what it had written, as far as was ever heard (R4)."""
    return min(max(acked, *heard, 0), acked + AHEAD_MAX)


class Hole(Struct, frozen=True, array_like=True):
    """Numbers of a replica that nobody has any more, and the discrepancy that says so."""

    first: int
    last: int
    discrepancy: str


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(tuple[Hole, ...]).decode


def holes_of(kept: bytes) -> tuple[Hole, ...]:
    """Return the holes of a replica, as its row keeps them."""
    return _decode(kept) if kept else ()


def with_hole(kept: bytes, hole: Hole) -> bytes:
    """Return what a replica's row keeps once it has this hole too."""
    return _encode((*holes_of(kept), hole))


def hole_at(holes: Iterable[Hole], seq: int) -> Hole | None:
    """Return the newest hole that covers a number."""
    found = [hole for hole in holes if hole.first <= seq <= hole.last]
    return found[-1] if found else None


def missing(first: int, last: int) -> list[list[int | None]]:
    """Return the ranges that a new hole lists; an unknown end is null."""
    return [[first, None if last == SEQ_MAX else last]] if first <= last else []


def narrow(state: State, name: str, seq: int, by: str) -> None:
    """Take a number that was found off what is missing; with the last one the hole closes."""
    row = state.discrepancies.find(name)
    if row is None or row.state != "open":
        return
    left = without(_ranges(row), seq)
    row = replace(row, detail={**row.detail, "missing": left})
    state.discrepancies.put(name, row)
    if not left:
        close(state, row, by)


def _ranges(row: Discrepancy) -> Sequence[Sequence[int | None]]:
    return cast("Sequence[Sequence[int | None]]", row.detail.get("missing", []))


def without(ranges: Sequence[Sequence[int | None]], seq: int) -> list[list[int | None]]:
    """Return ranges without one number."""
    left: list[list[int | None]] = []
    for first, last in ranges:
        start, end = first or 1, SEQ_MAX if last is None else last
        if not start <= seq <= end:
            left.append([first, last])
            continue
        if start < seq:
            left.append([first, seq - 1])
        if seq < end:
            left.append([seq + 1, last])
    return left
