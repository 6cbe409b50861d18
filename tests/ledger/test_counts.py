"""Counts: compared with their own moment, whenever the facts arrive."""

import json

from sync.records import Document, Variance
from tests.world.lines import clock
from tests.world.postgres import on_both

pytestmark = on_both("warehouse")


async def approve(world, device, *, expected=None, verb="approve", by="fang"):
    """Let a supervisor decide the newest open variance as it stands, or as she saw it."""
    rows = [row for row in await world.rows("variance", Variance) if row.state == "open"]
    rows.sort(key=lambda row: row.at)
    row = rows[0]
    key = json.loads(row.key)
    lot = {"code": key[1][0], "expires": key[1][1]} if key[1] else None
    did = {
        "verb": verb, "count_id": row.count_id, "parts": [row.operation],
        "lines": [{
            "key": {"item": key[0], "lot": lot}, "counted": row.counted,
            "expected": row.expected if expected is None else expected,
            "of": {"operation": row.operation, "line": row.line if row.line >= 0 else None},
        }],
    }  # fmt: skip
    world.device(device).envelope(did, world.now, class_="intent", actor=by)
    answer = await world.push(device, world.now)
    return json.loads(bytes(answer.verdicts[-1]))


async def test_a_count_sets_nothing_until_it_is_approved(table):
    """[C1]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
    """)
    assert (await world.stock())["B1", "BE/L1"] == 10
    assert await world.variances() == ["B1 BE/L1 8/10 open"]
    assert (await approve(world, "B"))["outcome"] == "accepted"
    assert (await world.stock())["B1", "BE/L1"] == 8


async def test_a_late_pick_from_before_the_count_explains_the_variance(table):
    """[R28] The picker had no network; the counter saw what was really there."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        08:30 A pick 2 BE/L1 from B1                | posted
    """)
    assert await world.variances() == ["B1 BE/L1 8/8 open"]
    await world.heartbeat(world.now + 60_000)
    assert await world.variances() == ["B1 BE/L1 8/8 approved"]


async def test_what_was_in_hand_is_not_expected_although_it_came_back_to_its_bin(table):
    """[L5] [C1] [R31] Taken, carried about and put back; somebody counted meanwhile."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:00 A receive 9 BE/L2 to B1               | posted
        09:00 B count B1: BE/L1=7, BE/L2=0          | posted
        09:10 C move 3 BE/L1 from B1 to B1 taken -1200s | flagged COUNT_AMBIGUOUS
        09:10 C move all BE/L2 from B1 to B1 taken -1200s | flagged COUNT_AMBIGUOUS
    """)
    assert sorted(await world.variances()) == ["B1 BE/L1 7/7 open", "B1 BE/L2 0/0 open"]
    stock = await world.stock()
    assert (stock["B1", "BE/L1"], stock["B1", "BE/L2"]) == (10, 9)


async def test_all_that_was_put_back_follows_what_is_learned_late(table):
    """[L4] [L7] Whatever it was, it left and it came back; a count between has been before."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        a: 09:10 C move all BE/L1 from B1 to B1 taken -1200s | posted
        08:30 B pick 4 BE/L1 from B1                | posted
        09:00 B count B1: BE/L1=1                   | flagged COUNT_AMBIGUOUS FOUND_ELSEWHERE
    """)
    assert await world.variances() == ["B1 BE/L1 1/0 open"]
    assert (await approve(world, "B"))["outcome"] == "accepted"
    assert (await world.stock())["B1", "BE/L1"] == 7
    await world.play("08:40 D receive 5 BE/L1 to B1")
    assert (await world.stock())["B1", "BE/L1"] == 12
    await world.play("09:20 C reverse a")
    assert (await world.stock())["B1", "BE/L1"] == 1
    assert world.book.verify(None) == []


async def test_a_late_pick_after_an_approval_gives_the_shrinkage_back(table):
    """[R29]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
    """)
    await approve(world, "B")
    await table("""
        08:30 A pick 2 BE/L1 from B1                | flagged COUNT_EXPLAINED
    """)
    stock = await world.stock()
    assert stock["B1", "BE/L1"] == 8
    assert ("count", "BE/L1") not in stock


async def test_a_late_pick_from_after_the_count_leaves_the_count_alone(table):
    """[R30]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        09:30 A pick 2 BE/L1 from B1                | posted
    """)
    await approve(world, "B")
    assert (await world.stock())["B1", "BE/L1"] == 6


async def test_a_movement_during_the_count_asks_for_another(table):
    """[R31]"""
    world = await table("""
        08:00:00 A receive 10 BE/L1 to B1           | posted
        09:00:00 B count B1: BE/L1=8                | posted
        08:59:40 A pick 2 BE/L1 from B1             | flagged COUNT_AMBIGUOUS
    """)
    await world.heartbeat(world.now + 60_000)
    assert (await world.variances())[0].endswith("open")
    assert "RC-B1" in {row.document for row in await world.rows("document", Document)}


async def test_own_movements_around_a_count_are_told_apart_by_the_scans(table):
    """[R31] same replica"""
    await table("""
        08:00:00 A receive 10 BE/L1 to B1           | posted
        08:59:25 B pick 2 BE/L1 from B1             | posted
        09:00:00 B count B1: BE/L1=8                | posted
    """)


