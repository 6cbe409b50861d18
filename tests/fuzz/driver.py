"""Drives the fuzz: rounds of pushes from a seed, looks in between, and the one push that fails."""

import gc
import json
import random
import shutil
import sqlite3
import tempfile
import tracemalloc
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from server.book.rows import table
from sync.discrepancies import REVIEWS
from sync.vocabulary import Code
from tests.fuzz.mutations import as_json, mutate, mutate_text, smaller
from tests.fuzz.operations import (
    SITE,
    Handheld,
    Known,
    body_of,
    more_of,
)
from tests.fuzz.stage import PIN, Sent, found, staged
from tests.world.lines import clock as world_clock
from tests.world.replica import Replica

START = world_clock("06:00")
CHECK = 500
LEARN = 20
"""Rounds between two looks: for what is open, and for whether the ledger is true."""

GROWTH_MAX = 24 * 2**20
"""How much more memory may be in use at the end than in the middle, in bytes."""

TRIES = 300
ACTORS = {"A": "worker", "B": "worker", "C": "other", "D": "gone", "G": "worker", "H": "fang"}
PAGES = (
    "discrepancies?limit=200", "variances?limit=200", "documents", "documents/PO-1", "devices",
    "holdings?place=B1", "bin-card?place=B1&item=BE", "valuation", "valuation/BE", "people",
    "containers/P1", "serials/DB/S1",
)  # fmt: skip


