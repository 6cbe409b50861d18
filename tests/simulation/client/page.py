"""One running page of the app: outbox, push, feed and the loop that joins them (engine.ts)."""

from tests.simulation.client.effects import (
    NotRecorded,
    Offline,
    Pause,
    Problem,
    Tone,
    Unsound,
    Write,
)
from tests.simulation.client.feed import Feed
from tests.simulation.client.outbox import Outbox
from tests.simulation.client.push import Push
from tests.simulation.client.segments import Segments
from tests.simulation.disk import DiskError

BACK_OFF_FIRST_MS = 1_000
BACK_OFF_MOST_MS = 60_000
HOUR_MS = 3_600_000
KEPT_AT_LEAST_MS = 72 * HOUR_MS
KEPT_WITHOUT_BACKUP_MS = 30 * 24 * HOUR_MS


class Page:
    """`host` is the device: disk, hardware clock, dice, site and who is signed in."""

    def __init__(self, host):
        self.host = host
        self.disk = host.disk
        self.site = host.site
        self.dead = False
        self.woken = False
        self.failures = 0
        self.leaving = False
        self.pruned_at = 0
        self.clock = Segments(
            host.wall, host.mono, lambda: host.new_id("segment"), self._stepped_back,
            host.disk.stores["meta"].get("steps_back", 0),
        )  # fmt: skip
        self.outbox = Outbox(self.disk, host.new_replica, lambda: host.new_id("id"))
        self.feed = Feed(self)
        self.push = Push(self)

    def saw_page(self):
        self.host.saw_page(self)

    def _stepped_back(self, times):
        def keep():
            yield Write([("put", "meta", "steps_back", times)], strict=False)

        self.host.run(self, keep())

    def context(self):
        wall, mono, segment = self.clock.read()
        found = {"site": self.site, "actor": self.host.actor, "wall": wall, "mono": mono,
                 "segment": segment, "app": "simulation"}  # fmt: skip
        if self.feed.cursor:
            link = self.feed.cursor.split(".")[2]
            found["base"] = {"epoch": self.feed.epoch, "cursor": self.feed.seq, "hash": link}
        return found

    # --- what a worker does ----------------------------------------------------------------------

    def capture(self, raw):
        """A scan: durable, then its tick."""
        wall, _, segment = self.clock.read()
        row = yield from self.outbox.capture(raw, wall, segment)
        yield Tone("tick", row)
        return row

    def write(self, draft, at_reading=lambda: None):
        """An operation: durable, then its tone, then off to the server."""

        def context():
            at_reading()
            return self.context()

        kept = yield from self.outbox.write(draft, context)
        yield Tone("done", kept)
        self.wake()
        return kept

    # --- the loop --------------------------------------------------------------------------------

    def wake(self):
        self.woken = True
        self.host.wake(self)

    def loop(self):
        yield from self._started()
        while True:
            self.woken = False
            wait = yield from self._attempt()
            yield Pause(wait)

    def _started(self):
        """An outbox that cannot be read is tried again; nobody can work until then."""
        while True:
            try:
                yield from self.outbox.load()
            except (NotRecorded, DiskError):
                yield Pause(BACK_OFF_FIRST_MS)
            else:
                return

    def _attempt(self):
        try:
            asked = yield from self._cycle()
        except (Offline, Problem, Unsound, NotRecorded, DiskError) as error:
            asked = error.retry_after if isinstance(error, Problem) else 0
            most = min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2**self.failures)
            self.failures += 1
            return max(asked, 1, int(self.host.chance("back-off", self.failures) * most))
        self.failures = 0
        return asked or self.host.poll_ms

    def _cycle(self):
        """Upload before download."""
        now = self.clock.now()
        quiet = now - self.push.answered_at > self.host.heartbeat_ms
        wait = yield from self.push.run(leaving=self.leaving, heartbeat=quiet)
        self.leaving = False
        yield from self.feed.run()
        if self.push.is_of_an_old_epoch:
            return 1
        yield from self._prune()
        return wait

    def _prune(self):
        now = self.clock.now()
        if now - self.pruned_at < 24 * HOUR_MS:
            return
        self.pruned_at = now
        yield from self.outbox.in_turn(self._forget(now))

    def _forget(self, now):
        epoch, durable = self.push.heard["epoch"], self.push.heard["durable_through"]
        gone = [
            row.name for row in self.disk.stores["sent"].values()
            if may_forget(row, now, epoch, durable)
        ]  # fmt: skip
        if gone:
            yield Write([("delete", "sent", name, None) for name in gone], strict=False)


def may_forget(row, now, epoch, durable):
    """Rule 8: what is durable twice elsewhere, or old where no backup is named."""
    if row.acked is None:
        return False
    if not durable:
        return now - row.acked > KEPT_WITHOUT_BACKUP_MS
    backed_up = durable[0] == epoch and row.verdict and row.verdict["ledger_seq"] <= durable[1]
    return bool(backed_up) and now - row.acked > KEPT_AT_LEAST_MS
