"""Limits: what devices bring in a day, doubts of a device that are parked, counts by key.

What counts say is asked for key by key, so that a movement costs the same however
many counts are open there.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_OPEN: Final[dict[str, Any]] = {
    "sqlite_where": sa.text("state = 'open'"),
    "postgresql_where": sa.text("state = 'open'"),
}


def _text() -> sa.types.TypeEngine[Any]:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _whole(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "spent",
        sa.Column("site", _text(), nullable=False),
        sa.Column("device", _text(), nullable=False),
        *(_whole(name) for name in ("since", "seen", "days", "operations", "bytes", "opened",
                                    "blocks")),
        sa.Column("told", _text(), nullable=True),
        _whole("closing", null=True),
        sa.PrimaryKeyConstraint("site", "device", name="pk_spent"),
    )  # fmt: skip
    if op.get_bind().dialect.name == "sqlite":
        # It keeps the text of a table; made anew, it is that of a new database.
        with op.batch_alter_table("device", recreate="always") as device:
            device.add_column(_whole("parked", null=True), insert_after="off_since")
    else:
        op.add_column("device", _whole("parked", null=True))
    op.drop_index("ix_variance_count_id", "variance")
    op.create_index("ix_variance_count_id", "variance", ["site", "count_id", "place", "key"])
    op.create_index("ix_variance_key", "variance", ["site", "place", "key"], **_OPEN)
