"""What a fact may say: the ends that it may name, and what it counts on the line of its paper."""

import pytest

from sync.ends import ENDS
from sync.operations import FACTS
from sync.records import Discrepancy, Document, Holding, Item, Line
from sync.state import Logged
from sync.stock import VIRTUAL, is_virtual
from tests.world.desk import found, intend, settle
from tests.world.warehouse import SITE

MORE = [
    Item(item="BIKE", name="Bike"),
    Document(document="WO-7", kind="work", item="BIKE", quantity=2),
    Line(document="WO-7", line=1, item="BE", quantity=8),
    Document(document="CT-7", kind="count"),
    Line(document="CT-7", line=1, place="B1", item="BE", quantity=1),
]


@pytest.fixture
async def world(warehouse):
    await warehouse.book.change(SITE, "x", MORE, "more papers")
    return warehouse


@pytest.fixture
async def limited(world):
    await world.book.change(SITE, "x", [world.site(adjust_limit=10)], "a limit")
    return world


async def line(world, name):
    """Return role, done, rejected, returned and out of a line."""
    (row,) = [row for row in await world.lines() if f"{row.document}/{row.line}" == name]
    return row.role, row.done, row.rejected, row.returned, row.out


async def papers(world):
    """Return what each operation says of its paper, by verb."""
    log = sorted(await world.rows("log", Logged), key=lambda row: row.seq)
    return [(row.verb, row.document, row.line) for row in log if row.replica]


async def doubts(world):
    rows = await world.rows("discrepancy", Discrepancy)
    return sorted(row.discrepancy for row in rows if row.state == "open")


# --- counters ----------------------------------------------------------------------------------


async def test_what_a_customer_brings_back_does_not_open_the_pick_again(world):
    """[L10]"""
    await world.play("""
        08:00 A receive 9 BE/L1 to B1                              | posted
        08:10 A pick 4 BE/L1 from B1 for SO-1/1                    | posted
        08:20 A ship 4 BE/L1 for SO-1/1                            | posted
        09:00 A return 1 BE/L1 from customer/C1 to DOCK for SO-1/1 | posted
    """)
    assert await line(world, "SO-1/1") == ("asked", 4, 0, 1, 4)
    assert (await papers(world))[1:] == [
        ("pick", "SO-1", 1),
        ("ship", "SO-1", 1),
        ("return", "SO-1", 1),
    ]


async def test_a_supplier_owes_what_was_rejected_or_went_back(world):
    """[L10] [R13] What replaces it is no over-receipt."""
    await world.play("""
        08:00 A receive 50 CA/L1 to B1 for PO-1/2                  | posted
        08:10 A status 3 CA/L1 at B1 to reject for PO-1/2          | posted
        08:20 A return 4 CA/L1 from B1 to supplier/V1 for PO-1/2   | posted
        09:00 A receive 7 CA/L2 to B1 for PO-1/2                   | posted
        09:10 A receive 9 CA/L2 to B1 for PO-1/2                   | flagged OVER_RECEIPT
    """)
    assert await line(world, "PO-1/2") == ("asked", 66, 3, 4, 0)


async def test_a_work_order_makes_its_line_0_and_uses_the_others(world):
    """[L10] Without a line too: the item says which."""
    await world.play("""
        08:00 A receive 20 BE/L1 to B1                             | posted
        08:10 A issue 8 BE/L1 from B1 to production/WO-7 for WO-7  | posted
        08:11 A issue 1 BE/L1 from B1 to scrap/bent for WO-7       | posted
        08:12 A return 2 BE/L1 from production/WO-7 to B1 for WO-7/1 | posted
        09:00 A produce 1 BIKE to B2 for WO-7                      | posted
        09:01 A produce 1 BIKE!reject to B2 for WO-7/0             | posted
        09:02 A produce 1 BIKE to B2 for WO-7/0                    | posted
    """)
    assert await line(world, "WO-7/0") == ("made", 2, 1, 0, 0)
    assert await line(world, "WO-7/1") == ("used", 8, 1, 2, 0)
    assert (await papers(world))[4] == ("produce", "WO-7", 0)


async def test_what_is_taken_back_leaves_the_counter_that_it_moved(world):
    """[L10] [R40]"""
    await world.play("""
        08:00 A receive 9 BE/L1 to B1                              | posted
        08:10 A pick 4 BE/L1 from B1 for SO-1/1                    | posted
        s: 08:20 A ship 4 BE/L1 for SO-1/1                         | posted
        r: 09:00 A return 1 BE/L1 from customer/C1 to DOCK for SO-1/1 | posted
        09:10 A reverse s                                          | posted
        09:20 A reverse r                                          | posted
    """)
    assert await line(world, "SO-1/1") == ("asked", 4, 0, 0, 0)


