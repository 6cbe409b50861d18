"""What devices read of the feed, page by page."""

from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.cursor import Cursor, CursorGoneError, read_cursor, write_cursor
from server.book.refill import RolledBackError
from server.book.rows import table
from sync.messages import Ack, Page, Row

CHUNK_ROWS: Final = 2_000
DAY_MS: Final = 86_400_000
FEED_KEPT_MS: Final = 14 * DAY_MS
encode: Final = msgspec.json.Encoder().encode


class Reader(Struct, frozen=True):
    """A site as one reading transaction sees it."""

    connection: Connection
    site: str
    epoch: int
    seq: int
    link: str
    scope: str
    watermark: int
    key: bytes
    now: int

    def cursor(self, seq: int, link: str) -> str:
        """Return the text of a position."""
        return write_cursor(self.site, Cursor(self.epoch, seq, link), self.key)


def open_reader(connection: Connection, site: str, key: bytes, now: int) -> Reader | None:
    """Look at a site; None when there is none."""
    row = table("site").c
    statement = sa.select(row.epoch, row.seq, row.link, row.scope, row.watermark).where(
        row.site == site
    )
    found = connection.execute(statement).one_or_none()
    return Reader(connection, site, *found, key, now) if found else None


def read_page(reader: Reader, text: str, limit: int, replica: str | None) -> Page:
    """Return the page after a cursor. Raises `CursorGoneError` when it must bootstrap, and
    `RolledBackError` when this log is older than the cursor.
    """  # noqa: D205 - one sentence on two lines
    cursor = read_cursor(reader.site, text, reader.key)
    if cursor.epoch < reader.epoch:
        raise CursorGoneError("epoch")
    if cursor.seq:
        link, _, _ = _at(reader, cursor.seq)
        if cursor.epoch > reader.epoch or link != cursor.link:
            raise RolledBackError(cursor)
        if not reaches(reader, cursor.seq, FEED_KEPT_MS):
            raise CursorGoneError("cursor_expired")
    rows, end = _rows(reader, cursor.seq, limit)
    link, scope, _ = _at(reader, end) if end else (reader.link, reader.scope, 0)
    return Page(
        epoch=reader.epoch,
        cursor=reader.cursor(end, link),
        more=end < reader.seq,
        scope=scope,
        rows=tuple(rows),
        acks=acks_at(reader, end, replica),
        server_now=reader.now,
        watermark=reader.watermark,
    )


def reaches(reader: Reader, seq: int, kept_ms: int) -> bool:
    """Say whether the feed is whole from a seq on, where it is kept for so many ms.

    What comes after may be pruned; at the head nothing can be missing.
    """
    return seq >= reader.seq or _at(reader, seq + 1)[2] >= reader.now - kept_ms


def _rows(reader: Reader, after: int, limit: int) -> tuple[list[Row], int]:
    """Return the rows after a seq and the seq where they end; a page never splits one."""
    feed = table("feed").c
    statement = sa.select(feed.seq, feed.kind, feed.key, feed.payload).where(
        feed.site == reader.site, feed.seq > after
    )
    ordered = statement.order_by(feed.seq, feed.n)
    found = reader.connection.execute(ordered.limit(limit + 1)).all()
    end = reader.seq
    if len(found) > limit:
        end = found[-1].seq - 1
        if end <= found[0].seq - 1:
            end = found[0].seq
            found = reader.connection.execute(ordered.where(feed.seq == end)).all()
    rows = [
        Row(row.kind, row.key, row.seq, msgspec.Raw(row.payload or b"null"))
        for row in found
        if row.seq <= end
    ]
    return rows, end


def _at(reader: Reader, seq: int) -> tuple[str, str, int]:
    """Return the chain's link, the scope and the time of recording at a seq."""
    log = table("log").c
    row = reader.connection.execute(
        sa.select(log.link, log.scope, log.received_at).where(
            log.site == reader.site, log.seq == seq
        )
    ).one_or_none()
    return (row.link, row.scope, row.received_at) if row else ("", "0", 0)


def prune_feed(connection: Connection, now: int) -> None:
    """Forget images that no cursor may ask for any more; a day later than they expire.

    It looks at what it forgets and one number beyond, however long the log is: nobody can write
    meanwhile.
    """
    site, feed, log = table("site").c, table("feed"), table("log").c
    for name, head in connection.execute(sa.select(site.site, site.seq)).all():
        first = sa.select(sa.func.min(feed.c.seq)).where(feed.c.site == name).scalar_subquery()
        kept = connection.scalar(
            sa.select(log.seq).where(
                log.site == name, log.seq >= first,
                log.received_at >= now - FEED_KEPT_MS - DAY_MS,
            ).order_by(log.seq).limit(1)
        )  # fmt: skip
        end = head if kept is None else kept - 1
        connection.execute(sa.delete(feed).where(feed.c.site == name, feed.c.seq <= end))


def acks_at(reader: Reader, end: int, replica: str | None) -> dict[str, Ack]:
    """Return how far a replica is acknowledged as of a seq: a page's end, or a snapshot."""
    if replica is None:
        return {}
    if end == reader.seq:
        row = table("replica").c
        statement = sa.select(row.acked, row.hash).where(
            row.site == reader.site, row.replica == replica
        )
    else:
        log = table("log").c
        statement = (
            sa.select(log.rseq, log.payload_hash)
            .where(log.site == reader.site, log.replica == replica, log.seq <= end)
            .order_by(log.rseq.desc())
            .limit(1)
        )
    found = reader.connection.execute(statement).one_or_none()
    return {replica: Ack(found[0], found[1])} if found else {replica: Ack(0, None)}
