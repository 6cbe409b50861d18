"""[S7] The same facts, decisions and clock evidence in another order give the same stock.

Every push that a world's server took is taken again by a fresh one, each replica in its own order
and the replicas mixed anew; then the decisions that were accepted, as they stand now. A hostile
device stays away from it: the stock of all but its own goods is as if it had never been.
"""

import json

import msgspec
from msgspec.structs import replace

from server.book.arriving import Job
from server.book.clerk import Clerk
from server.book.rows import fetch, table
from sync.messages import Push
from sync.records import Discrepancy, Holding, Variance
from tests.simulation.floor import name_of_key
from tests.simulation.hostile import is_own
from tests.simulation.site import DESK, GOODS, HOSTILE, KEY, SITE, database, template
from tests.simulation.watch import Broken
from tests.world.handheld import Handheld

decode_push = msgspec.json.Decoder(Push).decode


class Other:
    """A second server with the same site, that takes pushes when told."""

    def __init__(self, now):
        self.now = now
        self.database = database("other")
        self.database.become(template())
        self.clerk = Clerk(KEY, lambda: self.now)
        self.desk = Handheld(SITE, DESK)
        self.desk.actor = "fang"

    def take(self, job):
        # Nobody vouches for anything, so that the server decides nothing by itself; and what
        # was read from the first server is no proof that this one lost it.
        push = replace(job.push, echo=0, leaving=False, cursor=0)
        with self.database.engine.begin() as connection:
            (answer,) = self.clerk.push_group(
                connection, SITE, [Job(job.device, push, job.received)])  # fmt: skip
        return answer

    def decide(self, did):
        self.desk.envelope(did, self.now, class_="intent")
        answer = self.take(Job(DESK, decode_push(self.desk.push_message(self.now)), self.now))
        self.desk.acked = answer.acked.seq
        return json.loads(bytes(answer.verdicts[-1]))

    def rows(self, name, struct):
        with self.database.engine.connect() as connection:
            return fetch(connection, name, struct, table(name).c.site == SITE)


def stock(rows):
    return {(row.place, row.key): row.quantity for row in rows if row.quantity}


def check(world, holdings):
    """Compare the stock of a world with that of a shuffled one. `holdings` are the world's."""
    dice = world.dice.of("shuffled")
    queues = {}
    for job in world.watch.taken:
        if job.device not in {DESK, HOSTILE}:
            queues.setdefault(job.push.replica, []).append(job)
    order = [replica for replica, jobs in queues.items() for _ in jobs]
    dice.shuffle(order)
    other = Other(world.now)
    for replica in order:
        other.take(queues[replica].pop(0))
    for entry in world.watch.log:
        if entry["outcome"] == "accepted" and not _decided(other, _did(entry)):
            return  # what was decided then stands differently now, so it is another decision
    world.watch.counts["shuffled"] += 1
    mine, others = stock(holdings), stock(other.rows("holding", Holding))
    for name in sorted(mine.keys() | others.keys()):
        if is_own(name):
            continue
        if mine.get(name, 0) != others.get(name, 0):
            raise Broken(
                "S7", f"{name}: {mine.get(name, 0)} in one order, {others.get(name, 0)} in another"
            )


def _did(entry):
    return json.loads(entry["payload"])["body"]["did"]


def _decided(other, did):
    """Decide the same again; say whether it could be."""
    if did["verb"] == "settle":
        return _settled(other, did)
    if did["verb"] != "approve":
        return True
    rows = {(r.operation, r.line): r for r in other.rows("variance", Variance)}
    lines = []
    for line in did["lines"]:
        if line["key"]["item"] == GOODS:
            continue
        row = _row(rows, line)
        if row is None or row.counted != line["counted"] or row.state != "open":
            return False
        lines.append({**line, "expected": row.expected})
    return not lines or other.decide({**did, "lines": lines})["outcome"] == "accepted"


def _row(rows, line):
    operation, number = line["of"]["operation"], line["of"].get("line")
    if number is not None:
        return rows.get((operation, number))
    key = name_of_key(line["key"])
    unlisted = (row for (name, n), row in rows.items() if name == operation and n < 0)
    return next((row for row in unlisted if row.key == key), None)


def _settled(other, did):
    action = did["action"]
    if not action.startswith("is:"):
        return True
    raw = {"is:B3": "X9"}[action]
    for row in other.rows("discrepancy", Discrepancy):
        if row.state == "open" and row.code == "UNKNOWN_CODE" and row.detail.get("raw") == raw:
            return other.decide({**did, "discrepancy": row.discrepancy})["outcome"] == "accepted"
    return True
