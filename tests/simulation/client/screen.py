"""What the screen shows: the replica, and what the device did that is not in it (core/fold.ts)."""

from collections import defaultdict

import msgspec

from sync.stock import Key, is_virtual, key_text
from tests.simulation.client.outbox import body_of

MOVES = {"receive", "putaway", "move", "pick", "ship", "issue", "return"}


def place_text(place):
    if place.get("container") is not None:
        return f"container/{place['container']}"
    if place.get("code") is not None:
        return f"unidentified/{place['code']}"
    return place["location"]


def name_of(key, **other):
    return key_text(msgspec.convert({**key, **other}, Key))


def ends(did):
    """Yield (place, key, sign) of what an operation does to stock."""
    verb, key = did["verb"], did.get("key")
    if verb in MOVES and key and did.get("from"):
        yield place_text(did["from"]), name_of(key), -1
        yield place_text(did["to"]), name_of(key), 1
    elif verb == "produce":
        yield place_text(did["to"]), name_of(key), 1
    elif verb == "status":
        yield place_text(did["place"]), name_of(key), -1
        yield place_text(did["place"]), name_of(key, status=did["to_status"]), 1
    elif verb == "adjust":
        yield place_text(did["place"]), name_of(key), 1


class Screen:
    """Quantities as shown; places that only balance the books are not."""

    def __init__(self, stock):
        self.stock = defaultdict(int, stock)

    def add(self, did, sign):
        found = [*ends(did)]
        quantity = did.get("quantity")
        if quantity is None:
            taken = [self.stock[place, key] for place, key, way in found if way < 0 < sign]
            quantity = max(0, *taken) if taken else 0
        for place, key, way in found:
            if not is_virtual(place):
                self.stock[place, key] += quantity * way * sign


def shown_of(stock, operations):
    """Return (place, key, quantity) of all that a screen could show and is not zero.

    `stock` is that of the replica; `operations` are (id, did, whether the replica holds it).
    """
    screen = Screen({name: n for name, n in stock.items() if not is_virtual(name[0])})
    known = {id_: did for id_, did, _ in operations}
    pending = [(id_, did) for id_, did, covered in operations if not covered]
    here = {id_ for id_, _ in pending}
    taken_back = {did["target"] for _, did in pending if did["verb"] == "reverse"}
    undone = set()
    for id_, did in pending:
        if did["verb"] != "reverse":
            if id_ not in taken_back:
                screen.add(did, 1)
            continue
        target = did["target"]
        if target not in here and target in known and target not in undone:
            screen.add(known[target], -1)
        undone.add(target)
    return sorted([place, key, n] for (place, key), n in screen.stock.items() if n)


def shown(page):
    """Return what the screen of a page of the reference client shows."""
    stock = {(row["place"], row["key"]): row["quantity"] for row in page.feed.rows("holding")}
    rows = page.outbox.operations
    return shown_of(stock, [(row.id, body_of(row)["did"], page.feed.covers(row)) for row in rows])
