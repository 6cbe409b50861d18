"""The tables on PostgreSQL: made by the steps as they are described, by many at once if need be."""

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from server.book.engine import plain_engine
from server.migrations import SchemaOld, check_schema, newest_step

pytestmark = pytest.mark.postgres


def test_the_steps_make_the_tables_as_they_are_described(postgres_book):
    engine = plain_engine(postgres_book)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        columns = sa.inspect(connection).get_columns("posting")
        assert {str(one["type"]) for one in columns} == {'VARCHAR COLLATE "C"', "BIGINT"}
    engine.dispose()


def test_several_that_migrate_at_once_wait_for_one_another(postgres, tmp_path):
    url = postgres.create()
    with pytest.raises(SchemaOld, match="bincard migrate"):
        check_schema(url)
    environment = {**os.environ, "BINCARD_DATA": str(tmp_path), "BINCARD_DATABASE": url}
    command = [sys.executable, "-m", "server.cli", "migrate"]
    several = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert all(f"step {newest_step()}" in one.communicate()[0] for one in several)
    check_schema(url)
    postgres.drop(url)
