"""[T7] A clock that stands wrong dates nothing: it is noticed, told, and nothing is taken by it."""

import asyncio
import dataclasses
from contextlib import asynccontextmanager

import pytest
from litestar.testing import AsyncTestClient

from server.app import application
from server.backups.daily import Keeper
from server.book import Book
from server.book.clock import DAY_MS, HOUR_MS, MINUTE_MS
from server.settings import token_key
from tests.server.conftest import SITE, START, Clock, Plant
from tests.server.handheld import Handheld


class Clocks(Clock):
    """The server's clock, and beside it one that nobody sets."""

    steady_ms: int = 0

    def wait(self, *, minutes=0, hours=0):
        """Let time go by: both clocks go on."""
        super().wait(minutes=minutes, hours=hours)
        self.steady_ms += (minutes + 60 * hours) * MINUTE_MS

    def step(self, ms):
        """Set the clock; the other one knows nothing of it."""
        self.ms += ms

    def steady(self):
        return self.steady_ms


@asynccontextmanager
async def running(settings, clock):
    key = token_key(settings.token_key_file)
    book = Book(settings.database, key, clock, steady=clock.steady)
    app = application(settings, book, clock)
    async with AsyncTestClient(app, base_url="http://testserver.local") as client:
        yield Plant(client, book, settings, clock)


@pytest.fixture
async def plant(settings):
    async with running(settings, Clocks()) as plant:
        yield plant


class Phone:
    """A handheld that keeps what the server does not take."""

    def __init__(self, plant, wall=None):
        self.plant = plant
        self.handheld = Handheld(SITE, "1001", wall or plant.clock)
        self.acked = 0

    async def receives(self, quantity):
        self.handheld.receive(quantity)
        return await self.sends()

    async def sends(self):
        frame = self.handheld.push(self.acked)
        answer = await self.plant.client.post(
            "/sync/push", content=frame, headers=self.plant.device("d1")
        )
        if answer.status_code == 200:
            self.acked = answer.json()["acked"][0]
        return answer


async def times(plant):
    """When the facts of the log happened, and when they were received."""
    query = "SELECT at, received_at FROM log WHERE kind = 'fact' ORDER BY seq"
    return [*map(tuple, await plant.book.read(lambda book: book.exec_driver_sql(query).all()))]


async def desk(plant):
    answer = await plant.client.get("/api/server", headers=await plant.signed_in("2001"))
    return answer.json()["clock"]


