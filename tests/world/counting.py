"""Counts in parts, and a desk that decides them: what it is refused it sends back as it stands."""

import json

import msgspec
import sqlalchemy as sa

from server.book.rows import table
from sync.records import Variance
from sync.stock import key_of
from tests.world.lines import clock, key
from tests.world.lines import place as place_of

TRIES = 4


async def count(  # noqa: PLR0913 - the parts of a count
    world, device, opened, done, lines="", *, place="B1", scope="place", count_id="q", **more
):
    """Count a place from one time to another; lines are `BE/L1=4, BE/L2=0`. Return its id."""
    at = clock(done)
    seen = [part.partition("=") for part in lines.split(", ") if part]
    did = {
        "verb": "count", "place": place_of(place), "scope": scope, "count_id": count_id,
        "opened_wall": clock(opened),
        "lines": [
            {"key": key(what), "quantity": int(quantity), "first_wall": at - 10_000,
             "last_wall": at - 10_000, "segment": "s1"}
            for what, _, quantity in seen
        ],
    }  # fmt: skip
    identity = world.device(device).envelope(did, at, **more)
    await world.push(device, max(world.now, at))
    return identity


async def seq(world):
    """Return how far a screen has read that shows everything."""
    return await world.book.read(lambda c: c.scalar(sa.select(table("site").c.seq)))


def line_of(row):
    """Return the decision on a line as the desk shows it."""
    of = {"operation": row.operation, "line": row.line if row.line >= 0 else None}
    return {"key": msgspec.to_builtins(key_of(row.key)), "counted": row.counted,
            "expected": row.expected, "of": of}  # fmt: skip


async def shown(world, count_id="q"):
    """Return the open lines of a count."""
    rows = await world.rows("variance", Variance)
    rows = [row for row in rows if (row.count_id, row.state) == (count_id, "open")]
    return sorted(rows, key=lambda row: (row.place, row.key, row.at, row.operation))


async def decide(  # noqa: PLR0913 - the parts of a decision
    world, count_id, parts, lines, *, verb="approve", device="H"
):
    """Let fang decide lines, all of the feed before her eyes; return the verdict."""
    did = {"verb": verb, "count_id": count_id, "parts": parts, "lines": lines}
    handheld = world.device(device)
    handheld.base = {"epoch": handheld.epoch, "cursor": await seq(world), "hash": None}
    handheld.envelope(did, world.now, class_="intent", actor="fang")
    answer = await world.push(device, world.now + 1_000)
    return json.loads(bytes(answer.verdicts[-1]))


async def insist(world, rows, *, device="H"):
    """Approve lines, and send back what a refusal says; return the number of tries, None at last.

    Nothing that can be decided any more is an end, too.
    """
    lines = [line_of(row) for row in rows]
    for tries in range(1, TRIES):
        parts = sorted({line["of"]["operation"] for line in lines})
        verdict = await decide(world, rows[0].count_id, parts, lines, device=device)
        lines = list(verdict.get("fresh", []))
        if verdict["outcome"] == "accepted" or not lines:
            return tries
    return None


async def approve(world, count_id="q", *, device="H"):
    """Approve what is open of a count, each key once."""
    rows = {(row.place, row.key): row for row in await shown(world, count_id)}
    return await insist(world, [*rows.values()], device=device) if rows else 0
