"""[Floor realism] An ordinary shift leaves an inbox that somebody can read.

Four workers who make no mistake, clocks that are a little off, a network that is good most of the
time: what is left open for a person must not be more than ten.
"""

import random

from sync.records import Discrepancy, Variance
from tests.simulation import oracle
from tests.simulation.network import Weather
from tests.simulation.scheduler import MINUTE, SECOND
from tests.simulation.script import Act, ClockOf, Script
from tests.simulation.site import DEVICES, START
from tests.simulation.swarm import Plan
from tests.simulation.world import World

OPEN_MAX = 10
OPERATIONS = 160


def shift(seed):
    """Return the script of an ordinary shift."""
    dice = random.Random(f"shift {seed}")
    plan = Plan(dice, DEVICES, slips=0.0)
    plan.work(OPERATIONS)
    acts = [act for act in plan.acts if act.words != "undo"]
    end = max(plan.free.values())
    acts += [
        Act(dice.randint(START, end), dice.choice(DEVICES), f"offline {dice.randint(20, 600)}s")
        for _ in range(12)
    ]
    clocks = {
        name: ClockOf(dice.randint(-90, 90) * SECOND, dice.randint(-50, 50)) for name in DEVICES
    }
    acts.sort(key=lambda act: act.at)
    return Script(seed, Weather(lose=0.01), clocks, tuple(acts))


def inbox(world):
    """Return what waits for a person, in words."""
    doubts = oracle.rows(world.server, "discrepancy", Discrepancy)
    counted = oracle.rows(world.server, "variance", Variance)
    return [
        *(f"{row.code} {row.place} {row.key}" for row in doubts
          if row.state == "open" and row.severity != "I"),
        *(f"variance {row.place} {row.key} {row.counted}/{row.expected}" for row in counted
          if row.state == "open"),
    ]  # fmt: skip


def worked(seed):
    """Play a shift until half an hour after its end; return the world."""
    world = World(shift(seed))
    world.run_acts()
    world.scheduler.run(world.now + 30 * MINUTE, world._look)
    return world