async def detail(plant, language="en"):
    answer = await plant.client.get("/ready", headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.json().get("detail", "")


async def test_a_clock_that_goes_as_time_does_is_believed_however_long_nobody_scans(plant):
    plant.clock.wait(hours=24 * 400)
    assert await detail(plant) == ""
    assert await desk(plant) is None
    assert (await Phone(plant).receives(1)).status_code == 200


@pytest.mark.parametrize("minutes", [6, -6, 23 * 60, -23 * 60])
async def test_a_small_step_is_told_and_work_goes_on(plant, minutes):
    assert (await Phone(plant).receives(1)).status_code == 200
    plant.clock.step(minutes * MINUTE_MS)
    off = f"{abs(minutes)} min off"
    assert off in await detail(plant)
    assert "bincard clock accept" in await detail(plant, "zh-CN")
    assert "服务器时钟与可信时间相差" in await detail(plant, "zh-CN")
    assert await desk(plant) == {"off": minutes * MINUTE_MS, "refuses": False}
    assert (await Phone(plant).receives(1)).status_code == 200


async def test_a_few_minutes_are_nobodys_news(plant):
    plant.clock.step(4 * MINUTE_MS)
    assert await detail(plant) == ""


@pytest.mark.parametrize(
    ("days", "code", "title"),
    [(730, "clock_ahead", "服务器时钟超前"), (-2, "clock_behind", "服务器时钟落后")],
)
async def test_nothing_is_taken_while_the_clock_is_days_off_and_phones_keep_it(
    plant, days, code, title
):
    phone = Phone(plant, wall=lambda: START + HOUR_MS)
    await phone.receives(1)
    plant.clock.step(days * DAY_MS)
    refused = await phone.receives(2)
    assert (refused.status_code, refused.json()["code"]) == (503, code)
    assert f"{abs(days) * 24} h".replace("17520", "17,520") in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    assert "bincard clock accept" in await detail(plant)
    paper = {"document": "PO-1", "kind": "purchase", "partner": "1580",
             "lines": [{"item": "BE-2908", "quantity": 1}]}  # fmt: skip
    supervisor = await plant.signed_in("2001")
    asked = await plant.client.post(
        "/api/documents", json=paper, headers={**supervisor, "Accept-Language": "zh"}
    )
    assert (asked.status_code, asked.json()["title"]) == (503, title)
    assert (await desk(plant))["refuses"]
    pulled = await plant.client.get("/sync/snapshot", headers=plant.device())
    assert pulled.status_code == 200, "who only reads is answered"

    plant.clock.step(-days * DAY_MS)
    plant.clock.wait(minutes=10)
    assert (await phone.sends()).status_code == 200
    assert await detail(plant) == ""
    assert all(START <= moment <= plant.clock.ms for row in await times(plant) for moment in row)
    assert plant.book.verify(None) == []


async def test_a_clock_that_lost_its_battery_is_noticed_at_the_start(settings):
    clock = Clocks()
    async with running(settings, clock) as plant:
        await Phone(plant).receives(1)
    clock.ms = 946_684_800_000
    async with running(settings, clock) as plant:
        assert (await Phone(plant).receives(1)).json()["code"] == "clock_behind"
        clock.ms = START + HOUR_MS
        await plant.book.look_at_clock()
        assert (await Phone(plant).receives(1)).status_code == 200
        assert await detail(plant) == ""


async def test_a_server_that_was_off_for_a_holiday_works_and_after_two_years_asks(settings):
    for days, status in ((20, 200), (730, 503)):
        clock = Clocks(START + days * DAY_MS)
        async with running(settings, clock) as plant:
            assert (await Phone(plant).receives(1)).status_code == status
    async with running(settings, clock) as plant:
        await plant.book.accept_clock()
        assert (await Phone(plant).receives(1)).status_code == 200
    async with running(settings, clock) as plant:
        assert (await Phone(plant).receives(1)).status_code == 200


async def test_who_accepts_a_clock_elsewhere_is_heard_by_the_server_that_runs(plant):
    plant.clock.step(10 * DAY_MS)
    assert (await Phone(plant).receives(1)).status_code == 503
    beside = Book(plant.settings.database, b"k" * 32, plant.clock)
    await asyncio.to_thread(beside.start)
    await beside.accept_clock()
    await asyncio.to_thread(beside.close)
    await plant.book.look_at_clock()
    assert (await Phone(plant).receives(1)).status_code == 200
    assert await detail(plant) == ""


async def test_what_was_dated_in_two_years_holds_nothing_up_after_the_clock_is_right(settings):
    """Somebody accepted a wrong clock, a phone worked by it, and then it is set right."""
    clock = Clocks()
    async with running(settings, clock) as plant:
        phone = Phone(plant, wall=lambda: START + HOUR_MS)
        clock.step(730 * DAY_MS)
        await plant.book.accept_clock()
        assert (await phone.receives(1)).status_code == 200
        wrong = await plant.signed_in()
        clock.step(-730 * DAY_MS)
        clock.wait(minutes=90)
        assert (await phone.receives(2)).json()["code"] == "clock_behind"
        await plant.book.accept_clock()
        told = await phone.sends()
        assert told.status_code == 200
        assert told.json()["server_now"] == clock.ms
        assert told.json()["watermark"] <= clock.ms
        *_, (at, received) = await times(plant)
        assert received == clock.ms
        assert at <= clock.ms, "a phone's next work is not put behind what it did in two years"
        asked = await plant.client.get("/api/holdings", headers=wrong)
        assert asked.status_code == 401, "nobody stays signed in for two years"
        assert plant.book.verify(None) == []


@pytest.mark.postgres
async def test_a_clock_is_accepted_on_a_database_server_too(
    settings, postgres, founding_in_postgres
):
    url = postgres.create(founding_in_postgres)
    clock = Clocks(START + 730 * DAY_MS)
    async with running(dataclasses.replace(settings, database=url), clock) as plant:
        phone = Phone(plant, wall=lambda: START + HOUR_MS)
        assert (await phone.receives(1)).json()["code"] == "clock_ahead"
        await plant.book.accept_clock()
        assert (await phone.sends()).status_code == 200
        clock.step(-730 * DAY_MS)
        assert (await phone.receives(2)).json()["code"] == "clock_behind"
        await plant.book.accept_clock()
        told = await phone.sends()
        assert (told.status_code, told.json()["server_now"]) == (200, clock.ms)
        assert plant.book.verify(None) == []
    postgres.drop(url)


async def test_no_backup_is_made_that_would_be_the_newest_for_two_years(plant, tmp_path):
    shelf = tmp_path / "shelf"
    named = dataclasses.replace(plant.settings, backups=shelf)
    keeper = Keeper(named, plant.book, plant.clock)
    plant.clock.step(730 * DAY_MS)
    await keeper.turn()
    assert not shelf.exists()
