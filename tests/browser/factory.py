"""The demo factory behind a real server process: started, killed, and asked about its ledger."""

import os
import re
import resource
import selectors
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext, suppress
from pathlib import Path

import httpx

from server.book.engine import plain_engine
from sync.stock import key_of

ROOT = Path(__file__).parents[2]
SITE = "FACTORY"
START_S, END_S = 120, 60
"""Far beyond what a start and an end take on the slowest machine."""

LAST_WORDS = 100
"""Lines of the log that are shown when something has failed."""


def bincard(data, *arguments, **environment):
    """The command `bincard` over one data folder, as its arguments and environment."""
    command = [sys.executable, "-m", "server.cli", *arguments]
    return command, {**os.environ, "BINCARD_DATA": str(data), **environment}


def load_demo(data):
    """Found the demo site and a desk; return the desk's token."""
    _run(data, "demo")
    enrolled = _run(data, "device", "enrol", "--json", "--site", SITE, "--name", "Desk")
    return re.search(r'"token": ?"([^"]+)"', enrolled.stdout).group(1)


def _run(data, *arguments, check=True, **environment):
    command, environment = bincard(data, *arguments, **environment)
    return subprocess.run(
        command, env=environment, check=check, capture_output=True, text=True, cwd=ROOT
    )  # fmt: skip


def _free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Factory:
    """A server of its own over a copy of the loaded demo; `database` is one in PostgreSQL.

    With `log` that file takes what the server says.
    """

    def __init__(self, template, data, token, database=None, log=None):
        shutil.copytree(template, data)
        self.log = log
        self.database = database
        self.data = data
        self.port = _free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.environment = {}
        if database:
            # As it is run where there is a PostgreSQL: several processes.
            self.environment |= {"BINCARD_DATABASE": database, "BINCARD_WORKERS": "2"}
        self._desk = httpx.Client(
            base_url=self.origin, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def start(self, *, file_bytes_max=None):
        """Serve. With `file_bytes_max` no file may grow beyond it, as on a full disk."""

        def limit():
            # Python ignores the signal that comes with it, so that a write fails as on a full disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))

        command, environment = bincard(
            self.data, "serve", BINCARD_PORT=str(self.port), PYTHONFAULTHANDLER="1",
            **self.environment,
        )  # fmt: skip
        with self.log.open("ab") if self.log else nullcontext() as log:
            self.process = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=log,
                preexec_fn=limit if file_bytes_max else None,  # noqa: PLW1509 - no threads here
            )  # fmt: skip
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            assert ready.select(START_S), "the server did not start"
        assert b"answers" in self.process.stdout.readline()

    def kill(self):
        """As by a power cut: nothing is finished, nothing is said."""
        self._end(signal.SIGKILL)

    def stop(self):
        self._desk.close()
        self._end(signal.SIGTERM)

    def _end(self, number):
        if self.process is None:
            return
        # A power cut asks none of its processes.
        self._tell(number, self._workers() if number == signal.SIGKILL else ())
        try:
            self.process.wait(timeout=END_S)
        finally:
            self.process.kill()
            self.process.stdout.close()
            self.process = None

    def _tell(self, number, workers):
        for pid in (self.process.pid, *workers):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def last_words(self):
        """End a server that may hang, so that it says where; return the end of its log."""
        if self.process is not None:
            self._tell(signal.SIGABRT, self._workers())
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=END_S)
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_WORDS:])

    def _workers(self):
        pid = self.process.pid
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def back_up(self, folder=None, *, check=True):
        """Make a backup while the server works; say whether it is proved."""
        where = ("--to", str(folder)) if folder else ()
        return _run(self.data, "backup", *where, check=check).returncode == 0

    def spoil(self, statement):
        """Change the database behind the server's back, as a fault in a program would."""
        with closing(sqlite3.connect(self.data / "bincard.db")) as book, book:
            book.execute(statement)

    def lose_the_disk(self):
        """The server and all that it had are gone."""
        self.kill()
        shutil.rmtree(self.data)

    def restore(self, folder):
        """Put the newest backup in place, as whoever looks after the server does."""
        return _run(self.data, "restore", str(folder)).stdout

    def verifies(self):
        """Whether the replayed ledger equals the stock, to the last difference."""
        verified = _run(self.data, "verify", check=False, **self.environment)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        return True

    def rows(self, query, *values):
        """Read the database beside the server."""
        if self.database:
            engine = plain_engine(self.database)
            with engine.connect() as book:
                found = book.exec_driver_sql(query.replace("?", "%s"), values).fetchall()
            engine.dispose()
            return [tuple(row) for row in found]
        with closing(sqlite3.connect(f"file:{self.data / 'bincard.db'}?mode=ro", uri=True)) as book:
            return book.execute(query, values).fetchall()

    def stock(self, place):
        """What the ledger holds at a place, as the screen of a bin shows it."""
        held = self.rows(
            "SELECT key, quantity FROM holding WHERE place = ? AND quantity != 0", place
        )
        keys = [(key_of(key), f"{quantity:,}".replace("-", "−")) for key, quantity in held]
        return sorted(
            (*filter(None, (key.item, key.lot and key.lot.code)), quantity)
            for key, quantity in keys
        )

    def ask(self, path, **query):
        """What a supervisor's session is answered."""
        return self._office().get(f"/api/{path}", params=query).raise_for_status().json()

    def tell(self, path, **body):
        return self._office().post(f"/api/{path}", json=body).raise_for_status().json()

    def _office(self):
        if "X-Bincard-Session" not in self._desk.headers:
            answer = self._desk.post("/api/sign-in", json={"badge": "B2001", "pin": "639274"})
            self._desk.headers["X-Bincard-Session"] = answer.raise_for_status().json()["session"]
        return self._desk

    def enrolment_code(self, name):
        return self.tell("devices/codes", name=name)["code"]
