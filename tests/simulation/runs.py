"""Runs of many seeds, on as many processes as the machine has, and what they came to."""

import multiprocessing
import os
import subprocess
import time
from collections import Counter
from functools import partial
from typing import NamedTuple

from tests.simulation.minimise import minimise
from tests.simulation.shipped.child import CHILDREN
from tests.simulation.swarm import ACTS, script
from tests.simulation.world import World

CHUNK = 5


class Played(NamedTuple):
    """What came of one script: the error that broke it, or None, and what was counted."""

    error: Exception | None
    counts: dict


def commit():
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


CLIENTS = ("py", "js")
"""The reference client, or the shipped app in a node child."""

ACTS_OF_THE_APP = 24
"""Shorter days: the shipped app takes longer to play one."""


def child_of(client):
    return CHILDREN.one() if client == "js" else None


def play(words, client="py"):
    world = World(words, child_of(client))
    try:
        return Played(None, world.run())
    except Exception as error:  # noqa: BLE001 - whatever breaks is a finding
        return Played(error, world.watch.counts)


def promise_of(error):
    return getattr(error, "promise", type(error).__name__)


def shortest(words, error, client="py"):
    def breaks(candidate):
        other = play(candidate, client).error
        return other is not None and promise_of(other) == promise_of(error)

    return minimise(words, breaks)


def play_seed(client, count, seed):
    """Play a seed; a failure comes with its shortest script, ready to be printed."""
    words = script(seed, count)
    error, counts = play(words, client)
    if error is None:
        return seed, None, counts
    return seed, f"{error!r}"[:1500] + f"\n{shortest(words, error, client)}", counts


def share(seeds, until=None, client="py", acts=ACTS):
    """Play seeds until a time of the wall clock; print failures and a summary; say if all held."""
    began, total, broken = time.monotonic(), Counter(), 0
    play_one = partial(play_seed, client, acts)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for seed, failure, counts in pool.imap_unordered(play_one, seeds, CHUNK):
            total.update(counts, seeds=1)
            if failure is not None:
                broken += 1
                print(f"\nseed {seed} at commit {commit()}: {failure}", flush=True)
            if until is not None and time.monotonic() - began > until:
                pool.terminate()
                break
    took = time.monotonic() - began
    print(
        f"{total['seeds']} seeds in {took:.0f} s ({total['seeds'] / took:.1f}/s): "
        f"{total['operations']} operations, {total['pushes']} pushes, {total['pages']} pages; "
        f"{broken} broken",
        flush=True,
    )
    return broken == 0
