"""What stands where, what it is for, and what is odd about it: projections of the log."""

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from server.tables.columns import big, key


class DocumentRow(SQLModel, table=True):
    """A paper that asks the floor for work."""

    __tablename__ = "document"
    __table_args__: ClassVar = (
        sa.Index(
            "ix_document_stopped", "site", "stopped",
            sqlite_where=sa.text("stopped IS NOT NULL"),
            postgresql_where=sa.text("stopped IS NOT NULL"),
        ),
    )  # fmt: skip
    site: str = key()
    document: str = key()
    kind: str
    partner: str | None = None
    item: str | None = None
    quantity: int | None = big(None)
    due: str | None = None
    state: str = "open"
    note: str = ""
    stopped: str | None = None
    version: int = big()


class LineRow(SQLModel, table=True):
    """One line of a document; its counters are projections of the postings that name it."""

    __tablename__ = "line"
    site: str = key()
    document: str = key()
    line: int = key()
    role: str = "asked"
    item: str | None = None
    quantity: int = big()
    done: int = big()
    rejected: int = big()
    returned: int = big()
    out: int = big()
    place: str | None = None
    state: str = "open"
    version: int = big()


class Price(SQLModel, table=True):
    """What a base unit of a purchase line costs, in the smallest coin: never on a handheld."""

    __tablename__ = "price"
    site: str = key()
    document: str = key()
    line: int = key()
    cost: int = big()


class OpeningCost(SQLModel, table=True):
    """What a base unit of opening stock cost, in millionths of the currency: as private as prices.

    `operation` is the id of the opening fact.
    """

    __tablename__ = "opening_cost"
    site: str = key()
    operation: str = key()
    cost_micro: int = big()


class Creation(SQLModel, table=True):
    """The request that a document was created from: its hash, and the key that its sender gave."""

    __tablename__ = "creation"
    __table_args__: ClassVar = (sa.Index("ix_creation_key", "site", "key", unique=True),)
    site: str = key()
    document: str = key()
    content: str
    key: str | None = None


class ReservationRow(SQLModel, table=True):
    """Goods kept for a document line."""

    __tablename__ = "reservation"
    __table_args__: ClassVar = (sa.Index("ix_reservation_item", "site", "item"),)
    site: str = key()
    document: str = key()
    line: int = key()
    place: str = key()
    key: str = key()
    item: str
    quantity: int = big()
    version: int = big()


class LotTable(SQLModel, table=True):
    """What is known of a lot. Its attributes are part of its identity: "" stands for none."""

    __tablename__ = "lot"
    site: str = key()
    item: str = key()
    lot: str = key()
    expires: str = key()
    supplier: str = key()
    fifo_at: int = big()
    blocked: str | None = None
    version: int = big()


class HoldingRow(SQLModel, table=True):
    """Quantity of one key at one place: a projection of the postings."""

    __tablename__ = "holding"
    __table_args__: ClassVar = (
        sa.Index("ix_holding_item", "site", "item", "place"),
        {"sqlite_with_rowid": False},
    )
    site: str = key()
    place: str = key()
    key: str = key()
    item: str
    quantity: int = big()
    version: int = big()


class CountedRow(SQLModel, table=True):
    """One count of one place."""

    __tablename__ = "counted"
    __table_args__: ClassVar = (
        sa.Index("ix_counted_place", "site", "place", sa.text("(at + u)")),
        sa.Index("ix_counted_count_id", "site", "count_id"),
    )
    site: str = key()
    operation: str = key()
    count_id: str
    place: str
    scope: str
    opened: int = big()
    at: int = big()
    u: int = big()
    replica: str
    seq: int = big()
    actor: str
    device: str = ""
    blind: bool = True
    reversed: bool = False
    version: int = big()


class VarianceRow(SQLModel, table=True):
    """One key of one count, expected beside counted."""

    __tablename__ = "variance"
    __table_args__: ClassVar = (
        sa.Index("ix_variance_place", "site", "place", "state"),
        sa.Index("ix_variance_state", "site", "state", "at"),
        sa.Index("ix_variance_count_id", "site", "count_id", "place", "key"),
        sa.Index(
            "ix_variance_key", "site", "place", "key",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )  # fmt: skip
    site: str = key()
    operation: str = key()
    line: int = key()
    count_id: str
    place: str
    key: str
    item: str
    counted: int = big()
    expected: int = big()
    at: int = big()
    u: int = big()
    first: int = big()
    last: int = big()
    replica: str
    seq: int = big()
    actor: str
    device: str = ""
    blind: bool = True
    state: str = "open"
    decided: str | None = None
    ambiguous: bool = False
    fifo_date: str | None = None
    parts: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    assumed: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    by_hand: str | None = None
    version: int = big()


class DiscrepancyRow(SQLModel, table=True):
    """Something odd that a person or later evidence must settle."""

    __tablename__ = "discrepancy"
    __table_args__: ClassVar = (
        sa.Index(
            "ix_discrepancy_item", "site", "place", "item",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_discrepancy_place", "site", "place", "state", "key"),
        sa.Index("ix_discrepancy_waits", "site", "waits"),
        sa.Index("ix_discrepancy_state", "site", "state", "until"),
        sa.Index("ix_discrepancy_operation", "site", "operation"),
    )  # fmt: skip
    site: str = key()
    discrepancy: str = key()
    code: str
    severity: str
    operation: str
    actor: str = ""
    document: str | None = None
    place: str | None = None
    key: str | None = None
    item: str | None = None
    at: int = big()
    until: int | None = big(None)
    waits: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    state: str = "open"
    settled_by: str | None = None
    opened_seq: int = big()
    version: int = big()


class SightingRow(SQLModel, table=True):
    """One thing, a serial or a container, seen once: a link of its chain."""

    __tablename__ = "sighting"
    __table_args__: ClassVar = (
        sa.Index("ix_sighting_of", "site", "of"),
        sa.Index("ix_sighting_thing", "site", "thing", "at"),
        sa.Index("ix_sighting_place", "site", "place"),
        {"sqlite_with_rowid": False},
    )
    site: str = key()
    thing: str = key()
    of: int = Field(primary_key=True, sa_type=sa.BigInteger)
    line: int = key()
    at: int = big()
    taken: int = big()
    u: int = big()
    replica: str
    rseq: int = big()
    place: str
    source: str
    key: str
    sets: bool = False
    only_from: str | None = None
    only_key: str | None = None
    gone: bool = False
    posted: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    version: int = big()


class ResultRow(SQLModel, table=True):
    """A later outcome of an operation than its verdict."""

    __tablename__ = "result"
    site: str = key()
    operation: str = key()
    outcome: str
    reversed: bool = False
    flags: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    version: int = big()
