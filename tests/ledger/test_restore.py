"""[R11] The server lost its last hours: devices bring them back, and it is as if nothing was."""

import itertools
import json

import pytest

from server.book import CursorGoneError
from sync.records import Device, Document, Line, Variance
from tests.world.lines import clock, parse
from tests.world.restoring import Restored

BEFORE = """
    r: 06:30 A receive 40 BE/L1 to B1                     | posted
    06:40 B receive 9 CA/L1 to B2                         | posted
"""
AFTER = """
    07:00 A move 12 BE/L1 from B1 to B3 taken -40s        | posted
    07:05 B pick 2 BE/L1 from B3 for SO-1                 | posted
    07:10 B move all CA/L1 from B2 to B1                  | posted
    c: 08:00 A count B1: BE/L1=25, CA/L1=9                | posted
    08:05 B receive 5 BE/L2 to B1                         | posted
    x: 08:10 B receive 7 BE/L2 to B2                      | posted
    08:15 B reverse x                                     | posted
    08:20 A issue 3 BE/L1 from B1 for WO-1                | posted
"""


@pytest.fixture
async def world(tmp_path):
    world = Restored(tmp_path / "book.db")
    await world.set_up()
    yield world
    assert world.book.verify(None) == []
    world.close()


async def decide(world, verb, *, counted=25):
    """The desk D decides the line of BE/L1 in B1."""
    rows = await world.rows("variance", Variance)
    row = next(row for row in rows if "BE" in row.key and row.counted == counted)
    did = {
        "verb": verb, "count_id": row.count_id, "parts": [row.operation],
        "lines": [{
            "key": {"item": "BE", "lot": {"code": "L1"}}, "counted": row.counted,
            "expected": row.expected, "of": {"operation": row.operation, "line": row.line},
        }],
    }  # fmt: skip
    world.device("D").envelope(did, world.now, actor="fang", class_="intent")
    answer = await world.push("D")
    return json.loads(bytes(answer.verdicts[-1]))["outcome"]


async def work(world, verb="approve"):
    """Two handhelds work, backup, more work is acknowledged and a variance decided."""
    await world.push("D")
    await world.play(BEFORE)
    world.backup()
    await world.play(AFTER)
    assert await decide(world, verb) == "accepted"
    return await world.picture()


@pytest.mark.parametrize("order", list(itertools.permutations("ABD")), ids="".join)
async def test_devices_bring_the_lost_work_back_in_any_order(world, order):
    before = await work(world)
    await world.restore()
    await world.refill(*order)
    assert await world.picture() == before
    assert await world.gap() == (
        "evidence",
        {"epoch": 2, "back_to": clock("06:40"), "heard": ["A", "B", "D"]},
    )


@pytest.mark.parametrize("verb", ["reject", "recount"])
async def test_a_decision_against_a_count_comes_back_too(world, verb):
    before = await work(world, verb)
    await world.restore()
    await world.refill("D", "B", "A")
    assert await world.picture() == before


async def test_a_decision_needs_no_new_sign_in(world):
    before = await work(world)
    await world.restore()
    world.devices["D"].proofs = lambda _: []
    await world.refill("A", "D", "B")
    assert await world.picture() == before


async def test_a_restore_after_a_restore_changes_nothing(world):
    before = await work(world)
    for order in ("DAB", "BDA", "ABD"):
        await world.restore()
        await world.refill(*order)
        assert await world.picture() == before
    # The same backup each time: that its epoch was used before shows in a cursor or a seal.
    assert await world.epoch() == 4


async def test_verdicts_after_a_restore_keep_their_times(world):
    await work(world)
    before = {name: dict(device.verdicts) for name, device in world.devices.items()}
    await world.restore()
    world.now += 3 * 3_600_000
    await world.refill("B", "A", "D")
    for name, device in world.devices.items():
        for verdict in device.verdicts.values():
            old = before[name][verdict["id"]]
            assert (verdict["times"], verdict["u"]) == (old["times"], old["u"])


async def test_the_clock_of_a_new_machine_that_is_behind_does_not_take_the_site_back(world):
    """[T5] What was sealed has happened, whatever the new machine believes."""
    before = await work(world)
    await world.restore()
    world.now = clock("06:30")
    await world.refill("A", "B", "D")
    assert world.answer.server_now >= clock("08:20")
    assert (await world.stock()) == before[0]


async def test_an_old_file_copied_back_is_noticed_at_the_first_pull(world):
    """[S6] A valid cursor that is not on the chain proves it; the epoch is opened once."""
    before = await work(world)
    cursor = (await world.book.snapshot("S", None)).cursor
    await world.restore(by_command=False)
    for _ in range(2):
        with pytest.raises(CursorGoneError) as gone:
            await world.book.pull("S", cursor, 10, None)
        assert gone.value.code == "epoch"
    assert await world.epoch() == 2
    await world.refill("A", "B", "D")
    assert await world.picture() == before


