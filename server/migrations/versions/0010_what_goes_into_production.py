"""An index of what goes into production: what is made costs what went into it (R27)."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INTO_PRODUCTION = sa.text("place_to >= 'production/' AND place_to < 'production0'")


def upgrade() -> None:
    op.create_index(
        "ix_posting_into_production",
        "posting",
        ["site", "place_to", "item"],
        sqlite_where=_INTO_PRODUCTION,
        postgresql_where=_INTO_PRODUCTION,
    )
