"""Changes of master data and documents: whatever is written, both sides of the feed agree on it."""

from sync.records import Item
from tests.world.warehouse import SITE, Warehouse


async def test_a_row_that_stands_twice_in_one_change_is_one_row(tmp_path):
    """[S4] The later one holds; counted twice, no device could agree with the sum any more."""
    world = await Warehouse(tmp_path / "book.db").set_up()
    twice = [Item(item="NU", name="Nut"), Item(item="NU", name="Wing nut")]
    await world.book.change(SITE, "test", twice, "twice")
    assert world.book.verify(None) == []
    assert [row.name for row in await world.items() if row.item == "NU"] == ["Wing nut"]
    world.close()
