"""The site of every world: a few bins, items with and without lots, papers, people, devices.

Built once per process on the real tables and the real clerk; each world begins with a copy.
"""

import gzip
import json
import sqlite3
from contextlib import nullcontext
from functools import cache

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

import server.tables  # noqa: F401 - fills the metadata
from server.book.clerk import Clerk
from server.book.rows import table
from server.book.snapshots import keep
from sync.records import Device, Document, Item, Line, Location, Person, Site
from tests.simulation.client.feed import NOWHERE, rows_of
from tests.simulation.disk import Disk

SITE = "S"
KEY = b"k" * 32
START = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 6 * 3_600_000
"""Six in the morning of the first day, true time."""

DEVICES = ("A", "B", "C", "D")
DESK = "DESK"
HOSTILE = "X"
"""An enrolled device that lies, in some worlds."""
GOODS = "HX"
"""What only it ever touches."""
BINS = ("B1", "B2", "B3", "B4", "B5")
BOXES = ("P1", "T1", "T2")
ITEMS = ("BE", "CA", "NU")
WITHOUT_LOTS = {"NU"}

ROWS = [
    Site(site=SITE, name="Simulated plant", over_receipt_percent=10, over_issue_percent=10,
         adjust_limit=8),
    Item(item="BE", name="Bearing", lots=True),
    Item(item="CA", name="Cable", lots=True, fifo="hint"),
    Item(item="NU", name="Nut", fifo="hint"),
    Item(item="GM", name="Gear motor", serials=True, fifo="hint"),
    Item(item=GOODS, name="Goods of nobody", lots=True),
    Item(item="BIKE", name="Bicycle", fifo="hint"),
    *(Location(location=name, warehouse="W", walk=n) for n, name in enumerate(BINS)),
    Location(location="DOCK", warehouse="W", kind="dock"),
    Location(location="STAGE", warehouse="W", kind="stage"),
    *(Person(person=f"worker-{name}", name=name, role="worker", badge=name)
      for name in (*DEVICES, HOSTILE)),
    Person(person="fang", name="Fang", role="supervisor", badge="F"),
    *(Device(device=name, name=name) for name in (*DEVICES, DESK)),
    Device(device=HOSTILE, name=HOSTILE, enrolled_at=START),
    Document(document="PO-1", kind="purchase", partner="V1"),
    *(Line(document="PO-1", line=n, item=item, quantity=10_000)
      for n, item in enumerate(ITEMS, start=1)),
    Document(document="SO-1", kind="sales"),
    *(Line(document="SO-1", line=n, item=item, quantity=10_000)
      for n, item in enumerate(ITEMS, start=1)),
    Document(document="WO-1", kind="work", item="BIKE", quantity=1),
    *(Line(document="WO-1", line=n, item=item, quantity=10_000)
      for n, item in enumerate(ITEMS, start=1)),
]  # fmt: skip


class Watched(sqlite3.Cursor):
    """Tells its connection's world of each statement, whoever runs it."""

    def execute(self, *words):
        with self.connection.around(words[0]):
            return super().execute(*words)

    def executemany(self, *words):
        with self.connection.around(words[0]):
            return super().executemany(*words)


class Lasting(sqlite3.Connection):
    """What is stored outlives the process that wrote it: closing only rolls back."""

    around = staticmethod(nullcontext)
    """What happens around each statement of a world."""

    def cursor(self, factory=Watched):
        return super().cursor(factory)

    def close(self):
        self.rollback()


class Database:
    """One in-memory SQLite on this thread, and the engine that the book's code drives it by."""

    def __init__(self):
        self.raw = None
        self.around = nullcontext
        self.become(b"")
        self.engine = sa.create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        sa.event.listen(self.engine, "begin", _begin)

    def become(self, image):
        """Begin anew. A connection that prepared statements before must not change under them."""
        if self.raw is not None:
            self.engine.dispose()
            sqlite3.Connection.close(self.raw)
        self.raw = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, factory=Lasting
        )
        self.raw.around = lambda statement: self.around(statement)  # noqa: PLW0108 - it may change
        if image:
            self.raw.deserialize(image)

    def image(self):
        return self.raw.serialize()


def _begin(connection):
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@cache
def database(slot):
    """Engines remember the statements they compiled, so a process keeps its few databases."""
    assert slot in {"world", "other"}
    return Database()


@cache
def template():
    """Return the bytes of a fresh site."""
    fresh = Database()
    SQLModel.metadata.create_all(fresh.engine)
    with fresh.engine.begin() as connection:
        Clerk(KEY, lambda: START).change(connection, SITE, "simulation", ROWS, "set up")
        connection.execute(
            table("sign_in").insert().values(
                site=SITE, device=DESK, person="fang", proved_at=1, stamp="", wrong=0, at=0,
                locked_until=0,
            )
        )  # fmt: skip
    return fresh.image()


@cache
def _yesterday():
    """Return what the storage of a device holds that was set up yesterday: blocks and position."""
    fresh = Database()
    fresh.become(template())
    with fresh.engine.begin() as connection:
        clerk = Clerk(KEY, lambda: START)
        kept, chunks = clerk.make_snapshot(connection, SITE)
        keep(connection, SITE, kept, chunks)
        told = clerk.snapshot(connection, SITE, None, 0)
    blocks = {name: rows_of(json.loads(gzip.decompress(data))) for name, data in chunks.items()}
    position = {**NOWHERE, "cursor": told.cursor, "scope": told.scope, "blocks": [*blocks]}
    return blocks, position


def set_up_yesterday():
    """Return the disk of a device that has its first snapshot already."""
    disk = Disk()
    blocks, position = _yesterday()
    disk.stores["blocks"].update(blocks)
    disk.stores["meta"]["feed"] = position
    return disk
