"""A small site with two people and two devices, behind the real doors of the server."""

import asyncio
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from litestar.testing import AsyncTestClient

from server import cli
from server.app import application
from server.backups.copying import copy_book
from server.book import Book
from server.migrations import migrate
from server.people import roster
from server.people.tokens import device_token
from server.settings import Settings, token_key
from sync.records import Device, Item, Location, Partner, Person, Site, Warehouse
from tests.server import running

SITE = "PLANT"
START = 1_795_000_000_000
PINS = {"1001": "7305", "2001": "639274"}


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
            pin_stamp=await roster.set_pin(book, SITE, number, PINS[number], role),
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


@pytest.fixture(scope="session")
def founding(tmp_path_factory):
    """The data folder of the founded site, made once and copied for each test: PINs are slow."""
    data = tmp_path_factory.mktemp("founding") / "data"
    database = f"sqlite:///{data / 'bincard.db'}"
    migrate(database)

    async def make():
        book = Book(database, token_key(data / "token.key"), Clock())
        book.start()
        await found(book)
        book.close()

    asyncio.run(make())
    return data


@pytest.fixture
def settings(tmp_path, founding):
    web = tmp_path / "dist"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>Bincard</title>", encoding="utf-8")
    (web / "sw.js").write_text("// worker", encoding="utf-8")
    (web / "manifest.webmanifest").write_text("{}", encoding="utf-8")
    (web / "assets" / "main-1a2b.js").write_text("// main", encoding="utf-8")
    (web / "assets" / "reader.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("not for the web", encoding="utf-8")
    data = tmp_path / "data"
    shutil.copytree(founding, data)
    return Settings(data=data, database=f"sqlite:///{data / 'bincard.db'}", web=web)


@pytest.fixture(scope="session")
def founding_in_postgres(founding, postgres):
    """The founded site in PostgreSQL."""
    url = postgres.create()
    copy_book(f"sqlite:///{founding / 'bincard.db'}", url)
    return url


@asynccontextmanager
async def opened(settings, clock):
    """The application over the founded site, opened and closed as the server does it."""
    book = Book(settings.database, token_key(settings.token_key_file), clock)
    app = application(settings, book, clock)
    async with AsyncTestClient(app, base_url="http://testserver.local") as client:
        yield Plant(client, book, settings, clock)


@pytest.fixture
async def plant(request, settings):
    """The founded site on SQLite; `on_both` asks for it on PostgreSQL, too."""
    url = None
    if getattr(request, "param", "sqlite") == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.create(request.getfixturevalue("founding_in_postgres"))
        settings = replace(settings, database=url)
    async with opened(settings, Clock()) as plant:
        yield plant
    if url is not None:
        postgres.drop(url)


@pytest.fixture
async def strict_plant(settings):
    """A server that allows two of everything."""
    few = replace(settings, enrol_per_minute=2, sign_in_per_minute=2, push_per_second=2)
    async with opened(few, Clock()) as plant:
        yield plant


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A folder with a site, its goods, a worker and a supervisor, made by commands alone."""
    folder = tmp_path_factory.mktemp("template")
    site = ("site", "add", running.SITE, "--name", "Plant", "--time-zone", "Asia/Shanghai")
    commands = [("migrate",), site]
    for number, role in (("1001", "worker"), ("2001", "supervisor")):
        person = ("user", "add", number, "--name", role, "--role", role, "--pin", PINS[number])
        commands.append(person)
    for kind, text in running.FILES.items():
        file = folder / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        commands.append(("import", kind, str(file), "--apply"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BINCARD_DATA", str(folder / "data"))
        for command in commands:
            assert cli.main(command) == 0, command
    return folder / "data"


@pytest.fixture
def server(tmp_path):
    """A server in an empty folder, stopped at the end whatever happened."""
    server = running.Server(tmp_path / "data")
    yield server
    server.end()


@pytest.fixture
def founded(server, template, tmp_path):
    """A server whose site, goods and people are there already."""
    shutil.copytree(template, tmp_path / "data")
    return server


@pytest.fixture(scope="session")
def template_in_postgres(template, postgres):
    """The same site in PostgreSQL, moved there by the command that moves sites."""
    url = postgres.create()
    copy_book(f"sqlite:///{template / 'bincard.db'}", url)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def anywhere(request, founded):
    """A founded server on either database; on PostgreSQL it is two processes."""
    if request.param == "sqlite":
        yield founded
        return
    postgres = request.getfixturevalue("postgres")
    url = postgres.create(request.getfixturevalue("template_in_postgres"))
    founded.environment |= {"BINCARD_DATABASE": url, "BINCARD_WORKERS": "2"}
    yield founded
    founded.end()
    postgres.drop(url)


@pytest.fixture(scope="module")
def described(template, tmp_path_factory):
    """A running server and the headers of its supervisor, for many questions in a row."""
    folder = tmp_path_factory.mktemp("described") / "data"
    shutil.copytree(template, folder)
    server = running.Server(folder)
    server.environment["BINCARD_SIGN_IN_PER_MINUTE"] = "100000"
    headers = running.enrolled(server)
    server.start()
    who = {"person": "2001", "pin": PINS["2001"]}
    signed = httpx.post(f"{server.origin}/api/sign-in", json=who, headers=headers).json()
    yield server, {**headers, "X-Bincard-Session": signed["session"]}
    server.end()
