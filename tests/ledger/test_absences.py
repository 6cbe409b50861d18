"""What a count does not list: it loses the least that was there meanwhile, told again for ever."""

import pytest
import sqlalchemy as sa

from server.book.rows import table
from sync.records import Discrepancy, Variance
from tests.ledger.test_trouble import send
from tests.world.counting import approve, count, decide, line_of, shown
from tests.world.postgres import on_both
from tests.world.warehouse import SITE

pytestmark = on_both("warehouse")


async def stock(world, place="B1", what="BE/L1"):
    return (await world.stock()).get((place, what), 0)


async def told(world):
    """Return the lines of counts that still say something, the oldest first."""
    return [row for row in await world.variances() if not row.endswith("reversed")]


async def undo(world, operation, device="B"):
    return await send(world, device, {"verb": "reverse", "target": operation})


LATE = [
    # before the window: it loses less
    ("09:00 A issue 1 BE/L1 from B1 for WO-1", 0),
    ("09:00 A receive 3 BE/L1 to B1", 0),
    # inside of it: what came stays, what left was there until then
    ("10:03 A receive 4 BE/L1 to B1", 4),
    ("10:03 A pick 3 BE/L1 from B1", 0),
    # after it
    ("10:30 A receive 4 BE/L1 to B1", 4),
]


@pytest.mark.parametrize(("late", "left"), LATE)
@pytest.mark.parametrize("first", ["approved", "heard"])
async def test_an_absence_is_the_same_whenever_a_late_fact_is_heard(warehouse, late, left, first):
    """[C2] [C4] [L4] [L6] The bin is counted empty from ten to five past; the books say four."""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    if first == "approved":
        assert await approve(warehouse) == 1
        assert await stock(warehouse) == 0
    await warehouse.play(late)
    if first == "heard":
        assert await approve(warehouse) == 1
    assert await stock(warehouse) == left


async def test_an_issue_from_before_explains_part_of_an_absence(warehouse):
    """[R29] [C2]"""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    await warehouse.play("09:00 A issue 1 BE/L1 from B1 for WO-1 | flagged COUNT_EXPLAINED")
    (row,) = [r for r in await warehouse.rows("discrepancy", Discrepancy)
              if r.code == "COUNT_EXPLAINED"]  # fmt: skip
    assert (row.severity, row.detail["variance_before"], row.detail["variance_now"]) == (
        "I",
        -4,
        -3,
    )
    assert (await warehouse.stock())["count", "BE/L1"] == 3


async def test_more_left_than_stood_there_leaves_nothing_and_says_so(warehouse):
    """[C2] [R19]"""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    await warehouse.play("09:00 A move 6 BE/L1 from B1 to B2 | flagged COUNT_EXPLAINED NEGATIVE")
    assert (await stock(warehouse), await stock(warehouse, "B2")) == (0, 6)


async def test_goods_that_the_books_owed_all_the_while_are_given_back(warehouse):
    """[C2] Below zero from opened to done, and none was seen."""
    await warehouse.play("08:00 A pick 3 BE/L1 from B1")
    await count(warehouse, "B", "10:00", "10:05")
    assert await told(warehouse) == ["B1 BE/L1 0/-3 open"]
    await approve(warehouse)
    assert await stock(warehouse) == 0
    await warehouse.play("09:00 D receive 5 BE/L1 to B1")
    assert await stock(warehouse) == 0


