"""Imports from the command line: the same report before and after, and written only when told."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from server.commands.desk import opened, site_or_only
from server.commands.said import Said
from server.imports import report, standing, tables, writing
from server.imports.columns import Kind
from server.imports.reading import Asked
from server.imports.standing import Known
from server.imports.tables import Preview
from server.installation import now_ms
from server.settings import Settings
from server.tables import SiteRow
from sync.case import OPERATOR


@dataclass(frozen=True)
class Job:
    """Which file, as what, for whom, and the moment for which opening stock stands.

    `asked` says what the file does not; its day is set here.
    """

    kind: Kind
    file: Path
    apply: bool
    opened: datetime | None
    by: str | None = None
    asked: dict[str, object] = field(default_factory=dict)


async def load(settings: Settings, site: str | None, job: Job) -> Said:
    """Show what a file would change; write it with --apply. Problem rows are never half taken."""
    data = job.file.read_bytes()
    async with opened(settings) as book:
        where = await site_or_only(book, site)
        zone = ZoneInfo(await book.read(lambda connection: _zone(connection, where)))
        now = now_ms()
        today = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()
        known = await book.read(lambda connection: standing.read(connection, where, today))
        actor = _actor(known, job.by)
        found = tables.preview(job.kind, data, known, _asked(job, today))
        lines = report.lines_of(found)
        exit_code = 1 if found.problems else 0
        if not job.apply or found.is_unreadable:
            lines += _told(found, where, None)
            return Said("\n".join([*lines, _nothing(found)]), exit_code=exit_code)
        moment = _moment(job.opened, zone) if job.opened else now
        written = await writing.write(book, writing.Import(where, actor, moment), found, known, now)
    lines += _told(found, where, written)
    if job.kind == "stock" and not report.is_whole(found, where, written.opened):
        exit_code = 1
    return Said("\n".join(lines), exit_code=exit_code)


def _told(found: Preview, site: str, written: writing.Written | None) -> list[str]:
    if found.kind == "stock":
        return report.stock_told(found, site, written.opened if written else None)
    return report.rows_told(found, written=written is not None)


def _nothing(found: Preview) -> str:
    if found.is_unreadable:
        return "Nothing was written."
    return "Nothing was written. Add --apply to write the good rows."


def _asked(job: Job, today: date) -> Asked:
    return Asked(today=today, **job.asked)  # type: ignore[arg-type]  # argparse knows them


def _actor(known: Known, by: str | None) -> str:
    """Return who imports: somebody of the roster, else whoever sits at the server."""
    if by is None:
        return OPERATOR
    person = next((person for person in known.people if person.person == by), None)
    if person is None or not person.active:
        raise ValueError(f"There is no {by} among the people of the site: see bincard user list.")
    return by


def _zone(connection: Connection, site: str) -> str:
    row = SiteRow.metadata.tables["site"].c
    return str(connection.scalar(sa.select(row.time_zone).where(row.site == site)))


def _moment(opened: datetime, zone: ZoneInfo) -> int:
    """Return a moment in ms; one that names no zone is read off a clock at the site."""
    here = opened if opened.tzinfo else opened.replace(tzinfo=zone)
    return int(here.timestamp() * 1000)
