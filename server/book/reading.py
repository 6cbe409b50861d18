"""What devices read: pages of the feed, and snapshots in columns."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.cursor import Cursor, CursorGoneError, read_cursor, write_cursor
from server.book.refill import RolledBackError
from server.book.rows import fetch, image, key_of_row, replicated, table
from server.book.save import is_private
from sync.hashing import sha256_hex
from sync.messages import Ack, Chunk, ChunkName, Page, Row, Snapshot
from sync.records import FEED
from sync.records import Row as Record

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
        # What the device has not read yet may be pruned; at the head nothing can be missing.
        if cursor.seq < reader.seq:
            _, _, received_at = _at(reader, cursor.seq + 1)
            if received_at < reader.now - FEED_KEPT_MS:
                raise CursorGoneError("cursor_expired")
    rows, end = _rows(reader, cursor.seq, limit)
    link, scope, _ = _at(reader, end) if end else (reader.link, reader.scope, 0)
    return Page(
        epoch=reader.epoch,
        cursor=reader.cursor(end, link),
        more=end < reader.seq,
        scope=scope,
        rows=tuple(rows),
        acks=_acks(reader, end, replica),
        server_now=reader.now,
        watermark=reader.watermark,
    )


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
    """Forget images that no cursor may ask for any more; a day later than they expire."""
    feed, log = table("feed"), table("log")
    old = (
        sa.select(sa.func.max(log.c.seq))
        .where(log.c.site == feed.c.site, log.c.received_at < now - FEED_KEPT_MS - DAY_MS)
        .scalar_subquery()
    )
    connection.execute(sa.delete(feed).where(feed.c.seq <= old))


def _acks(reader: Reader, end: int, replica: str | None) -> dict[str, Ack]:
    """Return how far a replica is acknowledged as of a page's end."""
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


# --- snapshots ----------------------------------------------------------------------------------


def make_snapshot(reader: Reader, replica: str | None) -> tuple[Snapshot, dict[str, bytes]]:
    """Return a site's snapshot and the bytes of its chunks by their hash."""
    bytes_of: dict[str, bytes] = {}
    names: list[ChunkName] = []
    for kind in FEED:
        records = _live(reader, kind)
        for start in range(0, len(records), CHUNK_ROWS):
            part = records[start : start + CHUNK_ROWS]
            data = encode(pack(kind, part))
            digest = sha256_hex(data)
            bytes_of[digest] = data
            names.append(ChunkName(digest, kind, len(part), len(data)))
    snapshot = Snapshot(
        epoch=reader.epoch,
        cursor=reader.cursor(reader.seq, reader.link),
        scope=reader.scope,
        acks=_acks(reader, reader.seq, replica),
        chunks=tuple(names),
        server_now=reader.now,
    )
    return snapshot, bytes_of


def _live(reader: Reader, kind: str) -> list[Record]:
    name, (struct, fields) = replicated(kind), FEED[kind]
    rows = fetch(reader.connection, name, struct, table(name).c.site == reader.site)
    rows.sort(key=lambda row: [str(getattr(row, field)) for field in fields])
    return [row for row in rows if not is_private(row) and row.version]


def pack(kind: str, rows: Sequence[Record]) -> Chunk:
    """Turn rows into columns; texts become indexes into a dictionary, -1 is null."""
    images = [msgspec.json.decode(image(row)) for row in rows]
    fields = list(images[0]) if images else []
    return Chunk(
        kind=kind,
        rows=len(rows),
        keys=tuple(key_of_row(kind, row) for row in rows),
        versions=tuple(row.version for row in rows),
        columns={field: _column([image_[field] for image_ in images]) for field in fields},
    )


def _column(values: Sequence[Any]) -> msgspec.Raw:
    if all(value is None or isinstance(value, str) for value in values):
        texts = _distinct(values)
        index = {text: number for number, text in enumerate(texts)}
        codes = [-1 if value is None else index[value] for value in values]
        return msgspec.Raw(encode({"texts": texts, "codes": codes}))
    return msgspec.Raw(encode({"values": values}))


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value is not None))
