"""The ways in which the server, its disk or its database dies while twenty devices push.

A death is a function of a chamber; the chamber's dice decide when and how.
"""

import asyncio
import random
import threading
from contextlib import contextmanager

from server.backups.copying import copy_book
from server.book import Book
from server.settings import token_key
from sync.records import Device, Document, Line
from tests.browser.factory import SITE, Factory, load_demo
from tests.torture import checks
from tests.torture.fleet import NAMES, Fleet, now
from tests.torture.waiting import until

PAPER = "PO-9999"
LOAD_S = (0.05, 0.8)
WARM = 0.8
"""How often a server that was just started may answer somebody before it dies."""
FULL_ANSWERS = 20
ROOM_BYTES = (64 << 10, 512 << 10)
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5"
)


def the_server(chamber):
    """SIGKILL of all its processes, at any moment."""
    with chamber.working():
        if chamber.dice.random() < WARM:
            chamber.hear("taken")
        chamber.wait()
        chamber.factory.kill()
    chamber.factory.start()


def the_disk(chamber):
    """No room for the journal any more; pushes are refused by name, until there is room again."""
    journal = chamber.factory.data / "bincard.db-wal"
    chamber.factory.kill()
    written = journal.stat().st_size if journal.exists() else 0
    chamber.factory.start(file_bytes_max=written + chamber.dice.randint(*ROOM_BYTES))
    with chamber.working():
        chamber.hear("storage_full", FULL_ANSWERS)
    chamber.factory.kill()
    chamber.factory.start()


def connections(chamber):
    """The connections to PostgreSQL are cut, half of them at a time."""
    with chamber.working():
        chamber.hear("taken")
        for _ in range(5):
            chamber.wait()
            chamber.postgres.ask(CUT, url=chamber.factory.database)


def the_database(chamber):
    """PostgreSQL is stopped as by a crash and started again; the server lives on."""
    with chamber.working():
        chamber.hear("taken")
        chamber.wait()
        chamber.postgres.stop("immediate")
        chamber.wait()
        chamber.postgres.start()
        chamber.hear("taken")


class Founding:
    """The demo with the fleet's devices, loaded once; every chamber works on a copy."""

    def __init__(self, folder, postgres=None):
        self.folder, self.postgres = folder, postgres
        self.data = folder / "founded"
        self.token = load_demo(self.data)
        database = f"sqlite:///{self.data / 'bincard.db'}"
        asyncio.run(_enlist(Book(database, token_key(self.data / "token.key"), now)))
        if postgres:
            self.copied = postgres.create()
            copy_book(database, self.copied)

    @contextmanager
    def chamber(self, seed):
        """A running server over a fresh copy, and a fleet for it."""
        database = self.postgres.create(self.copied) if self.postgres else None
        data = self.folder / f"data-{seed}"
        factory = Factory(self.data, data, self.token, database, data.with_suffix(".log"))
        chamber = Chamber(factory, seed, self.postgres)
        try:
            factory.start()
            yield chamber
        except BaseException as fault:
            fault.add_note(f"answers: {dict(chamber.fleet.answers)}\n{factory.last_words()}")
            raise
        finally:
            factory.stop()
            if database:
                self.postgres.drop(database)


async def _enlist(book):
    book.start()
    rows = [Device(device=name, name=name) for name in NAMES]
    # What is beyond a paper is asked about first, and a question is no beep of something kept.
    endless = Line(document=PAPER, line=1, item="PA-529S", quantity=1_000_000)
    rows += [Document(document=PAPER, kind="purchase", partner="1580"), endless]
    await book.change(SITE, "torture", rows, "fleet")
    book.close()


class Chamber:
    """One book, the server over it, and a fleet that works on it for some rounds."""

    def __init__(self, factory, seed, postgres=None):
        self.factory, self.postgres = factory, postgres
        self.fleet = Fleet(token_key(factory.data / "token.key"), seed)
        self.opening = checks.stock(factory)
        self.dice = random.Random(seed)

    def working(self):
        return self.fleet.working(self.factory.port)

    def wait(self):
        """Let some time pass, as long as the dice say."""
        threading.Event().wait(self.dice.uniform(*LOAD_S))

    def hear(self, answer, times=1):
        """Wait until the fleet was answered like this so many times more."""
        enough = self.fleet.answers[answer] + times
        until(
            lambda: self.fleet.answers[answer] >= enough or self.fleet.faults,
            f"that devices are answered {answer} {times} times",
        )

    def play(self, death):
        """One round: work, death, life; then look, repeat, and look again."""
        death(self)
        checks.nothing_acknowledged_is_missing(self.factory, self.fleet)
        self.fleet.settle(self.factory.port)
        checks.everything_is_there_once(self.factory, self.fleet, self.opening)
