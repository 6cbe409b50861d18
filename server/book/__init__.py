"""The book: the ledger at rest, so that the pure rules of sync/ never see a database.

Writers take the pushes and changes of each site in turn; readers look at a consistent picture
without ever waiting for them. Everything is acknowledged after its commit.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec
import sqlalchemy as sa
from anyio import to_thread
from sqlalchemy import Connection

from server.book.arriving import Job
from server.book.budgets import Daily, Later
from server.book.changing import KIND_OF
from server.book.clerk import DAILY, Clerk, SiteUnknownError
from server.book.clock import ClockGuard, Told, accept_clock, read_clock
from server.book.cursor import CursorGoneError
from server.book.cutting import Connections
from server.book.engine import hints_by, make_engine
from server.book.faults import BusyError, StorageFullError, is_cut, named
from server.book.laps import Watch
from server.book.leader import Leader
from server.book.pokes import Pokes
from server.book.reading import Own, prune_feed
from server.book.refill import RolledBackError
from server.book.repair import Repaired, RepairError
from server.book.rows import table
from server.book.session import lock_site
from server.book.snapshots import BEHIND_MAX, BEHIND_OFTEN, keep, part_of
from server.book.verify import verify_site
from server.book.writer import Task
from server.book.writers import Writers
from sync.arrivals import UnreadableError
from sync.messages import Conflict, Page, Push, Pushed, Snapshot
from sync.records import Row

__all__ = [
    "KIND_OF", "Book", "BusyError", "CursorGoneError", "Daily", "RepairError", "Repaired",
    "SiteUnknownError", "StorageFullError", "UnreadableError",
]  # fmt: skip

T = TypeVar("T")
NUL: Final = b"\\u0000"
"""As JSON writes it: SQLite keeps it in a text, PostgreSQL does not take it."""

LOG: Final = logging.getLogger("bincard.book")


class Book:
    """The one door to what is stored. `now` gives milliseconds since 1970 UTC, and `steady` those
    of a clock that nobody sets.
    """  # noqa: D205 - one sentence on two lines

    def __init__(
        self, url: str, token_key: bytes, now: Callable[[], int], daily: Daily = DAILY,
        steady: Callable[[], int] | None = None,
    ) -> None:  # fmt: skip
        self._now = now
        self.clock = ClockGuard(now, steady)
        self._url = url
        self._writing = make_engine(url, writes=True)
        self._reading = make_engine(url, writes=False)
        self._connections = (Connections(self._writing), Connections(self._reading))
        self._token_key = token_key
        self._clerk = Clerk(token_key, now, daily)
        self.daily = daily
        self._writers = Writers(self._writing, self._clerk.push_group)
        self._pokes = Pokes(self._heads, hints_by(url))
        self._leader = Leader(self._writing)
        self._making: dict[str, asyncio.Lock] = {}

    def start(self) -> None:
        """Begin to write: first what a newer program can read that its forerunner parked."""
        with self._reading.begin() as connection:
            sites = _sites(connection)
            self.clock.learn(read_clock(connection))
        doubt = self.clock.doubt()
        # What a wrong clock would date waits for the start after it was set right (T7).
        for site in () if doubt is not None and doubt.refuses else sites:
            self._writers.submit(Task(partial(self._clerk.understand, site=site), None, None), site)
        self._writers.start()

    def close(self) -> None:
        """Finish what waits and let go of the database."""
        self._writers.close()
        self._leader.close()
        self._writing.dispose()
        self._reading.dispose()

    # --- watching --------------------------------------------------------------------------------

    def tell(self, watch: Watch) -> None:
        """Tell somebody of each group of pushes from now on."""
        self._writers.watches.append(watch)

    @property
    def waiting(self) -> int:
        """How many pushes and changes wait for their turn."""
        return self._writers.waiting

    def is_stuck(self, seconds: float) -> bool:
        """Say whether nothing could be written for so long."""
        return self._writers.is_stuck(seconds)

    @property
    def is_dead(self) -> bool:
        """Whether a writer is gone: what waits for it would wait for ever."""
        return self._writers.is_dead

    def cut_connections(self) -> None:
        """Let go of a database that is silent; what was under way is told that it is lost."""
        for one in self._connections:
            one.cut()

    # --- writing ---------------------------------------------------------------------------------

    async def push(
        self, device: str, push: Push, received: int, *, signed: bool = False
    ) -> Pushed | Conflict:
        """Post what a device has to say. Raises `SiteUnknownError`, `UnreadableError`,
        `BusyError`, `StorageFullError` and `Refusal`; in all of them nothing of it was written.

        `signed` says that what it carries for another device was proved to be that device's.
        """  # noqa: D205 - one sentence on two lines
        self.clock.check()
        job = Job(device, push, received, signed)
        task: Task[Pushed | Conflict | Later] = Task(_never, push.site, job)
        answer = await asyncio.wrap_future(self._writers.submit(task, push.site))
        self._poke(push.site)
        if isinstance(answer, Later):
            raise answer.refusal
        return answer

    async def change(
        self, site: str, by: str, rows: Sequence[Row], why: str,
        first: Callable[[Connection], None] | None = None,
    ) -> int:  # fmt: skip
        """Write master data or documents under one number of the log, and return it.

        `first` is run in the same transaction, with the site locked: what it finds is still so
        when the rows are written, and what it raises leaves nothing behind.
        """
        self.clock.check()
        if NUL in msgspec.json.encode((why, rows)):
            raise UnreadableError("a text holds the character NUL")

        def run(connection: Connection) -> int:
            if first is not None:
                lock_site(connection, site)
                first(connection)
            return self._clerk.change(connection, site, by, rows, why)

        task = Task(run, None, None)
        seq = await asyncio.wrap_future(self._writers.submit(task, site))
        self._poke(site)
        return seq

    async def write(self, action: Callable[[Connection], T], site: str | None = None) -> T:
        """Run something in a transaction of its own, for tables outside the ledger.

        What reads before it writes names its site: nobody else writes there meanwhile.
        """

        def alone(connection: Connection) -> T:
            if site is not None:
                lock_site(connection, site)
            return action(connection)

        return await asyncio.wrap_future(self._writers.submit(Task(alone, None, None), site))

    def tell_durable(self, durable: Mapping[str, tuple[int, int]]) -> None:
        """Learn [epoch, seq] by site of what two backups have: the devices may forget it."""
        self._clerk.durable = durable

    async def look_at_clock(self) -> None:
        """Hold the clock against what the database says by now."""
        self.clock.learn(await self.read(read_clock))

    async def accept_clock(self) -> Told:
        """Believe the clock as it stands; return what the logs held. See `clock.accept_clock`."""
        now = self._now()
        before = await self.write(lambda connection: accept_clock(connection, now))
        await self.look_at_clock()
        return before

    async def leads(self) -> bool:
        """Say whether this is the one process that does what is done once."""
        return await to_thread.run_sync(self._leader.leads)

    async def prune(self) -> None:
        """Forget what no device can still ask for; once a day is often enough."""
        await self.write(lambda connection: prune_feed(connection, self._now()))

    # --- reading ---------------------------------------------------------------------------------

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a consistent picture, without waiting for the writer."""

        def once() -> T:
            with self._reading.begin() as connection:
                try:
                    return query(connection)
                except Exception as error:
                    if is_cut(error):
                        connection.invalidate()
                    raise

        def patiently() -> T:
            for last in (False, True):
                try:
                    return once()
                except Exception as error:
                    told = named(error)
                    if last or not is_cut(error):
                        if told is error:
                            raise
                        raise told from error
            raise AssertionError("read twice")

        return await to_thread.run_sync(patiently)

    async def pull(self, site: str, cursor: str | None, limit: int, own: Own | None) -> Page:
        """Return the feed after a cursor. Raises `CursorGoneError`, `SiteUnknownError`."""
        try:
            return await self.read(
                lambda connection: self._clerk.page(connection, site, cursor, limit, own)
            )
        except RolledBackError as error:
            proof = error.proof
            self.clock.check()
            await self.write(lambda book: self._clerk.begin_again(book, site, proof), site)
            self._poke(site)
            raise CursorGoneError("epoch") from error

    async def restored(self, least: int) -> dict[str, int]:
        """Begin the epoch after a restore on every site; return its number by site."""

        def run(connection: Connection) -> dict[str, int]:
            return {
                site: self._clerk.restored(connection, site, least) for site in _sites(connection)
            }

        return await self.write(run)

    async def snapshot(self, site: str, own: Own | None) -> Snapshot:
        """Return a site that is nearly as it stands, its parts ready to be fetched by their hash.

        It is made here only when none is kept: after a restore, or before the first time.
        """

        def look(connection: Connection) -> Snapshot | None:
            return self._clerk.snapshot(connection, site, own, BEHIND_MAX)

        while (told := await self.read(look)) is None:
            async with self._making.setdefault(site, asyncio.Lock()):
                if await self.read(look) is None:
                    await self._make_snapshot(site)
        return told

    async def refresh_snapshots(self) -> None:
        """Make the snapshots anew that are left behind, so that nobody has to wait for one."""
        for site in await self.read(_sites):
            fresh = partial(self._clerk.snapshot, site=site, own=None, behind=BEHIND_OFTEN)
            if await self.read(fresh) is None:
                await self._make_snapshot(site)

    async def _make_snapshot(self, site: str) -> None:
        kept, packed = await self.read(lambda book: self._clerk.make_snapshot(book, site))
        await self.write(lambda book: keep(book, site, kept, packed))
        for watch in self._writers.watches:
            watch.snapshot_built(sum(map(len, packed.values())))

    async def chunk(self, site: str, digest: str) -> bytes | None:
        """Return a part of a kept snapshot, packed by gzip; None once it is too old."""
        return await self.read(lambda connection: part_of(connection, site, digest))

    def verify(self, site: str | None) -> list[str]:
        """Replay the ledger of one site or all; return every difference in words."""
        engine = make_engine(self._url, writes=False, patient=True)
        try:
            with engine.begin() as connection:
                sites = [site] if site else _sites(connection)
                return [f"{one}: {what}" for one in sites for what in verify_site(connection, one)]
        finally:
            engine.dispose()

    def repair(self, site: str, *, dry: bool = False) -> Repaired:
        """Write again what of a site does not follow from its ledger. Raises `RepairError`.

        Nobody else writes there meanwhile. With `dry` everything is done and taken back.
        """
        # A clerk of its own: what it learns of a transaction that is taken back is not so.
        clerk = Clerk(self._token_key, self._now)
        engine = make_engine(self._url, writes=True, patient=True)
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                found = clerk.repair(connection, site)
                if dry:
                    transaction.rollback()
                return found
        finally:
            engine.dispose()

    # --- pokes -----------------------------------------------------------------------------------

    def subscribe(self, site: str) -> AsyncIterator[None]:
        """Yield whenever something changed; missing one is harmless."""
        return self._pokes.subscribe(site)

    async def watch(self) -> None:
        """Tell listeners what other processes have written, for ever."""
        await self._pokes.watch()

    async def _heads(self) -> Mapping[str, int]:
        head = sa.select(table("site").c.site, table("site").c.seq)
        return await self.read(
            lambda connection: {row.site: row.seq for row in connection.execute(head)}
        )

    def _poke(self, site: str) -> None:
        self._pokes.written(site, self._clerk.heads.get(site))


def _sites(connection: Connection) -> Sequence[str]:
    site = table("site").c.site
    return connection.scalars(sa.select(site).order_by(site)).all()


def _never(_: Connection) -> Pushed | Conflict | Later:
    raise AssertionError("pushes run in groups")
