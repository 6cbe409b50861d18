"""A fresh warehouse for each table."""

import pytest

from tests.world.restoring import Restored
from tests.world.warehouse import SITE, Warehouse


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


@pytest.fixture
async def limited(warehouse):
    """Nobody may adjust more than ten alone."""
    await warehouse.book.change(SITE, "x", [warehouse.site(adjust_limit=10)], "limited")
    return warehouse


@pytest.fixture
async def restored(tmp_path):
    """A warehouse whose server can be backed up and thrown away."""
    world = Restored(tmp_path / "book.db")
    await world.set_up()
    yield world
    world.close()
