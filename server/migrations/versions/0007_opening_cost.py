"""What opening stock cost: one row for each opening fact whose file said it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; what was opened before has no cost, as before."""
    # Compared as bytes, whatever the language of the server.
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "opening_cost",
        sa.Column("site", text, nullable=False),
        sa.Column("operation", text, nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "operation", name=op.f("pk_opening_cost")),
    )


def downgrade() -> None:
    """Forget the costs."""
    op.drop_table("opening_cost")
