"""Closing the books of a period: what was done in it from now on is accounted in the next."""

from datetime import date

from msgspec.structs import replace

from server.book import Book
from server.book.rows import fetch, table
from server.commands.desk import opened, site_or_only
from server.commands.said import Said
from server.settings import Settings
from sync.case import OPERATOR
from sync.records import Site


async def close(settings: Settings, site: str | None, through: date) -> Said:
    """Close every day through this one, or open those after it again."""
    async with opened(settings) as book:
        row = await _settings_of(book, await site_or_only(book, site))
        closed = replace(row, closed_through=through.isoformat())
        await book.change(row.site, OPERATOR, [closed], "period closed")
    return Said(f"{row.site}: closed through {through.isoformat()}.")


async def _settings_of(book: Book, site: str) -> Site:
    rows = await book.read(
        lambda connection: fetch(connection, "site", Site, table("site").c.site == site)
    )
    return rows[0]
