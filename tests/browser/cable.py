"""A cable between a browser and the server that can be pulled while the browser does anything.

Chromium's own "offline" is told to one page at a time: while a page is left or a browser starts,
requests slip through. What this cable does not carry has not arrived.
"""

import socket
from contextlib import suppress
from threading import Thread


class Cable:
    """Listens at `origin`, and carries bytes to a port of this machine while it is plugged in."""

    def __init__(self, port):
        self._to = ("127.0.0.1", port)
        self._is_plugged, self._ends = True, set()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.origin = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        Thread(target=self._listen, daemon=True).start()

    def plug(self, *, on):
        self._is_plugged = on
        if not on:
            self._cut()

    def close(self):
        self.plug(on=False)
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _listen(self):
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near):
        with near, suppress(OSError):
            if not self._is_plugged:
                return
            with socket.create_connection(self._to) as far:
                self._ends |= {near, far}
                if self._is_plugged:
                    back = Thread(target=_carry, args=(far, near), daemon=True)
                    back.start()
                    _carry(near, far)
                    back.join()
                self._ends -= {near, far}

    def _cut(self):
        for end in tuple(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _carry(source, sink):
    """Carry bytes until one end is closed; then close both, as a server that stops does."""
    with suppress(OSError):
        while sent := source.recv(65536):
            sink.sendall(sent)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