async def test_two_counts_that_disagree_want_a_third(table):
    """[R32]"""
    await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        10:00 A count B1: BE/L1=9                   | flagged COUNT_DISAGREE
    """)


async def test_the_third_count_is_held_against_the_one_before_it(table):
    """[R32] What it repeats is no new doubt, whatever was counted before that."""
    await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        10:00 A count B1: BE/L1=9                   | flagged COUNT_DISAGREE
        11:00 B count B1: BE/L1=9                   | posted
    """)


async def test_a_count_that_was_rejected_speaks_against_no_other(table):
    """[R32] The desk wanted another: that it differs is what it was asked for."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=4                   | posted
    """)
    await approve(world, "B", verb="reject")
    await world.play("10:00 A count B1: BE/L1=9     | posted")


async def test_what_was_missing_and_written_off_is_not_missed_again_by_every_count(table):
    """[R32] A count of another day meets what the books say, and only that."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=10                  | posted
    """)
    await world.heartbeat(clock("09:30"))
    await world.play("2d 10:00 A count B1: BE/L1=9  | posted")
    await approve(world, "B")
    await world.play("2d 12:00 B count B1: BE/L1=9  | posted")
    await world.heartbeat(clock("2d 12:30"))
    await world.play("9d 10:00 A count B1: BE/L1=9  | posted")


async def test_two_counts_agree_through_the_movements_between(table):
    """[R32]"""
    await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        09:30 A pick 3 BE/L1 from B1                | posted
        10:00 A count B1: BE/L1=5                   | posted
    """)


async def test_a_stale_approval_is_refused_with_the_fresh_variance(table):
    """[R35]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
        08:30 A pick 1 BE/L1 from B1                | posted
    """)
    verdict = await approve(world, "B", expected=10)
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "stale")
    assert verdict["fresh"][0]["expected"] == 9
    assert (await world.stock())["B1", "BE/L1"] == 9


async def test_a_worker_cannot_approve(table):
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
    """)
    verdict = await approve(world, "B", by="worker")
    assert (verdict["outcome"], verdict["reason"]) == ("refused", "not_allowed")


async def test_what_the_counter_did_not_list_was_not_there(table):
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:01 A receive 4 BE/L2 to B1               | posted
        09:00 B count B1: BE/L1=10                  | posted
    """)
    assert await world.variances() == ["B1 BE/L1 10/10 open", "B1 BE/L2 0/4 open"]
    await world.heartbeat(world.now + 60_000)
    assert await world.variances() == ["B1 BE/L1 10/10 approved", "B1 BE/L2 0/4 open"]


async def test_a_bin_that_was_short_once_and_is_counted_empty_asks_no_more(table):
    """[R19] Found by the simulation: no line of the count names the key, and nothing is missing."""
    world = await table("""
        08:00 A receive 5 BE/L1 to B1               | posted
        08:01 A move 5 BE/L1 from B1 to B2          | posted
        08:02 A move 5 BE/L1 from B1 to B2          | flagged NEGATIVE
        08:10 B move 10 BE/L1 from B2 to B1         | posted
        08:20 B pick 5 BE/L1 from B1 for SO-1       | posted
    """)
    assert await world.open() == ["NEGATIVE I B1"]
    await world.play("08:30 B count B1: | posted")
    assert await world.open() == []


async def test_a_key_that_arrives_late_at_an_empty_bin_is_missed_by_the_count(table):
    world = await table("""
        09:00 B count B1:                           | posted
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    assert await world.variances() == ["B1 BE/L1 0/10 open"]


async def test_goods_that_left_during_the_count_lose_only_what_was_always_there(table):
    world = await table("""
        08:00:00 A receive 10 BE/L1 to B1           | posted
        09:00:00 B count B1:                        | posted
        08:59:30 A pick 7 BE/L1 from B1             | posted
    """)
    assert await world.variances() == ["B1 BE/L1 0/3 open"]


async def test_a_reversed_count_hands_its_correction_back(table):
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        c: 09:00 B count B1: BE/L1=8                | posted
    """)
    await approve(world, "B")
    await table("""
        10:00 B reverse c                           | posted
    """)
    assert (await world.stock())["B1", "BE/L1"] == 10
    assert await world.variances() == ["B1 BE/L1 8/10 reversed"]


async def test_a_recount_puts_the_bin_on_the_list(table):
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=8                   | posted
    """)
    assert (await approve(world, "B", verb="recount"))["outcome"] == "accepted"
    page = await world.book.snapshot("S", None)
    assert await world.variances() == ["B1 BE/L1 8/10 recount"]
    assert page.epoch == 1


async def test_a_count_for_a_task_finishes_its_line(table):
    world = await table("""
        09:00 B count B1: for CT-1/1                | posted
    """)
    assert world.book.verify(None) == []


async def test_a_counter_who_had_seen_the_expected_quantity_is_no_news_but_told(table):
    """[R33]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B count B1: BE/L1=10 seen             | flagged NOT_BLIND
    """)
    assert await world.open() == []
