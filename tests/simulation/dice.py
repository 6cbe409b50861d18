"""Chance by name: each thing that may go wrong has a stream of its own.

So a script from which a line was taken out keeps every other accident, and can be made shorter.
"""

import hashlib
import random


class Dice:
    """All chance of one world."""

    def __init__(self, seed):
        self.seed = seed

    def of(self, *names):
        digest = hashlib.sha256(f"{self.seed}/{names}".encode()).digest()
        return random.Random(digest[:8])

    def bytes(self, count, *names):
        return hashlib.sha256(f"{self.seed}/{names}".encode()).digest()[:count]
