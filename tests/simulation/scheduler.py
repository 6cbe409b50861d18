"""Virtual time: what is due next happens next, and nothing ever waits for a clock."""

import heapq

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
STEPS_MAX = 500_000


class Scheduler:
    """Milliseconds of the true world; equal times keep their order."""

    def __init__(self, now):
        self.now = now
        self._due = []
        self._count = 0
        self.steps = 0

    def at(self, time, work, *given):
        self._count += 1
        heapq.heappush(self._due, (max(time, self.now), self._count, work, given))

    def after(self, ms, work, *given):
        self.at(self.now + ms, work, *given)

    def run(self, until, then=lambda: None):
        """Do everything that is due up to a time; `then` is asked after each step."""
        while self._due and self._due[0][0] <= until:
            self.steps += 1
            if self.steps > STEPS_MAX:
                raise RuntimeError("this world never comes to rest")
            self.now, _, work, given = heapq.heappop(self._due)
            work(*given)
            then()
        self.now = max(self.now, until)