def folder_of_its_own():
    """Return a folder in memory, where there is one: no disk has to be waited for."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(
        prefix="bincard-fuzz-", dir=memory if memory.is_dir() else None
    )


def memory_of_the_server():
    """Return the bytes that server, rules and packages hold; a phone's own copy is the fuzz's."""
    parts = [
        tracemalloc.Filter(True, f"*/{part}/*") for part in ("server", "sync", "site-packages")
    ]
    gc.collect()
    held = tracemalloc.take_snapshot().filter_traces(parts)
    return sum(one.size for one in held.statistics("filename"))


class FoundError(AssertionError):
    """A push that the server does not bear, as small as it could be made."""

    def __init__(self, seed, number, complaint, sent):
        super().__init__(
            f"SEED={seed}, round {number}: {complaint}\n"
            f"as device {sent.device} at {sent.now}:\n{sent.content.decode(errors='replace')}"
        )
        self.sent = sent


class Fuzz:
    """Rounds of one seed in a folder. `told` gets a line now and then."""

    def __init__(self, folder, seed, told=lambda _: None):
        self.folder, self.seed, self.told = folder, seed, told
        self.dice = random.Random(seed)
        self.known = Known()
        self.handhelds = {name: Handheld(name, 0, actor) for name, actor in ACTORS.items()}
        self.numbers = 0
        self.epoch = 1
        self.since, self.outcomes = [], {}
        self.stage = self.phone = None

    async def run(self, rounds):
        """Do it all. Raises `FoundError`."""
        await found(self.folder / "data", START)
        tracemalloc.start()
        try:
            async with staged(self.folder / "data", START) as self.stage:
                self.phone = Replica(self._ask)
                await self.phone.begin()
                middle = 0
                for number in range(1, rounds + 1):
                    await self._round(number)
                    if number % CHECK == 0 or number == rounds:
                        await self._look(number)
                    if number == rounds // 2:
                        middle = memory_of_the_server()
                grown = memory_of_the_server() - middle
        finally:
            tracemalloc.stop()
        assert grown < GROWTH_MAX, f"SEED={self.seed}: memory grew by {grown:,} bytes"
        return self.outcomes

    async def _round(self, number):
        if number % LEARN == 1:
            await self._learn()
        sent, handheld = self._next()
        self.since.append(sent)
        answer, complaint = await self.stage.push(sent)
        if complaint:
            await self._fail(number, complaint)
        self.outcomes[answer.status_code] = self.outcomes.get(answer.status_code, 0) + 1
        if answer.status_code == 200 and handheld.replica in sent.content.decode(errors="replace"):
            handheld.heard(answer.json(), sent.now)
            self._count(answer.json())
        else:
            if answer.status_code == 409:
                self.epoch = max(self.epoch, answer.json().get("epoch", 1))
            self._start_anew(handheld)

    def _count(self, answer):
        for verdict in answer["verdicts"]:
            kind = verdict["outcome"]
            self.outcomes[kind] = self.outcomes.get(kind, 0) + 1

    def _start_anew(self, handheld):
        """A device that the server does not understand goes on as another replica."""
        self.numbers += 1
        new = Handheld(handheld.device, self.numbers, handheld.actor)
        self.handhelds[handheld.device] = new

    def _next(self):
        """Return the next push, and the device that makes it."""
        dice = self.dice
        now = self.stage.clock.ms + dice.choice([1, 2_000, 90_000])
        handheld = dice.choice(list(self.handhelds.values()))
        for _ in range(dice.randint(1, 3)):
            self.numbers += 1
            body = body_of(dice, handheld, now, self.known, self.numbers)
            self.known.ids = [*self.known.ids[-30:], body["id"]]
            for _ in range(dice.choice([0, 0, 1, 1, 2])):
                body = mutate(dice, body, self.known)
            handheld.add(body, **self._link(handheld))
        frame = handheld.frame(now, self.epoch)
        if dice.random() < 0.2:
            frame |= more_of(dice, handheld, now)
        if dice.random() < 0.1:
            frame = mutate(dice, frame, self.known)
        text = json.dumps(frame)
        if isinstance(frame, dict):
            text = f'{text[:-1]},"operations":[{",".join(one for _, one in handheld.queue)}]}}'
        if dice.random() < 0.05:
            text = mutate_text(dice, text)
        content = text.encode("utf-8", "surrogatepass")
        if dice.random() < 0.05 and self.since:
            content = dice.choice(self.since).content
        device = dice.choice("ABG") if dice.random() < 0.03 else handheld.device
        return Sent(device, now, content), handheld

    def _link(self, handheld):
        """Return what an envelope wrongly says of its place in the chain; mostly nothing."""
        if self.dice.random() > 0.03:
            return {}
        other = self.dice.choice(list(self.handhelds.values()))
        return self.dice.choice([
            {"seq": handheld.seq + 5}, {"seq": 1}, {"prev": "0" * 64}, {"prev": None},
            {"replica": other.replica}, {"seq": 2**53 - 1},
        ])  # fmt: skip

    # --- looking -------------------------------------------------------------------------------

    async def _learn(self):
        """Look what is open, so that decisions are about something."""
        self.known.variances, doubts, versions = await self.stage.book.read(_open)
        self.known.doubts = [
            (id_, self.dice.choice(REVIEWS[Code(code)].actions).replace("is", "is:BE"))
            for id_, code in doubts
        ]
        self.known.versions = versions

    async def _look(self, number):
        """Verify, read the feed on, and read the desk; then begin to remember anew."""
        faults = self.stage.book.verify(None)
        if faults:
            await self._fail(number, None)
        await self._read_on()
        await self._read_desk(number)
        self.told(f"{number}: true; {self.outcomes}")
        self._checkpoint()

    async def _read_on(self):
        answer = await self._get(f"/sync/pull?cursor={self.phone.cursor}")
        await (self.phone.begin() if answer.status_code == 410 else self.phone.read_on())
        assert self.phone.adds_up()

    async def _read_desk(self, number):
        headers = self.stage.headers("H")
        who = {"person": "fang", "pin": PIN}
        signed = await self.stage.client.post("/api/sign-in", json=who, headers=headers)
        headers["X-Bincard-Session"] = signed.json()["session"]
        for page in PAGES:
            answer = await self.stage.client.get(f"/api/{page}", headers=headers)
            said = self.stage.errors.said
            assert answer.status_code < 500, f"SEED={self.seed}, {number}: {page} {said}"

    async def _ask(self, path):
        answer = await self._get(f"/sync/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _get(self, path):
        return await self.stage.client.get(path, headers=self.stage.headers("A"))

    # --- the one push --------------------------------------------------------------------------

    def _checkpoint(self):
        """Keep the database as it is now: what fails later is tried again from here."""
        _copy(self.folder / "data", self.folder / "checkpoint")
        self.since = []

    async def _fail(self, number, complaint):
        """Find the push that does it, make it small, and raise it."""
        start = self.folder / "checkpoint"
        if not start.exists():
            await found(start, START)
        before = self.folder / "before"
        sent, complaint = await first_bad(start, before, self.since, number, complaint)
        small = await minimised(sent, lambda one: tried(before, before.with_name("work"), one))
        raise FoundError(self.seed, number, complaint, small)


async def first_bad(start, before, pushes, number, complaint):
    """Replay; return the first push that is complained of, `before` the folder just before it."""
    bad = len(pushes) - 1
    if complaint is None:
        bad, complaint = await _untrue_after(start, before, pushes)
    assert bad is not None, f"round {number}: untrue, but not when it is replayed"
    _copy(start, before)
    async with staged(before, START) as stage:
        for sent in pushes[:bad]:
            await stage.push(sent)
    return pushes[bad], complaint


async def _untrue_after(start, work, pushes):
    """Return which push it is after which the ledger does not replay, and what differs."""
    _copy(start, work)
    async with staged(work, START) as stage:
        for number, sent in enumerate(pushes):
            await stage.push(sent)
            if faults := stage.book.verify(None):
                return number, faults[0]
    return None, None


async def tried(before, work, sent):
    """Send one push to a copy of a folder; return what there is to complain of."""
    _copy(before, work)
    async with staged(work, sent.now) as stage:
        _, complaint = await stage.push(sent)
        return complaint or next(iter(stage.book.verify(None)), None)


async def minimised(sent, fails):
    """Leave out of a push whatever may be left out so that it still fails."""
    tree, left = as_json(sent.content.decode("utf-8", "replace")), TRIES
    changed = tree is not None
    while changed:
        changed = False
        for less in smaller(tree):
            left -= 1
            if left < 0:
                break
            one = Sent(sent.device, sent.now, json.dumps(less).encode())
            if await fails(one):
                sent, tree, changed = one, less, True
                break
    return sent


def _copy(data, folder):
    """Copy a data folder whose database may be open, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("index.html", "token.key"):
        shutil.copy2(data / name, folder / name)
    with (
        closing(sqlite3.connect(data / "bincard.db")) as old,
        closing(sqlite3.connect(folder / "bincard.db")) as new,
    ):
        old.backup(new)


def _open(connection):
    """Return the open variances and discrepancies, and the versions that edits go by."""
    of, doubt = table("variance").c, table("discrepancy").c
    variances = connection.execute(
        sa.select(of.count_id, of.operation, of.line, of.key, of.counted, of.expected)
        .where(of.site == SITE, of.state == "open").order_by(of.at.desc()).limit(12)
    ).all()  # fmt: skip
    doubts = connection.execute(
        sa.select(doubt.discrepancy, doubt.code)
        .where(doubt.site == SITE, doubt.state == "open").order_by(doubt.at.desc()).limit(12)
    ).all()  # fmt: skip
    versions = {
        (kind, code): version
        for kind in ("item", "location", "site", "person", "document")
        for code, version in connection.execute(
            sa.select(table(kind).c[kind], table(kind).c.version)
        )
    }
    return variances, doubts, versions
