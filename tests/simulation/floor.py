"""What really stands where: goods that people carry, and what of it nobody scanned."""

from collections import defaultdict

import msgspec

from sync.stock import CONTAINER, Key, is_virtual, key_of, key_text
from tests.simulation.things import thing
from tests.world.lines import key


def text_of(words):
    """Return the canonical text of `BE/L1`, or of the container `=T1`."""
    return name_of_key(key_said(words))


def key_said(words):
    if words.startswith("="):
        return {"item": CONTAINER, "serial": words[1:]}
    return key(words)


def place_said(words):
    """Return the place `B1`, or what is in the container `=T1`."""
    return f"container/{words[1:]}" if words.startswith("=") else words


def name_of_key(given):
    """Return the canonical text of a key as it travels."""
    return key_text(msgspec.convert(given, Key))


class Floor:
    """True stock by (place, key text). Virtual places hold whatever one likes."""

    def __init__(self):
        self.stock = defaultdict(int)
        self.slips = {}
        """(place, key) of what was done and not scanned, or scanned and not done: what, when."""
        self.in_hand = set()
        """Single things on their way: they stand nowhere, and are here all the same."""

    def there(self, place, name):
        return self.stock[place, name]

    def take(self, place, name, quantity):
        """Take as much as there is; None means all of it. Nobody brings what is here already."""
        if is_virtual(place):
            taken = 0 if self._is_here(thing(name)) else quantity
        else:
            found = self.stock[place, name]
            taken = found if quantity is None else min(quantity, found)
            self.stock[place, name] -= taken
        if taken and thing(name):
            self.in_hand.add(thing(name))
        return taken

    def _is_here(self, one):
        standing = (thing(name) for (_, name), quantity in self.stock.items() if quantity)
        return one is not None and (one in self.in_hand or one in standing)

    def let_go(self, name):
        self.in_hand.discard(thing(name))

    def put(self, place, name, quantity):
        if not is_virtual(place):
            self.stock[place, name] += quantity

    def change(self, changes, now):
        """Goods appear and vanish; what is not there any more cannot, and nobody notices."""
        for place, name, quantity in changes:
            self.put(place, name, quantity)
            if self.stock[place, name] < 0:
                self.stock[place, name] = 0
                for where, other, _ in changes:
                    self.slip("gone", now, other, where)

    def inside(self, box):
        """Return (place, key, quantity) of all that is in a container; inner ones stay in it."""
        place = f"container/{key_of(box).serial}"
        for name in self.keys_at(place):
            if key_of(name).item == CONTAINER:
                yield from self.inside(name)
            else:
                yield place, name, self.stock[place, name]

    def arrival(self, place, name, quantity):
        """Return what changes when goods get there; what leaves in a container leaves with it."""
        gone = self.inside(name) if is_virtual(place) and key_of(name).item == CONTAINER else ()
        return [(place, name, quantity), *((at, what, -n) for at, what, n in gone)]

    def keys_at(self, place):
        return [name for (where, name), n in self.stock.items() if where == place and n]

    def slip(self, what, now, name, *places):
        for place in places:
            if not is_virtual(place):
                self.slips[place, name] = (what, now)
