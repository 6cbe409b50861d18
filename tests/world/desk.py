"""What a supervisor does at the desk of a test's warehouse: intents, through the same push."""

import json

from server.book.rows import table
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


async def give_limit(world, limit, person="worker"):
    """Let fang give a person a limit of their own."""
    (row,) = [row for row in await world.people() if row.person == person]
    did = {"verb": "edit", "kind": "person", "id": person, "base_version": row.version,
           "fields": {"adjust_limit": limit}}  # fmt: skip
    assert (await intend(world, did))["outcome"] == "accepted"


async def see(world, device, person="worker", **row):
    """Let the server see a person sign in on a device."""
    values = {"site": "S", "device": device, "person": person, "proved_at": 1, "stamp": "",
              "wrong": 0, "at": 0, "locked_until": 0} | row  # fmt: skip
    await world.book.write(
        lambda connection: connection.execute(table("sign_in").insert().values(values))
    )
