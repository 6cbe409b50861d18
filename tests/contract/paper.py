"""The fake of the contract: a book on paper, the pure rules with everything in memory at once.

It has no tables and no statements: one `State` in which every row is always known, the chain of
each replica, and the feed as a list. What the real book does in three rounds it does in none.
"""

import hmac
import threading

import msgspec

from server.book.chain import check, split
from server.book.changing import KIND_OF
from server.book.rows import image, key_of_row
from server.book.save import is_private
from sync.arrivals import read
from sync.contacts import Contact
from sync.dating import Clock
from sync.feed import SCOPE_MODULUS, scope_of
from sync.hashing import ZERO, link, sha256_hex
from sync.ledger import track_of
from sync.messages import Ack, Page, Pushed, Row
from sync.reconcile import decide
from sync.records import ROWS
from sync.state import Replica, State
from sync.stock import is_virtual

EPOCH = 1
KEY = b"k" * 32
KINDS = {"site": "sites", "item": "items", "location": "locations", "person": "people",
         "device": "devices", "document": "documents", "line": "lines", "partner": None,
         "warehouse": None}  # fmt: skip


def told(row):
    """Return a row of the feed as a device applies it."""
    return row.kind, row.key, row.version, row.payload


class Known(dict):
    """Rows of which all are known: what is not here does not exist."""

    def __missing__(self, _):
        return None


class Tracks(dict):
    """The whole history of each key at each place, told from all postings when it is asked."""

    def __init__(self, state):
        super().__init__()
        self.state = state

    def __missing__(self, name):
        return self.get(name)

    def get(self, name, default=None):
        if name not in self and not is_virtual(name[0]):
            place, key = name
            mine = [p for p in self.state.postings
                    if p.key == key and place in {p.place_from, p.place_to}]  # fmt: skip
            held = self.state.holdings.find(name)
            self[name] = track_of(held.quantity if held else 0, 0, place, mine)
        return super().get(name, default)


class Paper:
    """A book of one site."""

    def __init__(self, rows, now):
        self.now = now
        self.lock = threading.Lock()
        self.state = State(rows[0], 0, now())
        self.state.seen_since = 0
        for table in vars(self.state).values():
            if hasattr(table, "kind"):
                table.rows = Known(table.rows)
        self.state.tracks.rows = Tracks(self.state)
        self.replicas = {}
        self.hashes = {}
        self.feed, self.scope, self.scopes, self.links = [], 0, [0], [ZERO]
        self.change(rows)

    def change(self, rows):
        with self.lock:
            self.state.seq += 1
            for each in rows:
                kind = KIND_OF[type(each)]
                row = msgspec.structs.replace(each, version=self.state.seq)
                key = key_of_row(kind, row)
                if KINDS[kind]:
                    fields = [getattr(row, name) for name in ROWS[kind][1]]
                    name = fields[0] if len(fields) == 1 else tuple(fields)
                    getattr(self.state, KINDS[kind]).rows[name] = row
                self._tell(kind, key, row, None)
            self._close(sha256_hex(msgspec.json.encode(rows)))

    def push(self, device, push, received):
        with self.lock:
            self.state.now = self.now()
            replica = self.replicas.get(push.replica) or Replica(push.replica, device)
            chained = split([bytes(raw) for raw in push.operations], replica)
            stored = self.hashes.setdefault(push.replica, {})
            conflict = check(chained, replica, stored)
            if conflict is not None:
                return conflict
            known = (Contact(push.sent, None, received, push.segment, None),)
            clock, floor, verdicts = Clock(known, received), replica.at, []
            for n, one in enumerate((*chained.repeats, *chained.fresh)):
                again = n < len(chained.repeats)
                arrival = read(one, push.site, clock, 0 if again else floor)
                decided = decide(self.state, arrival, device, self._seal)
                verdicts.append(msgspec.Raw(decided.verdict))
                if decided.entry is not None:
                    self._write(decided.entry)
                if not again:
                    floor = max(floor, arrival.dated.at)
                    stored[one.link.seq] = arrival.payload_hash
                    replica = msgspec.structs.replace(
                        replica, acked=one.link.seq, hash=arrival.payload_hash, at=floor
                    )  # fmt: skip
            self.replicas[push.replica] = replica
            acked = Ack(replica.acked, replica.hash)
            return Pushed(EPOCH, acked, tuple(verdicts), self.state.now, 0)

    def pull(self, cursor, limit):
        with self.lock:
            after = int(cursor.split(".")[1])
            rows = [row for row in self.feed if row.version > after]
            end = self.state.seq
            if len(rows) > limit:
                end = max(rows[limit].version - 1, rows[0].version)
            page = tuple(row for row in rows if row.version <= end)
            more, scope = end < self.state.seq, str(self.scopes[end])
            return Page(EPOCH, self._cursor(end), more, scope, page, {}, self.now(), 0)

    def snapshot(self):
        """Return the rows as they stand, and where the feed goes on."""
        with self.lock:
            newest = {(row.kind, row.key): told(row) for row in self.feed}
            return list(newest.values()), self._cursor(self.state.seq)

    def stock(self):
        with self.lock:
            held = self.state.holdings.all()
            return {(row.place, row.key): row.quantity for row in held if row.quantity}

    def verify(self):
        return []

    def close(self):
        """Paper stays."""

    def _cursor(self, seq):
        return f"{EPOCH}.{seq}.{self.links[seq]}"

    def _seal(self, data):
        return hmac.new(KEY, data, "sha256").hexdigest()

    def _write(self, entry):
        for kind, _, row, before in entry.changes:
            self._tell(kind, key_of_row(kind, row), row, before)
        self._close(entry.logged.payload_hash)

    def _tell(self, kind, key, row, before):
        if is_private(row):
            return
        if before is not None and before.version:
            self.scope -= scope_of(kind, key, before.version)
        self.scope = (self.scope + scope_of(kind, key, row.version)) % SCOPE_MODULUS
        self.feed.append(Row(kind, key, self.state.seq, msgspec.Raw(image(row))))

    def _close(self, digest):
        self.scopes.append(self.scope)
        self.links.append(link(self.links[-1], digest))
