"""Many devices on one thread: each sends its requests one after the other and notes how long.

Requests are bytes that were made before, answers are only looked at as far as their status:
what is measured is the server, and it shares the machine with this.
"""

import asyncio
import time
from typing import NamedTuple

import uvloop


class Sent(NamedTuple):
    """Seconds from the first request to the last answer, and those of each request, sorted."""

    seconds: float
    each: list

    def ms(self, share):
        """Return the latency in ms that this share of the requests stayed below."""
        return self.each[min(int(len(self.each) * share), len(self.each) - 1)] * 1_000


class Device(asyncio.Protocol):
    """One connection that is kept. With a pace, requests are due so many seconds apart."""

    def __init__(self, requests, pace=None, first=0.0):
        self.requests = iter(requests)
        self.pace = pace
        self.due = first
        self.each = []
        self.buffer = b""
        self.done = asyncio.get_running_loop().create_future()

    def begin(self, began):
        self.due += began
        self._next()

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, fault):
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the server hung up: {fault}"))

    def data_received(self, data):
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self.buffer = b""
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(AssertionError(f"not taken: {head[:80]!r} {body[:300]!r}"))
            return
        # Behind time, it counts from when it was due: a slow answer must not hide the next ones.
        self.each.append(time.perf_counter() - self.due)
        if self.pace:
            self.due += self.pace
        self._next()

    def _next(self):
        request = next(self.requests, None)
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        if not self.pace:
            self.due = time.perf_counter()
            self.transport.write(request)
            return
        wait = self.due - time.perf_counter()
        asyncio.get_running_loop().call_later(max(wait, 0), self.transport.write, request)


def send_all(port, queues, pace=None):
    """Send the queue of every device at the same time; return what it took."""
    return uvloop.run(_send_all(port, queues, pace))


async def _send_all(port, queues, pace):
    loop = asyncio.get_running_loop()
    devices = []
    for number, queue in enumerate(queues):
        first = pace * number / len(queues) if pace else 0.0
        _, device = await loop.create_connection(
            lambda queue=queue, first=first: Device(queue, pace, first), "127.0.0.1", port
        )
        devices.append(device)
    began = time.perf_counter()
    for device in devices:
        device.begin(began)
    await asyncio.gather(*(device.done for device in devices))
    seconds = time.perf_counter() - began
    for device in devices:
        device.transport.close()
    return Sent(seconds, sorted(each for device in devices for each in device.each))
