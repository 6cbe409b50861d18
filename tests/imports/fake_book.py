"""A book that only remembers: enough for an import to be held to its word."""

from hashlib import sha256

import msgspec

from server.imports import opening
from sync.messages import Ack, Conflict, Pushed, Times, Verdict
from sync.operations import decode_body, decode_envelope


class FakeBook:
    """Keeps what was changed and pushed, and insists on unbroken chains in its own epoch."""

    def __init__(self, site, epoch=1):
        self.site = site
        self.epoch = epoch
        self.rows = []
        self.bodies = {}
        self.chains = {}

    async def change(self, site, by, rows, why):
        assert site == self.site
        assert by
        assert why
        self.rows.extend(rows)
        return len(self.rows)

    async def push(self, device_id, push, received_ms):
        assert device_id == opening.DEVICE.device
        if push.epoch != self.epoch:
            return Conflict("epoch", epoch=self.epoch)
        chain = self.chains.setdefault(push.replica, [])
        verdicts = []
        for raw in push.operations:
            envelope = decode_envelope(raw)
            digest = sha256(raw).hexdigest()
            if envelope.link.seq <= len(chain):
                if chain[envelope.link.seq - 1] != digest:
                    return Conflict("fork")
            else:
                before = chain[-1] if chain else None
                assert (envelope.link.seq, envelope.link.prev) == (len(chain) + 1, before)
                chain.append(digest)
            verdicts.append(self.take(decode_body(envelope.body)))
        acked = Ack(len(chain), chain[-1])
        return Pushed(self.epoch, acked, tuple(verdicts), received_ms, received_ms)

    def take(self, body):
        first = self.bodies.setdefault(body.id, body)
        return self.verdict(body, "posted" if first == body else "parked")

    def verdict(self, body, outcome):
        verdict = Verdict(
            id=body.id,
            outcome=outcome,
            ledger_seq=1,
            times=Times(own=body.wall),
            u=250,
            trust="high",
            seal="",
            flags=(),
        )
        return msgspec.Raw(msgspec.json.encode(verdict))
