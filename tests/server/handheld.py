"""A handheld as the server sees it: a chain of envelopes, pushed until it is acknowledged."""

import hashlib
import json
import uuid

from sync.proofs import proof_of

PLACES = {"supplier": "supplier/1580", "dock": "DOCK", "bin": "06-B-10"}


class Handheld:
    """Keeps its operations in order, each with the hash of the one before."""

    def __init__(self, site, actor, now, replica=None):
        self.site, self.actor, self.now = site, actor, now
        self.replica = replica or uuid.uuid4().hex
        self.envelopes = []
        self.prev = None
        self.unsent = 0
        self.proofs = []

    def receive(self, quantity=1, to="dock", lot="K0902"):
        return self.did({
            "verb": "receive",
            "key": {"item": "BE-2908", "lot": {"code": lot}},
            "quantity": quantity,
            "from": {"location": PLACES["supplier"]},
            "to": {"location": PLACES[to]},
        })  # fmt: skip

    def put_away(self, quantity=1, lot="K0902"):
        return self.did({
            "verb": "putaway",
            "key": {"item": "BE-2908", "lot": {"code": lot}},
            "quantity": quantity,
            "from": {"location": PLACES["dock"]},
            "to": {"location": PLACES["bin"]},
        })  # fmt: skip

    def count(self, quantity, lot="K0902"):
        key = {"item": "BE-2908", "lot": {"code": lot}}
        wall = self.now()
        line = {
            "key": key, "quantity": quantity, "first_wall": wall, "last_wall": wall,
            "segment": "s1",
        }  # fmt: skip
        return self.did({
            "verb": "count", "place": {"location": PLACES["bin"]}, "scope": "place",
            "count_id": uuid.uuid4().hex, "opened_wall": wall, "lines": [line],
        })  # fmt: skip

    def did(self, did, id_=None, class_="fact", **more):
        """Append an operation and return its id."""
        body = {
            "v": 1, "class": class_, "id": id_ or uuid.uuid4().hex, "site": self.site,
            "actor": self.actor, "wall": self.now(), "mono": float(len(self.envelopes)),
            "segment": "s1", "did": did,
        } | more  # fmt: skip
        link = {"replica": self.replica, "seq": len(self.envelopes) + 1, "prev": self.prev}
        text = json.dumps({"link": link, "body": body}, separators=(",", ":"))
        self.prev = hashlib.sha256(text.encode()).hexdigest()
        self.envelopes.append(text)
        return body["id"]

    def prove(self, id_, signed):
        """Prove a decision by the answer to a sign-in, as the device does."""
        text = next(one for one in self.envelopes if json.loads(one)["body"]["id"] == id_)
        content = text.partition(',"body":')[2][:-1]
        _, session, _ = signed["session"].split(".")
        digest = hashlib.sha256(content.encode()).hexdigest()
        self.proofs.append([id_, proof_of(signed["key"], session, digest)])

    def push(self, start=0, end=None):
        """Return the bytes of a push of these operations."""
        frame = {
            "v": 1, "site": self.site, "replica": self.replica, "epoch": 1, "sent": self.now(),
            "segment": "s1", "unsent": self.unsent, "signed": [self.actor], "proofs": self.proofs,
        }  # fmt: skip
        head = json.dumps(frame)[:-1]
        return f'{head},"operations":[{",".join(self.envelopes[start:end])}]}}'.encode()
