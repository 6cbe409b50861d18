"""What is done on a connection that somebody else opened: pushes, changes, pages, snapshots.

The clerk has no thread, no engine and no clock of its own, so that a server and a simulation
run the same code. It remembers the master data of each site; whoever restarts it loses nothing.
"""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book.arriving import Job
from server.book.budgets import Daily, Later
from server.book.changing import write_rows
from server.book.cursor import Cursor, CursorGoneError
from server.book.faults import is_cut
from server.book.laps import lap, noted
from server.book.master import KINDS, Master, read_master
from server.book.proving import late_proofs, prove
from server.book.pushing import run_pushes
from server.book.reading import Own, Reader, open_reader, read_page
from server.book.refill import (
    RolledBackError,
    do_waiting,
    is_off_chain,
    note_papers,
    open_epoch,
    waiting_decisions,
)
from server.book.repair import More, Repaired, repair_site
from server.book.replay import readable, replay
from server.book.rows import table
from server.book.session import Session, lock_site, open_session
from server.book.settle import reached, run_settling
from server.book.snapshots import Kept, make, newest, told
from server.tables import SiteRow
from sync.case import SERVER
from sync.messages import Conflict, Page, Pushed, Snapshot
from sync.papers import with_products
from sync.records import Row, Site

DAILY: Final = Daily()
LOG: Final = logging.getLogger("bincard.book")


class SiteUnknownError(Exception):
    """There is no such site in this database."""


