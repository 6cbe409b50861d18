"""What a device may bring in a day: nobody fills the disk or the desk; no honest work is lost."""

from contextlib import asynccontextmanager
from dataclasses import replace

from litestar.testing import AsyncTestClient

from server.app import application
from server.book import Book, load, pushing
from server.book.budgets import DAYS_FIRST
from server.book.packing import unpacked
from server.installation import daily_of
from server.settings import token_key
from tests.server.conftest import SITE, Clock, Plant
from tests.server.handheld import Handheld
from tests.world.postgres import on_both


@asynccontextmanager
async def limited(settings, **daily):
    """The founded site with other limits."""
    few, clock = replace(settings, **daily), Clock()
    key = token_key(few.token_key_file)
    book = Book(few.database, key, clock, daily_of(few))
    async with AsyncTestClient(
        application(few, book, clock), base_url="http://testserver.local"
    ) as client:
        yield Plant(client, book, few, clock)


async def push(plant, handheld, start=0, end=None, device="d1"):
    return await plant.client.post(
        "/sync/push", content=handheld.push(start, end), headers=plant.device(device)
    )


def worked(plant, operations, site=SITE):
    handheld = Handheld(site, "1001", plant.clock)
    for _ in range(operations):
        handheld.receive(1)
    return handheld


async def open_codes(plant):
    headers = await plant.signed_in("2001", "d2")
    answer = await plant.client.get("/api/discrepancies?state=open", headers=headers)
    return [row["code"] for row in answer.json()["discrepancies"]]


@on_both("plant")
async def test_a_device_that_sends_more_than_a_days_work_keeps_the_rest_for_later(plant):
    """[S12]"""
    async with limited(plant.settings, day_operations=10) as few:
        await push(few, Handheld(SITE, "1001", few.clock))
        few.clock.wait(hours=24 * DAYS_FIRST)
        first = worked(few, 1)
        assert (await push(few, first)).status_code == 200
        few.clock.wait(hours=24)
        flood = worked(few, 30)
        assert (await push(few, flood, 0, 12)).status_code == 200
        for _ in range(3):
            answer = await push(few, flood, 12)
            assert (answer.status_code, answer.json()["code"]) == (429, "day_full")
            assert 0 < int(answer.headers["retry-after"]) <= 900
        assert answer.json()["detail"].startswith(
            "This device has sent all that one may send in a day (10 operations). Its records stay "
        )
        # One line for the desk, however often it tries.
        assert await open_codes(few) == ["DEVICE_LIMIT"]
        # A sign of life brings nothing, and is heard; another device works on.
        assert (await push(few, flood, 12, 12)).status_code == 200
        assert (await push(few, worked(few, 3), device="d2")).status_code == 200
        few.clock.wait(hours=24)
        taken = await push(few, flood, 12)
        assert taken.json()["acked"][0] == 30


async def test_who_comes_back_from_a_week_offline_has_the_budget_of_a_week(settings):
    """[S12]"""
    async with limited(settings, day_operations=10) as plant:
        handheld = worked(plant, 1)
        assert (await push(plant, handheld)).status_code == 200
        plant.clock.wait(hours=24 * 6 + 20)
        for _ in range(69):
            handheld.receive(1)
        # The app asks with empty hands first, to know the time.
        assert (await push(plant, handheld, 70)).status_code == 200
        for start in range(1, 70, 23):
            answer = await push(plant, handheld, start, start + 23)
            assert answer.status_code == 200
        assert answer.json()["acked"][0] == 70
        handheld.receive(1)
        assert (await push(plant, handheld, 70)).status_code == 200
        assert (await push(plant, worked(plant, 1))).status_code == 429
        assert await open_codes(plant) == ["DEVICE_LIMIT"]


async def test_new_replicas_and_lost_storages_count_like_operations(settings):
    """[S12] Each writes a row, although it brings no operation."""
    async with limited(settings, day_operations=2) as plant:
        codes = [
            (await push(plant, Handheld(SITE, "1001", plant.clock))).status_code
            for _ in range(2 * DAYS_FIRST + 1)
        ]
        assert codes == [200] * (2 * DAYS_FIRST) + [429]


