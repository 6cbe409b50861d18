"""The first tables: the site and its master data, documents, stock, the log, and people.

The tables stand here as they were at this step; `server/tables` describes them as they are.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_METADATA: Final = sa.MetaData(naming_convention=_NAMES)


def _column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """One column: `*name` is part of the key, `name?` may be null."""
    plain = name.strip("*?")
    return sa.Column(plain, kind, primary_key=name[0] == "*", nullable=name[-1] == "?")


def _text(name: str) -> sa.Column[Any]:
    # Compared as bytes, whatever the language of the server.
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    return _column(name, kind)


def _big(name: str) -> sa.Column[Any]:
    return _column(name, sa.BigInteger())


def _flag(name: str) -> sa.Column[Any]:
    return _column(name, sa.Boolean())


def _json(name: str) -> sa.Column[Any]:
    return _column(name, sa.JSON())


def _bytes(name: str) -> sa.Column[Any]:
    return _column(name, sa.LargeBinary())


def _if(rows: str) -> dict[str, Any]:
    """An index of these rows only."""
    return {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}


sa.Table(
    "site", _METADATA,
    _text("*site"), _text("name"), _text("name_zh"), _text("time_zone"),
    _big("over_receipt_percent"), _big("over_issue_percent"), _big("count_tolerance"),
    _big("count_tolerance_percent?"),
    _big("unsent_warning"), _big("unsent_warning_hours"), _text("closed_through?"),
    _big("adjust_limit?"), _big("version"), _big("epoch"),
    _big("seq"), _text("link"), _text("scope"), _big("clock"), _big("watermark"),
    _big("master_seq"),
)  # fmt: skip

sa.Table(
    "warehouse", _METADATA,
    _text("*site"), _text("*warehouse"), _text("name"), _text("name_zh"), _big("version"),
)  # fmt: skip

sa.Table(
    "location", _METADATA,
    _text("*site"), _text("*location"), _text("warehouse"), _text("kind"), _big("walk"),
    _flag("blocked"), _big("capacity?"), _text("mixing"), _big("version"),
)  # fmt: skip

sa.Table(
    "item", _METADATA,
    _text("*site"), _text("*item"), _text("name"), _text("name_zh"), _text("spec"), _text("unit"),
    _text("kind"), _flag("lots"), _flag("dated"), _flag("serials"), _text("fifo"), _json("units"),
    _json("aliases"), _text("receive_status"), _big("count_tolerance?"),
    _big("count_tolerance_percent?"), _flag("active"), _big("version"),
)  # fmt: skip

sa.Table(
    "partner", _METADATA,
    _text("*site"), _text("*partner"), _text("kind"), _text("name"), _big("version"),
)  # fmt: skip

sa.Table(
    "alias", _METADATA,
    _text("*site"), _text("*raw"), _text("kind"), _text("code"), _big("version"),
)  # fmt: skip

sa.Table(
    "document", _METADATA,
    _text("*site"), _text("*document"), _text("kind"), _text("partner?"), _text("item?"),
    _big("quantity?"), _text("due?"), _text("state"), _text("note"),
    _text("stopped?"), _big("version"),
    sa.Index("ix_document_stopped", "site", "stopped", **_if("stopped IS NOT NULL")),
)  # fmt: skip

sa.Table(
    "line", _METADATA,
    _text("*site"), _text("*document"), _big("*line"), _text("item?"), _big("quantity"),
    _big("done"), _text("place?"), _text("state"), _big("version"),
)  # fmt: skip

sa.Table(
    "price", _METADATA,
    _text("*site"), _text("*document"), _big("*line"), _big("cost"),
)  # fmt: skip

sa.Table(
    "reservation", _METADATA,
    _text("*site"), _text("*document"), _big("*line"), _text("*place"), _text("*key"),
    _text("item"), _big("quantity"), _big("version"),
    sa.Index("ix_reservation_item", "site", "item"),
)  # fmt: skip

sa.Table(
    "lot", _METADATA,
    _text("*site"), _text("*item"), _text("*lot"), _text("*expires"), _text("*supplier"),
    _big("fifo_at"), _text("blocked?"), _big("version"),
)  # fmt: skip

sa.Table(
    "holding", _METADATA,
    _text("*site"), _text("*place"), _text("*key"), _text("item"), _big("quantity"),
    _big("version"), sa.Index("ix_holding_item", "site", "item", "place"),
    sqlite_with_rowid=False,
)  # fmt: skip

sa.Table(
    "person", _METADATA,
    _text("*site"), _text("*person"), _text("name"), _text("role"), _text("badge"),
    _text("language"), _text("verifier"), _flag("active"), _big("adjust_limit?"), _big("version"),
    sa.Index("ix_person_badge", "site", "badge"),
)  # fmt: skip

sa.Table(
    "device", _METADATA,
    _text("*site"), _text("*device"), _text("name"), _flag("revoked"), _big("off_since?"),
    _big("version"),
)  # fmt: skip

sa.Table(
    "counted", _METADATA,
    _text("*site"), _text("*operation"), _text("count_id"), _text("place"), _text("scope"),
    _big("opened"), _big("at"), _big("u"), _text("replica"), _big("seq"), _text("actor"),
    _text("device"), _flag("blind"), _flag("reversed"), _big("version"),
    sa.Index("ix_counted_place", "site", "place", sa.text("(at + u)")),
)  # fmt: skip

sa.Table(
    "variance", _METADATA,
    _text("*site"), _text("*operation"), _big("*line"), _text("count_id"), _text("place"),
    _text("key"), _text("item"), _big("counted"), _big("expected"), _big("at"), _big("u"),
    _big("first"), _big("last"), _text("replica"), _big("seq"), _text("actor"), _text("device"),
    _flag("blind"), _text("state"), _text("decided?"), _flag("ambiguous"), _text("fifo_date?"),
    _json("parts"), _json("assumed"), _text("by_hand?"),
    _big("version"), sa.Index("ix_variance_count_id", "site", "count_id"),
    sa.Index("ix_variance_place", "site", "place", "state"),
    sa.Index("ix_variance_state", "site", "state", "at"),
)  # fmt: skip

sa.Table(
    "discrepancy", _METADATA,
    _text("*site"), _text("*discrepancy"), _text("code"), _text("severity"), _text("operation"),
    _text("actor"), _text("document?"), _text("place?"), _text("key?"), _text("item?"),
    _big("at"), _big("until?"), _text("waits?"), _json("detail"), _text("state"),
    _text("settled_by?"), _big("opened_seq"), _big("version"),
    sa.Index("ix_discrepancy_item", "site", "place", "item", **_if("state = 'open'")),
    sa.Index("ix_discrepancy_operation", "site", "operation"),
    sa.Index("ix_discrepancy_place", "site", "place", "state", "key"),
    sa.Index("ix_discrepancy_state", "site", "state", "until"),
    sa.Index("ix_discrepancy_waits", "site", "waits"),
)  # fmt: skip

sa.Table(
    "sighting", _METADATA,
    _text("*site"), _text("*thing"), _big("*of"), _big("*line"), _big("at"), _big("taken"),
    _big("u"), _text("replica"), _big("rseq"), _text("place"), _text("source"), _text("key"),
    _flag("sets"), _text("only_from?"), _text("only_key?"), _flag("gone"), _json("posted"),
    _big("version"), sa.Index("ix_sighting_of", "site", "of"),
    sa.Index("ix_sighting_thing", "site", "thing", "at"),
    sa.Index("ix_sighting_place", "site", "place"), sqlite_with_rowid=False,
)  # fmt: skip

sa.Table(
    "result", _METADATA,
    _text("*site"), _text("*operation"), _text("outcome"), _flag("reversed"), _json("flags"),
    _big("version"),
)  # fmt: skip

sa.Table(
    "log", _METADATA,
    _text("*site"), _big("*seq"), _text("kind"), _text("id"), _text("verb"), _text("actor"),
    _text("device"), _text("carrier"), _text("replica?"), _big("rseq?"), _text("document?"),
    _big("line?"), _text("accounted"),
    _big("received_at"), _big("at"), _big("u"), _text("trust"), _text("outcome"),
    _bytes("payload"), _text("payload_hash"), _text("content_hash"), _bytes("verdict"),
    _text("link"), _text("scope"), sa.UniqueConstraint("site", "id"),
    sa.Index("ix_log_replica", "site", "replica", "rseq", "at"),
)  # fmt: skip

sa.Table(
    "posting", _METADATA,
    _text("*site"), _big("*seq"), _big("*n"), _big("of"), _big("line"), _text("kind"),
    _text("item"), _text("key"), _text("place_from"), _text("place_to"), _big("quantity"),
    _big("t_from?"), _big("t_to?"), _big("u"), _text("replica"), _big("rseq"), _big("counted?"),
    sa.Index("ix_posting_from", "site", "place_from", "key", "t_from", **_if("t_from IS NOT NULL")),
    sa.Index("ix_posting_item", "site", "item", "seq"),
    sa.Index("ix_posting_linked", "site", "of", **_if("of <> seq")),
    sa.Index("ix_posting_to", "site", "place_to", "key", "t_to", **_if("t_to IS NOT NULL")),
    sqlite_with_rowid=False,
)  # fmt: skip

sa.Table(
    "feed", _METADATA,
    _text("*site"), _big("*seq"), _big("*n"), _text("kind"), _text("key"), _bytes("payload?"),
    sqlite_with_rowid=False,
)  # fmt: skip

sa.Table(
    "replica", _METADATA,
    _text("*site"), _text("*replica"), _text("device"), _big("acked"), _text("hash?"),
    _big("seen_at"), _big("watermark"), _big("at"), _big("unsent"), _flag("active"),
    _bytes("contacts"), _big("blocks"), _bytes("holes"),
    sa.Index("ix_replica_vouches", "site", "watermark", "seen_at", **_if("active")),
)  # fmt: skip

sa.Table(
    "snapshot", _METADATA,
    _text("*site"), _big("*epoch"), _big("*seq"), _bytes("names"),
)  # fmt: skip

sa.Table(
    "chunk", _METADATA,
    _text("*site"), _text("*hash"), _bytes("data"),
)  # fmt: skip

sa.Table(
    "credential", _METADATA,
    _text("*site"), _text("*person"), _text("pin_hash"),
)  # fmt: skip

sa.Table(
    "enrolment", _METADATA,
    _text("*code_hash"), _text("site"), _text("name"), _text("by"), _big("expires_at"),
    _text("used_by?"),
)  # fmt: skip

sa.Table(
    "sign_in", _METADATA,
    _text("*site"), _text("*device"), _text("*person"), _big("proved_at?"), _big("wrong"),
    _big("locked_until"),
)  # fmt: skip


def upgrade() -> None:
    _METADATA.create_all(op.get_bind(), checkfirst=False)
