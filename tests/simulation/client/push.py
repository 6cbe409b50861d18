"""Uploads: one push in flight, nothing is ever given up (twin of pwa/src/push/push.ts)."""

import msgspec

from tests.simulation.client.effects import Ask, Problem, Unsound, Write
from tests.world.handheld import proof

BATCH_MAX = 6
"""Far less than the phone's 100, so that a long queue takes several pushes here too."""
EXCHANGES_MAX = 200
REPAIRS_MAX = 12
STUCK_MS = 2_000

NOTHING_HEARD = {
    "epoch": 1, "server_now": 0, "watermark": None, "durable_through": None, "offset": None,
}  # fmt: skip


class Push:
    """`page` gives clock, site, cursor and the context of what the device itself says."""

    def __init__(self, page):
        self.page = page
        self.outbox = page.outbox
        meta = page.disk.stores["meta"]
        self.heard = meta.get("heard", NOTHING_HEARD)
        self.exchanges = meta.get("exchanges", [])
        self.restored = meta.get("restored", (0, "", 0))
        self.answered_at = 0
        self.at_most = BATCH_MAX
        self.owes_echo = True
        self.repairs = 0

    @property
    def is_of_an_old_epoch(self):
        return self.page.feed.epoch > self.heard["epoch"]

    def run(self, *, leaving=False, heartbeat=False):
        """Push until nothing is unsent and the watermark has had its echo; return ms to wait."""
        self.owes_echo = self.owes_echo or leaving or heartbeat or self.is_of_an_old_epoch
        self.repairs = 0
        turn = 0
        while True:
            echo = self.heard["server_now"]
            # What was scanned before the echo came must be among the rows that are read now,
            # and so must what reached the disk although its write seemed to fail.
            yield from self.outbox.load()
            unsent = self.outbox.unsent
            if not unsent and not self.owes_echo:
                return 0
            # The first question of a clock segment carries nothing: only its answer dates it.
            dated = turn > 0 or self._has_answer(self.page.clock.segment())
            mine = [row for row in unsent if row.replica == self.outbox.chain.replica]
            batch = mine[: self.at_most] if dated else []
            self.owes_echo = bool(batch) or turn == 0
            repairs = self.repairs
            more = {"unsent": len(unsent) - len(batch), "echo": echo,
                    "leaving": leaving and not unsent}  # fmt: skip
            wait = yield from self._once(batch, more)
            if wait > 0:
                return wait
            left = self.outbox.unsent
            stuck = bool(batch) and bool(left) and left[0].id == batch[0].id
            if stuck and self.repairs == repairs:
                return STUCK_MS
            turn += 1

    def _has_answer(self, segment):
        return any(exchange["segment"] == segment for exchange in self.exchanges)

    def _once(self, batch, more):
        sent, _, segment = self.page.clock.read()
        exchanges = list(self.exchanges)
        try:
            told = {"sent": sent, "segment": segment, "written": self.outbox.chain.seq}
            body = self._text(batch, {**more, **told, "exchanges": exchanges})
            pushed = yield Ask("push", body)
            if not isinstance(pushed, dict):
                raise Unsound("an answer that cannot be read")
            yield from self._took(pushed, (sent, segment, batch), len(exchanges))
            self.at_most = min(BATCH_MAX, self.at_most * 2)
            return pushed["retry_after_ms"]
        except Problem as problem:
            self.owes_echo = True
            self.repairs += 1
            if self.repairs > REPAIRS_MAX:
                raise
            if problem.status == 409:
                yield from self._repair(problem.body)
            elif problem.status == 413 and len(batch) > 1:
                self.at_most = -(-len(batch) // 2)
            else:
                raise
            return 0
        except Exception:
            self.owes_echo = True
            raise

    def _text(self, batch, more):
        frame = {
            "v": 1, "site": self.page.site, "replica": self.outbox.chain.replica,
            "carrier": None, "signed": [self.page.host.actor], "epoch": self.heard["epoch"],
            "cursor": self.page.feed.cursor or "0",
            **more, **self._had(), "dated": [*map(_dated, batch)],
            "proofs": self._proofs(batch),
        }  # fmt: skip
        frame["dated"] = [one for one in frame["dated"] if one]
        # The stored texts go out byte for byte.
        texts = b",".join(row.text for row in batch)
        return msgspec.json.encode(frame)[:-1] + b',"operations":[' + texts + b"]}"

    def _proofs(self, batch):
        """Whoever decides here is signed in all day."""
        is_intent = [b'"class":"intent"' in row.text for row in batch]
        name = self.page.host.name
        return [proof(row.text, name) for row, yes in zip(batch, is_intent, strict=True) if yes]

    def _took(self, pushed, asked, told):
        sent, segment, batch = asked
        received, _, now = self.page.clock.read()
        exchange = {
            "sent": sent,
            "segment": segment,
            "received": received,
            "server_now": pushed["server_now"],
            "mac": pushed["mac"],
        }
        # A clock that stepped between question and answer says nothing about either.
        learned = [exchange] if now == segment else []
        self.exchanges = [*self.exchanges[told:], *learned][-EXCHANGES_MAX:]
        yield from self._hear(pushed, pushed["server_now"] - (sent + received) // 2)
        seq, digest = pushed["acked"]
        # A carrier, or a copy of this device, may have brought the server further than this push:
        # only what went with it is safe, and that is there as it stands here.
        last = batch[-1].seq if batch else 0
        yield from self.outbox.acknowledge(min(seq, last), pushed["verdicts"], received)
        row = next((row for row in self.outbox.mine() if row.seq == seq), None)
        if row and digest is not None and row.hash != digest:
            # The server must see the other history itself; only then does this one leave it.
            shown = any(row.seq == seq for row in batch)
            outbox = self.outbox
            yield from outbox.fork(seq) if shown else outbox.send_again_after(seq - 1)
            return
        if seq < self.outbox.last_acked:
            # It had more: an older database was put back, and nobody has told it yet.
            yield from self._fill(seq + 1)
            return
        self.answered_at = received

    def _hear(self, pushed, offset):
        told = ("epoch", "server_now", "watermark", "durable_through")
        self.heard = {**{name: pushed[name] for name in told}, "offset": offset}
        writes = [
            ("put", "meta", "heard", self.heard),
            ("put", "meta", "exchanges", self.exchanges),
        ]
        yield Write(writes, strict=False)

    def _repair(self, conflict):
        if not isinstance(conflict, dict):
            raise Unsound("a conflict that cannot be read")
        have = conflict.get("have") or [0, None]
        if conflict["code"] == "fork":
            yield from self._leave(*have)
        elif conflict["code"] == "gap":
            yield from self._fill(conflict.get("need_from") or 1)
        else:
            yield from self._refill(conflict.get("epoch") or self.heard["epoch"], have[0])

    def _leave(self, seq, digest):
        """Go on after what both have; a copy may have put its own under that number."""
        own = next((row for row in self.outbox.mine() if row.seq == seq), None)
        ours = own is None or digest is None or own.hash == digest
        yield from self.outbox.fork(seq) if ours else self.outbox.send_again_after(seq - 1)

    def _refill(self, epoch, have):
        """The server was restored: what it no longer has goes again, of earlier replicas too."""
        outbox = self.outbox
        mark = (epoch, outbox.chain.replica)
        if self.restored[:2] != mark:
            restored = (*mark, outbox.last_acked)
            yield Write([("put", "meta", "restored", restored)], strict=False)
            self.restored = restored
        yield from self._fill(have + 1)
        yield from outbox.adopt()
        self.heard = {**self.heard, "epoch": epoch}
        yield Write([("put", "meta", "heard", self.heard)], strict=False)

    def _had(self):
        here = (self.heard["epoch"], self.outbox.chain.replica)
        return {"had": self.restored[2]} if self.restored[:2] == here else {}

    def _fill(self, first):
        outbox = self.outbox
        yield from outbox.send_again_after(first - 1)
        held = outbox.first_held_after(first - 1)
        # The server may know more than a device that was put back: then there is nothing to fill.
        if held > first and first <= outbox.chain.seq:
            yield from outbox.declare_lost(first, held - 1, self.page.context)
        elif first > outbox.chain.seq + 1:
            yield from outbox.fork(outbox.chain.seq)


def _dated(row):
    """A verdict of before a restore, sent again with its seal so that it is not decided anew."""
    if row.verdict is None:
        return None
    told = {name: row.verdict[name] for name in ("id", "outcome", "times", "u", "trust", "seal")}
    why = row.verdict.get("reason")
    if told["outcome"] == "parked":
        why = next((flag["code"] for flag in row.verdict["flags"]), None)
    if told["outcome"] == "flagged":
        told["outcome"] = "posted"
    if why:
        told["why"] = why
    if row.first:
        told["first"] = row.first
    return told
