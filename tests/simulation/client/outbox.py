"""Journal and outbox: strictly durable before anybody is told (twin of pwa/src/outbox)."""

import json
from typing import NamedTuple

import msgspec

from sync.hashing import sha256_hex
from tests.simulation.client.effects import Acquire, NotRecorded, Turn, Write
from tests.simulation.disk import DiskError

SUPERSEDED = 0
"""`acked` of a row that a fork wrote again under another replica."""


class Kept(NamedTuple):
    """One operation as it is kept; `text` holds the exact bytes of its envelope."""

    replica: str
    seq: int
    id: str
    text: bytes
    hash: str
    verdict: dict | None = None
    acked: int | None = None
    first: tuple | None = None

    @property
    def name(self):
        return (self.replica, self.seq)


class Chain(NamedTuple):
    """Where the next operation hangs."""

    replica: str
    seq: int
    prev: str | None


MARK = b',"body":'


def body_bytes(text):
    return text[text.index(MARK) + len(MARK) : -1]


def body_of(row):
    return json.loads(body_bytes(row.text))


def seal(replica, seq, prev, body):
    link = json.dumps({"replica": replica, "seq": seq, "prev": prev}, separators=(",", ":"))
    text = b'{"link":' + link.encode() + MARK + body + b"}"
    return text, sha256_hex(text)


