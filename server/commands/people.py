"""People from the command line: the first supervisor, and a PIN that was forgotten."""

from server.book import Book
from server.commands.desk import opened, site_or_only
from server.commands.said import Said, table
from server.people import roster
from server.settings import Settings
from sync.case import OPERATOR


async def add(settings: Settings, site: str | None, change: roster.PersonChange) -> Said:
    """Add a person, or change one."""
    async with opened(settings) as book:
        shown = await roster.change_person(book, await site_or_only(book, site), OPERATOR, change)
    return Said(f"{shown.person} {shown.name}, {shown.role}, badge {shown.badge}")


async def list_people(settings: Settings, site: str | None) -> Said:
    async with opened(settings) as book:
        rows = await roster.people(book, await site_or_only(book, site))
    return Said(
        table(
            ("number", "name", "role", "badge", "state"),
            [(p.person, p.name, p.role, p.badge, "active" if p.active else "left") for p in rows],
        )
    )


async def set_pin(settings: Settings, site: str | None, person: str, pin: str) -> Said:
    """Give a person of the roster a new PIN; sessions under the old one end."""
    async with opened(settings) as book:
        where = await site_or_only(book, site)
        await _check_known(book, where, person)
        change = roster.PersonChange(person=person, pin=pin)
        await roster.change_person(book, where, OPERATOR, change)
    return Said(f"{person} has a new PIN.")


async def _check_known(book: Book, site: str, person: str) -> None:
    known = {row.person for row in await roster.people(book, site)}
    if person not in known:
        raise roster.unknown(person)
