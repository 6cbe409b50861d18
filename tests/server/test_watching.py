"""What is told to whoever looks after the server: life, readiness, figures."""

import asyncio
import sqlite3
import threading
import uuid
from dataclasses import replace

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.backups.making import make_backup
from server.book.writer import Task
from server.refusals import Code
from server.watching.asked import Asked
from server.watching.meters import Meters
from server.watching.readiness import Readiness, step_now
from server.watching.together import Process, Together
from tests.server.conftest import SITE, Clock, opened
from tests.server.handheld import Handheld


async def figures(plant):
    """The value of every figure, by its name and the labels that it has."""
    answer = await plant.client.get("/metrics", headers={"Authorization": "Bearer board"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
async def watched(settings):
    """The plant whose figures a board may read with a token."""
    async with opened(replace(settings, metrics_token="board"), Clock()) as plant:
        yield plant


async def push(plant, handheld, start=0, device="d1"):
    return await plant.client.post(
        "/sync/push", content=handheld.push(start), headers=plant.device(device)
    )


async def test_the_server_lives_even_when_its_database_hangs(plant):
    gate = threading.Event()
    plant.book._writers.submit(Task(lambda _: gate.wait(20), None, None))
    answer = await plant.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["now"] == plant.clock.ms
    gate.set()


async def test_a_server_that_can_work_is_ready(plant):
    answer = await plant.client.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def not_ready(plant):
    answer = await plant.client.get("/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    return answer.json()["code"]


async def test_a_server_that_was_told_to_stop_is_not_ready(plant):
    plant.client.app.state.gate.readiness.stopping = True
    assert await not_ready(plant) == "stopping"
    assert (await plant.client.get("/health")).status_code == 200


async def test_tables_of_another_program_are_not_ready(plant, settings):
    with sqlite3.connect(settings.database_file) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    assert await not_ready(plant) == "tables_other"


async def test_a_disk_that_is_nearly_full_is_not_ready(settings):
    async with opened(replace(settings, disk_free_mb=10**9), Clock()) as plant:
        assert await not_ready(plant) == "disk_low"


async def test_a_database_that_says_nothing_is_not_ready(plant):
    gate = threading.Event()
    readiness, clock = plant.client.app.state.gate.readiness, iter(range(1_000))
    readiness._clock = lambda: next(clock)
    readiness._step._wait_s = 0.05
    asked, read = [], plant.book.read

    async def hang(query):
        if query is not step_now:
            return await read(query)
        asked.append(1)
        await asyncio.get_running_loop().run_in_executor(None, gate.wait, 20)
        return readiness._newest

    plant.book.read = hang
    assert [await not_ready(plant) for _ in range(3)] == ["database_silent"] * 3
    assert len(asked) == 1, "a database that hangs is asked once, not once per visitor"
    gate.set()
    while not readiness._step._asked.done():  # noqa: ASYNC110 - the thread ends it
        await asyncio.sleep(0)
    assert (await plant.client.get("/ready")).status_code == 200


async def test_many_who_ask_at_once_share_one_question():
    asked, gate = [], asyncio.Event()

    async def question():
        asked.append(1)
        await gate.wait()
        return len(asked)

    one = Asked(question, 20)
    visitors = [asyncio.ensure_future(one.answer()) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*visitors) == [1, 1, 1]
    assert await one.answer() == 2


async def test_a_database_that_refuses_is_not_ready(plant):
    async def refuse(_):
        raise OSError("gone")

    plant.book.read = refuse
    assert await not_ready(plant) == "database_silent"


async def test_a_writer_that_hangs_is_not_ready(plant, settings):
    gate, begun = threading.Event(), threading.Event()
    plant.book._writers.submit(Task(lambda _: (begun.set(), gate.wait(20)), None, None))
    begun.wait(5)
    readiness = Readiness(settings, plant.book)
    assert await readiness.fault() is None
    assert plant.book.is_stuck(0.0)
    assert not plant.book.is_stuck(60.0)
    readiness = Readiness(settings, plant.book)
    plant.book.is_stuck = lambda _: True
    assert await readiness.fault() is Code.WRITER_STUCK
    gate.set()


async def test_what_is_pushed_and_pulled_is_counted(watched):
    handheld = Handheld(SITE, "1001", watched.clock)
    start = (await watched.client.get("/sync/snapshot", headers=watched.device())).json()["cursor"]
    handheld.receive(10)
    handheld.put_away(4)
    handheld.receive(1, to="bin", lot="K7")
    assert (await push(watched, handheld)).status_code == 200
    assert (await push(watched, handheld)).status_code == 200
    assert (await push(watched, handheld, 0, "d2")).json()["code"] == "fork"
    page = await watched.client.get(
        "/sync/pull", params={"cursor": start}, headers=watched.device()
    )  # fmt: skip
    seen = await figures(watched)
    assert seen["bincard_pushes_total", "taken"] == 2
    assert seen["bincard_pushes_total", "fork"] == 1
    assert seen["bincard_operations_total", "posted", "putaway"] == 1
    assert seen["bincard_operations_total", "", "repeat"] == 3
    decided = {key[1:]: n for key, n in seen.items() if key[0] == "bincard_operations_total"}
    assert sum(decided.values()) == 6
    assert seen["bincard_discrepancies_opened_total", "REPLICA_FORK"] == 1
    assert seen["bincard_group_pushes_sum",] == 3
    assert seen["bincard_commit_seconds_count",] == 3
    assert seen["bincard_queue_waiting",] == 0
    stages = {key[1] for key in seen if key[0] == "bincard_stage_seconds_total"}
    assert stages == {"open", "load", "decide", "write", "settle", "commit"}
    assert seen["bincard_pull_rows_total",] == len(page.json()["rows"])
    assert seen["bincard_pull_behind_sum",] >= 3
    assert seen["bincard_snapshots_built_total",] >= 1
    assert seen["bincard_snapshot_bytes_total",] > 100
    assert seen["bincard_http_request_seconds_count", "/sync/push", "200", "POST"] == 2
    assert seen["bincard_http_request_seconds_count", "/sync/push", "409", "POST"] == 1
    assert seen["process_resident_memory_bytes",] > 10**6


async def test_what_stands_in_the_database_and_on_the_disk_is_looked_up(watched, settings):
    handheld = Handheld(SITE, "1001", watched.clock)
    handheld.receive(10)
    handheld.unsent = 7
    assert (await push(watched, handheld)).status_code == 200
    assert (await push(watched, handheld, 0, "d2")).status_code == 409
    seen = await figures(watched)
    assert seen["bincard_feed_head", SITE] == 3
    assert seen["bincard_discrepancies_open", SITE, "REPLICA_FORK"] == 1
    assert seen["bincard_devices_silent", SITE] == 0
    assert seen["bincard_outbox_unsent", SITE] == 7
    assert seen["bincard_backup_age_seconds",] == float("inf")
    assert seen["bincard_database_bytes",] > 10_000
    assert seen["bincard_disk_free_bytes", "data"] > 0
    make_backup(settings, settings.backup_folder, watched.clock.ms)
    watched.clock.wait(hours=9)
    watched.client.app.state.gate.figures._at = -10.0
    seen = await figures(watched)
    assert seen["bincard_backup_age_seconds",] == 9 * 3600
    assert seen["bincard_backup_unproved",] == 0
    assert seen["bincard_devices_silent", SITE] == 1
    assert seen["bincard_watermark_lag_seconds", SITE] == 9 * 3600
    assert seen["bincard_outbox_waiting_seconds", SITE] == 9 * 3600


async def test_figures_are_shown_even_when_the_database_is_away(watched):
    async def refuse(_):
        raise OSError("gone")

    read, watched.book.read = watched.book.read, refuse
    seen = await figures(watched)
    assert seen["bincard_database_answers",] == 0
    assert seen["bincard_backup_age_seconds",] == float("inf")
    assert ("bincard_feed_head", SITE) not in seen
    watched.book.read = read
    watched.client.app.state.gate.figures._at = -10.0
    seen = await figures(watched)
    assert seen["bincard_database_answers",] == 1
    assert seen["bincard_feed_head", SITE] == 1


async def test_a_path_never_becomes_a_label(watched):
    for number in range(5):
        await watched.client.get(f"/place/{uuid.uuid4()}")
        await watched.client.get(f"/api/documents/PO-{number}", headers=watched.device())
    await watched.client.post("/nothing")
    await watched.client.request("BREW", "/health")
    routes = {
        key[1:]: n for key, n in (await figures(watched)).items()
        if key[0] == "bincard_http_request_seconds_count"
    }  # fmt: skip
    assert routes["/{path}", "404", "GET"] == 5
    assert routes["/api/documents/{number}", "401", "GET"] == 5
    assert routes["405", "POST", "none"] == 1
    assert routes["405", "none", "other"] == 1


def test_processes_of_one_server_are_added_up_and_a_dead_one_keeps_its_sums(tmp_path):
    ours, theirs = Meters(), Meters()
    ours.answered("GET", "/ready", "200", 0.002)
    theirs.answered("GET", "/ready", "200", 0.2)
    theirs.pulled(7, 100)
    together = Together(ours, lambda: 3, tmp_path)
    together.tell()
    gone = Process(2**22 + 1, 40, 10**9, theirs.tally())
    (tmp_path / "gone.json").write_bytes(msgspec.json.encode(gone))
    seen = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in together.collect()
        for sample in family.samples
    }
    assert seen["bincard_http_request_seconds_count", "/ready", "200", "GET"] == 2
    assert seen["bincard_http_request_seconds_bucket", "/ready", "0.0025", "200", "GET"] == 1
    assert seen["bincard_http_request_seconds_sum", "/ready", "200", "GET"] == 0.202
    assert seen["bincard_pull_rows_total",] == 7
    assert (seen["bincard_processes",], seen["bincard_queue_waiting",]) == (1, 3)
    assert 10**6 < seen["bincard_memory_bytes",] < 10**9


async def test_two_servers_in_one_process_count_apart(watched, settings):
    await watched.client.get("/health")
    async with opened(replace(settings, metrics_token="board"), Clock()) as other:
        seen = await figures(other)
    assert ("bincard_http_request_seconds_count", "/health", "200", "GET") not in seen


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": "Bearer böard".encode().decode("latin-1")}, 403),
        ({"Authorization": "Bearer board"}, 200),
    ],
)
async def test_figures_are_for_who_shows_the_token(watched, headers, status):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await watched.client.get("/metrics", headers=raw)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "watchers_only"


async def test_without_a_token_only_this_machine_reads_the_figures(plant):
    app = plant.client.app

    async def ask(address, **headers):
        sent = []
        scope = {
            "type": "http", "method": "GET", "path": "/metrics", "raw_path": b"/metrics",
            "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
            "headers": [(name.replace("_", "-").encode(), b"x") for name in headers],
            "client": (address, 1), "server": ("h", 1), "state": {}, "extensions": {},
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"]

    assert await ask("127.0.0.1") == 200
    assert await ask("::1") == 200
    assert await ask("192.168.1.7") == 403
    assert await ask("127.0.0.1", x_forwarded_for="x") == 403
    assert await ask("127.0.0.1", via="x") == 403
