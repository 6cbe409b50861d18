"""A fresh warehouse for each table."""

import textwrap

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
    """Play a table, compare its last column, and leave the warehouse to look at."""

    async def play(script):
        script = textwrap.dedent(script)
        expected = [line.strip() for line in script.strip().splitlines() if line.strip()]
        expected = [" ".join(line.split()) for line in expected if not line.startswith("#")]
        got = [" ".join(line.split()) for line in await warehouse.play(script)]
        assert got == expected
        return warehouse

    return play
