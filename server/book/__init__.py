"""The book: the ledger at rest, so that the pure rules of sync/ never see a database.

One writer per process takes the pushes and changes of all sites in turn; readers look at a
consistent picture without ever waiting for it. Everything is acknowledged after its commit.
"""

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar

import sqlalchemy as sa
from anyio import to_thread
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book.changing import KIND_OF, write_rows
from server.book.cursor import CursorGoneError
from server.book.engine import make_engine
from server.book.master import KINDS, Master, read_master
from server.book.pushing import Job, run_pushes
from server.book.reading import make_snapshot, open_reader, prune_feed, read_page
from server.book.rows import table
from server.book.session import Session, lock_site, open_session
from server.book.settle import reached, run_settling
from server.book.verify import verify_site
from server.book.writer import BusyError, StorageFullError, Task, Writer
from server.tables import SiteRow
from sync.arrivals import UnreadableError
from sync.messages import Conflict, Page, Push, Pushed, Snapshot
from sync.records import Row, Site

__all__ = [
    "KIND_OF", "Book", "BusyError", "CursorGoneError", "SiteUnknownError", "StorageFullError",
    "UnreadableError",
]  # fmt: skip

T = TypeVar("T")
LOG: Final = logging.getLogger("bincard.book")

CHUNKS_KEPT: Final = 512


class SiteUnknownError(Exception):
    """There is no such site in this database."""


