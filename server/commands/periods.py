"""Closing the books of a period: what was done in it from now on is accounted in the next."""

from datetime import date
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection

from server.book import Book
from server.book.closing import Reason, reasons
from server.book.rows import fetch, table
from server.commands.desk import opened, site_or_only
from server.commands.said import Said
from server.installation import now_ms
from server.settings import Settings
from sync.case import OPERATOR
from sync.records import Site

SENTENCES: Final = {
    "day_not_over": "{through} is not over: it is {today} there. Close it tomorrow or later.",
    "not_reported": "Not every device has reported up to the end of {through}, only up to "
    "{reported}. Bring them back into the network, or take the missing ones off the floor: "
    "bincard device list.",
    "parked_open": "Operations wait to be understood or decided: {n}. Settle them at the desk.",
    "suspense_open": "Corrections beyond a limit wait for a decision: {n}. Approve or refuse them "
    "at the desk.",
    "negative_open": "Holdings below zero: {n}. Count these bins, or bring in what is missing.",
    "counts_open": "Counts and variances that nobody has decided: {n}. Count, then approve or "
    "reject them at the desk.",
    "month_before_open": "{month} is still open, and periods close in order. Close it first.",
}
"""What keeps a period open, and what to do about it."""


class StillOpenError(Exception):
    """The period may not be closed; `found` says why."""

    def __init__(self, found: list[Reason]) -> None:
        super().__init__("the period is still open")
        self.found = found


async def close(
    settings: Settings, site: str | None, through: date, *, dry_run: bool = False
) -> Said:
    """Close every day through this one; say all that is against it, and then do nothing."""
    day = through.isoformat()
    async with opened(settings) as book:
        row = await _settings_of(book, await site_or_only(book, site))
        if dry_run:
            found = await book.read(lambda reading: reasons(reading, row.site, day, now_ms()))
            return _refused(row.site, day, found) if found else Said(
                f"{row.site}: nothing is against closing through {day}."
            )  # fmt: skip

        def first(connection: Connection) -> None:
            if found := reasons(connection, row.site, day, now_ms()):
                raise StillOpenError(found)

        closed = replace(row, closed_through=day)
        try:
            await book.change(row.site, OPERATOR, [closed], "period closed", first)
        except StillOpenError as error:
            return _refused(row.site, day, error.found)
    return Said(f"{row.site}: closed through {day}.")


def _refused(site: str, day: str, found: list[Reason]) -> Said:
    told = [SENTENCES[one.reason].format_map(one.facts) for one in found]
    return Said("\n".join([f"{site}: not closed through {day}.", *(f"- {one}" for one in told)]), 1)


async def _settings_of(book: Book, site: str) -> Site:
    rows = await book.read(
        lambda connection: fetch(connection, "site", Site, table("site").c.site == site)
    )
    return rows[0]
