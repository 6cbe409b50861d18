"""The demo factory with a thousand handhelds, founded once; a server that answers for a copy."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from server.book import Book
from server.book.engine import plain_engine
from server.imports import factory
from server.migrations import migrate
from server.people.tokens import device_token
from server.settings import Settings, token_key
from sync.records import Device, Person

DEVICES = tuple(f"D{number}" for number in range(1, 1_001))


MONTH_MS = 30 * 86_400_000


def now():
    return time.time_ns() // 1_000_000


def _a_month_ago():
    """Stock that is opened today would make a shortage of whatever was done offline before."""
    return now() - MONTH_MS


class SQLite:
    """A database that is one file."""

    name = "SQLite"

    def __init__(self, folder):
        self.founded = folder / "founded.db"
        self.worked = folder / "bincard.db"
        self.founded_url = f"sqlite:///{self.founded}"
        self.url = f"sqlite:///{self.worked}"

    def another(self, folder):
        return SQLite(folder)

    def renew(self):
        for suffix in ("", "-wal", "-shm"):
            self.worked.with_name(self.worked.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.founded, self.worked)


class PostgreSQL:
    """Two databases of a server of its own: the founded one is the template of the other."""

    name = "PostgreSQL"

    def __init__(self, server):
        self._server = server
        self.founded_url = server.create()
        self.url = None

    def another(self, _):
        return PostgreSQL(self._server)

    def renew(self):
        if self.url:
            self._server.drop(self.url)
        self.url = self._server.create(self.founded_url)


class Scene:
    """A folder with the site as it was founded; each round works on a copy of its database."""

    def __init__(self, folder, store):
        self.folder = folder
        self.store = store
        self.settings = Settings(data=folder, database=store.founded_url)
        self.key = token_key(self.settings.token_key_file)
        self.head = self.founded = 0

    def found(self):
        """Load the demo; closing the book folds the write-ahead log into the one file."""
        migrate(self.settings.database)
        book = Book(self.settings.database, self.key, _a_month_ago)
        book.start()
        asyncio.run(_found(book))
        book.close()
        self.renew()

    def twin(self):
        """Found the same site once more, beside this one."""
        folder = self.folder / "twin"
        folder.mkdir()
        twin = Scene(folder, self.store.another(folder))
        twin.found()
        return twin

    def renew(self):
        """Go back to the site as it was founded."""
        self.store.renew()
        self.look()
        self.founded = self.head

    def look(self):
        """Let the screens show what is there now: what is done next is based on it."""
        self.head = self.scalar("SELECT max(seq) FROM log")

    def scalar(self, query):
        """Return one number of the database that was worked on."""
        engine = plain_engine(self.store.url)
        with engine.connect() as connection:
            found = connection.execute(sa.text(query)).scalar()
        engine.dispose()
        return found

    def token(self, device):
        return device_token(self.key, device, factory.SITE)


async def _found(book):
    people = [
        Person(person=p.person, name=p.name, role=p.role, badge=p.badge)
        for p in factory.DEMO_PEOPLE
    ]
    await factory.load(book, people, _a_month_ago())
    devices = [Device(device=device, name=device) for device in DEVICES]
    await book.change(factory.SITE, "bench", devices, "handhelds")


class Server:
    """A program in a process of its own that says when it answers: by default `bincard serve`."""

    def __init__(self, scene, *command, **settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "BINCARD_DATA": str(scene.folder),
            "BINCARD_DATABASE": scene.store.url,
            "BINCARD_PORT": str(self.port),
            # One request after the other on loopback is faster than any healthy handheld.
            "BINCARD_PUSH_PER_SECOND": "1000000",
            "BINCARD_DAY_OPERATIONS": "1000000000",
            "BINCARD_DAY_MB": "1000000000",
            "BINCARD_DAY_DISCREPANCIES": "1000000000",
            **settings,
        }
        command = command or ("server.cli", "serve")
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command, *([str(self.port)] if len(command) == 1 else [])],
            env=environment, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._process.stdout.readline()

    def memory(self):
        """Return what the process holds, and held at most, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = dict(line.split(":") for line in status.splitlines())
        return [int(found[name].split()[0]) // 1_024 for name in ("VmRSS", "VmHWM")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)
