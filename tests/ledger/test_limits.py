"""Corrections: how much one person may, and what was corrected twice."""

import json

import msgspec
import pytest

from sync.records import Device, Discrepancy, Variance
from sync.stock import key_of
from tests.world.desk import found, give_limit, intend, see, settle
from tests.world.lines import clock, key
from tests.world.warehouse import SITE


async def approve(world, place, at=None):
    """Let fang approve the open variances of a place."""
    for row in await world.rows("variance", Variance):
        if row.place == place and row.state == "open" and at in {None, row.at}:
            line = {
                "key": json.loads(msgspec.json.encode(key_of(row.key))),
                "counted": row.counted, "expected": row.expected,
                "of": {"operation": row.operation, "line": row.line if row.line >= 0 else None},
            }  # fmt: skip
            did = {"verb": "approve", "count_id": row.count_id, "parts": [row.operation],
                   "lines": [line]}  # fmt: skip
            assert (await intend(world, did))["outcome"] == "accepted"


LIMITED = pytest.mark.usefixtures("limited")


@LIMITED
async def test_what_is_beyond_the_limit_waits_in_suspense(table):
    """[R37] The shelf is right at once; the reason waits for a supervisor."""
    world = await table("""
        08:00 A adjust 10 BE/L1 B1 found            | posted
        08:10 A adjust -11 BE/L1 B1 broken          | flagged NEGATIVE OVER_LIMIT
    """)
    stock = await world.stock()
    assert stock == {("adjust/found", "BE/L1"): -10, ("B1", "BE/L1"): -1, ("suspense", "BE/L1"): 11}
    assert await settle(world, "OVER_LIMIT", "approve") == "accepted"
    stock = await world.stock()
    assert stock == {("adjust/found", "BE/L1"): -10, ("B1", "BE/L1"): -1,
                     ("adjust/broken", "BE/L1"): 11}  # fmt: skip


@LIMITED
async def test_what_is_refused_never_happened(table):
    """[R37] [R40]"""
    world = await table("""
        08:10 A adjust 11 BE/L1 B1 found            | flagged OVER_LIMIT
    """)
    assert await settle(world, "OVER_LIMIT", "refuse") == "accepted"
    assert await world.stock() == {}
    assert await world.open() == []


@LIMITED
async def test_a_correction_that_was_approved_can_still_be_taken_back(table):
    """[R37] [R40]"""
    world = await table("""
        a: 08:10 A adjust 11 BE/L1 B1 found         | flagged OVER_LIMIT
    """)
    assert await settle(world, "OVER_LIMIT", "approve") == "accepted"
    await table("""
        08:20 A reverse a                           | posted
    """)
    assert await world.stock() == {}


@LIMITED
async def test_each_correction_beyond_the_limit_is_decided_by_itself(table):
    """[R37] Suspense is what the open ones say."""
    world = await table("""
        08:10 A adjust 11 BE/L1 B1 found            | flagged OVER_LIMIT
        08:11 B adjust 12 BE/L1 B1 found            | flagged OVER_LIMIT
    """)
    rows = [row for row in await world.rows("discrepancy", Discrepancy) if row.state == "open"]
    assert sum(row.detail["quantity"] for row in rows) == 23
    assert (await world.stock())["suspense", "BE/L1"] == -23


async def test_a_person_may_have_a_limit_of_their_own(limited, table):
    """[R37]"""
    await give_limit(limited, 100)
    await see(limited, "A")
    await table("""
        08:10 A adjust 100 BE/L1 B1 found           | posted
        08:10 A adjust 101 BE/L1 B1 found           | flagged OVER_LIMIT
    """)


