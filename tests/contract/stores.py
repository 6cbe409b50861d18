"""The three stores behind one door: how a test opens a book, pushes and reads."""

import asyncio
import gzip
import itertools
import json
import threading

import msgspec

from server.book import Book
from server.book.rows import fetch, table
from sync.feed import apply
from sync.messages import Push
from sync.records import Device, Holding, Item, Location, Person, Site
from tests.contract.paper import Paper, told
from tests.simulation.client.feed import rows_of
from tests.world.handheld import Handheld

START = 1_790_000_000_000
WRITERS = 8
ids = itertools.count(1)
decode_push = msgspec.json.Decoder(Push).decode


def rows(site):
    return [
        Site(site=site, name="Contract"),
        Item(item="NU", name="Nut", fifo="hint"),
        Location(location="DOCK", warehouse="W", kind="dock"),
        *(Location(location=f"B{n}", warehouse="W") for n in range(WRITERS)),
        Person(person="worker", name="worker", role="worker", badge="W"),
        *(Device(device=f"D{n}", name=f"D{n}") for n in range(WRITERS)),
    ]


class Clock:
    """Milliseconds that go on by themselves, one each time that somebody looks."""

    def __init__(self):
        self.ticks = itertools.count(START)
        self.lock = threading.Lock()

    def __call__(self):
        with self.lock:
            return next(self.ticks)


class Real:
    """A book with its own connections, as a process of its own has it, driven from any thread."""

    def __init__(self, site, book):
        self.site, self.book = site, book

    def push(self, device, push, received):
        return asyncio.run(self.book.push(device, push, received))

    def change(self, changed):
        return asyncio.run(self.book.change(self.site, "contract", changed, "contract"))

    def write(self, action):
        """Do something in a transaction of this site."""
        return asyncio.run(self.book.write(action, self.site))

    def ask(self, query):
        return asyncio.run(self.book.read(query))

    def pull(self, cursor, limit):
        return asyncio.run(self.book.pull(self.site, cursor, limit, None))

    def snapshot(self):
        async def fetch_all():
            told = await self.book.snapshot(self.site, None)
            packed = [await self.book.chunk(self.site, one.hash) for one in told.chunks]
            return told.cursor, packed

        cursor, packed = asyncio.run(fetch_all())
        found = [row for data in packed for row in rows_of(json.loads(gzip.decompress(data)))]
        return found, cursor

    def stock(self):
        held = table("holding").c
        found = asyncio.run(self.book.read(
            lambda c: fetch(c, "holding", Holding, held.site == self.site, held.quantity != 0)
        ))  # fmt: skip
        return {(row.place, row.key): row.quantity for row in found}

    def verify(self):
        return self.book.verify(self.site)

    def close(self):
        self.book.close()


class Store:
    """Where a book is kept. `open` gives another one over the same pages."""

    def __init__(self, url, site=None):
        self.url = url
        self.now = Clock()
        self.site = site or f"S{next(ids)}"
        self._opened = []
        if site is not None:
            return
        if url is None:
            self._paper = Paper(rows(self.site), self.now)
        else:
            self.open().change(rows(self.site))

    def open(self):
        if self.url is None:
            return self._paper
        book = Book(self.url, b"k" * 32, self.now)
        book.start()
        self._opened.append(Real(self.site, book))
        return self._opened[-1]

    def close(self):
        for one in self._opened:
            one.close()

    def handheld(self, n):
        device = Handheld(self.site, f"D{n}")
        device.exchanges = []
        return device


def receive(device, at, place="DOCK", quantity=1):
    """Make an operation on a device; return its id."""
    did = {"verb": "receive", "key": {"item": "NU"}, "quantity": quantity,
           "from": {"location": "supplier/V1"}, "to": {"location": place}}  # fmt: skip
    return device.envelope(did, at)


def move(device, at, source, target, quantity=1):
    did = {"verb": "move", "key": {"item": "NU"}, "quantity": quantity,
           "from": {"location": source}, "to": {"location": target}}  # fmt: skip
    return device.envelope(did, at)


def send(book, device, now, **how):
    """Push what a device has; return the answer, and let the device learn from it."""
    at = now()
    answer = book.push(device.device, decode_push(device.push_message(at, **how)), at)
    device.take(answer, at)
    return answer


def start(book):
    """Return a cursor at the head."""
    return book.snapshot()[1]


def read_on(book, cursor, limit=2_000):
    """Return the rows after a cursor and where they end; check that no page splits a number."""
    found = []
    while True:
        page = book.pull(cursor, limit)
        assert not (page.rows and found) or page.rows[0].version > found[-1].version
        found += page.rows
        cursor = page.cursor
        if not page.more:
            return found, cursor


def told_by(book, rows, cursor):
    """Return what a device has after these rows and all that follows, and its scope twice.

    Once as the device sums it up itself, once as the last page says.
    """
    images = {}
    scope = apply(images, 0, rows)
    page = None
    while page is None or page.more:
        page = book.pull(cursor, 5)
        scope = apply(images, scope, map(told, page.rows))
        cursor = page.cursor
    return {name: image.version for name, image in images.items()}, str(scope), page.scope


def number_of(cursor):
    return int(cursor.split(".")[1])
