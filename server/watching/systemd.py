"""Tells systemd how the service is (`Type=notify`): ready, alive, stopping; elsewhere nothing."""

import os
import socket
from contextlib import suppress


def tell_systemd(state: str) -> None:
    """Send a line such as `READY=1`, `WATCHDOG=1`, `STOPPING=1` where the unit listens."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    # An abstract socket is written with an @, and begins with a NUL.
    address = "\0" + where[1:] if where[0] == "@" else where
    # Nobody who listens is a reason to stop working.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(state.encode(), address)
