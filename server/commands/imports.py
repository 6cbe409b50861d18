"""Imports from the command line: a preview first, and written only when asked to."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from server.commands.desk import OPERATOR, opened, site_or_only
from server.commands.said import Said
from server.imports import tables, writing
from server.imports.columns import Kind
from server.imports.tables import Preview
from server.installation import now_ms
from server.reports.master_data import rows_of_site
from server.settings import Settings
from server.tables import SiteRow

PROBLEMS_SHOWN_MAX: Final = 50


@dataclass(frozen=True)
class Job:
    """Which file, as what, and the moment for which opening stock stands, at the site's clock."""

    kind: Kind
    file: Path
    apply: bool
    opened: datetime | None


async def load(settings: Settings, site: str | None, job: Job) -> Said:
    """Show what a file would change; write it with --apply. Problem rows are never half taken."""
    data = job.file.read_bytes()
    async with opened(settings) as book:
        where = await site_or_only(book, site)
        known = await book.read(lambda connection: rows_of_site(connection, where))
        found = tables.preview(job.kind, data, known)
        lines = _report(found)
        if job.apply:
            now = now_ms()
            zone = await book.read(lambda connection: _zone(connection, where))
            opened_ms = _moment(job.opened, zone) if job.opened else now
            task = writing.Import(where, OPERATOR, data, opened_ms)
            verdicts = await writing.write(book, task, found, known, now)
            lines.append(f"Written; {len(verdicts)} stock rows posted.")
        else:
            lines.append("Nothing was written. Add --apply to write the good rows.")
    return Said("\n".join(lines), exit_code=1 if found.problems else 0)


def _zone(connection: Connection, site: str) -> str:
    row = SiteRow.metadata.tables["site"].c
    return str(connection.scalar(sa.select(row.time_zone).where(row.site == site)))


def _moment(opened: datetime, zone: str) -> int:
    """Return a moment in ms; one that names no zone is read off a clock at the site."""
    here = opened if opened.tzinfo else opened.replace(tzinfo=ZoneInfo(zone))
    return int(here.timestamp() * 1000)


def _report(found: Preview) -> list[str]:
    shown = found.problems[:PROBLEMS_SHOWN_MAX]
    lines = [f"line {problem.line}: {problem.sentence()}" for problem in shown]
    if len(found.problems) > len(shown):
        lines.append(f"… and {len(found.problems) - len(shown)} more problems")
    if found.ignored:
        lines.append("Columns that were not read: " + ", ".join(found.ignored))
    new = len(found.rows) + len(found.stock)
    lines.append(f"{new} new or changed, {found.unchanged} as they are, {len(found.problems)} bad.")
    return lines
