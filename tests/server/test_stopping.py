"""Told to stop, the server loses nothing that it acknowledged, and is gone soon."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import httpx

from server.book.engine import plain_engine
from server.settings import Settings
from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled
from tests.server.test_backups import now

DEVICES = 4


def booked(server):
    """How far each replica is in the books."""
    engine = plain_engine(Settings.of(server.environment).database)
    with engine.connect() as book:
        query = "SELECT replica, max(rseq) FROM log WHERE replica IS NOT NULL GROUP BY replica"
        rows = book.exec_driver_sql(query).all()
    engine.dispose()
    return dict(map(tuple, rows))


class Pushing:
    """A device that pushes as fast as it is answered, until nobody answers any more."""

    def __init__(self, server, headers, acks):
        self.handheld = Handheld(SITE, "1001", now)
        self.acked = 0
        self._server, self._headers, self._acks = server, headers, acks
        self.thread = threading.Thread(target=self._push)
        self.thread.start()

    def _push(self):
        with (
            contextlib.suppress(httpx.TransportError),
            httpx.Client(base_url=self._server.origin, headers=self._headers) as http,
        ):
            while True:
                self.handheld.receive(1)
                answer = http.post("/sync/push", content=self.handheld.push(self.acked))
                if answer.status_code == 200:
                    self.acked = answer.json()["acked"][0]
                    self._acks.release()


def test_told_to_stop_while_devices_push_it_keeps_all_it_acknowledged(anywhere):
    founded = anywhere
    devices = [enrolled(founded, f"PDA-{number}") for number in range(DEVICES)]
    founded.start()
    acks = threading.Semaphore(0)
    pushing = [Pushing(founded, headers, acks) for headers in devices]
    with (
        httpx.Client(base_url=founded.origin, headers=devices[0], timeout=30) as http,
        http.stream("GET", "/sync/poke") as pokes,
    ):
        for _ in range(10 * DEVICES):
            acks.acquire(timeout=20)
        founded.process.send_signal(signal.SIGTERM)
        for _ in pokes.iter_lines():
            pass
    assert founded.stop() == 0
    for device in pushing:
        device.thread.join()
    found = booked(founded)
    for device in pushing:
        assert device.acked > 0
        assert found[device.handheld.replica] >= device.acked
    assert founded.run("verify").returncode == 0
    assert "Traceback" not in founded.log


def test_while_it_drains_it_is_not_ready_and_still_takes_what_comes(founded):
    founded.environment["BINCARD_DRAIN_SECONDS"] = "300"
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(1)
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        assert http.get("/ready").status_code == 200
        founded.process.send_signal(signal.SIGTERM)
        while (answer := http.get("/ready")).status_code == 200:
            pass
        assert (answer.status_code, answer.json()["code"]) == (503, "stopping")
        assert http.get("/health").status_code == 200
        assert http.post("/sync/push", content=handheld.push()).json()["acked"][0] == 1
    # Whoever says it twice is in a hurry.
    assert founded.stop() == 0


def test_the_command_that_asks_whether_it_is_ready(founded):
    assert founded.run("ready").returncode == 3
    founded.start()
    done = founded.run("ready")
    assert (done.returncode, done.stdout) == (0, "ready\n")
    founded.environment["BINCARD_DISK_FREE_MB"] = "900000000"
    founded.stop()
    founded.start()
    done = founded.run("ready")
    assert done.returncode == 3
    assert "The disk of the data folder is nearly full" in done.stderr


def test_who_only_asks_whether_it_is_ready_does_not_load_the_server():
    """A container asks every ten seconds, on the cores that answer the handhelds."""
    ask = (
        "import sys; from server.cli import main; main(['ready']);"
        "print({'sqlalchemy', 'litestar', 'psycopg'} & set(sys.modules))"
    )
    nobody = {**os.environ, "BINCARD_PORT": "9"}
    done = subprocess.run(
        [sys.executable, "-c", ask], env=nobody, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_whoever_answers_speaks_for_all_processes(anywhere):
    device = enrolled(anywhere)
    anywhere.start()
    for _ in range(12):
        handheld = Handheld(SITE, "1001", now)
        handheld.receive(1)
        # A connection of its own each time: any of the processes may take it.
        httpx.post(f"{anywhere.origin}/sync/push", content=handheld.push(), headers=device)
    for _ in range(4):
        while 'bincard_pushes_total{result="taken"} 12.0' not in shown(anywhere):
            pass
    processes = Settings.of(anywhere.environment).workers
    while f"bincard_processes {processes}.0" not in shown(anywhere):
        pass
    assert anywhere.stop() == 0


def shown(server):
    return httpx.get(f"{server.origin}/metrics").text
