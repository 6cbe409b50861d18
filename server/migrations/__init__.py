"""Brings a database to the tables that this program expects, one numbered step after another."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa

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
    _upgrade(url)
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
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    step: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return step


def newest_step() -> str:
    """Return the step to which this program brings a database."""
    return max(steps())


def is_known(step: str) -> bool:
    """Say whether this program knows a step of the tables."""
    return step in steps()


def steps() -> frozenset[str]:
    """Return the steps that this program knows: each file is named by its number."""
    return frozenset(file.name[:4] for file in (HERE / "versions").glob("[0-9]*_*.py"))


def _upgrade(url: str) -> None:
    # Every command asks at which step a database is; only this one needs the tool that moves it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")