async def test_what_a_late_receipt_adds_to_all_that_was_picked_counts_too(world):
    """[L7] [L10] [R40] And with the pick it goes."""
    await world.play("""
        08:00 A receive 1 BE/L1 to B1                              | posted
        p: 09:00 A pick all BE/L1 from B1 for SO-1/1               | posted
        08:30 B receive 2 BE/L1 to B1                              | posted
    """)
    assert await line(world, "SO-1/1") == ("asked", 3, 0, 0, 0)
    await world.play("""
        09:10 A reverse p                                          | posted
    """)
    assert await line(world, "SO-1/1") == ("asked", 0, 0, 0, 0)


async def test_a_single_thing_counts_one_and_none_once_taken_back(world):
    """[L8] [L10]"""
    await world.play("""
        08:00 A receive 1 BE#S1 to B1 for PO-1/1                   | posted
        08:10 A pick 1 BE#S1 from B1 for SO-1/1                    | posted
        s: 08:20 A ship 1 BE#S1 for SO-1/1                         | posted
        09:00 A return 1 BE#S1 from customer/C1 to DOCK for SO-1/1 | posted
    """)
    assert await line(world, "PO-1/1") == ("asked", 1, 0, 0, 0)
    assert await line(world, "SO-1/1") == ("asked", 1, 0, 1, 1)
    await world.play("""
        09:10 A reverse s                                          | posted
    """)
    assert await line(world, "SO-1/1") == ("asked", 1, 0, 1, 0)


async def test_what_leaves_in_a_container_counts_on_the_line_that_is_named(world):
    """[L12] [L10]"""
    await world.play("""
        08:00 A receive 5 BE/L1 to =T1                             | posted
        08:10 A move =T1 to STAGE                                  | posted
        08:20 A ship =T1 to customer/C1 for SO-1/1                | posted
    """)
    assert await line(world, "SO-1/1") == ("asked", 0, 0, 0, 5)


# --- what does not go with the line ------------------------------------------------------------


@pytest.mark.parametrize(
    ("did", "why"),
    [
        ("receive 7 CA/L1 to B1 for PO-1/1", "item"),
        ("receive 7 BE/L1 to B1 for PO-1/7", "line"),
        ("receive 7 BE/L1 to B1 for SO-1/1", "work"),
        ("produce 7 BE/L1 to B1 for WO-7/1", "work"),
        ("produce 7 BE/L1 to B1 for WO-7/0", "item"),
        ("count B1: BE/L1=0 for PO-1/1", "work"),
        ("count B2: BE/L1=0 for CT-7/1", "place"),
    ],
    ids=str,
)
async def test_a_fact_that_does_not_go_with_its_line_counts_nowhere(world, did, why):
    """[R46] It is posted, and a person is asked; taken back, nothing is left of it."""
    await world.play(f"""
        x: 08:00 A {did} | flagged TASK_MISMATCH
    """)
    row = await found(world, "TASK_MISMATCH")
    assert (row.severity, row.detail["why"]) == ("R", why)
    assert {(row.done, row.rejected, row.returned, row.out) for row in await world.lines()} == {
        (0, 0, 0, 0)
    }
    await world.play("""
        08:10 A reverse x | posted
    """)
    assert await world.open() == []


async def test_a_count_task_that_names_goods_is_counted_by_its_place(world):
    """[L10] Whatever else its line says, a count of the place does it."""
    await world.play("""
        x: 08:00 A count B1: BE/L1=0 for CT-7/1 | posted
    """)
    assert await line(world, "CT-7/1") == ("asked", 1, 0, 0, 0)
    await world.play("""
        08:10 A reverse x | posted
    """)
    assert await line(world, "CT-7/1") == ("asked", 0, 0, 0, 0)


async def test_a_code_that_turns_out_to_be_what_the_line_asks_for_counts(world):
    """[R46] [R6]"""
    await world.play("""
        x: 08:00 A receive 7 WHAT to B1 for PO-1/1 | flagged UNKNOWN_CODE
    """)
    assert await line(world, "PO-1/1") == ("asked", 0, 0, 0, 0)
    assert await settle(world, "UNKNOWN_CODE", "is:BE") == "accepted"
    assert await line(world, "PO-1/1") == ("asked", 7, 0, 0, 0)
    await world.play("""
        08:10 A reverse x | posted
    """)
    assert await line(world, "PO-1/1") == ("asked", 0, 0, 0, 0)


async def test_a_code_that_turns_out_to_be_something_else_is_a_mismatch(world):
    """[R46] [R6] Goods that are counted, and single things."""
    await world.play("""
        08:00 A receive 7 WHAT to B1 for PO-1/1  | flagged UNKNOWN_CODE
        08:01 A receive 1 WHAT#7 to B1 for PO-1/1 | flagged UNKNOWN_CODE
    """)
    did = {"verb": "settle", "discrepancy": (await doubts(world))[0], "action": "is:CA"}
    assert (await intend(world, did))["outcome"] == "accepted"
    assert await line(world, "PO-1/1") == ("asked", 0, 0, 0, 0)
    rows = await world.open()
    assert rows == ["TASK_MISMATCH R", "TASK_MISMATCH R"]


# --- ends --------------------------------------------------------------------------------------


