"""`make world SEED=7`, `make world-long`: one seed, or as many as fit into a time."""

import argparse
import itertools
import os
import pathlib
import sys

from tests.simulation import runs
from tests.simulation.script import parse
from tests.simulation.swarm import ACTS, script


def same_everywhere():
    """Sets of texts must have one order, or a seed would not replay in another process."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one seed, its script printed")
    parser.add_argument("--script", type=pathlib.Path, help="replay a script")
    parser.add_argument("--first", type=int, default=0, help="the first of many seeds")
    parser.add_argument("--count", type=int, help="how many seeds")
    parser.add_argument("--client", choices=runs.CLIENTS, default="py", help="js: the shipped app")
    parser.add_argument("--acts", type=int, help="how long each script is")
    parser.add_argument("--seconds", type=float, help="how long")
    told = parser.parse_args()
    told.acts = told.acts or (ACTS if told.client == "py" else runs.ACTS_OF_THE_APP)
    return told


def replay(words, client):
    print(words)
    error, counts = runs.play(words, client)
    print(f"\n{'all promises held' if error is None else repr(error)}; {counts}")
    if error is not None:
        print(
            f"\nat commit {runs.commit()}, and still with\n\n{runs.shortest(words, error, client)}"
        )
    return error is None


def main():
    same_everywhere()
    told = arguments()
    if told.script is not None:
        return replay(parse(told.script.read_text()), told.client)
    if told.seed is not None:
        return replay(script(told.seed, told.acts), told.client)
    seeds = (
        itertools.count(told.first)
        if told.count is None
        else range(told.first, told.first + told.count)
    )
    return runs.share(seeds, told.seconds, told.client, told.acts)


sys.exit(0 if main() else 1)
