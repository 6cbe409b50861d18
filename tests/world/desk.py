"""What a supervisor does at the desk of a test's warehouse: intents, through the same push."""

import json

from sync.records import Discrepancy


async def intend(world, did, actor="fang"):
    """Push an intent from the desk; return its verdict."""
    world.device("H").envelope(did, world.now, class_="intent", actor=actor)
    return json.loads(bytes((await world.push("H", world.now + 1_000)).verdicts[-1]))


async def found(world, code):
    """Return the only open discrepancy of a code."""
    rows = await world.rows("discrepancy", Discrepancy)
    (row,) = [row for row in rows if row.code == code and row.state == "open"]
    return row


async def settle(world, code, action):
    """Settle the only open discrepancy of a code; return the outcome, or why it was refused."""
    row = await found(world, code)
    did = {"verb": "settle", "discrepancy": row.discrepancy, "action": action}
    verdict = await intend(world, did)
    return verdict.get("reason", verdict["outcome"])


async def work(world, kind):
    """Return what lists of work ask for: `MV-B1 BE 3/0 open`."""
    documents = {row.document: row for row in await world.papers() if row.kind == kind}
    return sorted(
        f"{row.document} {row.item or row.place} {row.quantity}/{row.done} {row.state}"
        for row in await world.lines()
        if row.document in documents
    )