def test_every_verb_that_moves_says_which_ends_it_may_name():
    """[R45]"""
    assert FACTS - {"reverse", "lost", "short"} == ENDS.keys() - {"container"}
    named = frozenset().union(*(part for ends in ENDS.values() for part in ends))
    assert named < VIRTUAL
    assert not named & {"suspense", "count", "status"}


@pytest.mark.parametrize("did", [
    "move 5 BE/L1 from B1 to adjust/x",
    "move 5 BE/L1 from B1 to count",
    "pick 5 BE/L1 from B1 to suspense",
    "issue 5 BE/L1 from B1 to supplier/V1",
    "issue all BE/L1 from B1 to scrap/x",
    "ship 5 BE/L1 from B1 to production/WO-1",
    "putaway 5 BE/L1 from B1 to status/reject",
])  # fmt: skip
async def test_goods_that_left_to_an_end_that_the_verb_may_not_name_are_asked_for(world, did):
    """[R45] Nothing is written off: they stand where somebody must say what was meant."""
    end = did.rpartition(" ")[2]
    await world.play(f"""
        08:00 A receive 5 BE/L1 to B1 | posted
        08:10 A {did}                 | flagged UNKNOWN_CODE
    """)
    stock = await world.stock()
    assert stock[f"unidentified/{end}", "BE/L1"] == 5
    assert ("B1", "BE/L1") not in stock
    assert await settle(world, "UNKNOWN_CODE", "is:B2") == "accepted"
    assert (await world.stock())["B2", "BE/L1"] == 5


async def test_goods_that_came_from_an_end_that_the_verb_may_not_name_are_doubted(limited):
    """[R45]"""
    await limited.play("""
        08:00 A receive 1000000000 NU from count to B1 | flagged NEGATIVE UNKNOWN_CODE
    """)
    assert {
        row.place for row in await limited.rows("holding", Holding) if is_virtual(row.place)
    } == (set())


async def test_what_is_in_a_container_is_not_written_off_with_it(limited):
    """[R45] [R37] It stands where somebody must say what was meant, and holds what it held."""
    await limited.play("""
        08:00 A receive 50 BE/L1 to =T1          | posted
        08:10 A move =T1 to scrap/x              | flagged UNKNOWN_CODE
    """)
    assert (await limited.stock())["container/T1", "BE/L1"] == 50


async def test_an_adjustment_names_a_place_that_can_be_counted(limited):
    """[R45] [R37]"""
    await limited.play("""
        08:00 A adjust 50 BE/L1 customer/C1 found | flagged OVER_LIMIT UNKNOWN_CODE
    """)
    stock = await limited.stock()
    assert stock["unidentified/customer/C1", "BE/L1"] == 50
    assert await settle(limited, "UNKNOWN_CODE", "is:B2") == "accepted"
    assert await limited.open() == ["OVER_LIMIT R B2"]
    assert await settle(limited, "OVER_LIMIT", "approve") == "accepted"
    stock = await limited.stock()
    assert stock == {("B2", "BE/L1"): 50, ("adjust/found", "BE/L1"): -50}


async def test_an_adjustment_of_an_unknown_item_waits_under_the_known_one(limited):
    """[R6] [R37] What is in suspense is still asked about."""
    await limited.play("""
        08:00 A adjust 50 WHAT B1 found | flagged OVER_LIMIT UNKNOWN_CODE
    """)
    assert await settle(limited, "UNKNOWN_CODE", "is:NU") == "accepted"
    assert await limited.open() == ["OVER_LIMIT R B1"]
    assert await settle(limited, "OVER_LIMIT", "refuse") == "accepted"
    assert await limited.stock() == {}


@pytest.mark.parametrize(
    ("did", "end"),
    [
        ("move 11 BE/L1 from B1 to scrap/bent", "scrap/bent"),
        ("issue 11 BE/L1 from B1 to scrap/bent", "scrap/bent"),
        ("adjust -11 BE/L1 B1 lost", "adjust/lost"),
        ("receive 11 BE/L1 from adjust/found to B1", "adjust/found"),
    ],
    ids=str,
)
async def test_goods_that_appear_or_vanish_beyond_the_limit_wait_for_a_person(limited, did, end):
    """[R37] The place changes at once; whoever agrees books it to its end."""
    await limited.play(f"""
        08:00 A receive 20 BE/L1 to B1 | posted
        08:10 A {did}                  | flagged OVER_LIMIT
    """)
    there = 31 if did.startswith("receive") else 9
    stock = await limited.stock()
    assert (stock["B1", "BE/L1"], stock["suspense", "BE/L1"]) == (there, 20 - there)
    assert await settle(limited, "OVER_LIMIT", "approve") == "accepted"
    stock = await limited.stock()
    assert (stock["B1", "BE/L1"], stock[end, "BE/L1"]) == (there, 20 - there)
    assert ("suspense", "BE/L1") not in stock


async def test_what_is_thrown_away_within_the_limit_is_posted(limited):
    """[R37]"""
    await limited.play("""
        08:00 A receive 20 BE/L1 to B1               | posted
        08:10 A issue 10 BE/L1 from B1 to scrap/bent | posted
    """)
    assert (await limited.stock())["scrap/bent", "BE/L1"] == 10
