"""When a device was enrolled, what it was before, and who is known to have signed in on it.

A device of before did nothing before the first entry that the log has of it; of one that never
sent anything nobody knows (0).
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KNOWN: Final = """UPDATE device SET enrolled_at = first.at FROM (
    SELECT log.site, log.device, min(log.at) AS at FROM log
    WHERE log.replica IS NOT NULL GROUP BY log.site, log.device
) AS first WHERE first.site = device.site AND first.device = device.device"""


def _text(name: str) -> sa.Column[Any]:
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=True)


def upgrade() -> None:
    """Add the columns, and tell of old devices what the log knows."""
    with op.batch_alter_table("device") as device:
        device.add_column(
            sa.Column("enrolled_at", sa.BigInteger(), nullable=False, server_default="0")
        )
        device.add_column(_text("former"))
    with op.batch_alter_table("replica") as replica:
        replica.add_column(sa.Column("actors", sa.LargeBinary(), nullable=False, server_default=""))
    # A default is written as a text; what is kept there are bytes.
    op.get_bind().execute(sa.text("UPDATE replica SET actors = :none"), {"none": b""})
    op.execute(_KNOWN)
    with op.batch_alter_table("device") as device:
        device.alter_column("enrolled_at", server_default=None)
    with op.batch_alter_table("replica") as replica:
        replica.alter_column("actors", server_default=None)
