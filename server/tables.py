"""The tables at rest, in the words of `sync/records.py`.

Rows that devices replicate have the columns of the record of the same name, plus `site`;
a test holds the two together. The rest belongs to the book (log, posting, feed, replica)
or to the people of the site (credential, enrolment, sign-in).
Times are milliseconds since 1970 UTC, quantities whole numbers of the base unit.
"""

from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sync.records import FEED

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _key() -> Any:  # noqa: ANN401 - SQLModel's Field is untyped by design
    return Field(primary_key=True)


def _big(default: int | None = 0) -> Any:  # noqa: ANN401 - as above
    return Field(default=default, sa_type=sa.BigInteger)



class SiteRow(SQLModel, table=True):
    """A site, its settings, and the head of its log: the row that every change locks first."""

    __tablename__ = "site"
    site: str = _key()
    name: str
    name_zh: str = ""
    time_zone: str = "UTC"
    over_receipt_percent: int = 0
    over_issue_percent: int = 0
    count_tolerance: int = 0
    unsent_warning: int = 200
    unsent_warning_hours: int = 4
    version: int = _big()
    epoch: int = 1
    seq: int = _big()
    link: str = "0" * 64
    scope: str = "0"
    clock: int = _big()
    watermark: int = _big()
    master_seq: int = _big()


class WarehouseRow(SQLModel, table=True):
    """A named group of locations with a keeper."""

    __tablename__ = "warehouse"
    site: str = _key()
    warehouse: str = _key()
    name: str
    name_zh: str = ""
    version: int = _big()


class LocationRow(SQLModel, table=True):
    """A place that can hold stock."""

    __tablename__ = "location"
    site: str = _key()
    location: str = _key()
    warehouse: str
    kind: str = "bin"
    walk: int = 0
    blocked: bool = False
    version: int = _big()


class ItemRow(SQLModel, table=True):
    """A thing that is held."""

    __tablename__ = "item"
    site: str = _key()
    item: str = _key()
    name: str
    name_zh: str = ""
    spec: str = ""
    unit: str = "EA"
    kind: str = "raw"
    lots: bool = False
    dated: bool = False
    serials: bool = False
    fifo: str = "reason"
    units: list[Any] = Field(default_factory=list, sa_type=sa.JSON)
    aliases: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    receive_status: str = "ok"
    active: bool = True
    version: int = _big()


class PartnerRow(SQLModel, table=True):
    """A supplier or a customer."""

    __tablename__ = "partner"
    site: str = _key()
    partner: str = _key()
    kind: str
    name: str
    version: int = _big()


class AliasRow(SQLModel, table=True):
    """What an unknown code turned out to be."""

    __tablename__ = "alias"
    site: str = _key()
    raw: str = _key()
    kind: str
    code: str
    version: int = _big()


class DocumentRow(SQLModel, table=True):
    """A paper that asks the floor for work."""

    __tablename__ = "document"
    site: str = _key()
    document: str = _key()
    kind: str
    partner: str | None = None
    item: str | None = None
    quantity: int | None = _big(None)
    due: str | None = None
    state: str = "open"
    note: str = ""
    version: int = _big()


class LineRow(SQLModel, table=True):
    """One line of a document; `done` is a projection of the postings that name it."""

    __tablename__ = "line"
    site: str = _key()
    document: str = _key()
    line: int = _key()
    item: str | None = None
    quantity: int = _big()
    done: int = _big()
    place: str | None = None
    state: str = "open"
    version: int = _big()


class LotTable(SQLModel, table=True):
    """What is known of a lot. Its attributes are part of its identity: "" stands for none."""

    __tablename__ = "lot"
    site: str = _key()
    item: str = _key()
    lot: str = _key()
    expires: str = _key()
    supplier: str = _key()
    fifo_at: int = _big()
    blocked: str | None = None
    version: int = _big()


class HoldingRow(SQLModel, table=True):
    """Quantity of one key at one place: a projection of the postings."""

    __tablename__ = "holding"
    __table_args__: ClassVar = (
        sa.Index("ix_holding_item", "site", "item"),
        {"sqlite_with_rowid": False},
    )
    site: str = _key()
    place: str = _key()
    key: str = _key()
    item: str
    quantity: int = _big()
    version: int = _big()


class PersonRow(SQLModel, table=True):
    """The roster."""

    __tablename__ = "person"
    __table_args__: ClassVar = (sa.Index("ix_person_badge", "site", "badge"),)
    site: str = _key()
    person: str = _key()
    name: str
    role: str
    badge: str
    language: str = "en"
    verifier: str = ""
    active: bool = True
    version: int = _big()


class DeviceRow(SQLModel, table=True):
    """An enrolled phone, scanner or desk."""

    __tablename__ = "device"
    site: str = _key()
    device: str = _key()
    name: str
    revoked: bool = False
    version: int = _big()


class CountedRow(SQLModel, table=True):
    """One count of one place."""

    __tablename__ = "counted"
    __table_args__: ClassVar = (sa.Index("ix_counted_place", "site", "place", "at"),)
    site: str = _key()
    operation: str = _key()
    count_id: str
    place: str
    scope: str
    opened: int = _big()
    at: int = _big()
    u: int = _big()
    replica: str
    seq: int = _big()
    actor: str
    device: str = ""
    blind: bool = True
    reversed: bool = False
    version: int = _big()


