"""The steps of the migrations lead exactly to the tables that the program describes."""

import hashlib
import re
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
    """Every table and index as SQLite wrote it down, without the migrations' own table.

    A table that a step has made anew has its name in quotes.
    """
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


def test_what_is_known_of_devices_of_before_is_taken_from_the_log(tmp_path):
    """[T3] The first that a device did; 0 of one that nobody has heard."""
    file = tmp_path / "bincard.db"
    to_step(f"sqlite:///{file}", "0001")
    with sqlite3.connect(file) as book:
        for name in ("A", "B"):
            fill(book, "device", site="S", device=name, name=name, revoked=0, version=1)
        fill(book, "replica", site="S", replica="r", device="A", active=1, contacts=b"", holes=b"")
        for seq, at in enumerate((700, 500, 900), start=1):
            fill(book, "log", site="S", seq=seq, id=f"o{seq}", device="A", replica="r", at=at)
    book.close()
    migrate(f"sqlite:///{file}")
    with sqlite3.connect(file) as book:
        told = book.execute("SELECT device, enrolled_at, former FROM device").fetchall()
        assert book.execute("SELECT actors FROM replica").fetchall() == [(b"",)]
    book.close()
    assert told == [("A", 500, None), ("B", 0, None)]


def to_step(url, step):
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, step)


def fill(book, table, **values):
    """Insert a row; what is not given is empty, of the kind that its column has."""
    columns = book.execute(f"PRAGMA table_info({table})").fetchall()
    empty = {"BIGINT": 0, "BOOLEAN": 0, "BLOB": b""}
    row = {
        name: values.get(name, empty.get(kind, ""))
        for _, name, kind, required, *_ in columns
        if required or name in values
    }
    marks = ", ".join("?" * len(row))
    names = ", ".join(f'"{name}"' for name in row)
    book.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))


def test_migrating_twice_changes_nothing(tmp_path):
    url = f"sqlite:///{tmp_path}/bincard.db"
    before, after, _ = migrate(url)
    assert before is None
    assert migrate(url) == (after, after, [])
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
    with pytest.raises(SchemaOld, match="newer"):
        migrate(url)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE partner DROP COLUMN name", "the column partner.name"),
        ("ALTER TABLE partner ADD COLUMN more TEXT", "the column partner.more"),
        ("DROP INDEX ix_posting_item", "the index ix_posting_item"),
        ("DROP TABLE chunk", "the table chunk is missing"),
    ],
)
def test_tables_that_are_not_those_of_their_step_are_refused_by_name(tmp_path, change, named):
    """Step 0001 was once written anew: such a database said that it was there already."""
    url = f"sqlite:///{tmp_path}/bincard.db"
    migrate(url)
    with sqlite3.connect(tmp_path / "bincard.db") as connection:
        connection.execute(change)
    connection.close()
    for look in (check_schema, migrate):
        with pytest.raises(SchemaOld, match=re.escape(named)):
            look(url)


def test_a_table_and_an_index_that_somebody_added_for_their_own_figures_are_theirs(tmp_path):
    url = f"sqlite:///{tmp_path}/bincard.db"
    migrate(url)
    with sqlite3.connect(tmp_path / "bincard.db") as connection:
        connection.execute("CREATE TABLE notes (a)")
        connection.execute("CREATE INDEX own_figures ON posting (kind)")
    connection.close()
    check_schema(url)


def test_a_step_that_was_released_is_never_written_anew():
    """Databases have gone through it: what is to change comes as a step of its own."""
    listed = (HERE / "versions" / "SHA256SUMS").read_text("utf-8").splitlines()
    frozen = {name: digest for digest, name in (line.split() for line in listed)}
    for file in sorted((HERE / "versions").glob("[0-9]*_*.py")):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert frozen.get(file.name) == digest, f"{digest}  {file.name}"


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
