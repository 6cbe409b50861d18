"""Runs `make check` piece by piece, so that a green test run means a clean tree."""

import subprocess
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "check", ["check-lint", "check-format", "check-types", "check-imports", "check-pwa"]
)
def test_the_tree_passes(check):
    run = subprocess.run(
        ["make", "--no-print-directory", check],
        cwd=ROOT,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_still_finds_the_words_that_it_changes(mutant):
    """Without hunting it: a fault that cannot be made would only be noticed after minutes."""
    path = ROOT / "pwa" / mutant.module if mutant.is_of_the_app else \
        ROOT.joinpath(*mutant.module.split(".")).with_suffix(".py")  # fmt: skip
    text = path.read_text()
    for old, new in mutant.edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