class Book:
    """The one door to what is stored. `now` gives milliseconds since 1970 UTC."""

    def __init__(self, url: str, token_key: bytes, now: Callable[[], int]) -> None:
        self._key = token_key
        self._now = now
        self._writing = make_engine(url, writes=True)
        self._reading = make_engine(url, writes=False)
        self._writer = Writer(self._writing, self._push_group)
        self._masters: dict[str, Master] = {}
        self._chunks: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._heads: dict[str, int] = {}
        self._poked: dict[str, int] = {}

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def close(self) -> None:
        """Finish what waits and let go of the database."""
        self._writer.close()
        self._writing.dispose()
        self._reading.dispose()

    # --- writing ---------------------------------------------------------------------------------

    async def push(self, device: str, push: Push, received: int) -> Pushed | Conflict:
        """Post what a device has to say. Raises `SiteUnknownError`, `UnreadableError`,
        `BusyError` and `StorageFullError`; in all of them nothing was written.
        """  # noqa: D205 - one sentence on two lines
        task: Task[Pushed | Conflict] = Task(_never, push.site, Job(device, push, received))
        answer = await asyncio.wrap_future(self._writer.submit(task))
        self._poke(push.site)
        return answer

    async def change(self, site: str, by: str, rows: Sequence[Row], why: str) -> int:
        """Write master data or documents under one number of the log, and return it."""

        def run(connection: Connection) -> int:
            if isinstance(rows[0], Site):
                _ensure_site(connection, rows[0])
            session = self._open(connection, site)
            seq = write_rows(session, by, why, rows)
            session.close(session.head.watermark)
            self._heads[site] = seq
            return seq

        seq = await self.write(run)
        self._poke(site)
        return seq

    async def write(self, action: Callable[[Connection], T]) -> T:
        """Run something in a transaction of its own, for tables outside the ledger."""
        return await asyncio.wrap_future(self._writer.submit(Task(action, None, None)))

    async def prune(self) -> None:
        """Forget what no device can still ask for; once a day is often enough."""
        await self.write(lambda connection: prune_feed(connection, self._now()))

    def _push_group(
        self, connection: Connection, site: str, jobs: Sequence[Job]
    ) -> Sequence[Pushed | Conflict]:
        try:
            session = self._open(connection, site)
            answers = run_pushes(session, jobs)
            session.close(session.head.watermark)
        except BaseException:
            # A code that was resolved in memory only must not outlive its transaction.
            self._masters.pop(site, None)
            raise
        if KINDS & session.batch.kinds():
            # Its commit may still fail.
            self._masters.pop(site, None)
        self._heads[site] = session.batch.head.seq
        mark = self._settle(connection, session)
        return [
            replace(answer, watermark=mark) if isinstance(answer, Pushed) else answer
            for answer in answers
        ]

    def _settle(self, connection: Connection, session: Session) -> int:
        """Do what the watermark settles; return how far it stands now.

        A fault in it must not take the pushes with it: they are facts, this can wait.
        """
        mark, site = reached(session), session.head.site
        if mark <= session.head.watermark:
            return mark
        try:
            with connection.begin_nested():
                later = self._open(connection, site)
                run_settling(later, mark)
                later.close(mark)
        except Exception:
            self._masters.pop(site, None)
            LOG.exception("site %s: what waits for the watermark %s stays open", site, mark)
            return session.head.watermark
        self._heads[site] = later.batch.head.seq
        return mark

    def _open(self, connection: Connection, site: str) -> Session:
        """Lock a site, and read its master data again when they changed."""
        found = lock_site(connection, site)
        if found is None:
            raise SiteUnknownError(site)
        head, settings = found
        master = self._masters.get(site)
        if master is None or master.seq != head.master_seq:
            master = self._masters[site] = read_master(connection, site, head.master_seq)
        now = max(self._now(), head.clock)
        return open_session(connection, head, settings, master, now, self._key)

    # --- reading ---------------------------------------------------------------------------------

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a consistent picture, without waiting for the writer."""

        def run() -> T:
            with self._reading.begin() as connection:
                return query(connection)

        return await to_thread.run_sync(run)

    async def pull(self, site: str, cursor: str | None, limit: int, replica: str | None) -> Page:
        """Return the feed after a cursor. Raises `CursorGoneError`, `SiteUnknownError`."""

        def run(connection: Connection) -> Page:
            reader = open_reader(connection, site, self._key, self._now())
            if reader is None:
                raise SiteUnknownError(site)
            if cursor is None:
                raise CursorGoneError("cursor_expired")
            return read_page(reader, cursor, limit, replica)

        return await self.read(run)

    async def snapshot(self, site: str, replica: str | None) -> Snapshot:
        """Return the site as it stands, its chunks ready to be fetched by their hash."""

        def run(connection: Connection) -> Snapshot:
            reader = open_reader(connection, site, self._key, self._now())
            if reader is None:
                raise SiteUnknownError(site)
            snapshot, chunks = make_snapshot(reader, replica)
            self._keep({f"{site}/{digest}": data for digest, data in chunks.items()})
            return snapshot

        return await self.read(run)

    async def chunk(self, site: str, digest: str) -> bytes | None:
        """Return a chunk of a recent snapshot of the site; None once it is too old."""
        with self._lock:
            return self._chunks.get(f"{site}/{digest}")

    def _keep(self, chunks: dict[str, bytes]) -> None:
        with self._lock:
            for digest, data in chunks.items():
                self._chunks[digest] = data
                self._chunks.move_to_end(digest)
            while len(self._chunks) > max(CHUNKS_KEPT, len(chunks)):
                self._chunks.popitem(last=False)

    def verify(self, site: str | None) -> list[str]:
        """Replay the ledger of one site or all; return every difference in words."""
        with self._reading.begin() as connection:
            sites = [site] if site else list(connection.scalars(sa.select(table("site").c.site)))
            return [f"{one}: {what}" for one in sites for what in verify_site(connection, one)]

    # --- pokes -----------------------------------------------------------------------------------

    async def subscribe(self, site: str) -> AsyncIterator[None]:
        """Yield whenever something changed; missing one is harmless."""
        event = asyncio.Event()
        listeners = self._listeners.setdefault(site, set())
        listeners.add(event)
        try:
            while True:
                await event.wait()
                event.clear()
                yield None
        finally:
            listeners.discard(event)

    def _poke(self, site: str) -> None:
        """Wake who listens, unless nothing is new: an idle device's push says nothing to others."""
        head = self._heads.get(site)
        if head is None or head != self._poked.get(site):
            self._poked[site] = head or 0
            for event in self._listeners.get(site, ()):
                event.set()


def _never(_: Connection) -> Pushed | Conflict:
    raise AssertionError("pushes run in groups")


def _ensure_site(connection: Connection, site: Site) -> None:
    """Make the row that everything of a site locks, when it is new."""
    sites = table("site")
    known = connection.execute(sa.select(sites.c.site).where(sites.c.site == site.site)).first()
    if known is None:
        values = SiteRow(site=site.site, name=site.name).model_dump()
        connection.execute(sa.insert(sites).values(values))
