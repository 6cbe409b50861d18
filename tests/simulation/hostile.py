"""One enrolled device that lies: it has a token, all that the feed tells, and no page.

    06:10:00 X hostile impersonate A

What it may lie about, its own facts, touches its own goods only, which no honest device ever
touches; all else must leave no mark on the others. It knows more than a real one would: every
replica by name with its head, and what the desk's proofs look like. Each kind is one line of a
script; what must not come of them is checked in `watch.py` and `oracle.py`.
"""

import json

from server.people.rescues import mark_of
from server.people.tokens import device_token
from sync.hashing import sha256_hex
from tests.simulation.lies import KINDS
from tests.simulation.site import GOODS, HOSTILE, KEY, SITE

OWN = sha256_hex(b"hostile")[:32]
"""The replica under which it does what any device may."""


def is_own(name):
    """Say whether a (place, key) is of its goods: nobody promises anything of them."""
    return bool(name[1]) and name[1].startswith(f'["{GOODS}"')


class Hostile:
    """Builds pushes from what the server has by now, and sends them as any device would."""

    def __init__(self, world):
        self.world = world
        self.made = set()
        """Hashes of the envelopes that it wrote."""
        self.answered = {}
        """The last exchange with a MAC, as a true device would tell it."""
        self.own = OWN
        self.token = device_token(KEY, HOSTILE, SITE)
        self._ids = 0

    @property
    def now(self):
        return self.world.now

    def act(self, number, words):
        """Do one line: a kind, and against whom."""
        kind, _, victim = words.removeprefix("hostile ").partition(" ")
        dice = self.world.dice.of("hostile", kind, self.now)
        self._ids = number * 1_000
        KINDS[kind](self, victim, dice)

    # --- what it knows ---------------------------------------------------------------------------

    def ask(self, statement, *values):
        return self.world.server.database.raw.execute(statement, values).fetchall()

    def head(self, replica):
        """Return the last number of a replica and its hash."""
        told = self.ask("SELECT acked, hash FROM replica WHERE replica = ?", replica)
        return told[0] if told else (0, None)

    def replica_of(self, device):
        told = self.ask(
            "SELECT replica FROM replica WHERE device = ? ORDER BY seen_at DESC", device
        )
        return told[0][0] if told else None

    def honest(self, kind="fact"):
        """Return what others did, as the log has it."""
        return [one for one in self.world.watch.log if one["kind"] == kind
                and one["device"] not in {HOSTILE, None, ""} and one["rseq"]]  # fmt: skip

    # --- what it says ----------------------------------------------------------------------------

    def body(self, did, **changed):
        """Return the bytes of a body; its time is true unless it is `changed`."""
        self._ids += 1
        body = {
            "v": 1, "class": "fact", "id": f"hostile-{self._ids}", "site": SITE,
            "actor": "worker-X", "wall": self.now, "mono": 0, "segment": "0-x",
            "base": {"epoch": 1, "cursor": 0, "hash": None}, "did": did, "app": "hostile",
        } | changed  # fmt: skip
        self.world.watch.truths.setdefault(body["id"], {"own": self.now})
        return json.dumps(body, separators=(",", ":")).encode()

    def chain(self, bodies, replica=OWN, head=None):
        """Return envelopes that follow what the server has of a replica."""
        seq, prev = head or self.head(replica)
        texts = []
        for body in bodies:
            seq += 1
            link = json.dumps({"replica": replica, "seq": seq, "prev": prev}).encode()
            texts.append(b'{"link":' + link + b',"body":' + body + b"}")
            prev = sha256_hex(texts[-1])
            self.made.add(prev)
        return texts

    def frame(self, texts, replica=OWN, **changed):
        """Return a push as bytes."""
        epoch = self.ask("SELECT epoch FROM site")[0][0]
        frame = {
            "v": 1, "site": SITE, "replica": replica, "epoch": epoch, "cursor": "0",
            "sent": self.now, "segment": "0-x",
            "exchanges": [self.answered] if self.answered else [], "unsent": 0, "echo": 0,
            "signed": ["worker-X"], "proofs": [], "dated": [],
        } | changed  # fmt: skip
        return json.dumps(frame).encode()[:-1] + b',"operations":[' + b",".join(texts) + b"]}"

    def push(self, texts, replica=OWN, **changed):
        asked = changed.get("sent", self.now), changed.get("segment", "0-x")
        self.send(self.frame(texts, replica, **changed), asked)

    def does(self, *dids, **changed):
        """Push facts of its own."""
        self.push(self.chain([self.body(did) for did in dids]), **changed)

    def send(self, raw, asked=None):
        self.world.network.ask(HOSTILE, "push", raw, lambda told: self._heard(asked, told))

    def mark(self, replica, text, seq):
        """Return a mark that its own token can make: worth nothing for what is another's."""
        body = text.partition(b',"body":')[2][:-1]
        return [replica, seq, mark_of(self.token, replica, seq, body)]

    def _heard(self, asked, told):
        if told is None or told[0] != 200 or asked is None:
            return
        try:
            answer = json.loads(told[1])
        except ValueError:
            return  # cut off on its way
        self.answered = {
            "sent": asked[0], "segment": asked[1], "received": self.now,
            "server_now": answer["server_now"], "mac": answer["mac"],
        }  # fmt: skip
