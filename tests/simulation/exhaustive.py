"""Forty short scripts, and a crash at each point of each: the server's, the phone's, both.

A point is a statement, a commit or an answer of the server, or an effect of the phone. A clean
run counts them; then there is one world for each.
"""

import argparse
import itertools
import multiprocessing
import os
import sys
from functools import partial

from tests.simulation import runs
from tests.simulation.script import Act, Script, parse
from tests.simulation.site import START
from tests.simulation.swarm import script
from tests.simulation.world import World

SHORT = {
    "one receipt": "06:01:00 A receive 5 NU to DOCK",
    "receive and put away": """
        06:01:00 A receive 5 BE/L1 to DOCK
        06:02:00 A move 5 BE/L1 from DOCK to B1 carry 10s""",
    "all of it": """
        06:01:00 A receive 5 BE/L1 to DOCK
        06:02:00 A move all BE/L1 from DOCK to B1 carry 10s""",
    "two phones, one bin": """
        06:01:00 A receive 9 CA/L1 to B1
        06:02:00 B pick 4 CA/L1 from B1 to STAGE
        06:02:01 A pick 4 CA/L1 from B1 to STAGE""",
    "count and approve": """
        06:01:00 A receive 9 NU to B1
        06:02:00 B count B1
        06:04:00 desk review all""",
    "miscounted, then counted": """
        06:01:00 A receive 9 NU to B1
        06:02:00 B count B1 slip NU +2
        06:04:00 desk review all
        06:06:00 B count B1
        06:08:00 desk review all""",
    "late pick under an approved count": """
        06:01:00 A receive 9 NU to B1
        06:02:00 A offline 400s
        06:02:05 A pick 3 NU from B1 to STAGE
        06:04:00 B count B1
        06:06:00 desk review all""",
    "scanned twice and undone": """
        06:01:00 A receive 9 NU to B1 slip twice
        06:03:00 A undo""",
    "unknown bin": """
        06:01:00 A receive 9 NU to B1 slip bin ?X9
        06:04:00 desk rename""",
    "without a network": """
        06:00:30 A offline 300s
        06:01:00 A receive 5 BE/L1 to DOCK
        06:02:00 A move 2 BE/L1 from DOCK to B1
        06:03:00 A count B1""",
    "cloned": """
        06:01:00 A receive 5 NU to DOCK
        06:02:00 A clone
        06:03:00 A' receive 6 NU to DOCK
        06:03:10 A receive 7 NU to DOCK""",
    "set up today": """
        06:00:00 A fresh
        06:01:00 A receive 5 NU to DOCK""",
}
GENERATED = 28


def short_scripts():
    """Yield name and script of the forty."""
    for name, words in SHORT.items():
        yield name, parse(words)
    for seed in range(GENERATED):
        yield f"seed {seed}", script(seed, count=3, only=("slips", "reviews"))


def points(words, client):
    """Return how many steps the server takes in a clean run, and how many effects the phone."""
    world = World(words, runs.child_of(client))
    world.run_acts()
    return world.server.steps, world.devices["A"].effects if "A" in world.devices else 0


def crashed(words, at, *, server, phone):
    acts = list(words.acts)
    if server:
        acts.append(Act(START, "server", f"crash at {at} down 5s"))
    if phone:
        acts.append(Act(START, "A", f"kill at {at}"))
    return Script(words.seed, words.weather, words.clocks, tuple(sorted(acts, key=_when)))


def _when(act):
    return act.at


def cases(client):
    """Yield (name, script) of every crash, once on either side and once on both."""
    for name, words in short_scripts():
        server, phone = points(words, client)
        for at in range(max(server, phone)):
            if at < server:
                yield f"{name}, server at {at}", crashed(words, at, server=True, phone=False)
            if at and at < phone:
                yield f"{name}, phone at {at}", crashed(words, at, server=False, phone=True)
                yield f"{name}, both at {at}", crashed(words, at, server=True, phone=True)


def play(client, case):
    name, words = case
    error = runs.play(words, client).error
    return None if error is None else f"{name}: {error!r}\n{words}\n"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.exhaustive")
    parser.add_argument("--every", type=int, default=1, help="play only each n-th case")
    parser.add_argument("--from", dest="first", type=int, default=0, help="begin with this one")
    parser.add_argument("--client", choices=runs.CLIENTS, default="py", help="js: the shipped app")
    asked = parser.parse_args()
    assert os.environ.get("PYTHONHASHSEED") == "0", "start it with PYTHONHASHSEED=0"
    count = broken = 0
    chosen = itertools.islice(cases(asked.client), asked.first % asked.every, None, asked.every)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for failure in pool.imap_unordered(partial(play, asked.client), chosen, 4):
            count += 1
            if failure is not None:
                broken += 1
                print(failure, flush=True)
    print(f"{count} crashes, {broken} broken")
    return broken


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
