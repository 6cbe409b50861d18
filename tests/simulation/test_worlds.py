"""The share of the simulation that every `make test` plays; `make world-long` plays on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation import realism, runs
from tests.simulation.script import parse

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
SEEDS = os.environ.get("WORLD_SEEDS", "40")
TRUE_SEEDS = os.environ.get("TRUE_WORLD_SEEDS", "200")
"""Numbers and no time, so that every machine plays the same worlds."""

MUTANTS = (
    "no dedupe", "the watermark is now", "drop on negative", "raw wall clock", "count at arrival",
    "skip fsync", "patch without ack snapshot", "prune on ack", "ack before commit",
    "anybody speaks for a replica",
    "app: acknowledge whatever is there", "app: patch without ack snapshot", "app: prune on ack",
)  # fmt: skip
"""A share that dies soon."""


def simulation(module, *words):
    """Run it in a process of its own, where sets of texts have the same order as in any other."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_every_promise_holds_in_the_worlds_of_the_first_seeds(capsys):
    """[S1]–[S9], [L1], [L2], [L5], and the same pushes in another order."""
    code, said = simulation("tests.simulation", "--count", SEEDS)
    with capsys.disabled():
        print(f"\n{said.strip().splitlines()[-1]}")
    assert code == 0, said


def test_every_promise_holds_with_the_shipped_app_in_the_phones(capsys):
    """The same worlds, with pwa/src in a node child in the place of the reference client."""
    code, said = simulation("tests.simulation", "--client", "js", "--count", TRUE_SEEDS)
    with capsys.disabled():
        print(f"\n{said.strip().splitlines()[-1]}")
    assert code == 0, said


def test_the_transcripts_that_the_phone_replays_are_those_of_today():
    code, said = simulation("tests.simulation.transcripts", "--check")
    assert code == 0, said


@pytest.mark.parametrize(("client", "every"), [("py", "331"), ("js", "499")])
def test_a_crash_at_any_point_of_a_short_script_breaks_nothing(client, every, capsys):
    """A share of all points; `make world-crashes` plays each."""
    words = ("--client", client, "--every", every)
    code, said = simulation("tests.simulation.exhaustive", *words)
    with capsys.disabled():
        print(f"\n{said.strip().splitlines()[-1]}")
    assert code == 0, said


def test_faults_that_somebody_could_make_die(capsys):
    """A share of the mutants; `make mutants` hunts all of them and prints the table."""
    code, said = simulation("tests.simulation.mutate", *MUTANTS)
    with capsys.disabled():
        print(f"\n{said.strip()}")
    assert code == 0, said


@pytest.mark.parametrize("seed", range(2))
def test_an_ordinary_shift_leaves_an_inbox_that_somebody_can_read(seed):
    left = realism.inbox(realism.worked(seed))
    assert len(left) <= realism.OPEN_MAX, left


@pytest.mark.parametrize("client", runs.CLIENTS)
@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_what_was_found_once_stays_found(path, client):
    error, _ = runs.play(parse(path.read_text()), client)
    assert error is None, repr(error)


def test_a_script_is_all_that_a_world_depends_on():
    words = runs.script(7)
    assert str(parse(str(words))) == str(words)
    assert runs.play(words).counts == runs.play(parse(str(words))).counts
