"""The oracle's eyes: sees every tone, every answer, every page, and checks at once what it can.

What it cannot see at a glance, `oracle.py` checks at checkpoints and at the end.
"""

import json

import msgspec

from server.book.packing import unpacked
from tests.simulation.client.outbox import body_bytes
from tests.simulation.site import DEVICES, HOSTILE, START

LOG = ("seq", "id", "kind", "verb", "actor", "device", "replica", "rseq", "received_at", "at", "u",
       "trust", "outcome", "payload", "payload_hash", "verdict")  # fmt: skip

READ_LOG = f"SELECT {', '.join(LOG)} FROM log WHERE seq > ? ORDER BY seq"


STOLEN = {"OPERATION_ID_CONFLICT", "RESCUE_UNSIGNED", "COUNT_FULL"}
"""What parks an honest fact only when somebody else took its name or its place."""


class Broken(AssertionError):
    """A promise that did not hold; `promise` is its name in simulation.md."""

    def __init__(self, promise, text):
        super().__init__(f"{promise}: {text}")
        self.promise = promise


class Watch:
    """What has been seen of one world."""

    def __init__(self, world):
        self.world = world
        self.beeped = {}
        self.shown = {}
        """Operations by id that somebody took for written: by the tone, or by the outbox screen."""
        """id → (label, kept, true time of the tone)."""
        self.truths = {}
        """id → true times and goods of what was done."""
        self.ticks = {}
        self.scanned = set()
        """(wall, raw) of every scan that an operation of the log holds."""
        self.log = []
        """The server's log as it grew, by seq from 1 (changes too)."""
        self.logged = set()
        self.by_link = {}
        """(replica, seq) → its row of the log."""
        self.told = {}
        """(epoch, id, content) → the bytes of the first verdict that was given."""
        self.evicted = set()
        """Ids that the server had when their device lost them: only a restore can miss them."""
        self.restores = 0
        self.mark = 0
        """How far W has been seen to reach."""
        self.taken = []
        """Pushes that the server took, in its order."""
        self.cursors = {}
        self.last_at = {}
        self.lost = set()
        """Ids that are gone with a storage that was evicted: the predicted loss."""
        self.lies = set()
        """Ids of what a hostile device did."""
        self.counts = {"operations": 0, "pushes": 0, "pages": 0, "shuffled": 0}

    # --- devices ---------------------------------------------------------------------------------

    def tone(self, device, tone):
        if tone.what == "tick":
            row = tone.of
            self.ticks[device.label, row["id"], row["wall"], row["raw"]] = self.world.now
        else:
            self.beeped[tone.of.id] = (device.label, tone.of, self.world.now)
            self.shown[tone.of.id] = tone.of
            self.counts["operations"] += 1

    def did(self, device, kept, truth):
        self.truths[kept.id] = truth
        self.shown[kept.id] = kept
        del device

    def saw_page(self, device, page):
        """[S5] The cursor never goes back within an epoch, and no operation counts twice."""
        self.counts["pages"] += 1
        feed = page.feed
        before = self.cursors.get(page, (0, 0))
        now = (feed.epoch, feed.seq)
        if now < before:
            raise Broken("S5", f"{device.label}: the cursor went back from {before} to {now}")
        self.cursors[page] = now
        if feed.epoch <= self.restores:
            return  # its numbers are those of a server that is gone
        for row in page.outbox.operations:
            told = self.seq_of(row)
            if told is not None and feed.covers(row) != (told <= feed.seq):
                raise Broken(
                    "S5",
                    f"{device.label} at {feed.seq}: operation {row.id}, which has "
                    f"number {told}, counts {'never' if feed.covers(row) else 'twice'}",
                )

    def differs(self, page):
        """[S5] Both sides count their rows: a replica that does not add up hides a lost one."""
        raise Broken("S5", f"the replica of {page.host.label} at {page.feed.seq} does not add up")

    def seq_of(self, row):
        """Return the ledger's number of an operation as it came under this replica."""
        entry = self.by_link.get((row.replica, row.seq))
        return entry["seq"] if entry and entry["payload_hash"] == row.hash else None

    def restored(self, server):
        """What a device lost after it was acknowledged, and no backup has, is gone."""
        self.log.clear()
        self.logged.clear()
        self.by_link.clear()
        self.last_at.clear()
        self.taken.clear()
        self.mark = server.database.raw.execute("SELECT watermark FROM site").fetchone()[0]
        self.restores += 1
        self.read_log(server)
        here = {entry["id"] for entry in self.log}
        for device in self.world.every_device:
            for name in ("outbox", "sent"):
                here |= {row.id for row in device.disk.stores[name].values()}
        self.lost |= self.evicted - here

    def understood(self, server):
        """What was parked may be done now, at its own time; its verdict stays as it was told."""
        self.read_log(server)
        parked = [entry for entry in self.log if entry["outcome"] == "parked"]
        statement = "SELECT verb, outcome FROM log WHERE seq = ?"
        for entry in parked:
            row = server.database.raw.execute(statement, (entry["seq"],)).fetchone()
            entry["verb"], entry["outcome"] = row

    # --- the server ------------------------------------------------------------------------------

    def after_turn(self, server, done):
        self.read_log(server)
        for job, _, (status, data, _) in done:
            self.counts["pushes"] += 1
            self._heard(job, status, data)
            if status == 200:
                self.taken.append(job)
                self._verdicts(job, json.loads(data), data)
            elif status >= 500 and not self.world.may_refuse(status):
                raise Broken("L1", f"the server fails at a push of {job.device}: {data!r}")

    # --- a hostile device among them -------------------------------------------------------------

    def lied(self, text):
        raise Broken("H", text)

    def _heard(self, job, status, data):
        """[H] Nobody but its device speaks for a replica, and no honest one is refused for it."""
        if job.device == HOSTILE:
            if status == 200 and job.push.carrier is not None and job.push.device is not None:
                self.lied(f"a rescue that {job.push.device} did not sign was taken")
            return
        is_fork = status == 409 and json.loads(data)["code"] == "fork"
        if status in {403, 429} or (is_fork and not self.world.forgiven and not self.restores):
            self.lied(f"{job.device} was refused: {data!r}")

    def _logged(self, entry):
        """[H] What a hostile device wrote is its own; it decides nothing, and dates nothing."""
        is_hostile = entry["payload_hash"] in self.world.hostile.made
        if is_hostile and entry["device"] != HOSTILE:
            self.lied(f"{entry['id']} stands as done by {entry['device']}")
        if entry["device"] == HOSTILE:
            self.lies.add(entry["id"])
            if entry["kind"] == "intent" and entry["outcome"] != "parked":
                self.lied(f"{entry['verb']} {entry['id']} was {entry['outcome']}")
            if entry["at"] < START:
                self.lied(f"{entry['id']} is dated {entry['at']}, before its device was enrolled")
        elif entry["outcome"] == "parked" and entry["device"] in DEVICES:
            codes = {flag["code"] for flag in json.loads(entry["verdict"])["flags"]}
            if codes & STOLEN:
                self.lied(f"{entry['id']} of {entry['device']} was parked: {codes}")

    def _verdicts(self, job, answer, data):
        """[S2] A retry gets the same verdict to the byte."""
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        verdicts = msgspec.json.decode(raw["verdicts"], type=list[msgspec.Raw])
        sent = [bytes(one) for one in job.push.operations]
        if job.device == HOSTILE:
            return  # it repeats others, and under names that it has no right to
        if len(verdicts) != len(sent):
            raise Broken("S2", f"{len(sent)} operations got {len(verdicts)} verdicts")
        for text, verdict in zip(sent, verdicts, strict=True):
            body = body_bytes(text)
            if json.loads(body)["id"] not in self.logged:
                raise Broken("S1", f"{body!r} was acknowledged, and is not in the log")
            first = self.told.setdefault((answer["epoch"], body), bytes(verdict))
            if first != bytes(verdict):
                raise Broken("S2", f"{body!r} was told {first!r}, then {bytes(verdict)!r}")

    def read_log(self, server):
        """Read what the log has grown by; [S3] its numbers are dense."""
        rows = server.database.raw.execute(READ_LOG, (len(self.log),)).fetchall()
        for row in rows:
            entry = dict(zip(LOG, row, strict=True))
            entry["payload"] = unpacked(entry["payload"])
            if entry["seq"] != len(self.log) + 1:
                raise Broken("S3", f"number {entry['seq']} follows {len(self.log)}")
            self.log.append(entry)
            self.logged.add(entry["id"])
            if entry["replica"]:
                if "~" not in entry["id"]:
                    self.by_link[entry["replica"], entry["rseq"]] = entry
                if entry["device"] != HOSTILE:
                    self.scanned |= scans_of(entry["payload"])
            if self.world.script.has_hostile:
                self._logged(entry)
            if entry["kind"] != "change" and entry["actor"] != "server":
                self._dated(entry)
        if rows:
            self.world.changed = True

    def _in_order(self, entry):
        """[S4] Within a replica the order of time is the order of numbers."""
        if entry["verb"] == "lost" or entry["outcome"] == "parked":
            return
        before = self.last_at.get(entry["replica"], 0)
        if entry["at"] < before:
            raise Broken(
                "S4",
                f"{entry['verb']} {entry['id']} of {entry['device']} is dated "
                f"{before - entry['at']} ms before what its replica did before it",
            )
        self.last_at[entry["replica"]] = entry["at"]

    def _dated(self, entry):
        """[S4] A time that is trusted is right within its error bar."""
        # What waited for its matter is done later, in the place that it had (R11).
        if entry["device"] in self.world.forgiven or "~" in entry["id"]:
            return
        self._in_order(entry)
        truth = self.truths.get(entry["id"])
        verdict = json.loads(entry["verdict"])
        if truth is None or verdict["trust"] != "high" or verdict["outcome"] == "parked":
            return
        off = verdict["times"]["own"] - truth["own"]
        if abs(off) > verdict["u"]:
            raise Broken(
                "S4",
                f"{entry['verb']} {entry['id']} of {entry['device']} is dated "
                f"{off} ms off, and said to be right within {verdict['u']} ms",
            )


def scans_of(text):
    scans = json.loads(body_bytes(bytes(text))).get("scans", ())
    return {(scan["wall"], scan["raw"]) for scan in scans}
