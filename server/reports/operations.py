"""One operation whole: what was sent, what the ledger made of it, and what became of it since."""

from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.packing import unpacked
from server.refusals import Code, Refusal
from server.reports.review import discrepancies_of
from server.tables import Log, Posting, ResultRow
from sync.records import Discrepancy

_log: Final = Log.metadata.tables["log"]
_posting: Final = Posting.metadata.tables["posting"]
_result: Final = ResultRow.metadata.tables["result"]
_POSTINGS_MAX: Final = 2_000


class PostingShown(Struct, frozen=True):
    """One balanced entry of the ledger."""

    seq: int
    n: int
    of: int
    kind: str
    item: str
    key: str
    place_from: str
    place_to: str
    quantity: int
    t_from: int | None
    t_to: int | None
    u: int
    counted: int | None


class OperationShown(Struct, frozen=True):
    """`outcome` is the verdict at first, `outcome_now` what it is today.

    `carrier` is the device that brought it for its own, else empty.
    `accounted` is the day to which its value belongs, another one than its own when that was in
    a closed period. `envelope` is what the device sent, null for a change made at the server.
    """

    operation: str
    seq: int
    kind: str
    verb: str
    actor: str
    device: str
    carrier: str
    replica: str | None
    replica_seq: int | None
    document: str | None
    line: int | None
    accounted: str
    at: int
    u: int
    trust: str
    recorded_at: int
    outcome: str
    outcome_now: str
    reversed: bool
    postings: list[PostingShown]
    discrepancies: list[Discrepancy]
    envelope: msgspec.Raw


def operation(connection: Connection, site: str, id_: str) -> OperationShown:
    """Return the operation. Raises `Refusal` when there is none of that id."""
    row = connection.execute(
        sa.select(_log).where(_log.c.site == site, _log.c.id == id_)
    ).one_or_none()
    if row is None:
        raise Refusal(Code.NOT_FOUND)
    later = connection.execute(
        sa.select(_result.c.outcome, _result.c.reversed).where(
            _result.c.site == site, _result.c.operation == id_
        )
    ).one_or_none()
    return OperationShown(
        operation=row.id, seq=row.seq, kind=row.kind, verb=row.verb, actor=row.actor,
        device=row.device, carrier=row.carrier, replica=row.replica, replica_seq=row.rseq,
        document=row.document, line=row.line, accounted=row.accounted,
        at=row.at, u=row.u, trust=row.trust, recorded_at=row.received_at,
        outcome=row.outcome, outcome_now=later.outcome if later else row.outcome,
        reversed=bool(later and later.reversed),
        postings=_postings(connection, site, row.seq),
        discrepancies=discrepancies_of(connection, site, id_),
        envelope=msgspec.Raw(unpacked(row.payload) if row.kind != "change" else b"null"),
    )  # fmt: skip


def _postings(connection: Connection, site: str, seq: int) -> list[PostingShown]:
    """Its own postings, and the linked ones by which later operations amended it."""
    c = _posting.c
    columns = [c[name] for name in PostingShown.__struct_fields__]
    own = sa.select(*columns).where(c.site == site, c.seq == seq)
    linked = sa.select(*columns).where(c.site == site, c.of == seq, c.of != c.seq)
    both = sa.union(own, linked).subquery()
    query = sa.select(both).order_by(both.c.seq, both.c.n).limit(_POSTINGS_MAX)
    return [PostingShown(*row) for row in connection.execute(query)]


class Latest(Struct, frozen=True):
    """One line of the log, for somebody at the terminal."""

    seq: int
    recorded: str
    verb: str
    actor: str
    device: str
    document: str | None
    outcome: str
    operation: str


def latest(connection: Connection, site: str, limit: int) -> list[Latest]:
    """Return the newest entries of the log, oldest first."""
    c = _log.c
    query = (
        sa.select(
            c.seq, c.received_at, c.verb, c.actor, c.device, c.document, c.outcome, c.id
        )
        .where(c.site == site)
        .order_by(c.seq.desc())
        .limit(limit)
    )  # fmt: skip
    rows = connection.execute(query).all()
    return [Latest(row[0], _clock(row[1]), *row[2:]) for row in reversed(rows)]


def _clock(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
