"""The steps of the migrations lead exactly to the tables that the program describes."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import server.tables
from server.migrations import HERE, SchemaOld, check_schema, migrate, newest_step, steps

assert server.tables


def described(file):
    """Every table and index as SQLite wrote it down, without the migrations' own table.

    A table that a step has made anew has its name in quotes.
    """
    with sqlite3.connect(file) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        ).fetchall()
    connection.close()
    return {
        name: sorted(line.strip().rstrip(",") for line in sql.replace('"', "").split("\n"))
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
