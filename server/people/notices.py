"""What the desk hears of wrong PINs: who, how often, from which devices.

One row per person, written when somebody is shut out, so a flood of tries is a few rows. It closes
by itself when the person comes in on the only device from which it was tried; else a supervisor
looks at it.
"""

from typing import Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book import Book
from server.book.rows import fetch
from server.people import tries
from server.people.tokens import DeviceToken
from server.tables import DeviceRow, DiscrepancyRow, PersonRow
from sync.records import Discrepancy
from sync.vocabulary import Code

DAY_MS: Final = 86_400_000

_device: Final = DeviceRow.metadata.tables["device"].c
_person: Final = PersonRow.metadata.tables["person"].c
_row: Final = DiscrepancyRow.metadata.tables["discrepancy"].c


async def warn(book: Book, site: str, person: str, now: int) -> None:
    """Tell the desk that somebody's PIN is being guessed, or forgotten."""
    row = await book.read(lambda connection: _notice(connection, site, person, now))
    await book.change(site, "server", [row], "wrong PINs")


async def calm(book: Book, token: DeviceToken, person: str) -> None:
    """Close the notice of somebody who has come in where alone it was tried."""
    found = await book.read(lambda connection: _open(connection, token.site, person))
    if found is None or found.detail.get("ids") != [token.device]:
        return
    closed = replace(found, state="evidence", settled_by=person)
    await book.change(token.site, "server", [closed], "the right PIN")


def _notice(connection: Connection, site: str, person: str, now: int) -> Discrepancy:
    tried = tries.devices_of(connection, site, person, now - DAY_MS)
    query = sa.select(_device.device, _device.name).where(
        _device.site == site, _device.device.in_(tried)
    )
    names = {row.device: row.name for row in connection.execute(query)}
    who = connection.scalar(
        sa.select(_person.name).where(_person.site == site, _person.person == person)
    )
    return Discrepancy(
        discrepancy=_name(person), code=Code.WRONG_PINS.value, severity="R", operation="",
        actor=person, at=now,
        detail={
            "person": person, "name": who or person, "wrong": sum(tried.values()),
            "devices": {names.get(one, one): number for one, number in tried.items()},
            "ids": sorted(tried),
        },
    )  # fmt: skip


def _open(connection: Connection, site: str, person: str) -> Discrepancy | None:
    mine = (_row.site == site, _row.discrepancy == _name(person), _row.state == "open")
    return next(iter(fetch(connection, "discrepancy", Discrepancy, *mine)), None)


def _name(person: str) -> str:
    return f"{Code.WRONG_PINS.value}/{person}"
