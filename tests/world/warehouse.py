"""A warehouse of three bins on the real book, driven by lines of text.

Lines are in the order of *arrival*; the time is when it happened. Devices push at once.
"""

import asyncio
import hmac
import json
import threading

import msgspec
from msgspec.structs import replace
from sqlmodel import SQLModel

import server.tables  # noqa: F401 - fills the metadata
from server.book import Book
from server.book.engine import make_engine
from server.book.rows import fetch, key_of_row, table
from server.book.verify import unexplained
from sync.messages import Push
from sync.records import (
    FEED,
    Device,
    Discrepancy,
    Document,
    Holding,
    Item,
    Line,
    Location,
    Person,
    Result,
    Site,
    Variance,
)
from sync.stock import key_of
from tests.world.handheld import Handheld
from tests.world.lines import clock, parse, split

SITE = "S"
KEY = b"k" * 32
decode_push = msgspec.json.Decoder(Push).decode

ROWS = [
    Site(site=SITE, name="Test plant", over_receipt_percent=10, over_issue_percent=0),
    *(Item(item=code, name=code, lots=True) for code in ("BE", "CA", "DB")),
    Item(item="PT", name="Paint", lots=True, dated=True),
    Item(item="NU", name="Nut", fifo="hint"),
    *(Location(location=f"B{n}", warehouse="W", walk=n) for n in range(1, 6)),
    Location(location="DOCK", warehouse="W", kind="dock"),
    Location(location="STAGE", warehouse="W", kind="stage"),
    *(
        Person(person=name, name=name, role=role, badge=name.upper())
        for name, role in (
            ("worker", "worker"), ("other", "worker"), ("fang", "supervisor"),
        )
    ),
    Person(person="gone", name="gone", role="worker", badge="GONE", active=False),
    *(Device(device=name, name=name) for name in "ABCDEFGH"),
    Document(document="PO-1", kind="purchase", partner="V1"),
    Line(document="PO-1", line=1, item="BE", quantity=100),
    Line(document="PO-1", line=2, item="CA", quantity=50),
    Document(document="PO-9", kind="purchase", partner="V1", state="closed"),
    Line(document="PO-9", line=1, item="BE", quantity=100),
    Document(document="SO-1", kind="sales"),
    Line(document="SO-1", line=1, item="BE", quantity=5),
    Document(document="SO-2", kind="sales", state="cancelled"),
    Line(document="SO-2", line=1, item="BE", quantity=5),
    Document(document="WO-1", kind="work", item="BIKE", quantity=1),
    Line(document="WO-1", line=1, item="BE", quantity=20),
    Document(document="CT-1", kind="count"),
    Line(document="CT-1", line=1, place="B1", quantity=1),
]  # fmt: skip


def _told(answer):
    """Return the last verdict of an answer in words."""
    verdict = json.loads(bytes(answer.verdicts[-1]))
    words = [verdict["outcome"], *sorted(flag["code"] for flag in verdict["flags"])]
    return " ".join([*words, *([verdict["reason"]] if "reason" in verdict else [])])


def made(path):
    """Make a book in a file; return its address."""
    url = f"sqlite:///{path}"
    engine = make_engine(url, writes=True)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return url


