"""What the client asks of the world. Between two effects nothing else can happen to it."""

from typing import NamedTuple


class Write(NamedTuple):
    """A transaction on the disk; raises `DiskError` where it fails."""

    writes: list
    strict: bool
    again: bool = False


class Ask(NamedTuple):
    """A request; gives the body of the answer, raises `Offline` or `Problem`."""

    path: str
    body: object


class Acquire(NamedTuple):
    """Wait for one's turn at something that only one may do."""

    turn: object


class Pause(NamedTuple):
    """Do nothing for a while, unless somebody wakes the loop."""

    ms: int


class Tone(NamedTuple):
    """Tell the worker: `tick` for a capture, `done` for an operation, `wrong` for neither."""

    what: str
    of: object


class Offline(Exception):
    """No answer came."""


class Problem(Exception):
    """The answer was not a success."""

    def __init__(self, status, body, retry_after=0):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.retry_after = retry_after


class NotRecorded(Exception):
    """The device could not keep it: the full screen, and never a success tone."""


class Unsound(Exception):
    """A snapshot that does not add up: fetch it anew."""


class Turn:
    """A queue of one: whoever holds it works alone."""

    def __init__(self):
        self.held = False
        self.waiting = []

    def release(self):
        self.held = False
        if self.waiting:
            self.held = True
            self.waiting.pop(0)()
