"""How columns are written down once: keys, big numbers, and how constraints are named."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

# Alembic can only drop or change what has a name, so names are fixed before the first table.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def key() -> Any:  # noqa: ANN401 - SQLModel's Field is untyped by design
    """Return a column of the primary key."""
    return Field(primary_key=True)


def big(default: int | None = 0) -> Any:  # noqa: ANN401 - as above
    """Return a column of 64 bits: times in ms, quantities, seqs."""
    return Field(default=default, sa_type=sa.BigInteger)


def settle(metadata: sa.MetaData) -> None:
    """Give every column the type that it has on both databases.

    Whole numbers have 64 bits, as in SQLite; texts are compared as bytes, so that no order of
    ours depends on the language of a server, or changes with an update of its libraries.
    """
    bytewise = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    for table in metadata.tables.values():
        for column in table.c:
            if isinstance(column.type, sa.String):
                column.type = bytewise
            elif isinstance(column.type, sa.Integer):
                column.type = sa.BigInteger()
