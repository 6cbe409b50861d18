"""The log: one line per request with what is needed to search, and none of what is secret."""

import json
import logging
import re
import sqlite3

import httpx
import pytest
import sqlalchemy as sa

from server.book.engine import plain_engine
from server.watching.lines import ForPeople, ForPrograms, request_id
from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled
from tests.server.test_backups import now

PIN, OTHER_PIN, WRONG_PIN = "7193846205", "8046173925", "6629173048"
NAME, LOT, BOARD = "Zhang Geheim", "GEHEIM-LOT-77", "board-7f3e9a"


def line(formatter, **more):
    """One line as it is written."""
    record = logging.LogRecord(
        "bincard.x", logging.WARNING, "f.py", 1, "said %s", ("it\nall",), None
    )
    record.created = 1_795_000_000.125
    for name, value in more.items():
        setattr(record, name, value)
    return formatter.format(record)


def test_a_line_for_people_begins_with_its_time_and_ends_with_what_is_known():
    assert line(ForPeople(), facts={"route": "/ready", "status": 503}) == (
        "2026-11-18T11:06:40.125Z WARNING bincard.x: said it\nall route=/ready status=503"
    )


def test_a_line_for_programs_is_one_object_whatever_it_says():
    request_id.set("r-1")
    text = line(ForPrograms(), facts={"status": 503})
    request_id.set(None)
    assert "\n" not in text
    assert json.loads(text) == {
        "at": "2026-11-18T11:06:40.125Z", "level": "warning", "logger": "bincard.x",
        "said": "said it\nall", "request": "r-1", "status": 503,
    }  # fmt: skip


@pytest.mark.postgres
@pytest.mark.parametrize("form", [ForPeople, ForPrograms])
def test_a_row_that_postgresql_shows_beside_its_complaint_is_left_out(postgres, form):
    url = postgres.create()
    engine = plain_engine(url, hide_parameters=True)
    with engine.connect() as book:
        book.exec_driver_sql("CREATE TEMPORARY TABLE paper (line text, code text NOT NULL)")
        with pytest.raises(sa.exc.IntegrityError) as refused:
            book.exec_driver_sql("INSERT INTO paper VALUES (%s, NULL)", (LOT,))
    engine.dispose()
    postgres.drop(url)
    assert LOT in str(refused.value.orig)
    text = line(form(), exc_info=(type(refused.value), refused.value, refused.value.__traceback__))
    assert "null value in column" in text
    assert LOT not in text


async def test_a_request_keeps_the_id_that_a_proxy_gave(plant):
    given = {"X-Request-Id": "proxy-1.2:3_4"}
    assert (await plant.client.get("/health", headers=given)).headers["x-request-id"] == (
        "proxy-1.2:3_4"
    )


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "a\tb", "ünsinn"])
async def test_what_is_no_id_is_replaced(plant, bad):
    headers = {"X-Request-Id": bad.encode()}
    found = (await plant.client.get("/health", headers=headers)).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", found)


async def test_no_two_requests_have_one_id_and_refusals_have_one_too(plant):
    paths = ("/health", "/health", "/api/nothing", "/api/me")
    found = [(await plant.client.get(path)).headers["x-request-id"] for path in paths]
    found.append((await plant.client.post("/nothing")).headers["x-request-id"])
    assert len(set(found)) == 5


def morning(server, token_headers):
    """A worker's morning with all that must not be written down; returns the secrets."""
    with httpx.Client(base_url=server.origin, headers=token_headers) as http:
        start = http.get("/sync/snapshot").json()["cursor"]
        handheld = Handheld(SITE, "3001", now)
        handheld.receive(3, lot=LOT)
        http.post("/sync/push", content=handheld.push()).raise_for_status()
        http.get("/sync/pull", params={"cursor": start})
        http.get("/sync/pull", params={"cursor": f"{start}forged"})
        http.post("/api/sign-in", json={"badge": "3001", "pin": WRONG_PIN})
        signed = http.post("/api/sign-in", json={"person": "3001", "pin": PIN}).json()
        http.headers["X-Bincard-Session"] = signed["session"]
        http.get("/api/me")
        http.get("/api/bin-card", params={"place": "DOCK", "item": "BE-2908", "lot": LOT})
        code = http.post("/api/devices/codes", json={"name": NAME}).json()["code"]
        other = httpx.post(f"{server.origin}/api/enrol", json={"code": code}).json()["token"]
        httpx.post(f"{server.origin}/api/enrol", json={"code": code})
        person = {"person": "3002", "name": NAME, "role": "worker", "pin": OTHER_PIN}
        http.post("/api/people", json=person)
        httpx.get(f"{server.origin}/metrics", headers={"Authorization": f"Bearer {BOARD}"})
        http.post("/sync/push", content=b'{"lot":"' + LOT.encode())
    return handheld, [token_headers["Authorization"].split()[1], other, code, signed["session"],
                      start, PIN, OTHER_PIN, WRONG_PIN, NAME, LOT, BOARD]  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_whole_morning_leaves_no_secret_in_the_log(founded, tmp_path, form):
    founded.environment |= {"BINCARD_LOG_FORMAT": form, "BINCARD_METRICS_TOKEN": BOARD}
    added = founded.run("user", "add", "3001", "--name", NAME, "--role", "supervisor",
                        "--site", SITE, "--pin", PIN)  # fmt: skip
    assert added.returncode == 0, added.stderr
    device = enrolled(founded)
    founded.start()
    handheld, secrets = morning(founded, device)
    # A fault of the database: what it was asked to write must not stand beside its complaint.
    with sqlite3.connect(tmp_path / "data" / "bincard.db") as book:
        book.execute("DROP TABLE feed")
    book.close()
    handheld.receive(1, lot=LOT)
    broken = httpx.post(f"{founded.origin}/sync/push", content=handheld.push(1), headers=device)
    assert broken.status_code == 500
    assert founded.stop() == 0

    assert "no such table: feed" in founded.log
    assert broken.headers["x-request-id"] in founded.log
    for secret in secrets:
        assert len(secret) > 7
        assert secret not in founded.log, secret
    if form == "json":
        lines = [json.loads(line) for line in founded.log.splitlines()]
        answered = [one for one in lines if one["said"] == "answered"]
        pushes = [one for one in answered if one["route"] == "/sync/push"]
        assert [one["status"] for one in pushes] == [200, 400, 500]
        assert {one["device"] for one in pushes} == {pushes[0]["device"]}
        (me,) = (one for one in answered if one["route"] == "/api/me")
        assert (me["person"], me["method"], me["from"]) == ("3001", "GET", "127.0.0.1")
        assert me["ms"] > 0
        assert me["request"]
