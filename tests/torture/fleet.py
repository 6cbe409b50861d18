"""Twenty devices that push over real sockets, and remember all that they were told.

What a device learned from an answer is never forgotten, however the server died after it:
`acked` is what must be in the log, `told` the verdict that must still be the same.
"""

import hashlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager

from server.people.tokens import device_token
from tests.browser.factory import SITE
from tests.server.handheld import Handheld
from tests.torture.waiting import until

DEVICES = 20
NAMES = tuple(f"T{number}" for number in range(DEVICES))
ITEM = "FW-1000"
PLACES = ("DOCK-1", "STAGE-1", "06-B-10")
SUPPLIER = "supplier/1580"
LATER = {"busy", "storage_full"}
"""Problems by which a server that cannot work says so: the device keeps its queue."""
UNSENT_MAX = 40
STEPS = (0, 0, 0, 0, 0, 0, -3, 1)
"""Where a push begins beside what is acknowledged: some is repeated, or left out, now and then."""
BREATH_S = 0.05
"""Between two attempts to reach a server that does not work."""


def now():
    return time.time_ns() // 1_000_000


class Device(Handheld):
    """One device with its chain; it sends too much or too little now and then."""

    def __init__(self, name, key, dice):
        super().__init__(SITE, "1001", now, replica=f"{dice.getrandbits(128):032x}")
        self.dice = dice
        self.acked = 0
        self.steps = STEPS
        self.taken = []  # when a push that was taken began and ended, in seconds
        self.done = {}  # id: what it did
        self.told = {}  # id: the outcome that the server gave
        self.answers = Counter()
        self.faults = []
        self._headers = {"Authorization": f"Bearer {device_token(key, name, SITE)}"}
        self._line = None

    def act(self):
        """Receive or move a few."""
        for _ in range(self.dice.randint(1, 4)):
            source, target = self.dice.sample((SUPPLIER, *PLACES), 2)
            verb = "receive" if source == SUPPLIER else "move"
            if target == SUPPLIER:
                verb, source, target = "receive", SUPPLIER, source
            did = {"verb": verb, "key": {"item": ITEM}, "quantity": self.dice.randint(1, 9),
                   "from": {"location": source}, "to": {"location": target}}  # fmt: skip
            self.done[self.did(did)] = did

    def send(self, port, start):
        """Push from a place of the chain; say whether the server works."""
        began = time.monotonic()
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            self._line.request("POST", "/sync/push", self.push(start, start + 100), self._headers)
            answer = self._line.getresponse()
            status, body = answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self.hang_up()
            self.answers["nobody"] += 1
            return False
        self._hear(status, body)
        if status == 200:
            self.taken.append((began, time.monotonic()))
        return body.get("code") not in LATER

    def hang_up(self):
        if self._line is not None:
            self._line.close()
            self._line = None

    def _hear(self, status, body):
        self.answers[body.get("code", "taken")] += 1
        if status == 200:
            self._taken(body)
        elif status == 409 and body["code"] == "gap" and body["need_from"] > self.acked:
            self.acked = body["need_from"] - 1
        elif status != 503 or body["code"] not in LATER:
            self.faults.append(f"{self.replica}, {self.acked} acknowledged: {status} {body}")

    def _taken(self, body):
        seq, digest = body["acked"]
        if seq < self.acked:
            self.faults.append(f"{self.replica}: {self.acked} were acknowledged, now {seq}")
        if seq and digest != hashlib.sha256(self.envelopes[seq - 1].encode()).hexdigest():
            self.faults.append(f"{self.replica}: {seq} is acknowledged by another hash")
        self.acked = max(self.acked, seq)
        for verdict in body["verdicts"]:
            first = self.told.setdefault(verdict["id"], verdict["outcome"])
            if first != verdict["outcome"]:
                self.faults.append(f"{verdict['id']}: first {first}, then {verdict['outcome']}")

    def work(self, port, ended):
        """Act and push until told to end; sometimes repeat what is known, or skip ahead."""
        while not ended.is_set():
            if len(self.envelopes) - self.acked < UNSENT_MAX:
                self.act()
            start = self.acked + self.dice.choice(self.steps)
            if not self.send(port, max(start, 0)):
                ended.wait(BREATH_S)

    def settle(self, port, ended):
        """Repeat what was not acknowledged until all of it is."""
        while not self.is_settled and not self.faults and not ended.is_set():
            if not self.send(port, self.acked):
                ended.wait(BREATH_S)
        self.hang_up()

    @property
    def is_settled(self):
        return self.acked == len(self.envelopes)


class Fleet:
    """All devices, each on a thread of its own."""

    def __init__(self, key, seed):
        self.devices = [
            Device(name, key, random.Random(f"{seed} {name}"))  # one stream of dice each
            for name in NAMES
        ]

    @contextmanager
    def working(self, port):
        """Let everybody work for as long as the block lasts."""
        with self._all("work", port) as ended:
            yield
            ended.set()

    def settle(self, port):
        """Let everybody repeat what was not acknowledged."""
        with self._all("settle", port):
            until(
                lambda: self.faults or all(device.is_settled for device in self.devices),
                "that all is acknowledged",
            )

    @contextmanager
    def _all(self, what, port):
        ended = threading.Event()
        threads = [
            threading.Thread(target=getattr(device, what), args=(port, ended))
            for device in self.devices
        ]
        for thread in threads:
            thread.start()
        try:
            yield ended
        except BaseException:
            ended.set()
            raise
        finally:
            for thread in threads:
                thread.join()

    def keep_in_step(self, steps=(0,)):
        """Repeat nothing that was acknowledged: it would bring back what was lost, unseen."""
        for device in self.devices:
            device.steps = steps

    def taken(self):
        """When each push that was taken began and ended, in the order of the ends."""
        return sorted(
            (one for device in self.devices for one in [*device.taken]), key=lambda one: one[1]
        )

    @property
    def answers(self):
        return sum((device.answers for device in self.devices), Counter())

    @property
    def faults(self):
        return [fault for device in self.devices for fault in device.faults]

    @property
    def done(self):
        return {id_: did for device in self.devices for id_, did in device.done.items()}