async def test_a_name_that_the_server_never_saw_there_has_no_more_than_anybody(limited, table):
    """[R37] On another device, by another person, or by tries that failed: a name is no limit."""
    await give_limit(limited, 100)
    await see(limited, "A")
    await see(limited, "B", "other")
    await see(limited, "C", proved_at=None, wrong=3)
    await table("""
        08:10 B adjust 11 BE/L1 B1 found            | flagged OVER_LIMIT
        08:11 C adjust 11 BE/L1 B1 found            | flagged OVER_LIMIT
        08:12 C issue 11 BE/L1 from B1 to scrap     | flagged OVER_LIMIT
        08:13 B adjust 10 BE/L1 B1 found            | posted
    """)
    rows = await limited.rows("discrepancy", Discrepancy)
    assert {row.detail["limit"] for row in rows if row.code == "OVER_LIMIT"} == {10}


async def test_a_lesser_limit_of_a_person_holds_wherever_they_are_named(limited, table):
    """[R37]"""
    await give_limit(limited, 5)
    await table("""
        08:10 B adjust 6 BE/L1 B1 found             | flagged OVER_LIMIT
        08:11 B adjust 6 BE/L1 B1 found by other    | posted
    """)


async def test_a_sign_in_on_what_the_phone_was_before_holds(limited, table):
    """[R37] [S10]"""
    await give_limit(limited, 100)
    await see(limited, "A")
    row = Device(device="B", name="B", former="A")
    await limited.book.change(SITE, "fang", [row], "enrolled again")
    await table("""
        08:10 B adjust 100 BE/L1 B1 found           | posted
    """)


async def test_who_signed_in_once_has_their_limit_without_a_network(limited, table):
    """[R37] The phone comes back after hours: what the server saw before is enough."""
    await give_limit(limited, 100)
    await see(limited, "A")
    limited.device("A").actors = set()
    await table("""
        2d 08:10 A adjust 100 BE/L1 B1 found        | posted
    """)


async def test_an_adjustment_that_a_late_pick_explains_is_offered_to_be_taken_back(table):
    """[R36] The bin was short because the pick was still on a handheld."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B adjust -2 BE/L1 B1 missing          | posted
        08:30 C pick 2 BE/L1 from B1 for SO-1       | flagged DOUBLE_CORRECTION
    """)
    assert (await world.stock())["B1", "BE/L1"] == 6
    assert await settle(world, "DOUBLE_CORRECTION", "reverse") == "accepted"
    assert (await world.stock())["B1", "BE/L1"] == 8
    assert ("adjust/missing", "BE/L1") not in await world.stock()


@LIMITED
@pytest.mark.parametrize("decided", [None, "approve"])
async def test_what_waits_to_be_scrapped_is_no_correction(table, decided):
    """[R36] [R37] A late pick does not explain goods that were thrown away, agreed to or not."""
    world = await table("""
        08:00 A receive 50 BE/L1 to B1              | posted
        09:00 B issue 12 BE/L1 from B1 to scrap     | flagged OVER_LIMIT
    """)
    if decided:
        assert await settle(world, "OVER_LIMIT", decided) == "accepted"
    await table("""
        08:30 C pick 2 BE/L1 from B1 for SO-1       | posted
    """)


@LIMITED
@pytest.mark.parametrize("decided", [None, "approve"])
async def test_what_waits_to_be_corrected_is_a_correction(table, decided):
    """[R36] [R37]"""
    world = await table("""
        08:00 A receive 50 BE/L1 to B1              | posted
        09:00 B adjust -12 BE/L1 B1 missing         | flagged OVER_LIMIT
    """)
    if decided:
        assert await settle(world, "OVER_LIMIT", decided) == "accepted"
    await table("""
        08:30 C pick 2 BE/L1 from B1 for SO-1       | flagged DOUBLE_CORRECTION
    """)


@LIMITED
async def test_an_adjustment_repeats_what_waits_to_be_scrapped(table):
    """[R36] [R37] Its device had not heard of it: the bin is set right twice."""
    await table("""
        08:00 A receive 50 BE/L1 to B1              | posted
        08:30 C issue 12 BE/L1 from B1 to scrap     | flagged OVER_LIMIT
        09:00 B adjust -12 BE/L1 B1 missing         | flagged DOUBLE_CORRECTION OVER_LIMIT
    """)


