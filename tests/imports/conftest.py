"""A real book of a small site, for imports that are written."""

import shutil

import pytest

from server.book import Book
from server.imports import standing, writing
from server.imports.reading import Asked
from server.imports.tables import preview
from server.migrations import migrate
from sync import records
from tests.imports.known import ROWS, SITE, TODAY

NOW = 1_795_861_000_000
OPENED = NOW - 60_000


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A database with tables and nothing in them."""
    file = tmp_path_factory.mktemp("empty") / "bincard.db"
    migrate(f"sqlite:///{file}")
    return file


class Desk:
    """Who imports into the site, again and again."""

    def __init__(self, book):
        self.book = book

    async def change(self, *rows):
        await self.book.change(SITE, "test", rows, "test")

    async def known(self):
        return await self.book.read(lambda connection: standing.read(connection, SITE, TODAY))

    async def read(self, kind, text, **asked):
        data = text if isinstance(text, bytes) else text.encode()
        known = await self.known()
        return preview(kind, data, known, Asked(today=TODAY, **asked)), known

    async def load(self, kind, text, *, actor="operator", opened=OPENED, **asked):
        found, known = await self.read(kind, text, **asked)
        job = writing.Import(SITE, actor, opened)
        written = await writing.write(self.book, job, found, known, NOW)
        return found, written.opened

    async def stock(self):
        """What stands where, by place and key."""
        query = "SELECT place, key, quantity FROM holding WHERE quantity > 0 ORDER BY place, key"
        return await self.rows(query)

    async def rows(self, query):
        return await self.book.read(
            lambda connection: [tuple(row) for row in connection.exec_driver_sql(query)]
        )


@pytest.fixture
async def desk(request, empty, tmp_path):
    """Whoever imports, on SQLite; `on_both` asks for it on PostgreSQL, too."""
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgres_book")
    else:
        url = f"sqlite:///{shutil.copy(empty, tmp_path / 'bincard.db')}"
    book = Book(url, b"k" * 32, lambda: NOW)
    book.start()
    site = records.Site(site=SITE, name="Plant", time_zone="Asia/Shanghai")
    await book.change(SITE, "test", [site, *ROWS], "test")
    yield Desk(book)
    book.close()
