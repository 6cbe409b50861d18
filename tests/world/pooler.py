"""A pgbouncer of the tests' own: it lends each connection of PostgreSQL for one transaction."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.world.postgres import unprivileged

PROGRAM = "/usr/sbin/pgbouncer"
PORT = 6432
START_S = 30


class Pooler:
    """Stands before a server, with few connections for many clients."""

    def __init__(self, postgres, connections=3):
        self.folder = Path(tempfile.mkdtemp(prefix="bincard-pool-"))
        user = unprivileged()
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        file = self.folder / "pgbouncer.ini"
        file.write_text(
            f"[databases]\n* = host={postgres.folder} user=bincard\n[pgbouncer]\n"
            f"listen_port = {PORT}\nunix_socket_dir = {self.folder}\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 100\n"
        )
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self.process = subprocess.Popen(
            [PROGRAM, "-q", file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        self._wait()

    def _wait(self):
        until = time.monotonic() + START_S
        while not (self.folder / f".s.PGSQL.{PORT}").exists():
            assert self.process.poll() is None, "pgbouncer did not start"
            assert time.monotonic() < until, "pgbouncer said nothing"
            time.sleep(0.02)

    def url(self, behind):
        """Return the address of a database through it, as an installation writes it."""
        name = sa.make_url(behind).database
        return f"postgresql://bincard@/{name}?host={self.folder}&port={PORT}&prepared=off"

    def ask(self, behind, query):
        """Run a query as a client of the same pool that sets nothing by itself."""
        name = sa.make_url(behind).database
        with psycopg.connect(host=str(self.folder), port=PORT, user="bincard", dbname=name,
                             prepare_threshold=None) as connection:  # fmt: skip
            return connection.execute(query).fetchall()

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)
