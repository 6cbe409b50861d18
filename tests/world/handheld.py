"""A handheld in Python: it chains envelopes, keeps a clock of its own and pushes when told."""

import hashlib
import itertools
import json

from sync.hashing import sha256_hex
from sync.messages import Conflict
from sync.proofs import Session, key_of_session, payload_of, proof_of

ids = itertools.count(1)


def dated(verdict):
    """What of a verdict is sent again after a restore."""
    outcome, flags = verdict["outcome"], verdict["flags"]
    why = flags[0]["code"] if outcome == "parked" else verdict.get("reason")
    kept = {key: verdict[key] for key in ("id", "times", "u", "trust", "seal")}
    return kept | {"outcome": "posted" if outcome == "flagged" else outcome, "why": why}


KEY = b"k" * 32
"""The key of the servers in these tests."""


def proof(payload, device, signed=None, **session):
    """Prove an operation as a session of its actor on a device does, `signed` at a real server."""
    body = json.loads(payload)["body"]
    told = {"person": body["actor"], "device": device, "site": body["site"], "stamp": ""}
    session = payload_of(Session(**{**told, "expires": 2**50, **session}))
    key = key_of_session(KEY, session)
    if signed:
        session, key = signed["session"].split(".")[1], signed["key"]
    content = payload[payload.index(b'"body"') :].partition(b":")[2].strip()[:-1]
    return [body["id"], proof_of(key, session, sha256_hex(content))]


class Handheld:
    """One storage incarnation of one device. Its clock is `offset` ms off the world's."""

    def __init__(self, site, device, offset=0):
        self.site = site
        self.device = device
        self.offset = offset
        self.replica = hashlib.sha256(device.encode()).hexdigest()[:32]
        self.actor = "worker"
        self.actors = set()
        """Who signed in here without a network: all who did something."""
        self.chain = []
        self.acked = 0
        self.hash = None
        self.exchanges = []
        self.echo = 0
        self.base = {"epoch": 1, "cursor": 0, "hash": None}
        self.segment = "s1"
        self.waiting = 0
        self.verdicts = {}
        self.epoch = 1
        self.signed = None

    def envelope(self, did, at, *, task=None, actor=None, id_=None, **body):
        """Make an operation at a world time, durable on the device."""
        seq = len(self.chain) + 1
        prev = self._digest(self.chain[-1]) if self.chain else None
        kind = body.pop("class_", "fact")
        content = {
            "v": 1, "class": kind, "id": id_ or f"{self.device}-{next(ids)}", "site": self.site,
            "actor": actor or self.actor, "wall": at + self.offset, "mono": 0,
            "segment": self.segment, "base": self.base, "did": did, "app": "test",
        } | body  # fmt: skip
        self.actors.add(content["actor"])
        if task:
            content["task"] = task
        envelope = {"link": {"replica": self.replica, "seq": seq, "prev": prev}, "body": content}
        self.chain.append(json.dumps(envelope, ensure_ascii=False).encode())
        return content["id"]

    @staticmethod
    def _digest(payload):
        return hashlib.sha256(payload).hexdigest()

    def push_message(self, at, *, from_seq=None, limit=100, leaving=False, epoch=1, **frame):
        """Return what would be sent at a world time; `frame` adds to what is said around it."""
        start = self.acked if from_seq is None else from_seq - 1
        part = self.chain[start : start + limit]
        told = [self.verdicts.get(json.loads(one)["body"]["id"]) for one in part]
        raw = json.dumps(
            {
                "v": 1, "site": self.site, "replica": self.replica, "epoch": epoch, "cursor": 0,
                "sent": at + self.offset, "segment": self.segment,
                "exchanges": self.exchanges,
                "unsent": len(self.chain) - start - len(part) + self.waiting, "echo": self.echo,
                "leaving": leaving, "signed": sorted(self.actors),
                "proofs": self.proofs(part),
                "dated": [dated(one) for one in told if one],
                "operations": [],
            } | frame
        ).encode()  # fmt: skip
        return raw.replace(b'"operations": []', b'"operations": [' + b",".join(part) + b"]")

    def proofs(self, part):
        """Prove the decisions among these, as whoever made them is signed in."""
        is_intent = [b'"class": "intent"' in one for one in part]
        return [
            proof(one, self.device, signed=self.signed)
            for one, yes in zip(part, is_intent, strict=True)
            if yes
        ]

    def take(self, answer, at):
        """Learn from an answer that arrived at a world time."""
        if isinstance(answer, Conflict):
            return
        self.acked, self.hash = answer.acked.seq, answer.acked.hash
        self.heard(answer.server_now, at, answer.mac)

    def heard(self, server_now, at, mac=""):
        """Journal an exchange: asked and answered at a world time."""
        self.exchanges = [
            {
                "sent": at + self.offset, "received": at + self.offset, "server_now": server_now,
                "segment": self.segment, "mac": mac,
            }
        ]  # fmt: skip
        self.echo = server_now
