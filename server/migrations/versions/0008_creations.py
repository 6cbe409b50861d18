"""What a document was created from, so that the same request again answers that document."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    # Compared as bytes, whatever the language of the server.
    kind = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    return sa.Column(name, kind, primary_key=key, nullable=null)


def upgrade() -> None:
    """Add the table. Documents of before have no row: sent again, they are refused as ever."""
    op.create_table(
        "creation",
        _text("site", key=True), _text("document", key=True), _text("content"),
        _text("key", null=True),
        sa.PrimaryKeyConstraint("site", "document", name="pk_creation"),
    )  # fmt: skip
    op.create_index("ix_creation_key", "creation", ["site", "key"], unique=True)


def downgrade() -> None:
    op.drop_table("creation")
