"""What is never changed: the log and its postings, and the feed that devices read."""

from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from server.tables.columns import big, key


class Log(SQLModel, table=True):
    """Every change of the site: one number, one link of the chain, the bytes as they came.

    `kind` is fact, intent or change (master data, documents, imports). `at` ± `u` is when it
    happened, `received_at` when we learned it, `accounted` the day to which its value belongs (R9).
    Operations keep device, replica and verdict; `carrier` is the device that brought a rescue of
    another one.
    """

    __tablename__ = "log"
    __table_args__: ClassVar = (
        sa.UniqueConstraint("site", "id"),
        sa.Index("ix_log_replica", "site", "replica", "rseq", "at"),
    )
    site: str = key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    kind: str
    id: str
    verb: str
    actor: str
    device: str = ""
    carrier: str = ""
    replica: str | None = None
    rseq: int | None = big(None)
    document: str | None = None
    line: int | None = None
    accounted: str = ""
    received_at: int = big()
    at: int = big()
    u: int = big()
    trust: str = "high"
    outcome: str
    payload: bytes
    payload_hash: str
    content_hash: str
    verdict: bytes = b""
    link: str
    scope: str = "0"


class Posting(SQLModel, table=True):
    """One balanced entry: `quantity` of a key left `place_from` at `t_from`, reached `place_to`.

    `of` is the seq of the operation whose effect it belongs to: its own, or, for a *linked*
    posting, the earlier one that a late change or a reversal amends. A virtual end has no time:
    its history is never asked. `counted` is set where a count sets a balance. Never updated.
    """

    __tablename__ = "posting"
    __table_args__: ClassVar = (
        sa.Index(
            "ix_posting_from", "site", "place_from", "key", "t_from",
            sqlite_where=sa.text("t_from IS NOT NULL"),
            postgresql_where=sa.text("t_from IS NOT NULL"),
        ),
        sa.Index(
            "ix_posting_to", "site", "place_to", "key", "t_to",
            sqlite_where=sa.text("t_to IS NOT NULL"),
            postgresql_where=sa.text("t_to IS NOT NULL"),
        ),
        sa.Index("ix_posting_item", "site", "item", "seq"),
        sa.Index(
            "ix_posting_into_production", "site", "place_to", "item",
            sqlite_where=sa.text("place_to >= 'production/' AND place_to < 'production0'"),
            postgresql_where=sa.text("place_to >= 'production/' AND place_to < 'production0'"),
        ),
        sa.Index(
            "ix_posting_linked", "site", "of",
            sqlite_where=sa.text("of <> seq"),
            postgresql_where=sa.text("of <> seq"),
        ),
        {"sqlite_with_rowid": False},
    )  # fmt: skip
    site: str = key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    n: int = key()
    of: int = big()
    line: int = 0
    kind: str
    item: str
    key: str
    place_from: str
    place_to: str
    quantity: int = big()
    t_from: int | None = big(None)
    t_to: int | None = big(None)
    u: int = big()
    replica: str
    rseq: int = big()
    counted: int | None = big(None)


class Feed(SQLModel, table=True):
    """Absolute images in the order of the log."""

    __tablename__ = "feed"
    __table_args__: ClassVar = ({"sqlite_with_rowid": False},)
    site: str = key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    n: int = key()
    kind: str
    key: str
    payload: bytes | None = None


class ReplicaRow(SQLModel, table=True):
    """What the server knows of one storage incarnation of one device."""

    __tablename__ = "replica"
    __table_args__: ClassVar = (
        sa.Index(
            "ix_replica_vouches", "site", "watermark", "seen_at",
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        ),
    )  # fmt: skip
    site: str = key()
    replica: str = key()
    device: str
    acked: int = big()
    hash: str | None = None
    seen_at: int = big()
    watermark: int = big()
    at: int = big()
    unsent: int = 0
    active: bool = True
    contacts: bytes = b""
    blocks: int = 0
    holes: bytes = b""
    actors: bytes = b""


class SnapshotRow(SQLModel, table=True):
    """The site as of a seq: the names of its parts, and where the feed goes on from there."""

    __tablename__ = "snapshot"
    site: str = key()
    epoch: int = key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    names: bytes


class ChunkRow(SQLModel, table=True):
    """One part of snapshots, packed by gzip, named by the hash of what is in it."""

    __tablename__ = "chunk"
    site: str = key()
    hash: str = key()
    data: bytes