async def test_what_a_count_set_right_meanwhile_was_wrong_before_it_too(warehouse):
    """[C2] Ten in the books, six are counted at three past ten, and none at all in the end."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    await count(warehouse, "C", "10:02", "10:03", "BE/L1=6", scope="line", count_id="r")
    await count(warehouse, "B", "10:00", "10:05")
    for which in ("r", "q"):
        await approve(warehouse, which)
    assert await stock(warehouse) == 0
    await warehouse.play("09:00 A pick 9 BE/L1 from B1")
    assert await stock(warehouse) == 0
    await warehouse.play("10:04 D receive 2 BE/L1 to B1")
    assert await stock(warehouse) == 2


@pytest.mark.parametrize("late", ["10:04 A receive 4 BE/L1 to B1", "10:08 A receive 4 BE/L1 to B1"])
async def test_two_absences_that_overlap_lose_it_once(warehouse, late):
    """[C2] [L6]"""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:06")
    await count(warehouse, "C", "10:02", "10:10", count_id="r")
    for which in ("q", "r"):
        await approve(warehouse, which)
    assert await stock(warehouse) == 0
    await warehouse.play(late)
    assert await stock(warehouse) == 4


async def test_an_absence_behind_a_count_hears_of_what_the_count_absorbed(warehouse):
    """[L6] Its window began before that count, which sets what was wrong before it."""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "09:00", "10:05")
    await count(warehouse, "C", "09:40", "09:41", "BE/L1=1", scope="line", count_id="r")
    for which in ("r", "q"):
        await approve(warehouse, which)
    assert await stock(warehouse) == 0
    await warehouse.play("09:20 A pick 1 BE/L1 from B1")
    assert await stock(warehouse) == 0
    await warehouse.play("09:30 D receive 1 BE/L1 to B1")
    assert await stock(warehouse) == 1


async def test_all_that_was_put_on_hold_meanwhile_was_there_under_either_name(warehouse):
    """[C2] [L7] Nothing was seen: what came to be on hold meanwhile stays, as whatever came."""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    await warehouse.play("10:03 A status all BE/L1 at B1 to hold")
    assert (await stock(warehouse), await stock(warehouse, what="BE/L1!hold")) == (0, 4)
    await warehouse.play("10:04 D receive 2 BE/L1 to B1")
    assert (await stock(warehouse), await stock(warehouse, what="BE/L1!hold")) == (2, 4)


async def test_an_absence_of_nothing_is_approved_and_becomes_one_of_something(warehouse):
    """[C4] What came while the count lasted says nothing, until the rest of the story is heard."""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    await warehouse.play("09:00 A pick 4 BE/L1 from B1")
    assert await told(warehouse) == ["B1 BE/L1 0/0 open"]
    await approve(warehouse)
    await warehouse.play("09:30 D receive 3 BE/L1 to B1")
    assert await stock(warehouse) == 0


async def test_a_place_that_was_never_counted_has_its_goods_back(warehouse):
    """[C5]"""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    one = await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    await undo(warehouse, one)
    assert await stock(warehouse) == 4
    assert await told(warehouse) == []


# --- parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["approved", "open"])
async def test_a_part_that_lists_the_key_withdraws_its_absence(warehouse, first):
    """[C5] Two devices count one bin: the zero of one is what the other has seen."""
    await warehouse.play("08:00 A receive 7 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    if first == "approved":
        await approve(warehouse)
        assert await stock(warehouse) == 0
    late = await count(warehouse, "C", "10:01", "10:04", "BE/L1=7", scope="line")
    assert await stock(warehouse) == 7
    assert await told(warehouse) == ["B1 BE/L1 7/7 open"]
    await undo(warehouse, late, "C")
    state = "approved" if first == "approved" else "open"
    assert await told(warehouse) == [f"B1 BE/L1 0/7 {state}"]
    assert await stock(warehouse) == (0 if first == "approved" else 7)


async def test_an_absence_that_was_withdrawn_is_not_approved(warehouse):
    """[C5] [R35]"""
    await warehouse.play("08:00 A receive 7 BE/L1 to B1")
    one = await count(warehouse, "B", "10:00", "10:05")
    (row,) = await shown(warehouse)
    await count(warehouse, "C", "10:01", "10:04", "BE/L1=7", scope="line")
    verdict = await decide(warehouse, "q", [one], [line_of(row)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "stale")
    assert await stock(warehouse) == 7


async def test_a_part_that_never_happened_lists_nothing(warehouse):
    """[C5]"""
    await warehouse.play("08:00 A receive 7 BE/L1 to B1")
    part = await count(warehouse, "C", "10:01", "10:04", "BE/L1=7", scope="line")
    await undo(warehouse, part, "C")
    await count(warehouse, "B", "10:00", "10:05")
    assert await told(warehouse) == ["B1 BE/L1 0/7 open"]


@pytest.mark.parametrize("first", ["approved", "open"])
async def test_an_earlier_part_that_comes_later_widens_the_window(warehouse, first):
    """[C2] [C5] When it was opened the goods had not come yet."""
    await warehouse.play("09:50 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    if first == "approved":
        await approve(warehouse)
        assert await stock(warehouse) == 0
    part = await count(warehouse, "C", "09:45", "09:46", "CA/L1=0", scope="line")
    assert await stock(warehouse) == 4
    await undo(warehouse, part, "C")
    assert await stock(warehouse) == (0 if first == "approved" else 4)


async def test_who_looks_at_the_whole_place_again_asks_again(warehouse):
    """[C5] The later part says what is not there; when that is undone, the one before does."""
    await warehouse.play("08:00 A receive 4 BE/L1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    later = await count(warehouse, "C", "10:06", "10:08")
    assert await told(warehouse) == ["B1 BE/L1 0/4 open"]
    assert await stock(warehouse) == 4
    await undo(warehouse, later, "C")
    assert await told(warehouse) == ["B1 BE/L1 0/4 approved"]
    assert await stock(warehouse) == 0


async def test_parts_that_are_days_apart_are_held_together(warehouse):
    """[C5] A rack is counted on Monday, and its last row on Thursday."""
    await warehouse.play("08:00 A receive 7 BE/L1 to B1")
    await count(warehouse, "C", "10:01", "10:04", "BE/L1=7", scope="line")
    await count(warehouse, "B", "3d 10:00", "3d 10:05")
    assert [row.rpartition(" ")[0] for row in await told(warehouse)] == ["B1 BE/L1 7/7"]
    await warehouse.play("2d 10:00 A receive 2 BE/L1 to B1")
    assert [row.rpartition(" ")[0] for row in await told(warehouse)] == ["B1 BE/L1 7/7"]


async def test_a_late_part_of_a_key_that_was_approved_alone_is_named_and_added(warehouse):
    """[C5] Five and three are eight, whichever of them was approved first."""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:04", "09:05", "BE/L1=5", scope="line")
    await approve(warehouse)
    two = await count(warehouse, "C", "08:59", "09:00", "BE/L1=3", scope="line")
    (row,) = await shown(warehouse)
    verdict = await decide(warehouse, "q", [two], [line_of(row)])
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "stale")
    (fresh,) = verdict["fresh"]
    assert (fresh["counted"], sorted(fresh["parts"])) == (8, sorted([one, two]))
    assert (await decide(warehouse, "q", [two], [fresh]))["outcome"] == "accepted"
    assert await stock(warehouse) == 8
    await undo(warehouse, two, "C")
    assert await told(warehouse) == ["B1 BE/L1 5/10 open"]
    assert await stock(warehouse) == 10


async def test_a_count_that_was_opened_again_rules_when_it_is_approved_again(
    warehouse,
):
    """[L3] [C5]"""
    await warehouse.play("08:00 A receive 10 BE/L1 to B1")
    one = await count(warehouse, "B", "09:00", "09:05", "BE/L1=5", scope="line")
    two = await count(warehouse, "C", "09:06", "09:07", "BE/L1=3", scope="line")
    (first, last) = await shown(warehouse)
    lines = [line_of(last) | {"counted": 8}]
    assert (await decide(warehouse, "q", [one, two], lines))["outcome"] == "accepted"
    await undo(warehouse, one)
    await approve(warehouse)
    assert await stock(warehouse) == 3
    await warehouse.play("08:30 D pick 2 BE/L1 from B1")
    assert await stock(warehouse) == 3
    assert first.operation == one


# --- what was approved before absences were told again --------------------------------------------


async def as_before(world):
    """Write what was approved as an older program did: set to what was left, at done."""
    posting, sighting = table("posting"), table("sighting")

    def write(connection):
        connection.execute(posting.update().where(posting.c.kind == "gone").values(
            kind="count", counted=0, t_from=sa.case((posting.c.place_from == "count", None),
                                                    else_=posting.c.t_from),
            t_to=sa.case((posting.c.place_to == "count", None), else_=posting.c.t_to),
        ))  # fmt: skip
        connection.execute(
            sighting.update().where(sighting.c.only_from.is_not(None)).values(taken=sighting.c.at)
        )

    await world.book.write(write, SITE)


async def test_a_zero_that_an_older_program_approved_stays_a_count(warehouse):
    """[C4] What it was then, it is: later facts from before run into it, late ones come after."""
    await warehouse.play("""
        08:00 A receive 4 BE/L1 to B1
        08:01 A receive 1 BE#S1 to B1
    """)
    one = await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    await as_before(warehouse)
    await warehouse.play("""
        10:03 C receive 4 BE/L1 to B1
        10:06 C receive 2 BE/L1 to B1
        10:03 D move 1 BE#S1 from B1 to B1
    """)
    assert (await stock(warehouse), await stock(warehouse, what="BE#S1")) == (2, 0)
    await undo(warehouse, one)
    assert (await stock(warehouse), await stock(warehouse, what="BE#S1")) == (10, 1)


# --- single things -------------------------------------------------------------------------------


async def test_a_serial_that_was_put_there_meanwhile_stays(warehouse):
    """[L8]"""
    await warehouse.play("08:00 A receive 1 BE#S1 to B2")
    await count(warehouse, "B", "10:00", "10:05")
    await warehouse.play("10:03 A move 1 BE#S1 from B2 to B1")
    await approve(warehouse)
    assert await stock(warehouse, what="BE#S1") == 1


async def test_a_serial_that_was_not_there_stands_when_it_left_and_came_back_meanwhile(warehouse):
    """[L8] [C4]"""
    await warehouse.play("08:00 A receive 1 BE#S1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    assert await told(warehouse) == ["B1 BE#S1 0/1 open"]
    await approve(warehouse)
    assert await stock(warehouse, what="BE#S1") == 0
    await warehouse.play("""
        10:01 C move 1 BE#S1 from B1 to B2
        10:04 D move 1 BE#S1 from B2 to B1
    """)
    assert await stock(warehouse, what="BE#S1") == 1


async def test_a_part_that_lists_a_serial_brings_it_back(warehouse):
    """[L8] [C5]"""
    await warehouse.play("08:00 A receive 1 BE#S1 to B1")
    await count(warehouse, "B", "10:00", "10:05")
    await approve(warehouse)
    part = await count(warehouse, "C", "10:01", "10:04", "BE#S1=1", scope="line")
    assert await stock(warehouse, what="BE#S1") == 1
    await undo(warehouse, part, "C")
    assert await stock(warehouse, what="BE#S1") == 0


async def test_a_serial_that_two_lines_of_one_approval_name_stands_once(warehouse):
    """[L8] [R44] Two people saw it under two names; each of the parts has one line."""
    await warehouse.play("08:00 A receive 1 BE#S1 to B2")
    await count(warehouse, "B", "10:00", "10:05", "BE#S1=1", scope="line")
    await count(warehouse, "C", "10:01", "10:04", "BE/L1#S1=1", scope="line")
    assert await approve(warehouse) == 1
    found = {name: n for name, n in (await warehouse.stock()).items() if name[0][0] == "B"}
    assert found == {("B1", "BE#S1"): 1}
    assert not [r for r in await warehouse.rows("variance", Variance) if r.state == "open"]


async def test_an_approved_count_says_what_a_serial_is_its_status_too(warehouse):
    """[L8] The line names the whole key; what stands beside it under the other one is asked."""
    await warehouse.play("""
        08:00 A receive 1 BE#S1 to B1
        08:30 A status 1 BE#S1 at B1 to hold
    """)
    await count(warehouse, "B", "10:00", "10:05", "BE#S1=1", assumed=["status"])
    row = next(row for row in await shown(warehouse) if row.counted)
    verdict = await decide(warehouse, "q", [row.operation], [line_of(row)])
    assert verdict["reason"] == "not_alone"
    assert await approve(warehouse) == 1
    assert await stock(warehouse, what="BE#S1") == 1