class Outbox:
    """`new_replica` and `new_id` are the dice of the device."""

    def __init__(self, disk, new_replica, new_id):
        self.disk = disk
        self.new_replica = new_replica
        self.new_id = new_id
        self.chain = Chain("", 0, None)
        self.operations = []
        self.captures = {}
        self.last_capture = 0
        self.turn = Turn()
        self.stale = True

    # --- one thing after the other ---------------------------------------------------------------

    def in_turn(self, work):
        yield Acquire(self.turn)
        try:
            if self.stale:
                yield from self._reload()
            return (yield from work)
        except (NotRecorded, DiskError):
            self.stale = True
            raise
        finally:
            self.turn.release()

    def load(self):
        """Wait for what was begun before, and read the disk again if that failed."""
        return self.in_turn(iter(()))

    @staticmethod
    def record(writes):
        """On the disk, or `NotRecorded`; iOS wants its database opened again once."""
        try:
            yield Write(writes, strict=True)
        except DiskError as error:
            if not error.reopens:
                raise NotRecorded from error
            try:
                yield Write(writes, strict=True, again=True)
            except DiskError as twice:
                raise NotRecorded from twice

    # --- reading ---------------------------------------------------------------------------------

    @property
    def unsent(self):
        return [row for row in self.operations if row.acked is None]

    def mine(self):
        return [row for row in self.operations if row.replica == self.chain.replica]

    @property
    def last_acked(self):
        """The last operation that the server has, as far as this device knows."""
        acked = [row.seq for row in self.mine() if row.acked is not None]
        return acked[-1] if acked else 0

    def find(self, id_):
        return next((row for row in reversed(self.operations) if row.id == id_), None)

    def _reload(self):
        stores = self.disk.stores
        chain = stores["meta"].get("chain")
        if chain is None:
            # Kept at once: one that the server saw and we forgot would hold the watermark.
            chain = Chain(self.new_replica(), 0, None)
            yield from self.record([("put", "meta", "chain", chain)])
        self.chain = chain
        self.captures = dict(stores["journal"])
        last = stores["meta"].get("capture", 0)
        self.last_capture = max(self.last_capture, last, *self.captures, 0)
        unsent = list(stores["outbox"].values())
        here = {row.id for row in unsent}
        sent = stores["sent"].values()
        done = [row for row in sent if row.id not in here and row.acked != SUPERSEDED]
        self.operations = self._in_order([*done, *unsent])
        self.stale = False

    def _in_order(self, rows):
        return sorted(
            rows, key=lambda row: (row.replica == self.chain.replica, row.replica, row.seq)
        )

    # --- writing ---------------------------------------------------------------------------------

    def capture(self, raw, wall, segment):
        return self.in_turn(self._capture(raw, wall, segment))

    def _capture(self, raw, wall, segment):
        number = self.last_capture + 1
        row = {"id": number, "raw": raw, "wall": wall, "segment": segment}
        yield from self.record([("put", "journal", number, row)])
        self.last_capture = number
        self.captures[number] = row
        return row

    def write(self, draft, context):
        """One strict transaction: the operation, the next seq, the captures it consumes."""
        return self.in_turn(self._write(draft, context))

    def _write(self, draft, context):
        kept = self._make(draft, context(), self.chain)
        chain = Chain(kept.replica, kept.seq, kept.hash)
        consumed = draft.get("captures", ())
        yield from self.record([
            ("add", "outbox", kept.name, kept),
            ("put", "meta", "chain", chain),
            ("put", "meta", "capture", self.last_capture),
            *(("delete", "journal", number, None) for number in consumed),
        ])  # fmt: skip
        self.chain = chain
        self.operations.append(kept)
        for number in consumed:
            self.captures.pop(number, None)
        return kept

    def _make(self, draft, context, chain):
        mark = f" {draft['mark']}" if draft.get("mark") else ""
        body = {
            "v": draft.get("v", 1),
            "class": draft.get("class", "fact"),
            "id": self.new_id(),
            **context,
            "app": f"simulation{mark}",
            "scans": [*self._scans_of(draft, context["segment"])],
        }
        body.update({name: draft[name] for name in ("task", "assumed") if draft.get(name)})
        body["did"] = draft["did"]
        encoded = msgspec.json.encode(body)
        text, digest = seal(chain.replica, chain.seq + 1, chain.prev, encoded)
        return Kept(chain.replica, chain.seq + 1, body["id"], text, digest)

    def _scans_of(self, draft, own):
        """A scan of another clock segment than the operation's says so."""
        for number in draft.get("captures", ()):
            if number in self.captures:
                row = self.captures[number]
                other = {"segment": row["segment"]} if row["segment"] != own else {}
                yield {"raw": row["raw"], "source": "wedge", "wall": row["wall"], **other}

    def acknowledge(self, acked, verdicts, now):
        """The server has everything up to `acked`: those rows move to `sent`."""
        return self.in_turn(self._acknowledge(acked, verdicts, now))

    def _acknowledge(self, acked, verdicts, now):
        told = {verdict["id"]: verdict for verdict in verdicts}
        moved = [
            row for row in self.mine()
            if row.seq <= acked and (row.acked is None or row.id in told)
        ]  # fmt: skip
        rows = [
            row._replace(
                verdict=told.get(row.id, row.verdict),
                acked=now if row.acked is None else row.acked,
            )
            for row in moved
        ]  # fmt: skip
        yield from self._move(rows, "outbox", "sent")

    def send_again_after(self, seq):
        """The server does not have what follows `seq` any more."""
        return self.in_turn(self._send_again_after(seq))

    def _send_again_after(self, seq):
        rows = [row._replace(acked=None) for row in self._sent_after(seq)]
        yield from self._move(rows, "sent", "outbox")

    def first_held_after(self, seq):
        held = [row.seq for row in (*self._sent_after(seq), *self.unsent) if row.seq > seq]
        return min(self.chain.seq + 1, *held, self.chain.seq + 1)

    def _sent_after(self, seq):
        return [
            row for (replica, number), row in self.disk.stores["sent"].items()
            if replica == self.chain.replica and number > seq
        ]  # fmt: skip

    def declare_lost(self, first, through, context):
        """Fill a hole that only this device could fill, and cannot."""
        return self.in_turn(self._declare_lost(first, through, context))

    def _declare_lost(self, first, through, context):
        did = {"verb": "lost", "through_seq": through, "reason": "not on the device any more"}
        chain = Chain(self.chain.replica, first - 1, None)
        kept = self._make({"did": did}, context(), chain)
        yield from self.record([("add", "outbox", kept.name, kept)])
        self.operations = self._in_order([*self.operations, kept])

    def fork(self, seq):
        """Another device wrote on this chain: everything after `seq` again, as a new replica."""
        return self.in_turn(self._fork(seq))

    def _fork(self, seq):
        unsent = [row for row in self.mine() if row.acked is None]
        again = sorted([*self._sent_after(seq), *unsent], key=lambda row: row.seq)
        yield from self._append_again(again, Chain(self.new_replica(), 0, None))

    def adopt(self):
        """What was sent under replicas of before goes to a restored server again, in this chain."""
        return self.in_turn(self._adopt())

    def _adopt(self):
        old = [
            row
            for row in self.disk.stores["sent"].values()
            if row.replica != self.chain.replica
            and row.acked != SUPERSEDED
            and body_of(row)["did"]["verb"] != "lost"
        ]
        if old:
            yield from self._append_again(old, self.chain)

    def _append_again(self, again, chain):
        """Write rows at the end of a chain, under the ids and with the verdicts that they have."""
        writes = []
        for old in again:
            text, digest = seal(chain.replica, chain.seq + 1, chain.prev, body_bytes(old.text))
            chain = Chain(chain.replica, chain.seq + 1, digest)
            new = old._replace(
                replica=chain.replica, seq=chain.seq, text=text, hash=digest, acked=None,
                first=old.first or old.name,
            )  # fmt: skip
            writes += [
                ("add", "outbox", new.name, new),
                ("delete", "outbox", old.name, None),
                ("put", "sent", old.name, old._replace(acked=SUPERSEDED)),
            ]
        yield from self.record([*writes, ("put", "meta", "chain", chain)])
        yield from self._reload()

    def _move(self, rows, source, target):
        if not rows:
            return
        writes = []
        for row in rows:
            writes += [("delete", source, row.name, None), ("put", target, row.name, row)]
        yield Write(writes, strict=False)
        moved = {row.name for row in rows}
        kept = [row for row in self.operations if row.name not in moved]
        self.operations = self._in_order([*kept, *rows])
