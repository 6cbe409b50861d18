"""What follows from the ledger has a version: a newer program derives it again, as it would.

Holdings, progress of documents, what counts expect, chains of single things, blocks, the sum over
all rows, the images in the feed: each stands in rows that an older program has written by its own
rules. The tables may be the same and the numbers in them not.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from server.book.clerk import Clerk
from server.book.images import stale_images
from server.book.repair import Repaired, RepairError
from server.book.rows import table, upsert

DERIVED: Final = 1
"""Raise it, together with a step of the tables, with every change of what the same postings come
to: then servers of the old program notice that they are behind."""

NAME: Final = "derived"


def version_of(connection: Connection) -> int:
    """Return the version of what stands in a database whose tables are those of today."""
    of = table("installation").c
    found = connection.scalar(sa.select(of.value).where(of.name == NAME))
    return 0 if found is None else int(found)


def rebuild(connection: Connection, *, unproved: bool = False) -> list[Repaired]:
    """Derive again what an older program has derived; return what that changed, site by site.

    Raises `RepairError` where the ledger is broken, unless what is `unproved` is wanted all the
    same. All of it belongs to the transaction of whoever calls.
    """
    if version_of(connection) >= DERIVED:
        return []
    # A rebuild has no time of its own: it is written at the moment at which the log ends.
    clerk = Clerk(b"", lambda: 0)
    done = []
    for site in connection.scalars(sa.select(table("site").c.site).order_by("site")).all():
        try:
            with connection.begin_nested():
                done.append(clerk.repair(connection, site, (stale_images,)))
        except RepairError:
            if not unproved:
                raise
    upsert(connection, "installation", [{"name": NAME, "value": DERIVED}])
    return done
