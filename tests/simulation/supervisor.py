"""The desk: decides variances and discrepancies as its own replica shows them.

Decisions are intents in the desk's own outbox, so they are queued, lost and repeated like scans.
"""

from collections import defaultdict

import msgspec

from sync.feed import feed_key
from sync.stock import key_of
from tests.simulation.site import HOSTILE

KNOWN = {"X9": "B3"}
"""What unknown codes turn out to be."""


NAMES = {
    "location": lambda row: row["location"],
    "document": lambda row: row["document"],
    "line": lambda row: f"{row['document']}/{row['line']}",
    "lot": lambda row: f"{row['item']}/{row['lot']}",
}
"""How a line of a script calls a row."""


def key_of_row(row):
    return feed_key(*(row[name] or "" for name in ("item", "lot", "expires", "supplier")))


class Supervisor:
    """Reviews what is open. `skip` is how often she leaves a count for later."""

    def __init__(self, world, device):
        self.world = world
        self.device = device

    def review(self, words):
        """Decide the counts that are open; with `review all` the doubtful ones too."""
        page = self.device.page
        if not self.device.is_up:
            return
        counts = defaultdict(list)
        for row in page.feed.rows("variance"):
            # She sees whose figures they are.
            if row["state"] == "open" and row.get("device") != HOSTILE:
                counts[row["count_id"]].append(row)
        for rows in counts.values():
            verb = self._decides(rows, words)
            if verb:
                self._send(page, decision(verb, rows))

    def _decides(self, rows, words):
        if words == "review all":
            return "approve"
        doubtful = any(row["ambiguous"] for row in rows)
        chance = self.world.dice.of("review", rows[0]["operation"], self.world.now).random()
        if doubtful:
            return "recount" if chance < 0.5 else None
        if chance < 0.6:
            return "approve"
        return "reject" if chance < 0.7 else None

    def settle(self):
        """Close by hand what a person may close, all that is open."""
        page = self.device.page
        if self.device.is_up:
            for row in page.feed.rows("discrepancy"):
                if row["state"] == "open":
                    did = {"verb": "settle", "discrepancy": row["discrepancy"], "action": "seen"}
                    self._send(page, did)

    def rename(self):
        """Say what unknown codes are."""
        page = self.device.page
        for row in page.feed.rows("discrepancy") if self.device.is_up else ():
            code = KNOWN.get(str(row["detail"].get("raw")))
            if row["state"] == "open" and row["code"] == "UNKNOWN_CODE" and code:
                did = {"verb": "settle", "discrepancy": row["discrepancy"], "action": f"is:{code}"}
                self._send(page, did)

    def edit(self, kind, name, fields):
        """Change a field of master data, as this replica shows the row; a stale one is refused."""
        page = self.device.page
        if not self.device.is_up:
            return
        for (told, _), image in page.feed.images.items():
            if told == kind and image.payload and NAMES[kind](image.payload) == name:
                row = image.payload
                id_ = key_of_row(row) if kind == "lot" else name
                did = {"verb": "edit", "kind": kind, "id": id_, "base_version": image.version,
                       "fields": fields}  # fmt: skip
                self._send(page, did)
                return

    def _send(self, page, did):
        self.device.run(page, page.write({"class": "intent", "did": did}), self._sent)

    @staticmethod
    def _sent(_kept, _error):
        """What could not be written is still open, and decided at the next review."""


def decision(verb, rows):
    lines = [
        {
            "key": msgspec.to_builtins(key_of(row["key"])), "counted": row["counted"],
            "expected": row["expected"],
            "of": {"operation": row["operation"],
                   "line": row["line"] if row["line"] >= 0 else None},
        }
        for row in rows
    ]  # fmt: skip
    parts = sorted({row["operation"] for row in rows})
    return {"verb": verb, "count_id": rows[0]["count_id"], "parts": parts, "lines": lines}
