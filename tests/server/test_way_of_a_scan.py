"""From a scan to the bin card, through a server that really runs, dies and comes back."""

import contextlib
import os
import select
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled

GONE_S = 60


def now():
    return time.time_ns() // 1_000_000


def test_a_scan_travels_from_the_handheld_to_the_bin_card(anywhere):
    device = enrolled(anywhere)
    anywhere.start()
    handheld = Handheld(SITE, "1001", now)
    received, put_away = handheld.receive(324), handheld.put_away(300)
    with httpx.Client(base_url=anywhere.origin, headers=device) as http:
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
        signed = http.post("/api/sign-in", json={"badge": "1001", "pin": "7305"}).json()
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
    assert anywhere.stop() == 0
    assert device["Authorization"].split()[1] not in anywhere.log
    assert signed["session"] not in anywhere.log
    assert "answered request=" in anywhere.log
    assert "method=POST route=/sync/push status=200" in anywhere.log
    verified = anywhere.run("verify")
    assert verified.returncode == 0, verified.stdout
    listed = anywhere.run("operations", "--limit", "2").stdout
    assert "putaway" in listed
    assert received in listed


def test_a_server_killed_while_it_is_pushed_to_loses_and_doubles_nothing(anywhere):
    device = enrolled(anywhere)
    anywhere.start()
    handheld = Handheld(SITE, "1001", now)
    for _ in range(400):
        handheld.receive(1)
    answered, died = threading.Semaphore(0), []

    def push_all():
        with (
            httpx.Client(base_url=anywhere.origin, headers=device) as http,
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
    anywhere.stop(signal.SIGKILL)
    pusher.join()
    assert died == [], "the server answered everything before it was killed"

    anywhere.start()
    with httpx.Client(base_url=anywhere.origin, headers=device) as http:
        for start in range(0, 400, 100):
            answer = http.post("/sync/push", content=handheld.push(start, start + 100)).json()
        assert answer["acked"] == [400, handheld.prev]
        signed = http.post("/api/sign-in", json={"person": "1001", "pin": "7305"}).json()
        http.headers["X-Bincard-Session"] = signed["session"]
        (stock,) = http.get("/api/holdings", params={"place": "DOCK"}).json()["holdings"]
        assert stock["quantity"] == 400
    assert anywhere.stop() == 0
    assert anywhere.run("verify").returncode == 0


def test_an_open_stream_of_pokes_hears_of_a_push_and_does_not_hold_up_the_end(anywhere):
    device = enrolled(anywhere)
    anywhere.start()
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(1)
    with (
        httpx.Client(base_url=anywhere.origin, headers=device) as http,
        http.stream("GET", "/sync/poke") as pokes,
    ):
        assert pokes.headers["content-type"].startswith("text/event-stream")
        lines = pokes.iter_lines()
        assert next(lines) == ": connected"
        httpx.post(f"{anywhere.origin}/sync/push", content=handheld.push(), headers=device)
        assert next(line for line in lines if line.startswith("event")) == "event: changed"
        anywhere.process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass
    assert anywhere.stop() == 0


def test_an_open_stream_of_pokes_hears_of_what_another_process_wrote(anywhere):
    device = enrolled(anywhere)
    anywhere.start()
    with (
        httpx.Client(base_url=anywhere.origin, headers=device) as http,
        http.stream("GET", "/sync/poke") as pokes,
    ):
        lines = pokes.iter_lines()
        assert next(lines) == ": connected"
        enrolled(anywhere, "PDA-02")
        assert next(line for line in lines if line.startswith("event")) == "event: changed"
    assert anywhere.stop() == 0


@pytest.mark.postgres
@pytest.mark.parametrize("anywhere", ["postgresql"], indirect=True)
def test_one_of_several_processes_dies_and_another_takes_its_place(anywhere):
    device = enrolled(anywhere)
    anywhere.start()
    first, second = anywhere.workers()
    os.kill(first, signal.SIGKILL)
    handheld = Handheld(SITE, "1001", now)
    while first in anywhere.workers() or len(anywhere.workers()) < 2:
        handheld.receive(1)
        # A new connection each time, so that any of them may be the one that answers.
        with contextlib.suppress(httpx.TransportError):
            httpx.post(f"{anywhere.origin}/sync/push", content=handheld.push(-1), headers=device)
    assert second in anywhere.workers()
    for start in range(0, len(handheld.envelopes), 100):
        part = handheld.push(start, start + 100)
        answer = httpx.post(f"{anywhere.origin}/sync/push", content=part, headers=device).json()
    assert answer["acked"] == [len(handheld.envelopes), handheld.prev]
    assert anywhere.stop() == 0
    assert anywhere.run("verify").returncode == 0


@pytest.mark.postgres
@pytest.mark.parametrize("anywhere", ["postgresql"], indirect=True)
def test_when_the_process_that_was_started_is_killed_the_others_make_room_for_the_next(anywhere):
    """They would hold the address, and nobody looked after them, for as long as they drain."""
    anywhere.environment["BINCARD_DRAIN_SECONDS"] = "300"
    device = enrolled(anywhere)
    anywhere.start()
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(1)
    httpx.post(f"{anywhere.origin}/sync/push", content=handheld.push(), headers=device)
    others = [os.pidfd_open(pid) for pid in anywhere.workers()]
    anywhere.process.kill()
    for other in others:
        assert select.select([other], [], [], GONE_S) == ([other], [], [])
        os.close(other)
    anywhere.end()
    del anywhere.environment["BINCARD_DRAIN_SECONDS"]
    anywhere.start()
    answer = httpx.post(f"{anywhere.origin}/sync/push", content=handheld.push(), headers=device)
    assert answer.json()["acked"] == [1, handheld.prev]
    assert anywhere.stop() == 0


def test_several_processes_on_sqlite_are_refused(founded):
    done = founded.run("serve", "--workers", "2")
    assert done.returncode == 2
    assert "SQLite is written by one process alone" in done.stderr


def test_serve_refuses_a_folder_without_tables_and_says_what_to_run(server):
    none = server.run("serve")
    assert (none.returncode, none.stdout) == (3, "")
    assert none.stderr.startswith("bincard: There is no data folder")
    Path(server.environment["BINCARD_DATA"]).mkdir()
    done = server.run("serve")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "bincard: The database has no tables yet. Run: bincard migrate\n"


def test_a_server_without_its_web_app_says_so_at_the_start(founded, tmp_path):
    """Else whoever installs it is told that the address is wrong."""
    founded.environment["BINCARD_WEB"] = str(tmp_path / "none")
    founded.start()
    assert founded.stop() == 0
    assert f"There is no web app in {tmp_path / 'none'}: run make build, or let" in founded.log


def test_a_key_that_others_may_read_is_refused(founded, tmp_path):
    key = tmp_path / "data" / "token.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    done = founded.run("device", "list")
    assert done.returncode == 2
    assert done.stderr == f"bincard: Others may read {key}. Run: chmod 600 {key}\n"
