"""Who is on the floor: the devices that the watermark waits for, and those it does not, and why.

A device is waited for while it may still hold something from before. It leaves by itself: handed
in with nothing unsent, revoked, or silent for eight hours; or a supervisor says that it is off the
floor. Whatever it still brings is taken all the same.
"""

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book import Book
from server.book.rows import fetch, table
from server.refusals import Code, Refusal
from sync.records import Device
from sync.settling import SILENT_MS
from sync.state import Replica

Out = Literal["revoked", "off_floor", "handed_in", "silent", "never_heard"]


class DeviceSeen(Struct, frozen=True):
    """A device in the list of the desk, with what the server last heard from it.

    All of it from before `complete_to` is here. `out` says why the watermark does not wait for
    it, `out_since` since when; `unsent` is what it last reported.
    """

    device: str
    name: str
    revoked: bool
    seen_at: int
    unsent: int
    complete_to: int | None = None
    out: Out | None = None
    out_since: int | None = None


class Floor(Struct, frozen=True):
    """The devices of the site by name; data of those without `out` are complete to `watermark`."""

    watermark: int
    devices: list[DeviceSeen]


async def floor(book: Book, site: str, now: int) -> Floor:
    """Return who is waited for, and who is not."""

    def run(connection: Connection) -> Floor:
        devices = fetch(connection, "device", Device, table("device").c.site == site)
        replicas = fetch(connection, "replica", Replica, table("replica").c.site == site)
        rows = [_seen(one, [r for r in replicas if r.device == one.device], now) for one in devices]
        watermark = sa.select(table("site").c.watermark).where(table("site").c.site == site)
        rows.sort(key=lambda row: (row.name, row.device))
        return Floor(connection.scalar(watermark) or 0, rows)

    return await book.read(run)


def _seen(device: Device, replicas: Sequence[Replica], now: int) -> DeviceSeen:
    last = max(replicas, key=lambda row: row.seen_at, default=None)
    waited = [row for row in replicas if row.active and now - row.seen_at < SILENT_MS]
    out, since = _out(device, last, waited=bool(waited))
    return DeviceSeen(
        device=device.device, name=device.name, revoked=device.revoked,
        seen_at=last.seen_at if last else 0, unsent=sum(row.unsent for row in replicas),
        complete_to=min((row.watermark for row in waited), default=None),
        out=out, out_since=since,
    )  # fmt: skip


def _out(device: Device, last: Replica | None, *, waited: bool) -> tuple[Out | None, int | None]:
    if device.revoked:
        return "revoked", None
    if device.off_since is not None:
        return "off_floor", device.off_since
    if last is None:
        return "never_heard", None
    if waited:
        return None, None
    return ("silent", last.seen_at + SILENT_MS) if last.active else ("handed_in", last.seen_at)


async def mark(book: Book, site: str, device: str, by: str, off_since: int | None) -> None:
    """Say that a device is off the floor since a time, or back on it."""
    row = table("device").c

    def find(connection: Connection) -> list[Device]:
        return fetch(connection, "device", Device, row.site == site, row.device == device)

    found: list[Any] = await book.read(find)
    if not found:
        raise Refusal(Code.NOT_FOUND)
    if (found[0].off_since is None) != (off_since is None):
        why = "back on the floor" if off_since is None else "off the floor"
        await book.change(site, by, [replace(found[0], off_since=off_since)], why)
