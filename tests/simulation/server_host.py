"""The machine that the server runs on: the shipped clerk and writer, which crash where told.

What waits when a turn comes is one call of the writer, so pushes share transactions as they do
in production. A crash rolls back what was not committed; answers that were not sent are lost.
"""

import gc
import gzip
import sqlite3
from contextlib import contextmanager

import msgspec
import sqlalchemy as sa

from server.api.errors import refusal_for
from server.api.sentences import SENTENCES
from server.book import CursorGoneError
from server.book.arriving import Job
from server.book.clerk import Clerk
from server.book.reading import Own
from server.book.snapshots import keep, part_of
from server.book.writer import Task, Writer
from server.people.rescues import is_signed
from server.refusals import Code, Refusal
from sync import arrivals
from sync.messages import Conflict, Push
from tests.simulation.site import KEY, SITE, database, template

decode_push = msgspec.json.Decoder(Push).decode
encode = msgspec.json.Encoder().encode
GROUP_MS = 20
BEHIND = 40
"""So that snapshots are mostly older than the log."""
PULL_LIMIT = 8
"""Small, so that pages end in the middle of what happened."""


class ServerDied(BaseException):
    """The process is gone, in the middle of whatever it did."""


class ServerHost:
    """Answers requests; `crash_in` counts down statements, commits and answers to a crash."""

    def __init__(self, scheduler, dice, watch, slot="world"):
        self.scheduler = scheduler
        self.dice = dice
        self.watch = watch
        self.database = database(slot)
        self.database.become(template())
        self.crash_in = None
        self.crash_at = None
        self.crash_down_ms = 10_000
        self.down_until = 0
        self.full_until = 0
        self.steps = 0
        self.working = False
        """Only its own work dies: a test that looks at its tables does not count."""
        self.waiting = []
        self.program = 1
        """The newest version of an envelope that it reads."""
        self.backup = self.database.image()
        self._listen()
        self._boot()

    # --- life and death --------------------------------------------------------------------------

    def _boot(self):
        arrivals.ENVELOPE_VERSION = self.program
        self.clerk = Clerk(KEY, lambda: self.scheduler.now)
        self.writer = Writer(self.database.engine, self.clerk.push_group)

    def _listen(self):
        self.database.around = self._around
        engine = self.database.engine
        for old in getattr(engine, "simulated", ()):
            sa.event.remove(engine, "commit", old)
        engine.simulated = [lambda _: self._step("commit")]
        sa.event.listen(engine, "commit", engine.simulated[0])

    @contextmanager
    def _around(self, statement):
        self._step()
        writes = statement[:6].upper() in {"INSERT", "UPDATE", "DELETE"}
        if writes and self.working and self.scheduler.now < self.full_until:
            raise sqlite3.OperationalError("database or disk is full")
        yield
        self._step()

    def _step(self, point="statement"):
        if not self.working:
            return
        self.steps += 1
        if self.crash_at == point:
            raise ServerDied
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                raise ServerDied

    def _die(self, tasks=()):
        # A statement that was cut off keeps its connection busy until nobody holds it any more.
        gc.collect()
        self.crash_in, self.crash_at, self.working = None, None, False
        self.database.raw.rollback()
        done = [(task.payload, body, _answer_of(task)) for task, body, _ in tasks
                if task.done.done()]  # fmt: skip
        self.watch.after_turn(self, done)
        self.down_until = self.scheduler.now + self.crash_down_ms
        told = {id(answer): task for task, _, answer in tasks if task.done.done()}
        for _, _, _, answer in self.waiting:
            # What was acknowledged before the end may have been on its way already.
            task = told.get(id(answer))
            answer(_answer_of(task) if task is not None else None)
        self.waiting.clear()
        self._boot()

    @property
    def is_up(self):
        return self.scheduler.now >= self.down_until

    def back_up(self):
        self.backup = self.database.image()

    def restore(self):
        """The disk is thrown away, and the backup is put in its place: a new epoch."""
        with self.database.engine.connect() as connection:
            epoch = connection.exec_driver_sql("SELECT epoch FROM site").scalar()
        for _, _, _, answer in self.waiting:
            answer(None)
        self.waiting.clear()
        self.database.become(self.backup)
        self._boot()
        with self.database.engine.begin() as connection:
            self.clerk.restored(connection, SITE, epoch + 1)
            self.clerk.understand(connection, SITE)
        self.watch.restored(self)

    def update(self):
        """A newer program starts: what the older one parked is read again (R5)."""
        for _, _, _, answer in self.waiting:
            answer(None)
        self.waiting.clear()
        self.program = 2
        self._boot()
        with self.database.engine.begin() as connection:
            self.clerk.understand(connection, SITE)
        self.watch.understood(self)

    # --- requests --------------------------------------------------------------------------------

    def handle(self, device, path, body, answer):
        """Answer (status, bytes, retry after), or None when the connection just breaks."""
        if not self.is_up:
            answer(None)
        elif path == "push":
            if not self.waiting:
                delay = self.dice.of("turn", self.scheduler.now).randint(0, GROUP_MS)
                self.scheduler.after(delay, self._turn)
            self.waiting.append((device, body, self.scheduler.now, answer))
        else:
            self.working, told = True, None
            try:
                told = self._read(device, path, body)
            except ServerDied:
                self.working = False
            if not self.working:
                self._die()
            self.working = False
            answer(told)

    def _turn(self):
        asked, tasks = self.waiting[:], []
        for device, body, received, answer in asked:
            try:
                push = decode_push(body)
            except msgspec.MsgspecError as error:
                answer(refused(error))
                continue
            try:
                job = Job(device, push, received, signed=_let_in(push))
            except Refusal as refusal:
                answer(refused(refusal))
                continue
            tasks.append((Task(None, push.site, job), body, answer))
        self.working = True
        try:
            self.writer.work([task for task, _, _ in tasks])
            self._step("answer")
        except ServerDied:
            self.working = False
        # What the exception held on to is let go only here.
        if not self.working:
            self._die(tasks)
            return
        self.working, self.waiting = False, []
        self.watch.world.heard = True
        done = [(task.payload, body, _answer_of(task)) for task, body, _ in tasks]
        self.watch.after_turn(self, done)
        for (_, _, answer), (_, _, told) in zip(tasks, done, strict=True):
            answer(told)

    def _read(self, device, path, body):
        with self.database.engine.begin() as connection:
            try:
                if path == "chunk":
                    data = part_of(connection, SITE, body["hash"])
                    return (200, gzip.decompress(data), 0) if data is not None else (404, b"{}", 0)
                own = Own(device, body["replica"])
                if path == "snapshot":
                    if self.clerk.snapshot(connection, SITE, None, BEHIND) is None:
                        keep(connection, SITE, *self.clerk.make_snapshot(connection, SITE))
                    told = self.clerk.snapshot(connection, SITE, own, BEHIND)
                else:
                    told = self.clerk.page(connection, SITE, body["cursor"], PULL_LIMIT, own)
            except CursorGoneError as gone:
                return 410, encode({"code": gone.code}), 0
        return 200, encode(told), 0


def _let_in(push):
    """Do what the door does (`server/api/sync.py`); say whether a rescue is signed."""
    if push.site != SITE:
        raise Refusal(Code.OTHER_SITE)
    signed = push.carrier is not None and is_signed(KEY, push)
    if push.carrier is not None and not signed and push.device is not None:
        raise Refusal(Code.RESCUE_UNSIGNED)
    return signed


def _answer_of(task):
    error = task.done.exception()
    if error is not None:
        return refused(error)
    told = task.done.result()
    return (409 if isinstance(told, Conflict) else 200), encode(told), 0


def refused(error):
    refusal = refusal_for(error)
    status = SENTENCES[refusal.code].status
    retry = (refusal.retry_after or 0) * 1_000
    return status, encode({"code": refusal.code, "error": repr(error)}), retry
