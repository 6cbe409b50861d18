"""The share of the simulation that every `make test` plays; `make world-long` plays on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation import runs
from tests.simulation.script import parse

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
SECONDS = os.environ.get("BINCARD_WORLD_SECONDS", "75")


def simulation(*words):
    """Run it in a process of its own, where sets of texts have the same order as in any other."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *words],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_every_promise_holds_in_the_worlds_of_the_first_seeds(capsys):
    done = simulation("--count", "2000", "--seconds", SECONDS)
    with capsys.disabled():
        print(f"\n{done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_what_was_found_once_stays_found(path):
    error, _ = runs.play(parse(path.read_text()))
    assert error is None, repr(error)


def test_a_script_is_all_that_a_world_depends_on():
    words = runs.script(7)
    assert str(parse(str(words))) == str(words)
    assert runs.play(words).counts == runs.play(parse(str(words))).counts
