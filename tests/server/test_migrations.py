"""The steps of the migrations lead exactly to the tables that the program describes."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import server.tables
from server.book.engine import plain_engine
from server.migrations import HERE, SchemaOld, check_schema, migrate, newest_step, steps

assert server.tables


def described(file):
    """Every table and index as SQLite wrote it down, without the migrations' own table."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        ).fetchall()
    connection.close()
    return {
        # A table that a step made anew stands in quotes.
        name: sorted(line.strip().rstrip(",").replace('"', "") for line in sql.split("\n"))
        for name, sql in rows
    }


def test_a_migrated_database_has_the_tables_that_the_program_describes(tmp_path):
    migrate(f"sqlite:///{tmp_path}/migrated.db")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/made.db")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert described(tmp_path / "migrated.db") == described(tmp_path / "made.db")


def test_the_names_of_the_files_tell_the_steps_as_the_tool_reads_them():
    config = Config()
    config.set_main_option("script_location", str(HERE))
    script = ScriptDirectory.from_config(config)
    assert steps() == {step.revision for step in script.walk_revisions()}
    assert newest_step() == script.get_current_head()


def test_migrating_twice_changes_nothing(tmp_path):
    url = f"sqlite:///{tmp_path}/bincard.db"
    before, after = migrate(url)
    assert before is None
    assert migrate(url) == (after, after)
    check_schema(url)


def test_a_folder_without_a_database_is_told_to_migrate_and_stays_empty(tmp_path):
    with pytest.raises(SchemaOld, match="Run: bincard migrate"):
        check_schema(f"sqlite:///{tmp_path}/bincard.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_newer_program_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/bincard.db"
    migrate(url)
    with sqlite3.connect(tmp_path / "bincard.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaOld, match="newer"):
        check_schema(url)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_rows_of_the_first_tables_are_there_after_all_steps(request, tmp_path, kind):
    url = f"sqlite:///{tmp_path}/old.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").create()
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "0001")
    engine = plain_engine(url)
    with engine.begin() as book:
        book.exec_driver_sql("INSERT INTO device VALUES ('S', 'd1', 'PDA-01', true, 7, 3)")
    migrate(url)
    with engine.begin() as book:
        query = "SELECT name, revoked, off_since, version, parked FROM device"
        assert [*map(tuple, book.exec_driver_sql(query))] == [("PDA-01", True, 7, 3, None)]
        assert book.exec_driver_sql("SELECT count(*) FROM spent").scalar() == 0
    engine.dispose()
    if kind == "postgresql":
        request.getfixturevalue("postgres").drop(url)
