"""What handhelds do all day, made beforehand: requests that only have to be sent."""

import gzip
import random
import uuid

from server.imports import factory
from tests.bench.scene import now
from tests.world.handheld import Handheld

MOVES = ("move",)
MORNING = ("receive", "putaway", "pick", "issue", "move")
PACE_MS = 6_000
"""A worker who is quick; what was done offline lies this far apart."""
CARRIED_MS = 20_000
WORTH_GZIP = 1_000
"""The phone compresses a body from this size on (pwa/src/push/wire.ts)."""


def queue_of(scene, device, verbs, per_request, operations):
    """Return the requests of one new replica, in the order of its chain, ready for the socket."""
    handheld = Handheld(factory.SITE, device)
    handheld.replica = uuid.uuid4().hex
    handheld.actor = "1001"
    handheld.heard(now(), now())
    handheld.base = {"epoch": 1, "cursor": scene.head, "hash": None}
    dice = random.Random(handheld.replica)
    stock = [one for one in factory.factory_stock() if one.quantity]
    began = now() - operations * PACE_MS
    for number in range(operations):
        verb, wall = verbs[number % len(verbs)], began + number * PACE_MS
        if verb != "putaway":  # what was received is put away
            one = dice.choice(stock)
        handheld.envelope(_did(verb, one, wall), wall, scans=_scans(one, wall))
    return [
        request_of(
            handheld.push_message(now(), from_seq=first + 1, limit=per_request), scene.token(device)
        )
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
    return did if verb == "receive" else did | {"taken_wall": wall - CARRIED_MS}


def _scans(stock, wall):
    raws = (stock.item, stock.place)
    return [{"raw": raw, "source": "wedge", "wall": wall, "symbology": None} for raw in raws]


def request_of(body, token, path="/sync/push"):
    """Return a request as its bytes, the body packed as the phone packs it."""
    packed = b""
    if len(body) >= WORTH_GZIP:
        body, packed = gzip.compress(body, 6), b"Content-Encoding: gzip\r\n"
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nAccept-Encoding: gzip\r\n"
        f"Content-Length: {len(body)}\r\n".encode() + packed + b"\r\n" + body
    )  # fmt: skip