class VarianceRow(SQLModel, table=True):
    """One key of one count, expected beside counted."""

    __tablename__ = "variance"
    __table_args__: ClassVar = (
        sa.Index("ix_variance_place", "site", "place"),
        sa.Index("ix_variance_state", "site", "state", "at"),
        sa.Index("ix_variance_count_id", "site", "count_id"),
    )
    site: str = _key()
    operation: str = _key()
    line: int = _key()
    count_id: str
    place: str
    key: str
    item: str
    counted: int = _big()
    expected: int = _big()
    at: int = _big()
    u: int = _big()
    first: int = _big()
    last: int = _big()
    replica: str
    seq: int = _big()
    actor: str
    device: str = ""
    blind: bool = True
    state: str = "open"
    decided: str | None = None
    ambiguous: bool = False
    fifo_date: str | None = None
    version: int = _big()


class DiscrepancyRow(SQLModel, table=True):
    """Something odd that a person or later evidence must settle."""

    __tablename__ = "discrepancy"
    __table_args__: ClassVar = (
        sa.Index("ix_discrepancy_place", "site", "place", "key"),
        sa.Index("ix_discrepancy_waits", "site", "waits"),
        sa.Index("ix_discrepancy_state", "site", "state", "until"),
        sa.Index("ix_discrepancy_operation", "site", "operation"),
    )
    site: str = _key()
    discrepancy: str = _key()
    code: str
    severity: str
    operation: str
    actor: str = ""
    document: str | None = None
    place: str | None = None
    key: str | None = None
    item: str | None = None
    at: int = _big()
    until: int | None = _big(None)
    waits: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    state: str = "open"
    settled_by: str | None = None
    opened_seq: int = _big()
    version: int = _big()


class ResultRow(SQLModel, table=True):
    """A later outcome of an operation than its verdict."""

    __tablename__ = "result"
    site: str = _key()
    operation: str = _key()
    outcome: str
    reversed: bool = False
    flags: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    version: int = _big()


class Log(SQLModel, table=True):
    """Every change of the site: one number, one link of the chain, the bytes as they came.

    `kind` is fact, intent or change (master data, documents, imports). `at` ± `u` is when it
    happened, `received_at` when we learned it. Operations keep device, replica and verdict.
    """

    __tablename__ = "log"
    __table_args__: ClassVar = (
        sa.UniqueConstraint("site", "id"),
        sa.Index("ix_log_replica", "site", "replica", "rseq"),
    )
    site: str = _key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    kind: str
    id: str
    verb: str
    actor: str
    device: str = ""
    replica: str | None = None
    rseq: int | None = _big(None)
    document: str | None = None
    line: int | None = None
    received_at: int = _big()
    at: int = _big()
    u: int = _big()
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
        sa.Index(
            "ix_posting_linked", "site", "of",
            sqlite_where=sa.text("of <> seq"),
            postgresql_where=sa.text("of <> seq"),
        ),
        {"sqlite_with_rowid": False},
    )  # fmt: skip
    site: str = _key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    n: int = _key()
    of: int = _big()
    line: int = 0
    kind: str
    item: str
    key: str
    place_from: str
    place_to: str
    quantity: int = _big()
    t_from: int | None = _big(None)
    t_to: int | None = _big(None)
    u: int = _big()
    replica: str
    rseq: int = _big()
    counted: int | None = _big(None)


class Feed(SQLModel, table=True):
    """Absolute images in the order of the log."""

    __tablename__ = "feed"
    __table_args__: ClassVar = ({"sqlite_with_rowid": False},)
    site: str = _key()
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    n: int = _key()
    kind: str
    key: str
    payload: bytes | None = None


class ReplicaRow(SQLModel, table=True):
    """What the server knows of one storage incarnation of one device."""

    __tablename__ = "replica"
    site: str = _key()
    replica: str = _key()
    device: str
    acked: int = _big()
    hash: str | None = None
    seen_at: int = _big()
    watermark: int = _big()
    at: int = _big()
    unsent: int = 0
    active: bool = True
    exchange: bytes = b""
    blocks: int = 0


class Credential(SQLModel, table=True):
    """The PIN of a person, argon2id; wrong tries are counted per device in `sign_in`."""

    __tablename__ = "credential"
    site: str = _key()
    person: str = _key()
    pin_hash: str


class Enrolment(SQLModel, table=True):
    """A one-time code, hashed, that makes a device."""

    __tablename__ = "enrolment"
    code_hash: str = _key()
    site: str
    name: str
    by: str
    expires_at: int = _big()
    used_by: str | None = None


class SignIn(SQLModel, table=True):
    """That this person signed in on this device before the server's eyes, or tried and failed."""

    __tablename__ = "sign_in"
    site: str = _key()
    device: str = _key()
    person: str = _key()
    proved_at: int | None = _big(None)
    wrong: int = 0
    locked_until: int = _big()


REPLICATED: Final[dict[str, sa.Table]] = {
    kind: SQLModel.metadata.tables["result" if kind == "operation" else kind] for kind in FEED
}
"""The table behind each kind of the feed."""
