"""Changes that are no operations: master data, documents, imports, discrepancies of the server."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from server.book.rows import fetch_in, image, key_of_row, replicated
from server.book.session import Session
from sync.entries import Change
from sync.hashing import sha256_hex
from sync.ledger import Posting
from sync.records import FEED, Item, Row
from sync.units import renewed

KIND_OF: Final = {struct: kind for kind, (struct, _) in FEED.items()}


def write_rows(session: Session, by: str, why: str, rows: Sequence[Row]) -> int:
    """Write rows of any replicated kind under one number of the log; return the number."""
    session.state.seq += 1
    return write_changes(session, by, why, _changes(session, rows))


def write_changes(
    session: Session, by: str, why: str, changes: Sequence[Change],
    postings: Sequence[Posting] = (), **facts: object,
) -> int:  # fmt: skip
    """Write changes that carry the state's seq as their version; return the number."""
    seq = session.state.seq
    parts = [[kind, key_of_row(kind, row), msgspec.Raw(image(row))] for kind, _, row, _ in changes]
    payload = msgspec.json.encode({"by": by, "why": why, "rows": parts, **facts})
    fields = {
        "seq": seq, "id": f"change/{seq}", "verb": why, "actor": by, "payload": payload,
        "payload_hash": sha256_hex(payload), "content_hash": sha256_hex(payload),
    }  # fmt: skip
    session.batch.add_change(fields, changes, postings)
    return seq


def _changes(session: Session, rows: Sequence[Row]) -> list[Change]:
    """Return the rows with their version, beside what stood there before."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(KIND_OF[type(row)], []).append(row)
    changes: list[Change] = []
    for kind, part in by_kind.items():
        before = _before(session.connection, session.head.site, kind, part)
        for row in part:
            key = key_of_row(kind, row)
            if isinstance(row, Item):
                known = before.get(key)
                row = renewed(known if isinstance(known, Item) else None, row)  # noqa: PLW2901
            written = msgspec.structs.replace(row, version=session.state.seq)
            changes.append((kind, key, written, before.get(key)))
            # A row may stand twice in one change: the later one takes the place of the other.
            before[key] = written
    return changes


def _before(connection: Connection, site: str, kind: str, rows: Sequence[Row]) -> dict[str, Row]:
    struct, (first, *_) = FEED[kind]
    values = {getattr(row, first) for row in rows}
    found = fetch_in(connection, replicated(kind), struct, site, first, values)
    return {key_of_row(kind, row): row for row in found}
