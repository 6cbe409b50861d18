"""Sites and their ledgers: add one, load the demo, check a ledger, look at its latest entries."""

import difflib
import re
import time
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import sqlalchemy as sa
from anyio import to_thread

from server.book import Book, Repaired
from server.commands.desk import opened, site_or_only
from server.commands.devices import invite
from server.commands.said import Said, table
from server.imports import factory, opening
from server.imports.scenario import demo_sheet
from server.installation import now_ms
from server.migrations import current as current_step
from server.migrations import migrate as migrate_tables
from server.people import roster
from server.people.enrolment import Invitation
from server.reports.operations import latest
from server.settings import Settings
from server.tables import Log, SiteRow
from sync.case import OPERATOR
from sync.records import Person, Site

CODE: Final = re.compile(r"[0-9A-Za-z_-]{1,32}")

_SITES: Final = sa.select(SiteRow.metadata.tables["site"].c.site).order_by("site")

AGAIN_S: Final = 0.5

DEMO_CODE_MS = 24 * 3_600_000
"""Whoever tries the demo may have lunch first."""


def migrate(settings: Settings, wait_s: int = 0) -> Said:
    """Bring the tables up, and what follows from the ledger; wait so long for a database server."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _wait_for(settings.database, wait_s)
    done = migrate_tables(settings.database)
    if done.before == done.after:
        said = [f"The tables are at step {done.after} already."]
    else:
        said = [f"The tables went from step {done.before or 'none'} to step {done.after}."]
    lines = [line for one in done.mended for line in _mended(one)]
    if lines:
        said += ["What follows from the ledger was derived again, and this had to change:", *lines,
                 "Devices hear of these rows by themselves."]  # fmt: skip
    elif done.mended:
        said.append("What follows from the ledger was derived again: nothing had to change.")
    return Said("\n".join(said))


def _wait_for(url: str, wait_s: int) -> None:
    """Wait until a database server answers, or the time is over: then whoever asks is told why."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        try:
            current_step(url)
        except sa.exc.OperationalError:
            time.sleep(min(AGAIN_S, max(0.0, end - time.monotonic())))
        else:
            return


async def add(settings: Settings, site: Site) -> Said:
    """Found a site, with a ledger of its own. Raises `ValueError` for what cannot be changed later.

    Its code stands in the token of each device, which travels in the head of every request; and a
    time zone that nobody knows would be taken for UTC.
    """
    if not CODE.fullmatch(site.site):
        raise ValueError(
            "A site's code has 1 to 32 letters A to Z, digits, - and _, such as PLANT; its name "
            "may be any."
        )
    known = available_timezones()
    if site.time_zone not in known:
        near = difflib.get_close_matches(site.time_zone, sorted(known), 1)
        hint = near[0] if near else "Asia/Shanghai"
        raise ValueError(f"There is no time zone {site.time_zone} here. Did you mean {hint}?")
    async with opened(settings) as book:
        if await _exists(book, site.site):
            return Said(f"There is a site {site.site} already.", exit_code=1)
        await book.change(site.site, OPERATOR, [site], "site added")
    return Said(f"Site {site.site} is there. Next: bincard user add --site {site.site} …")


async def demo(settings: Settings, sheet: Path | None) -> Said:
    """Load the demo factory once, and say how to get in; a second run keeps what was done.

    `sheet` is a path for an SVG with the codes of a morning's work.
    """
    migrate(settings)
    async with opened(settings) as book:
        if not await _exists(book, factory.SITE):
            people = [
                Person(
                    person=p.person, name=p.name, role=p.role, badge=p.badge, language=p.language,
                    pin_stamp=await roster.set_pin(book, factory.SITE, p.person, p.pin, p.role),
                )
                for p in factory.DEMO_PEOPLE
            ]  # fmt: skip
            await factory.load(book, people, now_ms())
        await _finish_opening(book)
        invitation = Invitation(factory.SITE, "Handheld 1", OPERATOR)
        invited = await invite(book, settings, invitation, DEMO_CODE_MS)
    if sheet is not None:
        await to_thread.run_sync(sheet.write_text, demo_sheet())
    people_table = table(
        ("badge", "PIN", "name", "role"),
        [(p.badge, p.pin, p.name, p.role) for p in factory.DEMO_PEOPLE],
    )
    return Said(
        f"{invited}\nMore devices: bincard device enrol --name NAME\n\n"
        f"Sign in with a badge and its PIN:\n{people_table}\n"
    )


