"""The device's clock as the client reads it: a new segment where wall and mono part (T7)."""

STEP_MS = 250


class Segments:
    """Twin of pwa/src/device/clock.ts; `stepped_back` keeps their number for the next page."""

    def __init__(self, wall, mono, new_id, stepped_back, steps_back=0):
        self._wall = wall
        self._mono = mono
        self._new_id = new_id
        self._stepped_back = stepped_back
        self._steps_back = steps_back
        self._begin(wall() - mono())

    def read(self):
        wall, mono = self._wall(), self._mono()
        parted = wall - mono - self._distance
        if abs(parted) > STEP_MS:
            if parted < 0:
                self._steps_back += 1
                self._stepped_back(self._steps_back)
            self._begin(wall - mono)
        return wall, mono, self._name

    def resume(self):
        """The page wakes up: nobody knows what the clock did meanwhile."""
        self.read()
        self._begin(self._distance)

    def now(self):
        return self.read()[0]

    def segment(self):
        return self.read()[2]

    def _begin(self, distance):
        self._distance = distance
        self._name = f"{self._steps_back}-{self._new_id()}"
