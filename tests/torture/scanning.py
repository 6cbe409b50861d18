"""SIGKILL of Chromium in a loop of scans: what beeped is kept, and nothing is kept twice.

Each scan receives a lot of its own, so a beep and its operation know each other by the lot.
"""

import itertools
import os
import random
import signal
import threading
from collections import Counter

from playwright.sync_api import Error

from sync.stock import key_of
from tests.bench.tone import TIMED
from tests.browser.handheld import GS, ZHAO_LIN, Handheld
from tests.torture.rounds import PAPER
from tests.torture.waiting import until

SCANNING_S = (0.1, 2.0)
RECEIVED = """
    SELECT posting.key FROM posting JOIN log ON log.site = posting.site AND log.seq = posting.seq
    WHERE log.verb = 'receive' AND log.device <> 'opening'
"""


class Scanner:
    """A handheld whose worker scans one lot after the other, and knows which of them beeped."""

    def __init__(self, playwright, profile, factory, seed):
        self.factory = factory
        self.dice = random.Random(seed)
        self.numbers = itertools.count(1)
        self.beeped, self.silent = [], []
        self.handheld = Handheld(playwright, profile, factory.origin)
        self.handheld.enrol(factory.enrolment_code("Scanner"))
        self.handheld.sign_in(ZHAO_LIN)
        self.handheld.has_stock()

    def play(self):
        """One round: scan, die, come back, and look for every beep."""
        handheld = self.handheld
        handheld.network(on=self.dice.random() < 0.5)
        handheld.go(f"receive/{PAPER}")
        handheld.sees(PAPER)
        self._scan_until_death()
        handheld.kill()
        handheld.is_offline = False
        handheld.open("outbox")
        # Until the strip has read the outbox it shows none unsent: ask the server's book.
        until(lambda: self._received().keys() >= {*self.beeped}, "that all beeped lots arrive")
        handheld.unsent(0)
        lots = self._received()
        assert [lot for lot in self.beeped if lot not in lots] == [], "beeped, and lost"
        assert [lot for lot, number in lots.items() if number != 1] == [], "doubled"
        assert lots.keys() <= {*self.beeped, *self.silent}, "scanned by nobody"
        assert handheld.faults == []

    def _received(self):
        return Counter(key_of(key).lot.code for (key,) in self.factory.rows(RECEIVED))

    def _scan_until_death(self):
        """Scan as fast as the tones allow, until somebody pulls the battery."""
        groups = [*self.handheld._processes()]
        death = threading.Timer(self.dice.uniform(*SCANNING_S), _kill, [groups])
        death.start()
        try:
            while True:
                lot = f"T{next(self.numbers)}"
                self.silent.append(lot)
                label = f"01020000000049451728111910{lot}{GS}301"
                keys = ["F8" if key == GS else key for key in label]
                self.handheld.page.evaluate(TIMED, [*keys, "Enter"])
                self.beeped.append(self.silent.pop())
        except Error:
            death.join()


def _kill(groups):
    for group in groups:
        os.killpg(group, signal.SIGKILL)
