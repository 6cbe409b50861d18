"""The demo factory with eight handhelds, founded once, and a server that answers for a copy."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

from server.book import Book
from server.imports import factory
from server.migrations import migrate
from server.people.tokens import device_token
from server.settings import Settings, token_key
from sync.records import Device, Person

DEVICES = tuple(f"D{number}" for number in range(1, 9))


def now():
    return time.time_ns() // 1_000_000


class Scene:
    """A folder with the database as it was founded; each round works on a copy of it."""

    def __init__(self, folder):
        self.folder = folder
        self.settings = Settings(data=folder, database=f"sqlite:///{folder / 'founded.db'}")
        self.key = token_key(self.settings.token_key_file)
        self.founded = folder / "founded.db"
        self.worked = folder / "bincard.db"

    def found(self):
        """Load the demo; closing the book folds the write-ahead log into the one file."""
        migrate(self.settings.database)
        book = Book(self.settings.database, self.key, now)
        book.start()
        asyncio.run(_found(book))
        book.close()

    def renew(self):
        for suffix in ("", "-wal", "-shm"):
            self.worked.with_name(self.worked.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.founded, self.worked)

    def head(self):
        """Return the number that the log has reached."""
        with closing(sqlite3.connect(self.worked)) as connection:
            return connection.execute("SELECT max(seq) FROM log").fetchone()[0]

    def token(self, device):
        return device_token(self.key, device, factory.SITE)


async def _found(book):
    people = [
        Person(person=p.person, name=p.name, role=p.role, badge=p.badge)
        for p in factory.DEMO_PEOPLE
    ]
    await factory.load(book, people, now())
    devices = [Device(device=device, name=device) for device in DEVICES]
    await book.change(factory.SITE, "bench", devices, "handhelds")


class Server:
    """`bincard serve` in a process of its own, as it is run in a warehouse."""

    def __init__(self, scene):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "BINCARD_DATA": str(scene.folder),
            "BINCARD_PORT": str(self.port),
            # One request after the other on loopback is faster than any healthy handheld.
            "BINCARD_PUSH_PER_SECOND": "1000000",
        }
        environment.pop("BINCARD_DATABASE", None)
        command = [sys.executable, "-m", "server.cli", "serve"]
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        self._process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)