async def test_an_old_file_copied_back_is_noticed_at_the_first_push(world):
    await work(world)
    cursor = (await world.book.snapshot("S", None)).cursor
    await world.restore(by_command=False)
    answer = await world.push("A", cursor=cursor, body=None)
    assert answer.epoch == 2
    assert await world.epoch() == 2


async def test_an_old_file_is_noticed_by_a_seal_where_no_cursor_shows_it(world):
    before = await work(world)
    await world.restore(by_command=False)
    for name in "ABD":
        device = world.devices[name]
        device.acked = 0 if name == "D" else 1
        await world.push(name)
    assert await world.epoch() == 2
    assert await world.picture() == before


async def test_a_cursor_that_others_made_opens_no_epoch(world):
    await world.play(BEFORE)
    cursor = (await world.book.snapshot("S", None)).cursor
    forged = cursor[:-4] + ("0000" if not cursor.endswith("0000") else "1111")
    with pytest.raises(CursorGoneError):
        await world.book.pull("S", forged, 10, None)
    await world.push("A", cursor=forged.replace("1.", "7.", 1))
    assert await world.epoch() == 1


async def test_a_forged_seal_is_decided_anew(world):
    """Its times are worked out again, and a decision needs its sign-in."""
    await work(world)
    await world.restore()
    desk = world.devices["D"]
    desk.proofs = lambda _: []
    for verdict in desk.verdicts.values():
        verdict["seal"] = "1." + "0" * 64
    await world.refill("A", "B", "D")
    assert [one["outcome"] for one in desk.verdicts.values()] == ["parked"]


async def test_a_seal_speaks_for_its_own_content_only(world):
    await work(world)
    await world.restore()
    first, second = list(world.devices["B"].verdicts.values())[1:3]
    first["seal"], second["seal"] = second["seal"], first["seal"]
    first["times"]["own"] = clock("06:01")
    await world.refill("B")
    verdicts = world.devices["B"].verdicts
    assert verdicts[first["id"]]["times"]["own"] == clock("07:05")


async def test_a_device_that_does_not_come_back_leaves_a_gap(world):
    await work(world)
    await world.restore()
    await world.refill("A")
    state, gap = await world.gap()
    assert (state, gap["waiting"], gap["heard"]) == ("open", {"B": "B", "D": "D"}, ["A"])
    assert "RESTORE_GAP U" in await world.open()


async def test_what_a_device_no_longer_has_is_named_and_what_is_found_narrows_it(world):
    await world.play(BEFORE)
    world.backup()
    await world.play(AFTER)
    whole = list(world.devices["A"].chain)
    await world.restore()
    device = world.device("A")
    device.epoch, device.acked = 2, 1
    device.chain = whole[:1]
    device.envelope({"verb": "lost", "through_seq": 2, "reason": "gone"}, world.now)
    device.chain.append(whole[2])
    await world.push("A")
    await world.refill("B")
    state, gap = await world.gap()
    assert (state, gap["lost"]) == ("open", {device.replica: [[2, 2]]})
    assert [code for code in await world.open() if "LOST" in code] == []


async def test_papers_made_after_the_backup_are_named(world):
    await world.play(BEFORE)
    world.backup()
    rows = [Document(document="PO-77", kind="purchase"), Line(document="PO-77", line=1, item="BE")]
    await world.book.change("S", "fang", rows, "made")
    await world.play("09:00 A receive 4 BE/L1 to B1 for PO-77/1")
    await world.restore()
    await world.refill("A", "B")
    state, gap = await world.gap()
    assert (state, gap["documents"]) == ("open", ["PO-77"])
    await world.book.change("S", "fang", rows, "made again")
    assert (await world.gap())[0] == "evidence"


async def test_a_device_that_was_enrolled_after_the_backup_is_let_in_again(world):
    await world.play(BEFORE)
    world.backup()
    await world.book.change("S", "fang", [Device(device="N", name="New one")], "enrolled")
    await world.play("09:00 N receive 4 BE/L1 to B1")
    before = await world.picture()
    await world.restore()
    await world.play("09:30 N receive 1 BE/L1 to B1")
    before[0]["B1", "BE/L1"] += 1
    before[0]["supplier/V1", "BE/L1"] -= 1
    await world.refill("A", "B")
    assert await world.picture() == before
    assert (await world.gap())[1]["devices"] == ["N"]


async def test_what_was_parked_stays_parked(world):
    """A device that was revoked after the backup brings its records back as they were."""
    await world.play(BEFORE)
    world.backup()
    await world.book.change("S", "fang", [Device(device="A", name="A", revoked=True)], "revoke")
    await world.play("09:00 A receive 4 BE/L1 to B1")
    before = await world.picture()
    await world.restore()
    await world.refill("B", "A")
    assert await world.picture() == before


