"""What handhelds do all day, made beforehand: requests that only have to be sent."""

import gzip
import http.client
import random
import threading
import time
import uuid

from server.imports import factory
from tests.bench.scene import now
from tests.world.handheld import Handheld

MOVES = ("move",)
MORNING = ("receive", "putaway", "pick", "issue", "move")
WORTH_GZIP = 1_000
"""The phone compresses a body from this size on (pwa/src/push/wire.ts)."""


def requests_of(device, token, head, case, seed):
    """Return the requests of one new replica, in the order of its chain.

    `head` is the ledger's seq that its screens were based on.
    """
    verbs, per_request, operations = case.verbs, case.per_request, case.operations // case.devices
    handheld = Handheld(factory.SITE, device)
    handheld.replica = uuid.uuid4().hex
    handheld.actor = "1001"
    handheld.heard(now(), now())
    dice = random.Random(seed)
    stock = [one for one in factory.factory_stock() if one.quantity]
    handheld.base = {"epoch": 1, "cursor": head, "hash": None}
    for number in range(operations):
        verb, wall = verbs[number % len(verbs)], now()
        if verb != "putaway":  # what was received is put away
            one = dice.choice(stock)
        handheld.envelope(_did(verb, one, wall), wall, scans=_scans(one, wall))
    return [
        _request(handheld.push_message(now(), from_seq=first + 1, limit=per_request), token)
        for first in range(0, operations, per_request)
    ]


def _did(verb, stock, wall):
    lot = {"code": stock.lot, "expires": stock.expires} if stock.lot else None
    ends = {
        "receive": ("supplier/1580", "DOCK-1"),
        "putaway": ("DOCK-1", stock.place),
        "pick": (stock.place, "STAGE-1"),
        "issue": (stock.place, "production/WO-1"),
        "move": (stock.place, "STAGE-1"),
    }[verb]
    did = {
        "verb": verb, "key": {"item": stock.item, "lot": lot}, "quantity": 1,
        "from": {"location": ends[0]}, "to": {"location": ends[1]},
    }  # fmt: skip
    return did if verb == "receive" else did | {"taken_wall": wall - 20_000}


def _scans(stock, wall):
    raws = (stock.item, stock.place)
    return [{"raw": raw, "source": "wedge", "wall": wall, "symbology": None} for raw in raws]


def _request(body, token):
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept-Encoding": "gzip",
    }
    if len(body) < WORTH_GZIP:
        return headers, body
    return headers | {"Content-Encoding": "gzip"}, gzip.compress(body, 6)


def send_all(port, queues):
    """Send the queue of every device at the same time; return the seconds that it took."""
    ready = threading.Barrier(len(queues) + 1)
    faults = []
    threads = [threading.Thread(target=_send, args=(port, one, ready, faults)) for one in queues]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    if faults:
        raise SystemExit(f"The server did not take it: {faults[0]}")
    return taken


def _send(port, requests, ready, faults):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    ready.wait()
    for headers, body in requests:
        connection.request("POST", "/sync/push", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            text = gzip.decompress(text)
        if answer.status != 200 or b'"parked"' in text:
            faults.append(text[:300])
            break
    connection.close()