class Warehouse:
    """The book of one site, its devices, and the world's clock.

    `place` is a file that is made, or the address of a database that has its tables.
    """

    key = KEY

    def __init__(self, place):
        self.now = clock("06:00")
        self.url = place if isinstance(place, str) else made(place)
        self.open_book()
        self.devices = {}
        self.ids = {}
        self.answer = None

    async def set_up(self, rows=ROWS):
        await self.book.change(SITE, "test", rows, "set up")
        await self.book.write(_see_fang)
        return self

    def open_book(self):
        """Start the program on the book, as after an update."""
        self.book = Book(self.url, KEY, lambda: self.now)
        self.book.start()

    def close(self):
        self.book.close()

    def device(self, name, offset=0):
        if name not in self.devices:
            handheld = self.devices[name] = Handheld(SITE, name, offset)
            handheld.heard(self.now, self.now, self.said(handheld))
        return self.devices[name]

    def said(self, handheld):
        """Return the proof that the server gave its time when this device asked just now."""
        told = ("clock", SITE, handheld.device, self.now + handheld.offset, handheld.segment)
        text = b"seal\n1\n" + msgspec.json.encode((*told, self.now))
        return f"1.{hmac.digest(self.key, text, 'sha256').hex()[:24]}"

    async def push(self, name, at=None, *, body=None, **how):
        """Send what a device has; return the answer."""
        handheld = self.device(name)
        self.now = max(self.now, at or self.now)
        message = decode_push(body or handheld.push_message(self.now, **how))
        answer = await self.book.push(name, message, self.now)
        handheld.take(answer, self.now)
        self.answer = answer
        faults = await self.book.read(lambda connection: list(unexplained(connection, SITE)))
        assert faults == [], f"after {answer}"
        return answer

    async def heartbeat(self, at, *names):
        """Let devices say that they have nothing to say, twice: the second vouches for `at`."""
        for _ in range(2):
            for name in names or list(self.devices):
                await self.push(name, at)
            at += 1_000

    async def play(self, script, *, unsent=0):
        """Run the lines of a table; what stands behind a bar must come.

        Return the lines with the verdicts that came.
        """
        rows = [raw.partition("|") for raw in map(str.strip, script.strip().splitlines())]
        rows = [(line.strip(), bar, " ".join(told.split())) for line, bar, told in rows]
        rows = [row for row in rows if row[0] and not row[0].startswith("#")]
        out, expected = [], []
        for number, (line, bar, told) in enumerate(rows):
            self._unsent(line, [later for later, _, _ in rows[number + 1 :]], unsent)
            out.append(f"{line} | {await self._line(line)}")
            expected.append(f"{line} | {told}" if bar else out[-1])
        assert out == expected
        return out

    def _unsent(self, line, later, unsent):
        """Let the device know what it has done already and will send later: its next lines."""
        _, at, device, _ = split(line)
        now = max(self.now, at)
        waiting = [other for other in map(split, later) if other[2] == device and other[1] < now]
        self.device(device).waiting = len(waiting) + unsent

    async def together(self, script):
        """Run lines of different devices in one transaction; return the verdicts that came."""
        gate, pushes = threading.Event(), []
        held = asyncio.ensure_future(self.book.write(lambda _: gate.wait(10), SITE))
        for line in script.strip().splitlines():
            device, at = self._did(line.strip())
            self.now = max(self.now, at)
            message = decode_push(self.device(device).push_message(self.now))
            pushes.append(asyncio.ensure_future(self.book.push(device, message, self.now)))
            await asyncio.sleep(0)
        gate.set()
        await held
        return [_told(answer) for answer in await asyncio.gather(*pushes)]

    async def _line(self, text):
        _, at, device, words = split(text)
        if words == "heartbeat":
            await self.heartbeat(at, device)
            return "heard"
        self._did(text)
        return _told(await self.push(device, max(self.now, at)))

    def _did(self, text):
        """Let a device do what a line says; return which one, and when."""
        name, at, device, words = split(text)
        handheld = self.device(device)
        did, extra = parse(words, at + handheld.offset, self.ids)
        self.ids[name or device] = handheld.envelope(did, at, **extra)
        return device, at

    async def read_on(self):
        """Read from the snapshot that is kept to the head; return the last page."""
        page = await self.book.snapshot(SITE, None)
        while getattr(page, "more", True):
            page = await self.book.pull(SITE, page.cursor, 2_000, None)
        return page

    # --- looking -------------------------------------------------------------------------------

    async def rows(self, name, struct):
        return await self.book.read(
            lambda connection: fetch(connection, name, struct, table(name).c.site == SITE)
        )

    async def stock(self):
        """Return {(place, 'BE/L1'): quantity} of what is not zero, virtual places too."""
        return {
            (row.place, short(row.key)): row.quantity
            for row in await self.rows("holding", Holding)
            if row.quantity
        }

    async def open(self):
        """Return the open discrepancies as `CODE severity place`."""
        return sorted(
            f"{row.code} {row.severity} {row.place or ''}".strip()
            for row in await self.rows("discrepancy", Discrepancy)
            if row.state == "open"
        )

    async def variances(self):
        return [
            f"{row.place} {short(row.key)} {row.counted}/{row.expected} {row.state}"
            for row in sorted(
                await self.rows("variance", Variance), key=lambda r: (r.at, r.seq, r.key)
            )
        ]

    async def papers(self):
        return await self.rows("document", Document)

    async def lines(self):
        return await self.rows("line", Line)

    async def items(self):
        return await self.rows("item", Item)

    async def locations(self):
        return await self.rows("location", Location)

    async def people(self):
        return await self.rows("person", Person)

    async def versions(self, kind):
        """Return the version of each row of a kind, by the id that an edit gives it."""
        rows = await self.rows(kind, FEED[kind][0]) if kind in FEED else []
        return {id_of(kind, row): row.version for row in rows}

    def site(self, **settings):
        return replace(ROWS[0], **settings)

    async def results(self):
        return {row.operation: row for row in await self.rows("result", Result)}


def id_of(kind, row):
    if kind == "line":
        return f"{row.document}/{row.line}"
    return key_of_row("lot", row) if kind == "lot" else getattr(row, FEED[kind][1][0])


def short(text):
    key_ = key_of(text)
    lot = f"/{key_.lot.code}" if key_.lot else ""
    expires = f"@{key_.lot.expires}" if key_.lot and key_.lot.expires else ""
    serial = f"#{key_.serial}" if key_.serial else ""
    return f"{key_.item}{lot}{expires}{serial}" + (f"!{key_.status}" if key_.status != "ok" else "")


def _see_fang(connection):
    for device in "ABCDEFGH":
        connection.execute(
            table("sign_in").insert().values(
                site=SITE, device=device, person="fang", proved_at=1, stamp="", wrong=0, at=0,
                locked_until=0,
            )
        )  # fmt: skip
