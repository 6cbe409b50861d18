"""Brings a database to the tables that this program expects, one numbered step after another."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.book.engine import address_of, plain_engine
from server.refusals import NotReady

HERE: Final = Path(__file__).parent


class SchemaOld(NotReady):
    """The tables are not those of this program; the message says what to run."""


def migrate(url: str) -> tuple[str | None, str | None]:
    """Bring the database to the newest step; return the steps before and after."""
    before = current(url)
    parsed = address_of(url)
    if parsed.get_backend_name() == "sqlite" and (file := parsed.database):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_config(url), "head")
    return before, current(url)


def check_schema(url: str) -> None:
    """Raise `SchemaOld` unless the database is at the newest step."""
    newest = newest_step()
    found = current(url)
    if found == newest:
        return
    if found is None:
        raise SchemaOld("The database has no tables yet. Run: bincard migrate")
    if not is_known(found):
        raise SchemaOld(
            f"The database is at step {found}, which this program doesn't know: "
            "it was written by a newer one. Install that, or restore a backup."
        )
    raise SchemaOld(f"The database is at step {found}, not {newest}. Run: bincard migrate")


def current(url: str) -> str | None:
    """Return the step at which the database is, null when it has none. Creates no file."""
    parsed = address_of(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return None
    engine = plain_engine(url)
    try:
        with engine.connect() as connection:
            return step_of(connection)
    finally:
        engine.dispose()


def step_of(connection: sa.Connection) -> str | None:
    """Return the step of the tables that a connection sees."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_step() -> str | None:
    """Return the step to which this program brings a database."""
    return ScriptDirectory.from_config(_config("sqlite://")).get_current_head()


def is_known(step: str) -> bool:
    """Say whether this program knows a step of the tables."""
    script = ScriptDirectory.from_config(_config("sqlite://"))
    return any(known.revision == step for known in script.walk_revisions())


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
