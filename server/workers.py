"""Several processes that answer at one address: started, started again when one dies, stopped.

They share nothing but the address: what they know of one another stands in the database.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

LOG: Final = logging.getLogger("bincard.server")

Work = Callable[[Callable[[], None]], None]
"""What a process does until it is told to stop; it says once that it is ready."""

PID_BYTES: Final = 8


class Workers:
    """Looks after its processes from the one that was started."""

    def __init__(self, number: int, work: Work, ready: Callable[[], None]) -> None:
        self._number = number
        self._work = work
        self._ready = ready
        self._running: set[int] = set()
        self._worked: set[int] = set()
        self._stopping = False
        self._told, self._tell = os.pipe()
        # Nobody ever writes here: it ends with the process that was started, and so do the others.
        self._lives, self._alive = os.pipe()

    def run(self) -> int:
        """Work until told to stop; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for _ in range(self._number):
            self._start()
        threading.Thread(target=self._hear, daemon=True).start()
        code = 0
        while self._running:
            pid, status = os.wait()
            # The first process of a container inherits what others leave behind.
            is_stranger = pid not in self._running
            self._running.discard(pid)
            if self._stopping or is_stranger:
                continue
            if pid in self._worked:
                self._start()
            else:
                # Whoever cannot even begin would only fail again.
                code = os.waitstatus_to_exitcode(status) or 1
                self._stop(signal.SIGTERM, None)
        return code

    def _start(self) -> None:
        pid = os.fork()
        if pid:
            self._running.add(pid)
            if self._stopping:
                # Told to between the two lines above.
                os.kill(pid, signal.SIGTERM)
            return
        # A key pressed at the terminal is for the process that was started alone; and who is told
        # to stop before it works has nothing to finish.
        os.setpgid(0, 0)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        if self._stopping:
            os._exit(0)
        os.close(self._alive)
        code = 1
        try:
            threading.Thread(target=self._stop_alone, daemon=True).start()
            self._work(self._say_ready)
            code = 0
        except Exception:
            LOG.exception("a process of the server ended by a fault")
        finally:
            os._exit(code)

    def _say_ready(self) -> None:
        os.write(self._tell, os.getpid().to_bytes(PID_BYTES))

    def _stop_alone(self) -> None:
        """Stop when the process that was started has died.

        Told twice, it does not drain: whoever is started next needs the address.
        """
        os.read(self._lives, 1)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)

    def _hear(self) -> None:
        """Hear who is ready; when all are for the first time, so is the server."""
        while True:
            self._worked.add(int.from_bytes(os.read(self._told, PID_BYTES)))
            if len(self._worked) == self._number:
                self._ready()

    def _stop(self, number: int, _: FrameType | None) -> None:
        self._stopping = True
        for pid in self._running:
            os.kill(pid, number)
