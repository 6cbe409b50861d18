"""The parts of a count are found by its id, however long one after the other they were made."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_counted_count_id", "counted", ["site", "count_id"])