async def verify(settings: Settings, site: str | None) -> Said:
    """Replay the ledger and compare; every difference is one line."""
    async with opened(settings) as book:
        if site is not None:
            await site_or_only(book, site)
        faults = await to_thread.run_sync(book.verify, site)
    if faults:
        return Said("\n".join([*faults, f"{len(faults)} differences."]), exit_code=1)
    return Said("The ledger is true: replayed, chained and compared without a difference.")


async def repair(settings: Settings, site: str | None, *, dry: bool) -> Said:
    """Write again what does not follow from the ledger, and say table by table what that was.

    1 when something is wrong that --dry-run left as it is.
    """
    async with opened(settings) as book:
        sites = await book.read(lambda connection: connection.scalars(_SITES).all())
        chosen = sites if site is None else [await site_or_only(book, site)]
        found = [await to_thread.run_sync(partial(book.repair, one, dry=dry)) for one in chosen]
    lines = [line for one in found for line in _mended(one)]
    wrong = any(one.tables for one in found)
    if not wrong:
        lines.append("Nothing had to be repaired: all of it follows from the ledger.")
    elif dry:
        lines.append("Nothing was written. Without --dry-run these rows are.")
    else:
        lines.append(
            "Replayed again: the ledger is true. Devices hear of these rows by themselves. "
            "Next: bincard backup."
        )
    return Said("\n".join(lines), exit_code=1 if wrong and dry else 0)


def _mended(found: Repaired) -> list[str]:
    """Say how many rows of each table were wrong, and the first of them."""
    lines = []
    for name, mended in found.tables.items():
        lines.append(f"{found.site}, {name}: {mended.rows:,} wrong")
        lines += [f"  {words}" for words in mended.first]
        if mended.rows > len(mended.first):
            lines.append(f"  … and {mended.rows - len(mended.first):,} more")
    return lines


async def operations(settings: Settings, site: str | None, limit: int) -> Said:
    async with opened(settings) as book:
        where = await site_or_only(book, site)
        rows = await book.read(lambda connection: latest(connection, where, limit))
    return Said(
        table(
            ("seq", "recorded (UTC)", "verb", "who", "device", "document", "outcome", "operation"),
            [
                (
                    r.seq,
                    r.recorded,
                    r.verb.split(",")[0],
                    r.actor,
                    r.device,
                    r.document,
                    r.outcome,
                    r.operation,
                )
                for r in rows
            ],
        )
    )


async def _finish_opening(book: Book) -> None:
    """Post what is missing of the opening stock, if the first run was cut off in the middle."""
    log = Log.metadata.tables["log"]
    query = sa.select(sa.func.count(), sa.func.min(log.c.at)).where(
        log.c.site == factory.SITE, log.c.device == opening.DEVICE.device
    )
    posted, opened_at = await book.read(lambda connection: connection.execute(query).one())
    bodies = factory.opening_operations(opened_at or now_ms() - factory.OPENED_BEFORE)
    if posted < len(bodies):
        await opening.post(book, factory.SITE, "demo", bodies, now_ms())


async def _exists(book: Book, site: str) -> bool:
    query = sa.select(SiteRow.metadata.tables["site"].c.site).where(
        SiteRow.metadata.tables["site"].c.site == site
    )
    return await book.read(lambda connection: connection.scalar(query)) is not None
