"""Blocks of numbers for lots that came without a code: each goes to one device, once.

The prefix names the epoch, so that a restored server never gives a number again.
"""

from typing import Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book import Book
from server.book.budgets import DAY_MS, load_spent, today
from server.book.rows import upsert, values_of
from server.people.tokens import DeviceToken
from server.refusals import Code, Refusal
from server.tables import ReplicaRow, SiteRow

BLOCK: Final = 1_000

_replica: Final = ReplicaRow.metadata.tables["replica"]
_site: Final = SiteRow.metadata.tables["site"]


async def next_block(book: Book, token: DeviceToken, replica: str, now: int) -> tuple[str, int]:
    """Return the prefix and the first number of a block that no other replica has."""
    most = book.daily.blocks
    return await book.write(
        lambda connection: _take(connection, token, replica, now, most), token.site
    )


def _take(
    connection: Connection, token: DeviceToken, replica: str, now: int, most: int
) -> tuple[str, int]:
    c = _replica.c
    mine = (c.site == token.site, c.replica == replica)
    owner = connection.scalar(sa.select(c.device).where(*mine))
    if owner is not None and owner != token.device:
        raise Refusal(Code.OTHER_DEVICE)
    _count(connection, token, now, most)
    epoch = connection.scalar(sa.select(_site.c.epoch).where(_site.c.site == token.site))
    given = connection.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(c.blocks), 0)).where(c.site == token.site)
    )
    if owner is None:
        row = ReplicaRow(
            site=token.site, replica=replica, device=token.device, seen_at=now, blocks=1
        )
        connection.execute(sa.insert(_replica).values(row.model_dump()))
    else:
        connection.execute(sa.update(_replica).where(*mine).values(blocks=c.blocks + 1))
    return f"L{epoch}-", int(given or 0) * BLOCK + 1


def _count(connection: Connection, token: DeviceToken, now: int, most: int) -> None:
    """Count a block of this device's day; numbers are not saved up for days without one."""
    known = load_spent(connection, token.site, [token.device]).get(token.device)
    row = today(known, token.device, 0, now)
    if row.blocks >= most:
        seconds = max(1, (row.since + DAY_MS - now) // 1_000)
        raise Refusal(Code.BLOCK_UNUSED, retry_after=seconds)
    upsert(connection, "spent", [values_of(token.site, replace(row, blocks=row.blocks + 1))])
