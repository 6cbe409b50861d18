"""How far each site is safe: what the devices may forget, because two backups have it.

Only backups in the folder that the installer named count, and only those whose last link is on
the chain of today: a backup from before a restore may hold what this server never knew again.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from server.backups.shelf import Backup, Mark
from server.book.rows import table

COPIES: Final = 2
"""One backup may turn out to be unreadable on the day it is needed."""


def durable_through(
    connection: Connection, backups: Iterable[Backup]
) -> Mapping[str, tuple[int, int]]:
    """Return [epoch, seq] by site up to which the second-newest backup has everything."""
    site = table("site").c
    shelf = list(backups)
    found: dict[str, tuple[int, int]] = {}
    for row in connection.execute(sa.select(site.site, site.epoch)).all():
        marks = [mark for backup in shelf if (mark := backup.mark(row.site)) is not None]
        held = sorted((m.seq for m in marks if _is_on_chain(connection, m)), reverse=True)
        if len(held) >= COPIES:
            # What is on the chain is the same in every epoch: the device compares with today's.
            found[row.site] = (row.epoch, held[COPIES - 1])
    return found


def _is_on_chain(connection: Connection, mark: Mark) -> bool:
    log = table("log").c
    link = connection.execute(
        sa.select(log.link).where(log.site == mark.site, log.seq == mark.seq)
    ).scalar()
    return link == mark.link
