"""A fresh warehouse for each table."""

import pytest

from tests.world.warehouse import Warehouse


@pytest.fixture
async def warehouse(request, tmp_path):
    """A warehouse on SQLite; `on_both` asks for it on PostgreSQL, too."""
    is_file = getattr(request, "param", "sqlite") == "sqlite"
    place = tmp_path / "book.db" if is_file else request.getfixturevalue("postgres_book")
    world = Warehouse(place)
    await world.set_up()
    yield world
    assert world.book.verify(None) == []
    world.close()


@pytest.fixture
def table(warehouse):
    """Play a table, and leave the warehouse to look at."""

    async def play(script):
        await warehouse.play(script)
        return warehouse

    return play
