"""The device's clock as the client reads it: a new segment where wall and mono part by a second."""

STEP_MS = 1_000


class Segments:
    """Twin of pwa/src/device/clock.ts."""

    def __init__(self, wall, mono, new_segment):
        self._wall = wall
        self._mono = mono
        self._new_segment = new_segment
        self._name = new_segment()
        self._distance = wall() - mono()

    def read(self):
        wall, mono = self._wall(), self._mono()
        if abs(wall - mono - self._distance) > STEP_MS:
            self._distance = wall - mono
            self._name = self._new_segment()
        return wall, mono, self._name

    def now(self):
        return self.read()[0]

    def segment(self):
        return self.read()[2]
