"""Alembic's entrance: one connection, one transaction per run.

A database may be at work meanwhile: who migrates waits in line with others that do, and gives up
soon when a table is in use, instead of making every scan wait behind it. Either all of it is done
or nothing: whatever fails leaves the database to the program that it had.
"""

from alembic import context
from sqlmodel import SQLModel

import server.tables  # noqa: F401 - describes the tables to SQLModel
from server.book.engine import make_engine

ONE_AT_A_TIME = 0x62696E63617264
"""The number of the advisory lock: `bincard` in letters."""


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = make_engine(url, writes=True, patient=True)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")
                connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
            context.configure(
                connection=connection,
                target_metadata=SQLModel.metadata,
                render_as_batch=connection.dialect.name == "sqlite",
            )
            with context.begin_transaction():
                context.run_migrations()
            # What steps alone are tried with has nothing to follow.
            if (then := context.config.attributes.get("then")) is not None:
                then(connection)
    finally:
        engine.dispose()


run()
