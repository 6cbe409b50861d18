"""What a picker did not find: a word and a task, never a count."""

from sync.records import Document
from tests.world.desk import work


async def asked(world):
    rows = await world.rows("document", Document)
    return sorted(
        row.document for row in rows if row.document.startswith("RC-") and row.state == "open"
    )


async def test_what_a_picker_did_not_find_is_counted_and_written_off_by_nobody(
    table,
):
    """[R52]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1                        | posted
        08:10 B pick 3 BE/L1 from B1                          | posted
        08:11 B short 3 of 8 BE/L1 at B1: fewer               | posted
        08:20 B short 0 of 5 BE/L1 at B1: not_there           | posted
    """)
    assert (await world.stock())["B1", "BE/L1"] == 7
    assert await world.open() == []
    assert await world.variances() == []
    assert await asked(world) == ["RC-B1"]
    assert "RC-B1 B1 1/0 open" in await work(world, "count")
    assert world.book.verify(None) == []


async def test_the_count_that_was_asked_for_says_what_is_there(table):
    """[R52]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1                        | posted
        08:11 B short 0 of 8 BE/L1 at B1: not_there           | posted
        09:00 A count B1: BE/L1=2 for RC-B1/1                 | posted
    """)
    assert await world.variances() == ["B1 BE/L1 2/10 open"]
    assert "RC-B1 B1 1/1 open" in await work(world, "count")


async def test_damaged_goods_stand_on_hold_where_they_are(table):
    """[R52]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1                        | posted
        08:10 B pick 3 BE/L1 from B1                          | posted
        08:11 B short 3 of 8 BE/L1 at B1: damaged             | posted
        08:11 B status 5 BE/L1 at B1 to hold                  | posted
    """)
    stock = await world.stock()
    assert (stock["B1", "BE/L1"], stock["B1", "BE/L1!hold"]) == (2, 5)
    assert await asked(world) == ["RC-B1"]


async def test_a_shortage_at_a_place_that_nobody_knows_asks_what_it_is(table):
    """[R52] [R6]"""
    world = await table("""
        08:11 B short 0 of 8 BE at ?X9: not_there             | flagged UNKNOWN_CODE
    """)
    assert await asked(world) == []


async def test_a_shortage_that_was_taken_back_leaves_the_count(table):
    """[R52] [R40]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1                        | posted
        s: 08:11 B short 0 of 8 BE/L1 at B1: not_there        | posted
        08:12 B reverse s                                     | posted
    """)
    assert (await world.stock())["B1", "BE/L1"] == 10
    assert world.book.verify(None) == []
