"""Plays seeds against each mutant, some processes at a time, and prints the table.

Each process is forked from this one, which has loaded nothing of ours but the list: the module
that holds the fault is changed as it is read, and the tree stays as it is.
"""

import argparse
import importlib
import multiprocessing
import os
import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path

from tests.simulation.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
SEEDS_MAX = 200
HEAVY = ("litestar", "msgspec", "sqlalchemy", "sqlmodel")
"""Loaded once, before the fork."""


class Mutated(SourceFileLoader):
    """Reads one module with the fault in it; no byte code is kept."""

    def __init__(self, one):
        path = ROOT.joinpath(*one.module.split(".")).with_suffix(".py")
        super().__init__(one.module, str(path))
        self._edits = one.edits

    def path_stats(self, path):
        raise OSError(path)

    def get_data(self, path):
        text = super().get_data(path).decode()
        for old, new in self._edits:
            if text.count(old) != 1:
                raise LookupError(f"{path} has {text.count(old)} times {old!r}")
            text = text.replace(old, new)
        return text.encode()


class Finder:
    """Finds the module that is to be mutated, before anybody else does."""

    def __init__(self, one):
        self._one = one

    def find_spec(self, name, _path=None, _target=None):
        if name == self._one.module:
            return spec_from_loader(name, Mutated(self._one))
        return None


def player(one):
    """Return what plays a seed against a mutant; raise LookupError where its texts are gone."""
    if not one.is_of_the_app:
        sys.meta_path.insert(0, Finder(one))
    runs = importlib.import_module("tests.simulation.runs")
    if not one.is_of_the_app:
        assert one.module in sys.modules, f"nobody imports {one.module}"
        return runs, lambda seed: runs.play(runs.script(seed))
    runs.CHILDREN.fault([(one.module, old, new) for old, new in one.edits])
    return runs, lambda seed: runs.play(runs.script(seed, runs.ACTS_OF_THE_APP), "js")


def hunt(number):
    """Return (number, the seed that killed the mutant or None, what it broke, seconds)."""
    one, began = MUTANTS[number], time.monotonic()
    try:
        runs, play = player(one)
    except LookupError as error:
        return number, None, "stale", str(error), 0.0
    for seed in range(SEEDS_MAX):
        error = play(seed).error
        if error is not None:
            return number, seed, runs.promise_of(error), str(error), time.monotonic() - began
    return number, None, "", "", time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutate")
    parser.add_argument("names", nargs="*", help="some mutants only")
    parser.add_argument("--every", type=int, default=1, help="only each n-th of them")
    asked = parser.parse_args()
    assert os.environ.get("PYTHONHASHSEED") == "0", "start it with PYTHONHASHSEED=0"
    for name in HEAVY:
        importlib.import_module(name)
    numbers = [n for n, one in enumerate(MUTANTS) if not asked.names or one.name in asked.names]
    numbers = numbers[:: asked.every]
    context, survivors = multiprocessing.get_context("fork"), 0
    print(f"{'mutant':36} {'died at seed':>12}  {'promise':12} {'seconds':>7}")
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for number, seed, promise, text, took in pool.imap_unordered(hunt, numbers, 1):
            died = "SURVIVED" if seed is None else seed
            survivors += seed is None
            print(f"{MUTANTS[number].name:36} {died:>12}  {promise:12} {took:7.1f}", flush=True)
            if asked.names:
                print(text)
    print(f"{len(numbers)} mutants, {survivors} survived")
    return survivors


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
