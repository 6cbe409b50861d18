"""Runs `make check` piece by piece, so that a green test run means a clean tree."""

import subprocess
from pathlib import Path

import pytest

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