async def test_two_contents_under_one_id_come_back_in_either_order(world):
    """[R2]"""
    world.backup()
    one = {"verb": "receive", "key": {"item": "BE", "lot": {"code": "L1"}}, "quantity": 5,
           "from": {"location": "supplier/V1"}, "to": {"location": "B1"}}  # fmt: skip
    world.device("A").envelope(one, world.now, id_="same")
    await world.push("A")
    world.device("B").envelope(one | {"quantity": 7}, world.now, id_="same")
    await world.push("B")
    before = await world.picture()
    await world.restore()
    await world.refill("B", "A")
    assert await world.picture() == before


async def test_nobody_believes_that_all_is_here_before_the_devices_were_heard(world):
    """[T6] The watermark waits for whoever was heard before the backup."""
    await world.play(BEFORE)
    await world.heartbeat(clock("07:00"))
    world.backup()
    await world.play(AFTER)
    await world.restore()
    await world.heartbeat(clock("09:00"), "A")
    assert world.answer.watermark <= clock("07:01")
    await world.heartbeat(clock("09:10"), "B")
    await world.heartbeat(clock("09:20"))
    assert world.answer.watermark >= clock("09:00")


async def test_a_decision_about_an_unlisted_lot_comes_back_before_the_goods(world):
    await world.push("D")
    world.backup()
    await world.play("""
        06:30 A receive 40 BE/L1 to B1
        06:40 A receive 3 BE/L2 to B1
        08:00 B count B1: BE/L1=40
    """)
    rows = await world.rows("variance", Variance)
    row = next(row for row in rows if "L2" in row.key)
    line = {"key": {"item": "BE", "lot": {"code": "L2"}}, "counted": row.counted,
            "expected": row.expected, "of": {"operation": row.operation}}  # fmt: skip
    did = {"verb": "approve", "count_id": row.count_id, "parts": [row.operation], "lines": [line]}
    world.device("D").envelope(did, world.now, actor="fang", class_="intent")
    answer = await world.push("D")
    assert json.loads(bytes(answer.verdicts[-1]))["outcome"] == "accepted"
    stock, _ = await world.picture()
    assert ("B1", "BE/L2") not in stock
    await world.restore()
    await world.refill("B", "D", "A")
    assert (await world.picture())[0] == stock


def own_decisions(rows):
    """What a device has of the server's own approvals, as its feed told it."""
    told = {}
    for row in rows:
        if (row.decided or "").startswith("server/"):
            one = told.setdefault(row.decided, {"count_id": row.count_id, "lines": []})
            line = [row.operation, row.line, row.key, row.counted, row.expected]
            one["lines"].append(line)
    return [{"id": id_, **one} for id_, one in told.items()]


async def approved_by_the_server(world):
    """A count that matched is approved; then a pick from before it arrives, and is absorbed."""
    world.backup()
    await world.play("""
        06:40 B receive 9 CA/L1 to B2             | posted
        08:00 A count B2: CA/L1=9                 | posted
    """)
    await world.heartbeat(clock("08:30"))
    await world.play("07:30 C pick 2 CA/L1 from B2 | flagged COUNT_EXPLAINED")
    assert await world.variances() == ["B2 CA/L1 9/9 approved"]
    return await world.stock(), own_decisions(await world.rows("variance", Variance))


@pytest.mark.parametrize("order", list(itertools.permutations("ABC")), ids="".join)
async def test_what_the_server_approved_itself_is_brought_back_by_any_device(world, order):
    before, decided = await approved_by_the_server(world)
    await world.restore()
    for name in order:
        await world.push(name, decided=decided)
    assert (await world.stock(), await world.variances()) == (before, ["B2 CA/L1 9/9 approved"])


async def test_nobody_can_make_up_what_the_server_approved(world):
    before, (decided,) = await approved_by_the_server(world)
    await world.restore()
    decided["lines"][0][3] = 500
    world.devices["A"].echo = world.devices["B"].echo = 0
    for name in "ABC":
        await world.push(name, decided=[decided])
    assert before["B2", "CA/L1"] == 9
    assert (await world.stock())["B2", "CA/L1"] == 7
    assert await world.variances() == ["B2 CA/L1 9/7 open"]


@pytest.mark.parametrize("order", ["DA", "AD"])
async def test_a_decision_on_a_pallet_that_nobody_had_seen_before_comes_back(world, order):
    await world.push("D")
    world.backup()
    did, _ = parse("count B1: BE#P1=1", clock("08:00"), {})
    did["lines"][0]["key"] = {"item": "container/", "serial": "P1"}
    world.device("A").envelope(did, clock("08:00"))
    await world.push("A", clock("08:00"))
    (row,) = await world.rows("variance", Variance)
    did = {
        "verb": "approve", "count_id": row.count_id, "parts": [row.operation],
        "lines": [{"key": {"item": "container/", "serial": "P1"}, "counted": 1, "expected": 0,
                   "of": {"operation": row.operation, "line": row.line}}],
    }  # fmt: skip
    world.device("D").envelope(did, world.now, actor="fang", class_="intent")
    answer = await world.push("D")
    assert json.loads(bytes(answer.verdicts[-1]))["outcome"] == "accepted"
    before = await world.picture()
    await world.restore()
    await world.refill(*order)
    assert await world.picture() == before
