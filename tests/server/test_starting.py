"""A machine that starts: the database comes up late, and there may be no time zones on it."""

import os
import subprocess
import sys
import time

import pytest

from tests.server.running import Server
from tests.world.postgres import Postgres


@pytest.fixture
def late():
    """A PostgreSQL of its own that is down."""
    postgres = Postgres()
    url = postgres.create()
    postgres.stop()
    yield postgres, url
    postgres.remove()


@pytest.mark.postgres
def test_who_migrates_waits_for_a_database_that_comes_up_late(late, tmp_path):
    postgres, url = late
    server = Server(tmp_path)
    server.environment["BINCARD_DATABASE"] = url
    refused = server.run("migrate")
    at_once = server.run("migrate", "--wait", "1")
    waiting = subprocess.Popen(
        [*server.program, "migrate", "--wait", "120"], env=server.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(2)
    assert waiting.poll() is None
    postgres.start()
    said, complaint = waiting.communicate(timeout=120)
    assert (waiting.returncode, complaint) == (0, "")
    assert said.startswith("The tables went from step none to step ")
    for done in (refused, at_once):
        assert done.returncode == 3
        assert done.stderr.startswith("bincard: The database cannot be used: ")
        assert done.stderr.count("\n") == 1


def test_a_time_zone_is_known_on_a_machine_that_has_none(tmp_path):
    """As in a slim image, or on a PC without the package: the program brings its own."""
    code = (
        "from zoneinfo import TZPATH, available_timezones\n"
        "from server.book.days import days_in\n"
        "assert TZPATH == (), TZPATH\n"
        "assert 'Asia/Shanghai' in available_timezones()\n"
        "print(days_in('Asia/Shanghai')(1_795_046_400_000 - 3_600_000))\n"
    )
    bare = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=bare, check=True, capture_output=True)
    assert done.stdout == b"2026-11-19\n", "an hour before its midnight in UTC"
    server = Server(tmp_path)
    server.environment["PYTHONTZPATH"] = ""
    assert server.run("migrate").returncode == 0
    site = ("site", "add", "PLANT", "--name", "x", "--time-zone", "Asia/Shanghai")
    assert server.run(*site).returncode == 0
