"""What devices read of the feed, page by page."""

from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.cursor import Cursor, CursorGoneError, read_cursor, write_cursor
from server.book.dialect import ask
from server.book.refill import RolledBackError
from server.book.rows import table
from sync.messages import Ack, Page, Row

CHUNK_ROWS: Final = 2_000
DAY_MS: Final = 86_400_000
FEED_KEPT_MS: Final = 14 * DAY_MS
encode: Final = msgspec.json.Encoder().encode


class Own(NamedTuple):
    """A replica that a device asks for as its own."""

    device: str
    replica: str


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
    found = ask(connection, _SITE, site)
    if not found:
        return None
    epoch, seq, link, scope, watermark = found[0]
    return Reader(connection, site, epoch, seq, link, scope, watermark, key, now)


def read_page(reader: Reader, text: str, limit: int, own: Own | None) -> Page:
    """Return the page after a cursor. Raises `CursorGoneError` when it must bootstrap, and
    `RolledBackError` when this log is older than the cursor.
    """  # noqa: D205 - one sentence on two lines
    cursor = read_cursor(reader.site, text, reader.key)
    if cursor.epoch < reader.epoch:
        raise CursorGoneError("epoch")
    if cursor.seq:
        if cursor.epoch > reader.epoch or _at(reader, cursor.seq).link != cursor.link:
            raise RolledBackError(cursor)
        if not reaches(reader, cursor.seq, FEED_KEPT_MS):
            raise CursorGoneError("cursor_expired")
    rows, end = _rows(reader, cursor.seq, limit)
    there = _at(reader, end)
    return Page(
        epoch=reader.epoch,
        cursor=reader.cursor(end, there.link),
        more=end < reader.seq,
        scope=there.scope,
        rows=tuple(rows),
        acks=acks_at(reader, end, own),
        server_now=reader.now,
        watermark=reader.watermark,
    )


def reaches(reader: Reader, seq: int, kept_ms: int) -> bool:
    """Say whether the feed is whole from a seq on, where it is kept for so many ms.

    What comes after may be pruned; at the head nothing can be missing.
    """
    if seq >= reader.seq:
        return True
    found = ask(reader.connection, _RECEIVED, reader.site, seq + 1)
    return bool(found) and bool(found[0][0] >= reader.now - kept_ms)


def _rows(reader: Reader, after: int, limit: int) -> tuple[list[Row], int]:
    """Return the rows after a seq and the seq where they end; a page never splits one."""
    if after >= reader.seq:
        return [], reader.seq
    found = ask(reader.connection, _FEED, reader.site, after, limit + 1)
    end = reader.seq
    if len(found) > limit:
        first, last = found[0][0], found[-1][0]
        end = last - 1
        if end < first:
            end = first
            found = ask(reader.connection, _WHOLE, reader.site, first)
    rows = [
        Row(kind, key, seq, msgspec.Raw(payload or b"null"))
        for seq, kind, key, payload in found
        if seq <= end
    ]
    return rows, end


class _Position(NamedTuple):
    """The chain's link and the scope at a seq."""

    link: str
    scope: str


def _at(reader: Reader, seq: int) -> _Position:
    if seq == reader.seq:
        return _Position(reader.link, reader.scope)
    found = ask(reader.connection, _POSITION, reader.site, seq)
    return _Position(*found[0]) if found else _Position("", "0")


# Most pulls find little or nothing, so these go to the driver: a statement of the toolkit takes
# longer to build than SQLite takes to answer.
_SITE: Final = "SELECT epoch, seq, link, scope, watermark FROM site WHERE site = ?"
_POSITION: Final = "SELECT link, scope FROM log WHERE site = ? AND seq = ?"
_RECEIVED: Final = "SELECT received_at FROM log WHERE site = ? AND seq = ?"
_FORMER: Final = "SELECT former FROM device WHERE site = ? AND device = ?"
_IMAGES: Final = 'SELECT seq, kind, "key", payload FROM feed WHERE site = ?'
_FEED: Final = f"{_IMAGES} AND seq > ? ORDER BY seq, n LIMIT ?"
_WHOLE: Final = f"{_IMAGES} AND seq = ? ORDER BY n"
_ACKED: Final = "SELECT acked, hash, device FROM replica WHERE site = ? AND replica = ?"
_ACKED_AT: Final = """SELECT rseq, payload_hash, device FROM log
WHERE site = ? AND replica = ? AND seq <= ? ORDER BY rseq DESC LIMIT 1"""


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


def acks_at(reader: Reader, end: int, own: Own | None) -> dict[str, Ack]:
    """Return how far a replica is acknowledged as of a seq: a page's end, or a snapshot.

    Of another device's replica nothing is told: not even that there is one.
    """
    if own is None:
        return {}
    if end == reader.seq:
        found = ask(reader.connection, _ACKED, reader.site, own.replica)
    else:
        found = ask(reader.connection, _ACKED_AT, reader.site, own.replica, end)
    if not found or not _is_of(reader, own.device, found[0][2]):
        return {own.replica: Ack(0, None)}
    return {own.replica: Ack(*found[0][:2])}


def _is_of(reader: Reader, device: str, owner: str) -> bool:
    """Say whether it is the device's own, or was before the same phone was enrolled again."""
    seen: set[str] = set()
    name: str | None = device
    while name and name not in seen:
        if name == owner:
            return True
        seen.add(name)
        found = ask(reader.connection, _FORMER, reader.site, name)
        name = found[0][0] if found else None
    return False
