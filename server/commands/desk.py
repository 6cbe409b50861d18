"""What every command needs: the book of this installation, opened and surely closed again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa

from server.book import Book
from server.in_use import sharing
from server.installation import now_ms, open_book
from server.refusals import Code, Refusal
from server.settings import Settings
from server.tables import SiteRow

_site: Final = SiteRow.metadata.tables["site"]


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Book]:
    """Open the book for one command; a server that runs beside it is not disturbed."""
    with sharing(settings.data):
        book = open_book(settings, now_ms)
        book.start()
        try:
            yield book
        finally:
            book.close()


async def site_or_only(book: Book, site: str | None) -> str:
    """Return the site that was named, or the only one. Raises `Refusal` and `ValueError`."""
    sites = await book.read(lambda connection: list(connection.scalars(sa.select(_site.c.site))))
    if site is None and len(sites) == 1:
        return str(sites[0])
    if not sites:
        raise ValueError("There is no site yet. Found one: bincard site add")
    if site is None:
        raise Refusal(Code.INVALID, reason="name the site with --site: " + ", ".join(sites))
    if site not in sites:
        raise Refusal(Code.SITE_UNKNOWN, site=site)
    return site