class Clerk:
    """Decides and reads. `now` gives ms since 1970 UTC; `heads` says how far each log is."""

    def __init__(
        self, token_key: bytes, now: Callable[[], int], daily: Daily = DAILY
    ) -> None:  # fmt: skip
        self._daily = daily
        self._key = token_key
        self._now = now
        self._masters: dict[str, Master] = {}
        self.heads: dict[str, int] = {}
        self.durable: Mapping[str, tuple[int, int]] = {}
        """[epoch, seq] by site of what two backups have: the devices may forget it."""

    def push_group(
        self, connection: Connection, site: str, jobs: Sequence[Job]
    ) -> Sequence[Pushed | Conflict | Later]:
        try:
            session, answers = self._run(connection, site, jobs)
            session.close(session.head.watermark)
            lap("write")
        except BaseException:
            # A code that was resolved in memory only must not outlive its transaction.
            self._masters.pop(site, None)
            raise
        if KINDS & session.batch.kinds():
            # Its commit may still fail.
            self._masters.pop(site, None)
        self.heads[site] = session.batch.head.seq
        if session.head.epoch > 1:
            self._do_waiting(connection, site)
        if any(job.push.proofs for job in jobs):
            self._prove(connection, site, jobs)
        mark = self._settle(connection, session)
        lap("settle")
        if (group := noted()) is not None:
            group.logged, group.opened = session.batch.tally(session.head.seq)
        durable = self.durable.get(site)
        return [
            replace(answer, watermark=mark, durable_through=durable)
            if isinstance(answer, Pushed)
            else answer
            for answer in answers
        ]

    def _run(
        self, connection: Connection, site: str, jobs: Sequence[Job]
    ) -> tuple[Session, list[Pushed | Conflict | Later]]:
        """Decide the pushes; in a new epoch when one of them proves that this log is an old one."""
        session = self._open(connection, site)
        try:
            return session, run_pushes(session, jobs, self._daily)
        except RolledBackError as error:
            self.begin_again(connection, site, error.proof)
        session = self._open(connection, site)
        return session, run_pushes(session, jobs, self._daily)

    def begin_again(self, connection: Connection, site: str, proof: Cursor) -> None:
        """Begin a new epoch, unless somebody was quicker: the proof is looked at again."""
        session = self._open(connection, site)
        if is_off_chain(session, proof):
            epoch = open_epoch(session, proof.epoch + 1, SERVER, "an older database was put back")
            LOG.warning("site %s: the database is older than what it once said; epoch %s begins, "
                        "and the devices send again what they kept", site, epoch)  # fmt: skip
            session.close(session.head.watermark)
            self.heads[site] = session.batch.head.seq

    def restored(self, connection: Connection, site: str, least: int) -> int:
        """Begin the epoch after a restore, at least with this number; return it."""
        session = self._open(connection, site)
        epoch = open_epoch(session, least, SERVER, "restored from a backup")
        session.close(session.head.watermark)
        return epoch

    def repair(self, connection: Connection, site: str, more: More = ()) -> Repaired:
        """Write again what does not follow from the ledger. Raises `RepairError`."""
        return repair_site(connection, site, lambda: self._open(connection, site), more)

    def _do_waiting(self, connection: Connection, site: str) -> None:
        """Do the decisions that waited for what these pushes have brought back."""
        with self._apart(connection, site, "what waits for operations that came back stays open"):
            while found := waiting_decisions(session := self._open(connection, site)):
                for waiting in found:
                    do_waiting(session, *waiting)
                if KINDS & session.batch.kinds():
                    self._masters.pop(site, None)
                session.close(session.head.watermark)
                self.heads[site] = session.batch.head.seq

    def _prove(self, connection: Connection, site: str, jobs: Sequence[Job]) -> None:
        """Decide what had come without a proof, where these pushes bring one (R49)."""
        with self._apart(connection, site, "what was proved stays open"):
            asked = [(job.device, job.push.proofs) for job in jobs]
            for late in late_proofs(self._open(connection, site), asked):
                session = self._open(connection, site)
                prove(session, late)
                if KINDS & session.batch.kinds():
                    self._masters.pop(site, None)
                session.close(session.head.watermark)
                self.heads[site] = session.batch.head.seq

    def understand(self, connection: Connection, site: str) -> None:
        """Do what was parked because an older program could not read it (R5)."""
        with self._apart(connection, site, "what an older program parked stays so"):
            for one in readable(self._open(connection, site)):
                session = self._open(connection, site)
                if replay(session, *one):
                    session.close(session.head.watermark)
                    self._masters.pop(site, None)
                    self.heads[site] = session.batch.head.seq

    def _settle(self, connection: Connection, session: Session) -> int:
        """Do what the watermark settles; return how far it stands now."""
        mark, site = reached(session), session.head.site
        if mark <= session.head.watermark:
            return mark
        with self._apart(connection, site, f"what waits for the watermark {mark} stays open"):
            later = self._open(connection, site)
            run_settling(later, mark)
            later.close(mark)
            self.heads[site] = later.batch.head.seq
            return mark
        return session.head.watermark

    @contextmanager
    def _apart(self, connection: Connection, site: str, otherwise: str) -> Generator[None]:
        """Do something in a savepoint, and log what is left when that fails.

        A fault in it must not take the pushes with it: they are facts, this can wait.
        """
        try:
            with connection.begin_nested():
                yield
        except Exception as error:
            self._masters.pop(site, None)
            if is_cut(error):
                raise
            LOG.exception("site %s: %s", site, otherwise)

    def _open(self, connection: Connection, site: str) -> Session:
        """Lock a site, and read its master data again when they changed."""
        head = lock_site(connection, site)
        if head is None:
            raise SiteUnknownError(site)
        master = self._masters.get(site)
        if master is None or master.seq != head.master_seq:
            master = self._masters[site] = read_master(connection, site, head.master_seq)
        now = max(self._now(), head.clock)
        return open_session(connection, head, master, now, self._key)

    def change(
        self, connection: Connection, site: str, by: str, rows: Sequence[Row], why: str
    ) -> int:
        """Write master data or documents under one number of the log, and return it."""
        if isinstance(rows[0], Site):
            _ensure_site(connection, rows[0])
        session = self._open(connection, site)
        seq = write_rows(session, by, why, with_products(rows))
        note_papers(session, rows)
        session.close(session.head.watermark)
        self.heads[site] = session.batch.head.seq
        return seq

    def page(
        self, connection: Connection, site: str, cursor: str | None, limit: int,
        own: Own | None,
    ) -> Page:  # fmt: skip
        """Return the feed after a cursor. Raises `CursorGoneError`, `SiteUnknownError`."""
        reader = self._reader(connection, site)
        if cursor is None:
            raise CursorGoneError("cursor_expired")
        return read_page(reader, cursor, limit, own)

    def snapshot(
        self, connection: Connection, site: str, own: Own | None, behind: int
    ) -> Snapshot | None:
        """Return the newest kept snapshot as a device hears of it; None when one must be made."""
        reader = self._reader(connection, site)
        kept = newest(reader, behind)
        return told(reader, kept, own) if kept is not None else None

    def make_snapshot(self, connection: Connection, site: str) -> tuple[Kept, dict[str, bytes]]:
        """Return the site as it stands, and its parts by their hash, ready to be kept."""
        return make(self._reader(connection, site))

    def _reader(self, connection: Connection, site: str) -> Reader:
        reader = open_reader(connection, site, self._key, self._now())
        if reader is None:
            raise SiteUnknownError(site)
        return reader


def _ensure_site(connection: Connection, site: Site) -> None:
    """Make the row that everything of a site locks, when it is new."""
    sites = table("site")
    known = connection.execute(sa.select(sites.c.site).where(sites.c.site == site.site)).first()
    if known is None:
        values = SiteRow(site=site.site, name=site.name).model_dump()
        connection.execute(sa.insert(sites).values(values))
