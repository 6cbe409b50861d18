"""A day of anything, and a desk that settles whatever it is offered: the book stays true.

No rule may need what was not loaded (R44), every block has its cause (D2), and suspense is what
the open corrections say (R37). The seed is the number in the name; a failure prints the day.
"""

import json
import random

import msgspec
import pytest

from sync.discrepancies import REVIEWS
from sync.records import Discrepancy, Item, Location, Unit, Variance
from sync.stock import key_of
from sync.vocabulary import Code
from tests.world.desk import intend
from tests.world.lines import clock, key
from tests.world.warehouse import SITE

STEPS = 70
GOODS = [
    "BE/L1",
    "BE/L2",
    "CA/L1",
    "PT/L1@2026-09-21",
    "PT/L2@2027-01-01",
    "NU",
    "BE/L1!quality",
    "BE#S1",
    "BE#S2",
]
BINS = ["B1", "B2", "B3", "DOCK", "STAGE"]
PAPERS = ["PO-1", "PO-9", "SO-1", "SO-2", "WO-1", "MV-STAGE", "MV-B2", None]


def fact(dice, made):
    """Return one thing that a worker may have done."""
    what, here, there = dice.choice(GOODS), dice.choice(BINS), dice.choice(BINS)
    single = "#" in what
    base = {"key": key(what), "quantity": 1 if single else dice.randint(1, 9)}
    if dice.random() < 0.15:
        tote = {"container": dice.choice(["T1", "T2"])}
        return dice.choice([
            base | {"verb": "putaway", "from": {"location": here}, "to": tote},
            base | {"verb": "move", "from": tote, "to": {"location": here}},
            {"verb": "move", "container": "T1", "to": {"location": here}},
            {"verb": "ship", "container": "T1", "from": {"location": here},
             "to": {"location": "customer/C1"}},
        ])  # fmt: skip
    moved = base | {"from": {"location": here}, "to": {"location": there}}
    place = {"location": here}
    did = dice.choice([
        base | {"verb": "receive", "from": {"location": "supplier/V1"}, "to": place},
        moved | {"verb": "putaway"}, moved | {"verb": "move"},
        moved | {"verb": "move", "quantity": None},
        base | {"verb": "pick", "from": place, "to": {"location": "STAGE"}},
        base | {"verb": "issue", "from": place, "to": {"location": "production/WO-1"}},
        base | {"verb": "ship", "from": {"location": "STAGE"}, "to": {"location": "customer/C1"}},
        base | {"verb": "return", "from": {"location": "customer/C1"}, "to": place, "reason": "x"},
        base | {"verb": "produce", "to": place},
        {"verb": "adjust", "place": place, "key": key(what),
         "quantity": dice.choice([-1, 1]) if single else dice.randint(-9, 9),
         "reason": "found"},
        {"verb": "status", "place": place, "key": key(what),
         "quantity": None if single else dice.choice([None, 2]),
         "to_status": dice.choice(["ok", "hold", "quality"]), "reason": "x"},
        {"verb": "reverse", "target": dice.choice(made or ["none"])},
    ])  # fmt: skip
    if dice.random() < 0.2 and did.get("quantity"):
        did = did | {"entered": {"quantity": "1", "unit": "CS", "factor": did["quantity"]}}
        did.pop("place", None) if did["verb"] not in {"adjust", "status"} else did.pop("entered")
    return did


def count(dice, at):
    lines = [
        {"key": key(what), "quantity": dice.randint(0, 1 if "#" in what else 9), "first_wall": at,
         "last_wall": at,
         "segment": "s1"}
        for what in dice.sample(GOODS, 2)
    ]  # fmt: skip
    return {"verb": "count", "place": {"location": dice.choice(BINS[:4])}, "scope": "place",
            "count_id": f"q{at}", "opened_wall": at, "lines": lines}  # fmt: skip


async def decide(world, dice):
    """Let the desk do something: settle, approve, reserve or edit, perhaps in vain."""
    doubts = [r for r in await world.rows("discrepancy", Discrepancy) if r.state == "open"]
    counted = [r for r in await world.rows("variance", Variance) if r.state == "open"]
    roll = dice.random()
    if doubts and roll < 0.5:
        row = dice.choice(doubts)
        action = dice.choice(REVIEWS[Code(row.code)].actions)
        return {"verb": "settle", "discrepancy": row.discrepancy, "action": action}
    if counted and roll < 0.7:
        row = dice.choice(counted)
        of = {"operation": row.operation, "line": row.line if row.line >= 0 else None}
        line = {"key": json.loads(msgspec.json.encode(key_of(row.key))), "counted": row.counted,
                "expected": row.expected, "of": of}  # fmt: skip
        return {"verb": dice.choice(["approve", "approve", "reject", "recount"]),
                "count_id": row.count_id, "parts": [row.operation], "lines": [line]}  # fmt: skip
    if roll < 0.85:
        return {"verb": "reserve", "document": "SO-1", "line": 1, "key": key("BE/L1"),
                "place": {"location": dice.choice(BINS)}, "quantity": 2}  # fmt: skip
    kind, name, fields = dice.choice([
        ("location", "B2", {"blocked": dice.random() < 0.5}),
        ("location", "B3", {"capacity": dice.choice([None, 5]), "mixing": "lot"}),
        ("site", SITE, {"adjust_limit": dice.choice([None, 0, 4])}),
        ("site", SITE, {"closed_through": dice.choice([None, "2026-09-20"])}),
        ("document", "SO-2", {"state": dice.choice(["open", "cancelled"])}),
        ("line", "SO-1/1", {"state": dice.choice(["open", "closed"])}),
        ("lot", '["BE","L1","",""]', {"recalled": dice.random() < 0.5}),
        ("item", "BE", {"units": [{"code": "CS", "factor": dice.randint(1, 9)}]}),
    ])  # fmt: skip
    version = (await world.versions(kind)).get(name, 1)
    return {"verb": "edit", "kind": kind, "id": name, "base_version": version, "fields": fields}


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_and_is_settled_the_book_stays_true(warehouse, seed):
    """[R44] [R37] [D2]"""
    dice, world, made, day = random.Random(seed), warehouse, [], []
    await world.book.change(
        SITE, "x",
        [Item(item="BE", name="x", lots=True, units=(Unit("CS", 6),)),
         Location(location="B3", warehouse="W", walk=3, capacity=12, mixing="item")],
        "ruled",
    )  # fmt: skip
    for step in range(STEPS):
        at = clock("08:00") + step * 60_000
        world.now = max(world.now, at)
        if dice.random() < 0.35:
            did = await decide(world, dice)
            verdict = await intend(world, did)
            day.append([did, verdict["outcome"], verdict.get("reason")])
            continue
        device = dice.choice("ABC")
        late = dice.choice([0, 0, 0, 600_000, 5_000_000])
        did = count(dice, at - late) if dice.random() < 0.15 else fact(dice, made)
        paper = dice.choice(PAPERS)
        task = {"document": paper} if paper and did["verb"] != "count" else None
        made.append(world.device(device).envelope(did, at - late, task=task))
        day.append([device, did, late])
        if dice.random() < 0.6:
            await world.push(device, world.now + 1_000)
    for device in "ABC":
        await world.push(device, world.now + 1_000)
    await world.heartbeat(world.now + 60_000)
    broken = [r for r in await world.rows("discrepancy", Discrepancy) if r.code == "INVARIANT"]
    assert [(row.operation, row.detail) for row in broken] == [], day
    assert world.book.verify(None) == [], day
