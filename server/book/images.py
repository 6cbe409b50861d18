"""Whether the feed's last word on each row is the row that stands there.

A phone that reads on takes images, one that begins takes rows: where a program once wrote them
apart, the two never meet again. Asked when what follows from the ledger is derived anew.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from server.book.rows import image, key_of_row, replicated, stream, table
from server.book.save import is_private
from server.book.verify import Fault
from sync.records import FEED, Row

AT_ONCE: Final = 2_000


def stale_images(connection: Connection, site: str) -> Iterator[Fault]:
    """Yield the rows of which the feed says something else last; each is right as it stands."""
    for kind, (struct, _) in FEED.items():
        told, name = _told(connection, site, kind), replicated(kind)
        for row in stream(connection, name, struct, table(name).c.site == site):
            key = key_of_row(kind, row)
            if key in told and not is_private(row) and not _is(told[key], struct, row):
                yield Fault(f"{kind} {key}: the feed says another one last", kind, row, row)


def _told(connection: Connection, site: str, kind: str) -> dict[str, bytes | None]:
    """Return the last image of each row of a kind that the feed still has."""
    feed = table("feed").c
    rows = connection.execute(
        sa.select(feed.key, feed.payload)
        .where(feed.site == site, feed.kind == kind).order_by(feed.seq, feed.n),
        execution_options={"yield_per": AT_ONCE},
    )  # fmt: skip
    return {row.key: row.payload for row in rows}


def _is(payload: bytes | None, struct: type[Row], row: Row) -> bool:
    """Compare as a phone of today reads it: what an older program left out has its default."""
    if payload is None:
        return False
    try:
        read = msgspec.json.decode(payload, type=struct)
    except msgspec.MsgspecError:
        return False
    return image(read) == image(row)
