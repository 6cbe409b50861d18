"""Alembic's entrance: one connection, one transaction per run."""

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import server.tables  # noqa: F401 - describes the tables to SQLModel


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            context.configure(
                connection=connection,
                target_metadata=SQLModel.metadata,
                render_as_batch=connection.dialect.name == "sqlite",
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


run()