async def test_an_adjustment_by_one_who_had_not_heard_of_the_pick_is_one_too(table):
    """[R36] Whichever of the two arrives first."""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:30 C pick 2 BE/L1 from B1 for SO-1       | posted
        09:00 B adjust -2 BE/L1 B1 missing          | flagged DOUBLE_CORRECTION
    """)
    assert await settle(world, "DOUBLE_CORRECTION", "reverse") == "accepted"
    assert (await world.stock())["B1", "BE/L1"] == 8


async def test_a_pick_of_the_same_moment_is_unheard_of_too(table, warehouse):
    """[R36] Whether pushes share a transaction makes no difference."""
    await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
    """)
    told = await warehouse.together("""
        08:30 C pick 2 BE/L1 from B1 for SO-1
        09:00 B adjust -2 BE/L1 B1 missing
    """)
    assert told == ["posted", "flagged DOUBLE_CORRECTION"]


@pytest.mark.parametrize(
    "late",
    [
        "08:30 C pick 3 BE/L1 from B1 for SO-1", "08:30 C receive 2 BE/L1 to B1",
        "09:30 C pick 2 BE/L1 from B1 for SO-1",
    ],
)  # fmt: skip
async def test_an_adjustment_that_it_does_not_explain_stands(table, late):
    """[R36] It was more, it went the other way, or it came afterwards."""
    await table(f"""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B adjust -2 BE/L1 B1 missing          | posted
        {late}                                      | posted
    """)


async def test_adjustments_of_two_people_both_stand(table):
    """[R36]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        09:00 B adjust -2 BE/L1 B1 missing          | posted
        08:50 C adjust -2 BE/L1 B1 broken           | posted
    """)
    assert (await world.stock())["B1", "BE/L1"] == 6


async def test_goods_that_were_counted_before_they_were_booked_are_there_once(table):
    """[R36] The count found the pallet, an hour later somebody booked it."""
    world = await table("""
        09:00 B count B1: BE/L1=10                  | posted
    """)
    await approve(world, "B1")
    await table("""
        10:00 A receive 10 BE/L1 to B1              | flagged DOUBLE_CORRECTION
        1d 10:00 A receive 10 BE/L1 to B1           | posted
    """)
    assert await settle(world, "DOUBLE_CORRECTION", "reverse") == "accepted"
    assert (await world.stock())["B1", "BE/L1"] == 20
    assert await world.variances() == ["B1 BE/L1 10/0 rejected"]


async def test_it_does_not_matter_that_the_count_is_approved_later(table):
    """[R36]"""
    world = await table("""
        09:00 B count B1: BE/L1=10                  | posted
        10:00 A receive 10 BE/L1 to B1              | posted
    """)
    await approve(world, "B1")
    assert (await found(world, "DOUBLE_CORRECTION")).detail["raised"] == 10


async def test_a_doubt_about_a_count_ends_with_the_next_one(table):
    """[D4] [R32]"""
    world = await table("""
        08:00 A receive 10 BE/L1 to B1              | posted
        08:30 B count B1: BE/L1=8                   | posted
        09:30 C count B1: BE/L1=9                   | flagged COUNT_DISAGREE
    """)
    later = max(row.at for row in await world.rows("variance", Variance))
    await approve(world, "B1", later)
    assert await world.open() == []


async def test_a_surplus_at_a_dock_is_for_a_person(warehouse):
    """[R36] [C6] The goods may have come before their paper."""
    site = warehouse.site(count_tolerance=5)
    await warehouse.book.change(SITE, "x", [site], "tolerant")
    await warehouse.play("""
        08:00 A receive 10 BE/L1
        08:01 A receive 10 BE/L1 to B1
        08:02 A receive 10 BE/L2
        09:00 B count DOCK: BE/L1=12, BE/L2=9
        09:10 B count B1: BE/L1=12
    """)
    await warehouse.heartbeat(clock("10:00"))
    assert await warehouse.variances() == [
        "DOCK BE/L1 12/10 open", "DOCK BE/L2 9/10 approved", "B1 BE/L1 12/10 approved",
    ]  # fmt: skip
    assert key("BE/L1")
