"""Whole sites move between SQLite and PostgreSQL and back; what differs is never kept."""

import asyncio

import pytest
import sqlalchemy as sa

from server import cli
from server.backups.copying import CopyError, copy_book
from server.book import Book
from server.book.engine import make_engine
from server.book.rows import table
from server.settings import token_key
from sync.records import Item
from tests.server.conftest import SITE, Clock

pytestmark = pytest.mark.postgres


def heads(url):
    engine = make_engine(url, writes=False)
    with engine.begin() as connection:
        rows = connection.execute(sa.select(table("site"), table("site").c.link)).all()
    engine.dispose()
    return rows


@pytest.fixture
def empty(postgres):
    url = postgres.create()
    yield url
    postgres.drop(url)


def test_a_site_moves_to_postgresql_and_back_and_is_the_same(settings, empty, tmp_path, capsys):
    back = f"sqlite:///{tmp_path / 'back.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BINCARD_DATA", str(settings.data))
        assert cli.main(["copy", "--from", settings.database, "--to", empty]) == 0
        assert "rows were copied, replayed and compared" in capsys.readouterr().out
        assert cli.main(["copy", "--from", empty, "--to", back]) == 0
        assert heads(back) == heads(empty) == heads(settings.database)
        assert cli.main(["copy", "--from", settings.database, "--to", empty]) == 1
    assert "something in the target already" in capsys.readouterr().err


def test_a_copy_goes_on_where_the_original_ended(settings, empty):
    copy_book(settings.database, empty)
    (before,) = heads(empty)

    async def work():
        book = Book(empty, token_key(settings.token_key_file), Clock())
        book.start()
        await book.change(SITE, "test", [Item(item="NEW", name="New")], "after the move")
        faults = book.verify(None)
        book.close()
        return faults

    assert asyncio.run(work()) == []
    (after,) = heads(empty)
    assert after.seq == before.seq + 1


def test_a_ledger_that_does_not_replay_is_not_copied(settings, empty):
    engine = make_engine(settings.database, writes=True)
    with engine.begin() as connection:
        connection.execute(table("site").update().values(link="0" * 64))
    engine.dispose()
    with pytest.raises(CopyError, match="does not replay"):
        copy_book(settings.database, empty)
    assert heads(empty) == []


def test_a_backup_of_postgresql_is_a_file_that_goes_back_into_an_empty_one(
    settings, postgres, empty, tmp_path, capsys
):
    copy_book(settings.database, empty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BINCARD_DATA", str(settings.data))
        patch.setenv("BINCARD_DATABASE", empty)
        shelf = str(tmp_path / "shelf")
        assert cli.main(["backup", "--to", shelf]) == 0
        assert cli.main(["restore", shelf]) == 1
        assert "Make a new database" in capsys.readouterr().err
        fresh = postgres.create()
        patch.setenv("BINCARD_DATABASE", fresh)
        assert cli.main(["restore", shelf]) == 0, capsys.readouterr().err
        assert cli.main(["verify"]) == 0
    (old,), (new,) = heads(empty), heads(fresh)
    assert new.epoch > old.epoch
    assert new.seq == old.seq + 1
    postgres.drop(fresh)
