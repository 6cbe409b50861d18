"""What every command needs: the book of this installation, opened and surely closed again."""

import unicodedata
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from server.app import now_ms, open_book
from server.book import Book
from server.in_use import sharing
from server.refusals import Code, Refusal
from server.settings import Settings
from server.tables import SiteRow

OPERATOR: Final = "server"
"""Who did it, where nobody was signed in: whoever sits at the server."""

_site: Final = SiteRow.metadata.tables["site"]


@dataclass(frozen=True)
class Said:
    """What a command prints, and its exit code."""

    text: str
    exit_code: int = 0


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
    """Return the site that was named, or the only one there is. Raises `Refusal`."""
    sites = await book.read(lambda connection: list(connection.scalars(sa.select(_site.c.site))))
    if site is None and len(sites) == 1:
        return str(sites[0])
    if site is None:
        raise Refusal(Code.INVALID, reason="name the site with --site: " + ", ".join(sites))
    if site not in sites:
        raise Refusal(Code.SITE_UNKNOWN, site=site)
    return site


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return rows in columns, as wide as their widest word."""
    texts = [head, *[tuple("" if cell is None else str(cell) for cell in row) for row in rows]]
    widths = [max(_width(row[column]) for row in texts) for column in range(len(head))]
    lines = (
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True))
        for row in texts
    )
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    """A Chinese sign is as wide as two letters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