async def test_bytes_and_doubts_are_counted_too(settings):
    """[S12]"""
    async with limited(settings, day_mb=1) as plant:
        handheld, taken = Handheld(SITE, "1001", plant.clock), 0
        while taken < 20 * DAYS_FIRST:
            handheld.did({"verb": "later", "words": "x" * 60_000})
            if (await push(plant, handheld, taken)).status_code != 200:
                break
            taken += 1
        assert taken == -(-DAYS_FIRST * 2**20 // len(handheld.envelopes[0]))
    async with limited(settings, day_discrepancies=1) as plant:
        handheld = Handheld(SITE, "1001", plant.clock)
        for number in range(DAYS_FIRST + 1):
            handheld.did({"verb": "later", "words": "x"})
            answer = await push(plant, handheld, number, device="d2")
        assert answer.status_code == 429
        assert "discrepancies" in answer.json()["detail"]


@on_both("plant")
async def test_a_revoked_device_brings_little_and_after_a_while_nothing(plant):
    """[S12]"""
    async with limited(plant.settings, day_operations=20, revoked_days=5) as few:
        handheld = worked(few, 40)
        assert (await push(few, handheld, 0, 1)).status_code == 200
        few.clock.wait(hours=24)
        supervisor = await few.signed_in("2001", "d2")
        await few.client.post("/api/devices/d1/revoke", headers=supervisor)
        assert (await push(few, handheld, 1, 4)).status_code == 200
        assert (await push(few, handheld, 4, 5)).status_code == 429
        few.clock.wait(hours=24)
        assert (await push(few, handheld, 4, 6)).status_code == 200
        few.clock.wait(hours=24 * 4)
        closed = await push(few, handheld, 6)
        assert (closed.status_code, closed.json()["code"]) == (403, "device_closed")
        assert "rescue file" in closed.json()["detail"]


@on_both("plant")
async def test_what_is_parked_is_kept_packed_and_read_as_it_came(plant):
    """[R5]"""
    handheld = Handheld(SITE, "1001", plant.clock)
    parked = handheld.did({"verb": "later", "words": "x" * 50_000})
    answer = await push(plant, handheld)
    assert answer.json()["verdicts"][0]["outcome"] == "parked"

    def stored(book):
        return bytes(book.exec_driver_sql(
            "SELECT payload FROM log WHERE outcome = 'parked'"
        ).scalar_one())  # fmt: skip

    payload = await plant.book.read(stored)
    assert len(payload) < 1_000
    assert unpacked(payload).decode() == handheld.envelopes[0]
    headers = await plant.signed_in()
    shown = await plant.client.get(f"/api/operations/{parked}", headers=headers)
    assert shown.json()["envelope"]["body"]["did"]["words"] == "x" * 50_000
    assert plant.book.verify(SITE) == []
    again = await push(plant, handheld)
    assert again.content == answer.content


async def test_a_device_is_given_only_so_many_blocks_of_lot_numbers_in_a_day(settings):
    async with limited(settings, day_blocks=2) as plant:

        async def ask(replica, device="d1"):
            return await plant.client.post(
                "/sync/blocks", json={"replica": replica * 32}, headers=plant.device(device)
            )

        assert [(await ask(one)).status_code for one in "123"] == [200, 200, 429]
        refused = await ask("1")
        assert (refused.status_code, refused.json()["code"]) == (429, "block_unused")
        assert int(refused.headers["retry-after"]) == 86_400
        assert (await ask("4", "d2")).json()["first"] == 2_001
        plant.clock.wait(hours=24)
        assert (await ask("1")).json()["first"] == 3_001


def listing(handheld, number, lines):
    """A count of the bin by lots that nobody has booked, each a line of its own."""
    wall = handheld.now()
    did = {
        "verb": "count", "place": {"location": "06-B-10"}, "scope": "place",
        "count_id": f"c{number}", "opened_wall": wall,
        "lines": [
            {"key": {"item": "BE-2908", "lot": {"code": f"L{number}-{line}"}}, "quantity": 1,
             "first_wall": wall, "last_wall": wall, "segment": "s1"}
            for line in range(lines)
        ],
    }  # fmt: skip
    return handheld.did(did)


@on_both("plant")
async def test_open_lines_of_one_place_are_bounded_and_a_movement_there_pays_for_none(
    plant, monkeypatch
):
    """[C9] Six hostile counts, then an honest putaway into the same bin, and a count of it."""
    handheld = Handheld(SITE, "1001", plant.clock)
    outcomes = []
    for number in range(6):
        listing(handheld, number, 250)
        verdict = (await push(plant, handheld, number)).json()["verdicts"][0]
        outcomes.append((verdict["outcome"], [flag["code"] for flag in verdict["flags"]]))
    assert [what for what, _ in outcomes[:4]] == ["posted"] * 4
    assert outcomes[4:] == [("parked", ["COUNT_FULL"])] * 2
    codes = [code for code in await open_codes(plant) if code == "COUNT_FULL"]
    assert codes == ["COUNT_FULL"]
    loaded = []

    def noting(session, pushes):
        load.load(session, pushes)
        loaded.append(len(session.state.variances.rows))

    monkeypatch.setattr(pushing, "load", noting)
    honest = Handheld(SITE, "1001", plant.clock)
    honest.receive(5)
    await push(plant, honest, device="d2")
    honest.did({
        "verb": "putaway", "key": {"item": "BE-2908"}, "quantity": 5,
        "from": {"location": "DOCK"}, "to": {"location": "06-B-10"},
    })  # fmt: skip
    await push(plant, honest, 1, device="d2")
    assert loaded[-1] <= 20
    listing(honest, 7, 1)
    verdict = (await push(plant, honest, 2, device="d2")).json()["verdicts"][0]
    assert verdict["outcome"] != "parked"
    assert plant.book.verify(SITE) == []
