"""Brings a database to the tables that this program expects, one numbered step after another."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel

from server.book.engine import address_of, plain_engine
from server.refusals import NotReady

if TYPE_CHECKING:
    from server.book.repair import Repaired

HERE: Final = Path(__file__).parent

DIFFERENCES_SHOWN: Final = 5

_INDEXES: Final = {
    "sqlite": sa.text("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"),
    "postgresql": sa.text(
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
        " AND indexname LIKE 'ix\\_%'"
    ),
}


class SchemaOld(NotReady):
    """The tables are not those of this program; the message says what to run."""


class Migrated(NamedTuple):
    """The steps before and after, and what was derived again, by site."""

    before: str | None
    after: str | None
    mended: "list[Repaired]"


def migrate(url: str, *, unproved: bool = False) -> Migrated:
    """Bring the database to the newest step, and what follows from its ledger to today's rules.

    All of it is one transaction. Raises `SchemaOld` when it was written by a newer program, or is
    not what its step says, and `RepairError` when its ledger is broken, but for what may be
    `unproved`.
    """
    before = current(url)
    if before is not None and not is_known(before):
        raise _newer(before)
    parsed = address_of(url)
    if parsed.get_backend_name() == "sqlite" and (file := parsed.database):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    if before == newest_step():
        _check_tables(url, before, is_to_come=True)
    mended = _upgrade(url, unproved=unproved)
    after = current(url)
    _check_tables(url, after or "")
    return Migrated(before, after, mended)


def check_schema(url: str) -> None:
    """Raise `SchemaOld` unless the database is at the newest step, and what follows from its ledger
    was derived by the rules of today.
    """  # noqa: D205 - one sentence on two lines
    newest = newest_step()
    found = current(url)
    if found == newest:
        _check_tables(url, newest)
        return
    if found is None:
        raise SchemaOld("The database has no tables yet. Run: bincard migrate")
    if not is_known(found):
        raise _newer(found)
    raise SchemaOld(f"The database is at step {found}, not {newest}. Run: bincard migrate")


def _newer(step: str) -> SchemaOld:
    return SchemaOld(
        f"The database is at step {step}, which this program doesn't know: "
        "it was written by a newer one. Install that, or restore a backup."
    )


def _older() -> SchemaOld:
    return SchemaOld(
        "What follows from the ledger (stock, progress, what counts expect) was written by the "
        "rules of an older program. Run: bincard migrate"
    )


def _check_tables(url: str, step: str, *, is_to_come: bool = False) -> None:
    """Raise `SchemaOld` unless the tables are those that this program describes, name by name.

    A step says what was done once; only the tables say what is there. What follows from the ledger
    may be older where that `is_to_come`.
    """
    engine = plain_engine(url)
    try:
        with engine.connect() as connection:
            differences = list(differences_in(connection))
            derived = _derived_in(connection) if not differences else None
    finally:
        engine.dispose()
    if differences:
        raise SchemaOld(
            f"The database says that it is at step {step}, but its tables are others: "
            f"{'; '.join(differences[:DIFFERENCES_SHOWN])}. Somebody changed them, or they were "
            "made by a program between two releases. Restore a backup with the program that made "
            "it, and upgrade from there."
        )
    if derived is not None and (derived > 0 or not is_to_come):
        raise _older() if derived < 0 else _newer(step)


def _derived_in(connection: sa.Connection) -> int | None:
    """Return how far what follows from the ledger is from today's rules; None where it is not."""
    from server.migrations.derived import DERIVED, version_of  # noqa: PLC0415 - as above

    return (version_of(connection) - DERIVED) or None


def differences_in(connection: sa.Connection) -> Iterator[str]:
    """Say which tables, columns and indexes that are described a database has not, or otherwise.

    Tables and indexes that somebody added are theirs.
    """
    import server.tables  # noqa: F401, PLC0415 - only who looks at tables needs their descriptions

    found = sa.inspect(connection)
    there = set(found.get_table_names())
    described = SQLModel.metadata.tables
    yield from (f"the table {name} is missing" for name in sorted(described.keys() - there))
    for name in sorted(there & described.keys()):
        table = described[name]
        columns = {(one["name"], bool(one["nullable"])) for one in found.get_columns(name)}
        other = columns ^ {(one.name, bool(one.nullable)) for one in table.c}
        yield from sorted({f"the column {name}.{column}" for column, _ in other})
    indexes = {str(one.name) for table in described.values() for one in table.indexes}
    for index in sorted(indexes - set(connection.scalars(_INDEXES[connection.dialect.name]))):
        yield f"the index {index} is missing"


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


def _upgrade(url: str, *, unproved: bool) -> "list[Repaired]":
    # Every command asks at which step a database is; only this one needs the tool that moves it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    from server.migrations.derived import rebuild  # noqa: PLC0415 - it is the whole book

    mended: list[Repaired] = []
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.attributes["then"] = lambda connection: mended.extend(
        rebuild(connection, unproved=unproved)
    )
    command.upgrade(config, "head")
    return mended
