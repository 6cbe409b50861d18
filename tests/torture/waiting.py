"""Waiting that ends: what does not come in time is a failure with a name, and no standstill."""

import threading
import time

GLANCE_S = 0.01
PATIENCE_S = 120
"""Far beyond what the slowest machine needs: it is no measure of speed."""


def until(happened, what):
    """Wait until something is so; `what` says it in words."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
        threading.Event().wait(GLANCE_S)
