"""People: verifiers leave the roster, the feed and the snapshots; sessions can be ended.

Verifiers of workers move to `credential`, where no device reads them but by the one door for them;
those of everybody with more rights are gone. What kept parts of snapshots and rows of the feed had
of them is taken out; a snapshot is made anew by whoever asks first.
The tables are made anew rather than altered, so that both databases end with the same ones.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"

WORKER: Final = "worker"
_NAMES: Final = {"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
_METADATA: Final = sa.MetaData(naming_convention=_NAMES)
_TEXT: Final = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _text(name: str, **how: Any) -> sa.Column[Any]:  # noqa: ANN401 - SQLAlchemy's own options
    return sa.Column(name, _TEXT, nullable=False, **how)


def _key(name: str) -> sa.Column[Any]:
    return _text(name, primary_key=True)


def _big(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


_PERSON: Final = sa.Table(
    "person", _METADATA,
    _key("site"), _key("person"), _text("name"), _text("role"), _text("badge"), _text("language"),
    _text("pin_stamp"), sa.Column("active", sa.Boolean(), nullable=False),
    _big("adjust_limit", null=True), _big("version"),
    sa.Index("ix_person_badge", "site", "badge"),
)  # fmt: skip
_CREDENTIAL: Final = sa.Table(
    "credential", _METADATA,
    _key("site"), _key("person"), _text("pin_hash"), _text("verifier"),
)  # fmt: skip
_SIGN_IN: Final = sa.Table(
    "sign_in", _METADATA,
    _key("site"), _key("device"), _key("person"), _big("proved_at", null=True), _text("stamp"),
    _big("wrong"), _big("at"), _big("locked_until"),
)  # fmt: skip
_SESSION_END: Final = sa.Table(
    "session_end", _METADATA, _key("site"), _key("session"), _big("expires"),
)  # fmt: skip


def upgrade() -> None:
    people, credentials, sign_ins = _rows("person"), _rows("credential"), _rows("sign_in")
    stamps = {(row["site"], row["person"]): _stamp(row["pin_hash"]) for row in credentials}
    verifiers = {(row["site"], row["person"]): row["verifier"] for row in people
                 if row["role"] == WORKER}  # fmt: skip
    _anew(_PERSON, ({**row, "pin_stamp": stamps.get(_who(row), "")} for row in people))
    _anew(_CREDENTIAL, ({**row, "verifier": verifiers.get(_who(row), "")} for row in credentials))
    # What the server saw under the PIN of now: a new one has ended sessions, but not these rows.
    _anew(_SIGN_IN, ({**row, "stamp": "", "at": 0} for row in sign_ins))
    _SESSION_END.create(op.get_bind())
    _forget_told()


def _who(row: dict[str, Any]) -> tuple[str, str]:
    return row["site"], row["person"]


def _stamp(pin_hash: str) -> str:
    """As `stamp_of` made it at this step."""
    return hashlib.sha256(pin_hash.encode()).hexdigest()[:16]


def _rows(name: str) -> list[dict[str, Any]]:
    found = op.get_bind().execute(sa.text(f"SELECT * FROM {name}"))  # noqa: S608 - names of our own
    return [dict(row) for row in found.mappings()]


def _anew(table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    names = {column.name for column in table.columns}
    kept = [{name: value for name, value in row.items() if name in names} for row in rows]
    op.drop_table(table.name)
    table.create(op.get_bind())
    if kept:
        op.get_bind().execute(sa.insert(table), kept)


def _forget_told() -> None:
    """Take verifiers out of what devices may still fetch; versions and scopes stay as they are."""
    connection = op.get_bind()
    feed = sa.table("feed", sa.column("site"), sa.column("seq"), sa.column("n"), sa.column("kind"),
                    sa.column("payload", sa.LargeBinary()))  # fmt: skip
    people = connection.execute(
        sa.select(feed.c.site, feed.c.seq, feed.c.n, feed.c.payload).where(feed.c.kind == "person")
    ).all()
    for site, seq, n, payload in people:
        fields = msgspec.json.decode(payload) if payload else {}
        if "verifier" in fields:
            del fields["verifier"]
            here = sa.and_(feed.c.site == site, feed.c.seq == seq, feed.c.n == n)
            stripped = msgspec.json.encode(fields)
            connection.execute(sa.update(feed).where(here).values(payload=stripped))
    for name in ("snapshot", "chunk"):
        connection.execute(sa.delete(sa.table(name)))
