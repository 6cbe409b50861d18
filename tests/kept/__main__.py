"""Makes a kept database with the program of today, through its own doors: `make keep`.

It is named by the step of the tables. What stands there already was made by an earlier program
and can never be made again, so nothing is written over it.
"""

import asyncio
import json
import lzma
import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import msgspec
from litestar.testing import AsyncTestClient

from server.app import application
from server.backups.shelf import write_safely
from server.book import Book
from server.imports import factory, opening
from server.migrations import migrate, newest_step
from server.people import roster
from server.people.enrolment import Invitation, issue_code
from server.settings import Settings
from sync.messages import Conflict, Pushed
from sync.records import Person
from tests.kept import HERE, KEY
from tests.kept.script import FIRST_DAY, LATE, SECOND_DAY
from tests.world.handheld import Handheld
from tests.world.lines import parse

DAY = 1_795_046_400_000
"""2026-11-19 in UTC, when the first papers of the demo are due."""
DAY_MS = 86_400_000
ACTORS = {"A": "1001", "B": "1002", "C": "1003", "H": "2001"}
PINS = {person.person: person.pin for person in factory.DEMO_PEOPLE}


class Days:
    """The factory behind its doors, the devices by their letters, and the time of day."""

    def __init__(self, client):
        self.client = client
        self.now = DAY + 6 * 3_600_000
        self.devices, self.headers, self.ids = {}, {}, {}

    def clock(self):
        return self.now

    async def enrol(self, letter):
        """Let a device join as the desk lets one in; its person signs in."""
        code = await self.ask("POST", "/api/devices/codes", by="H", name=f"PDA {letter}")
        await self.join(letter, code["code"])

    async def join(self, letter, code):
        made = await self.ask("POST", "/api/enrol", code=code)
        self.headers[letter] = {"Authorization": f"Bearer {made['token']}"}
        handheld = self.devices[letter] = Handheld(factory.SITE, made["device"])
        handheld.actor = ACTORS[letter]
        await self.sign_in(letter)
        handheld.heard(self.now, self.now)

    async def sign_in(self, letter):
        person = ACTORS[letter]
        signed = await self.ask("POST", "/api/sign-in", by=letter, person=person, pin=PINS[person])
        self.headers[letter]["X-Bincard-Session"] = signed["session"]
        self.devices[letter].signed = signed

    async def ask(self, method, path, by=None, **body):
        answer = await self.client.request(
            method, path, headers=self.headers.get(by, {}), json=body or None
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def push(self, letter, **frame):
        handheld = self.devices[letter]
        answer = await self.client.post(
            "/sync/push", content=handheld.push_message(self.now, **frame),
            headers=self.headers[letter],
        )  # fmt: skip
        kind = {200: Pushed, 409: Conflict}[answer.status_code]
        told = msgspec.json.decode(answer.content, type=kind)
        handheld.take(told, self.now)
        return [json.loads(bytes(one)) for one in getattr(told, "verdicts", ())]

    async def heartbeat(self):
        """Let everybody say that nothing is unsent: the watermark moves on."""
        for _ in range(2):
            for letter in self.devices:
                await self.push(letter)
            self.now += 1_000

    async def play(self, script, *, at_once=True):
        for text in filter(None, map(str.strip, script.splitlines())):
            days, hour, letter, words = re.match(r"(?:(\d)d )?(\S+) (\w) (.*)", text).groups()
            hours, minutes = map(int, hour.split(":"))
            at = DAY + int(days or 0) * DAY_MS + hours * 3_600_000 + minutes * 60_000
            did, extra = parse(words.replace("= ", "="), at, self.ids)
            self.ids[hour] = self.devices[letter].envelope(did, at, **extra)
            if at_once:
                self.now = max(self.now, at)
                for verdict in await self.push(letter):
                    print(text, "|", verdict["outcome"], *(f["code"] for f in verdict["flags"]))

    async def intend(self, verb, **did):
        """Decide something at the desk."""
        self.now += 1_000
        self.devices["H"].envelope({"verb": verb, **did}, self.now, class_="intent")
        (verdict,) = await self.push("H")
        print("desk", verb, "|", verdict["outcome"], verdict.get("reason", ""),
              *(flag["code"] for flag in verdict["flags"]))  # fmt: skip

    async def edit(self, kind, id_, **fields):
        rows = await self.rows(f"SELECT version FROM {kind} WHERE {kind} = '{id_}'")
        await self.intend("edit", kind=kind, id=id_, base_version=rows[0][0], fields=fields)

    async def rows(self, query):
        return await self.book.read(lambda connection: connection.exec_driver_sql(query).all())


async def decide_counts(days):
    """Approve what 06-B-09 and 06-B-05 gave, have 01-A-07 counted again, reject 50-G-10."""
    for place, verb in (
        ("06-B-09", "approve"), ("06-B-05", "approve"), ("01-A-07", "recount"),
        ("50-G-10", "reject"),
    ):  # fmt: skip
        found = await days.rows(
            "SELECT operation, line, count_id, key, counted, expected FROM variance"
            f" WHERE place = '{place}' AND state = 'open'"
        )
        lines = [
            {"key": _key(row[3]), "counted": row[4], "expected": row[5],
             "of": {"operation": row[0], "line": row[1] if row[1] >= 0 else None}}
            for row in found
        ]  # fmt: skip
        await days.intend(verb, count_id=found[0][2], parts=[found[0][0]], lines=lines)


def _key(text):
    item, lot, serial, status, _ = json.loads(text)
    code = dict(zip(("code", "expires", "supplier"), lot, strict=True)) if lot else None
    return {"item": item, "lot": code, "serial": serial, "status": status}


async def settle(days, code, action):
    (row, *_) = await days.rows(
        f"SELECT discrepancy FROM discrepancy WHERE code = '{code}' AND state = 'open'"
    )
    await days.intend("settle", discrepancy=row[0], action=action)


async def at_the_desk(days):
    """What a supervisor does on such a day, besides deciding."""
    await days.edit("site", factory.SITE, adjust_limit=20)
    await days.edit("item", "BE-2908", name="Headset Ball Bearings, 24 pcs")
    await days.edit("location", "06-B-03", blocked=True)
    await days.ask("POST", "/api/people", by="H", person="1004", name="Sun Yu", role="worker",
                   badge="B1004", pin="7391")  # fmt: skip
    await days.ask("POST", "/api/people", by="H", person="1004", active=False)
    await days.ask(
        "POST", "/api/documents", by="H", document="PO-9001", kind="purchase", partner="1598",
        lines=[{"item": "BE-2908", "quantity": 48}],
    )  # fmt: skip
    await days.intend("reserve", document="SO-75104", line=4, quantity=3,
                      place={"location": "07-FL-23"}, key={"item": "HL-U509-B"})  # fmt: skip


async def work(days):
    """The two days: work, counts that are decided, and what a third handheld brings late."""
    await days.enrol("A")
    await days.enrol("B")
    await days.enrol("C")
    await at_the_desk(days)
    await days.play(FIRST_DAY)
    days.devices["B"].envelope({"verb": "teleport", "to": "Mars"}, days.now)
    await days.push("B")
    await decide_counts(days)
    await settle(days, "UNKNOWN_CODE", "is:BE-2349")
    await days.play(LATE, at_once=False)
    await days.push("C")
    await days.play(SECOND_DAY)
    await days.sign_in("H")
    await days.intend("close", document="PO-3957", line=2)
    await days.ask("POST", f"/api/devices/{days.devices['C'].device}/revoke", by="H")
    days.devices["C"].envelope(parse("move 1 BE-2349 from DOCK-1 to 01-A-07", days.now, {})[0],
                               days.now)  # fmt: skip
    await days.push("C")
    del days.devices["C"]
    await days.heartbeat()


async def make(data):
    """Found the demo, work two days in it, and leave it as it is found two weeks later."""
    settings = Settings(data=data, database=f"sqlite:///{data / 'bincard.db'}", web=data)
    (data / "index.html").write_text("<!doctype html>", encoding="utf-8")
    write_safely(data / "token.key", KEY)
    migrate(settings.database)
    days = Days(None)
    days.book = Book(settings.database, KEY, days.clock)
    app = application(settings, days.book, days.clock)
    async with AsyncTestClient(app, base_url="http://testserver.local") as days.client:
        people = [
            Person(person=p.person, name=p.name, role=p.role, badge=p.badge, language=p.language,
                   pin_stamp=await roster.set_pin(
                       days.book, factory.SITE, p.person, p.pin, p.role))
            for p in factory.DEMO_PEOPLE
        ]  # fmt: skip
        await days.book.change(factory.SITE, "2001", [*factory.factory_rows(), *people], "demo")
        await opening.post(days.book, factory.SITE, "demo", _half_of_the_stock(days), days.now)
        await first_desk(days)
        await work(days)
        assert days.book.verify(None) == []
        days.now += 16 * DAY_MS
        await days.book.prune()


def _half_of_the_stock(days):
    """Return the opening facts of every place that the script names, and half of all others."""
    script = FIRST_DAY + SECOND_DAY
    numbered = enumerate(factory.factory_stock())
    stock = [row for number, row in numbered if number % 2 or row.place in script]
    return opening.opening_operations(factory.SITE, "2001", stock, days.now - 60_000)


async def first_desk(days):
    """The first device joins by a code from the command line."""
    invitation = Invitation(factory.SITE, "Desk", "server")
    issued = await issue_code(days.book, invitation, "http://127.0.0.1:8000/", days.now)
    await days.join("H", issued.code)


def keep(data, name):
    """Pack the database: without snapshots, which any server makes anew, and free pages."""
    with closing(sqlite3.connect(data / "bincard.db", isolation_level=None)) as book:
        for table in ("snapshot", "chunk"):
            book.execute(f"DELETE FROM {table}")
        book.execute("VACUUM")
        book.execute("PRAGMA journal_mode=DELETE")
    packed = lzma.compress((data / "bincard.db").read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    (HERE / name).write_bytes(packed)
    print(f"{name}: {len(packed):,} bytes")


def main():
    """Keep a database of today, unless its step is kept already."""
    name = f"factory-{newest_step()}.db.xz"
    if (HERE / name).exists():
        print(f"{name} is kept already; what an earlier program made is never written over.")
        return
    with tempfile.TemporaryDirectory(prefix="bincard-kept-") as folder:
        asyncio.run(make(Path(folder)))
        keep(Path(folder), name)


if __name__ == "__main__":
    main()
