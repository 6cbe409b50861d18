"""A device's clocks: wrong by days, drifting, stepped by hand, standing still in sleep."""


class HardwareClock:
    """What Date.now() and performance.now() say on one device at a true time."""

    def __init__(self, start, offset=0, drift_ppm=0):
        self.start = start
        self.offset = offset
        self.drift_ppm = drift_ppm
        self._sleeps = []

    def wall(self, now):
        return now + self.offset + (now - self.start) * self.drift_ppm // 1_000_000

    def mono(self, now):
        slept = sum(max(0, min(now, until) - since) for since, until in self._sleeps)
        awake = now - self.start - slept
        return awake + awake * self.drift_ppm // 1_000_000

    def sleep(self, now, until):
        """The machine sleeps: performance.now() stands still on most platforms."""
        since = max([now, *(end for _, end in self._sleeps)])
        if until > since:
            self._sleeps.append((since, until))

    def step(self, ms):
        """Somebody set the time."""
        self.offset += ms
