"""Snapshots: a site in columns, made beside the pushes and kept as parts that never change.

A device that starts from nothing takes the newest kept one and reads the feed from there; so a
morning on which two hundred devices return costs one snapshot. Parts are named by their hash and
end at keys that say so themselves: a change at one key leaves the other parts as they were.
"""

import gzip
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.reading import DAY_MS, FEED_KEPT_MS, Own, Reader, acks_at, encode, reaches
from server.book.rows import replicated, table, upsert
from sync.feed import feed_key
from sync.hashing import sha256_hex
from sync.messages import Chunk, ChunkName, Snapshot
from sync.records import FEED
from sync.stock import is_virtual

PART_ROWS: Final = 2_048
"""How many rows a part has on average; a power of two."""

PART_ROWS_MAX: Final = 4 * PART_ROWS

BEHIND_MAX: Final = 5_000
"""A snapshot that the log has left this far behind is made anew for who asks."""

BEHIND_OFTEN: Final = 1_000
"""And this far behind it is made anew before somebody asks."""

KEPT: Final = 3
"""Snapshots of a site whose parts stay: who began to fetch one can finish."""

Record = tuple[Any, ...]


class Kept(Struct, frozen=True):
    """A snapshot as it was at a seq; its parts by their names."""

    epoch: int
    seq: int
    link: str
    scope: str
    parts: tuple[ChunkName, ...]


def newest(reader: Reader, behind: int) -> Kept | None:
    """Return the newest kept snapshot of this epoch, if it is at most so many seqs behind."""
    row = table("snapshot").c
    found = reader.connection.execute(
        sa.select(row.names).where(
            row.site == reader.site, row.epoch == reader.epoch, row.seq >= reader.seq - behind
        ).order_by(row.seq.desc()).limit(1)
    ).scalar()  # fmt: skip
    kept = msgspec.json.decode(found, type=Kept) if found is not None else None
    # Whoever starts from it has a day to read on.
    return kept if kept and reaches(reader, kept.seq, FEED_KEPT_MS - DAY_MS) else None


def told(reader: Reader, kept: Kept, own: Own | None) -> Snapshot:
    """Return what a device hears of a kept snapshot: how far it was acknowledged then, too."""
    return Snapshot(
        epoch=kept.epoch,
        cursor=reader.cursor(kept.seq, kept.link),
        scope=kept.scope,
        acks=acks_at(reader, kept.seq, own),
        chunks=kept.parts,
        server_now=reader.now,
    )


def make(reader: Reader) -> tuple[Kept, dict[str, bytes]]:
    """Return the site as the reader sees it, and its parts, packed, by their hash."""
    packed: dict[str, bytes] = {}
    names: list[ChunkName] = []
    for kind in FEED:
        for _, rows in parts(_live(reader, kind)):
            data = encode(pack(kind, rows))
            digest = sha256_hex(data)
            # Without a time in it, so that the same part is the same bytes.
            packed[digest] = gzip.compress(data, 6, mtime=0)
            names.append(ChunkName(digest, kind, len(rows), len(data)))
    kept = Kept(reader.epoch, reader.seq, reader.link, reader.scope, tuple(names))
    return kept, packed


def keep(connection: Connection, site: str, kept: Kept, packed: dict[str, bytes]) -> None:
    """Keep a snapshot with its parts, and forget what only old ones had."""
    values = {"site": site, "epoch": kept.epoch, "seq": kept.seq, "names": encode(kept)}
    upsert(connection, "snapshot", [values])
    upsert(connection, "chunk", [{"site": site, "hash": digest, "data": data}
                                 for digest, data in sorted(packed.items())])  # fmt: skip
    of, part = table("snapshot"), table("chunk")
    rows = connection.execute(
        sa.select(of.c.epoch, of.c.seq, of.c.names)
        .where(of.c.site == site)
        .order_by(of.c.epoch.desc(), of.c.seq.desc())
    ).all()
    for epoch, seq, _ in rows[KEPT:]:
        old = sa.and_(of.c.site == site, of.c.epoch == epoch, of.c.seq == seq)
        connection.execute(sa.delete(of).where(old))
    wanted = {
        name.hash
        for _, _, names in rows[:KEPT]
        for name in msgspec.json.decode(names, type=Kept).parts
    }
    here = connection.scalars(sa.select(part.c.hash).where(part.c.site == site)).all()
    # In one order: two processes that keep one at the same time must not wait in a circle.
    for digest in sorted(set(here) - wanted):
        old = sa.and_(part.c.site == site, part.c.hash == digest)
        connection.execute(sa.delete(part).where(old))


def part_of(connection: Connection, site: str, digest: str) -> bytes | None:
    """Return a part as it is kept, packed by gzip; None once its snapshots are too old."""
    row = table("chunk").c
    statement = sa.select(row.data).where(row.site == site, row.hash == digest)
    return connection.execute(statement).scalar()


def _live(reader: Reader, kind: str) -> list[tuple[str, Record]]:
    """Return what devices hold of a kind: key in the feed, then the columns; in order of keys."""
    columns = table(replicated(kind)).c
    struct, key_fields = FEED[kind]
    fields = struct.__struct_fields__
    at = [fields.index(name) for name in key_fields]
    statement = sa.select(*(columns[name] for name in fields)).where(
        columns.site == reader.site, columns.version > 0
    )
    rows: Iterable[Record] = reader.connection.execute(statement)
    if kind == "holding":
        place = fields.index("place")
        rows = (row for row in rows if not is_virtual(row[place]))
    keyed = [(feed_key(*[row[n] for n in at]), tuple(row)) for row in rows]
    keyed.sort(key=_key)
    return keyed


def parts(keyed: Sequence[tuple[str, Record]]) -> Iterable[tuple[list[str], list[Record]]]:
    """Cut rows where a key says so by its checksum, whatever stands before it."""
    keys: list[str] = []
    rows: list[Record] = []
    for key, row in keyed:
        keys.append(key)
        rows.append(row)
        if not zlib.crc32(key.encode()) % PART_ROWS or len(rows) == PART_ROWS_MAX:
            yield keys, rows
            keys, rows = [], []
    if rows:
        yield keys, rows


def pack(kind: str, rows: Sequence[Record]) -> Chunk:
    """Turn rows into columns; texts become indexes into a dictionary, -1 is null."""
    struct, key = FEED[kind]
    fields = struct.__struct_fields__
    columns = dict(zip(fields, zip(*rows, strict=True), strict=True))
    versions = columns.pop("version")
    if kind == "holding":
        # Its key begins with it, and a phone took as long to read it as all other columns.
        del columns["item"]
    return Chunk(
        kind=kind,
        rows=len(rows),
        key=key,
        versions=versions,
        columns={field: _column(values) for field, values in columns.items()},
    )


def _column(values: Sequence[Any]) -> msgspec.Raw:
    if all(value is None or isinstance(value, str) for value in values):
        texts = list(dict.fromkeys(value for value in values if value is not None))
        index: dict[str | None, int] = {text: number for number, text in enumerate(texts)}
        index[None] = -1
        return msgspec.Raw(encode({"texts": texts, "codes": [index[value] for value in values]}))
    return msgspec.Raw(encode({"values": values}))


def _key(keyed: tuple[str, Record]) -> str:
    return keyed[0]
