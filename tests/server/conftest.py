"""A small site with two people and two devices, behind the real doors of the server."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from litestar.testing import AsyncTestClient

from server.app import application
from server.book import Book
from server.migrations import migrate
from server.people import roster
from server.people.tokens import device_token
from server.settings import Settings, token_key
from sync.records import Device, Item, Location, Partner, Person, Site, Warehouse

SITE = "PLANT"
START = 1_795_000_000_000
PINS = {"1001": "2580", "2001": "7412"}


@dataclass
class Clock:
    """A clock that moves only when a test moves it."""

    ms: int = START

    def __call__(self):
        return self.ms

    def wait(self, *, minutes=0, hours=0):
        self.ms += (minutes + 60 * hours) * 60_000


@dataclass
class Plant:
    """The running server of a test and what is needed to speak with it."""

    client: httpx.AsyncClient
    book: Book
    settings: Settings
    clock: Clock
    sessions: dict = field(default_factory=dict)

    def device(self, device="d1", site=SITE):
        key = token_key(self.settings.token_key_file)
        return {"Authorization": f"Bearer {device_token(key, device, site)}"}

    async def signed_in(self, person="1001", device="d1"):
        """The headers of somebody at a device."""
        answer = await self.sign_in(person, PINS[person], device)
        assert answer.status_code == 200, answer.text
        return {**self.device(device), "X-Bincard-Session": answer.json()["session"]}

    async def sign_in(self, person, pin, device="d1"):
        body = {"person": person, "pin": pin}
        return await self.client.post("/api/sign-in", json=body, headers=self.device(device))


async def found(book):
    """Found the site: two people, two devices, one item in one bin's reach."""
    people = [
        Person(
            person=number,
            name=name,
            role=role,
            badge=f"B{number}",
            verifier=await roster.set_pin(book, SITE, number, PINS[number]),
        )
        for number, name, role in (
            ("1001", "Liu Mei", "worker"),
            ("2001", "Fang Ping", "supervisor"),
        )
    ]
    await book.change(
        SITE,
        "test",
        [
            Site(site=SITE, name="Plant", name_zh="工厂", time_zone="Asia/Shanghai"),
            Warehouse(warehouse="06", name="Raw material"),
            Location(location="06-B-10", warehouse="06"),
            Location(location="DOCK", warehouse="06", kind="dock"),
            Item(item="BE-2908", name="Headset Ball Bearings", lots=True),
            Partner(partner="1580", kind="supplier", name="Litware"),
            *people,
            Device(device="d1", name="PDA-01"),
            Device(device="d2", name="PDA-02"),
        ],
        "founded",
    )


@pytest.fixture
def settings(tmp_path):
    web = tmp_path / "dist"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>Bincard</title>", encoding="utf-8")
    (web / "sw.js").write_text("// worker", encoding="utf-8")
    (web / "manifest.webmanifest").write_text("{}", encoding="utf-8")
    (web / "assets" / "main-1a2b.js").write_text("// main", encoding="utf-8")
    (web / "assets" / "reader.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("not for the web", encoding="utf-8")
    data = tmp_path / "data"
    return Settings(data=data, database=f"sqlite:///{data / 'bincard.db'}", web=web)


@asynccontextmanager
async def running(settings, clock):
    """The application over a fresh database, opened and closed as the server does it."""
    migrate(settings.database)
    book = Book(settings.database, token_key(settings.token_key_file), clock)
    app = application(settings, book, clock)
    async with AsyncTestClient(app, base_url="http://testserver.local") as client:
        await found(book)
        yield Plant(client, book, settings, clock)


@pytest.fixture
async def plant(settings):
    async with running(settings, Clock()) as plant:
        yield plant


@pytest.fixture
async def strict_plant(settings):
    """A server that allows two of everything."""
    few = replace(settings, enrol_per_minute=2, sign_in_per_minute=2, push_per_second=2)
    async with running(few, Clock()) as plant:
        yield plant
