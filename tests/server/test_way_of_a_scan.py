"""From a scan to the bin card, through a server that really runs, dies and comes back."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from tests.server.handheld import Handheld

SITE = "PLANT"


def now():
    return time.time_ns() // 1_000_000


class Server:
    """`bincard` in a folder of its own: commands, and a server that can be started and killed."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "BINCARD_DATA": str(folder),
            "BINCARD_PORT": str(self.port),
            "BINCARD_ACCESS_LOG": "1",
        }
        self.process = None

    def run(self, *arguments, given=""):
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == f"Bincard answers on {self.origin}\n"

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        _, self.log = self.process.communicate(timeout=15)
        return self.process.returncode


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "data")
    yield server
    if server.process and server.process.stdout and not server.process.stdout.closed:
        server.process.kill()
        server.process.communicate()


FILES = {
    "locations": "location,warehouse,kind\n06-B-10,06,bin\nDOCK,06,dock\n",
    "items": "item,name,lots\nBE-2908,Headset Ball Bearings,yes\n",
    "partners": "partner,kind,name\n1580,supplier,Litware\n",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with a site, its goods, a worker and a supervisor, made by commands alone."""
    folder = tmp_path_factory.mktemp("template")
    server = Server(folder / "data")
    site = ("site", "add", SITE, "--name", "Plant", "--time-zone", "Asia/Shanghai")
    commands = [("migrate", ""), (*site, "")]
    for number, role, pin in (("1001", "worker", "2580"), ("2001", "supervisor", "7412")):
        commands.append(("user", "add", number, "--name", role, "--role", role, f"{pin}\n"))
    for kind, text in FILES.items():
        file = folder / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        commands.append(("import", kind, str(file), "--apply", ""))
    for *command, given in commands:
        done = server.run(*command, given=given)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "data"


@pytest.fixture
def founded(server, template, tmp_path):
    shutil.copytree(template, tmp_path / "data")
    return server


def enrolled(server, name="PDA-01"):
    done = server.run("device", "enrol", "--json", "--site", SITE, "--name", name)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert sorted(answer) == ["device", "site", "token"]
    return {"Authorization": f"Bearer {answer['token']}"}


def test_a_scan_travels_from_the_handheld_to_the_bin_card(founded):
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    received, put_away = handheld.receive(324), handheld.put_away(300)
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        start = http.get("/sync/snapshot").json()["cursor"]
        answer = http.post("/sync/push", content=handheld.push()).json()
        assert answer["acked"] == [2, handheld.prev]
        assert [verdict["id"] for verdict in answer["verdicts"]] == [received, put_away]
        again = http.post("/sync/push", content=handheld.push()).json()
        assert again["verdicts"] == answer["verdicts"]
        page = http.get("/sync/pull", params={"cursor": start}).json()
        held = {row[1]: row[3] for row in page["rows"] if row[0] == "holding"}
        assert {place["place"]: place["quantity"] for place in held.values()} == {
            "DOCK": 24, "06-B-10": 300,
        }  # fmt: skip
        signed = http.post("/api/sign-in", json={"badge": "1001", "pin": "2580"}).json()
        http.headers["X-Bincard-Session"] = signed["session"]
        card = http.get("/api/bin-card", params={"place": "DOCK", "item": "BE-2908"}).json()
        steps = [(step["verb"], step["quantity"], step["balance"]) for step in card["steps"]]
        assert steps == [("receive", 324, 324), ("putaway", -300, 24)]
        assert {step["actor"] for step in card["steps"]} == {"1001"}
        operation = http.get(f"/api/operations/{received}").json()
        assert operation["envelope"]["body"]["did"]["quantity"] == 324
        assert sum(posting["quantity"] for posting in operation["postings"]) == 324
        stock = http.get("/api/holdings", params={"item": "BE-2908"}).json()
        assert [(row["place"], row["lot"], row["quantity"]) for row in stock["holdings"]] == [
            ("06-B-10", "K0902", 300), ("DOCK", "K0902", 24),
        ]  # fmt: skip
    assert founded.stop() == 0
    assert device["Authorization"].split()[1] not in founded.log
    assert signed["session"] not in founded.log
    assert '"path":"/sync/push","status":200' in founded.log
    verified = founded.run("verify")
    assert verified.returncode == 0, verified.stdout
    listed = founded.run("operations", "--limit", "2").stdout
    assert "putaway" in listed
    assert received in listed


def test_a_server_killed_while_it_is_pushed_to_loses_and_doubles_nothing(founded):
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    for _ in range(400):
        handheld.receive(1)
    answered, died = threading.Semaphore(0), []

    def push_all():
        with (
            httpx.Client(base_url=founded.origin, headers=device) as http,
            contextlib.suppress(httpx.TransportError),
        ):
            for start in range(0, 400, 5):
                http.post("/sync/push", content=handheld.push(start, start + 5))
                answered.release()
            died.append(False)

    pusher = threading.Thread(target=push_all)
    pusher.start()
    for _ in range(10):
        answered.acquire()
    founded.stop(signal.SIGKILL)
    pusher.join()
    assert died == [], "the server answered everything before it was killed"

    founded.start()
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        for start in range(0, 400, 100):
            answer = http.post("/sync/push", content=handheld.push(start, start + 100)).json()
        assert answer["acked"] == [400, handheld.prev]
        signed = http.post("/api/sign-in", json={"person": "1001", "pin": "2580"}).json()
        http.headers["X-Bincard-Session"] = signed["session"]
        (stock,) = http.get("/api/holdings", params={"place": "DOCK"}).json()["holdings"]
        assert stock["quantity"] == 400
    assert founded.stop() == 0
    assert founded.run("verify").returncode == 0


def test_an_open_stream_of_pokes_hears_of_a_push_and_does_not_hold_up_the_end(founded):
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(1)
    with (
        httpx.Client(base_url=founded.origin, headers=device) as http,
        http.stream("GET", "/sync/poke") as pokes,
    ):
        assert pokes.headers["content-type"].startswith("text/event-stream")
        lines = pokes.iter_lines()
        assert next(lines) == ": connected"
        httpx.post(f"{founded.origin}/sync/push", content=handheld.push(), headers=device)
        assert next(line for line in lines if line.startswith("event")) == "event: changed"
        founded.process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass
    assert founded.stop() == 0


def test_serve_refuses_a_folder_without_tables_and_says_what_to_run(server):
    done = server.run("serve")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "bincard: The database has no tables yet. Run: bincard migrate\n"


def test_a_key_that_others_may_read_is_refused(founded, tmp_path):
    key = tmp_path / "data" / "token.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    done = founded.run("device", "list")
    assert done.returncode == 2
    assert done.stderr == f"bincard: Others may read {key}. Run: chmod 600 {key}\n"
