"""Connections as this server takes them: each has deadlines, and there are only so many.

A proxy in front would do the same, but nobody has to have one. Whoever sends a header byte by
byte, never ends a body or never reads its answer holds a socket and some memory: no longer than
the settings say. An answer is not hurried while it is made: a stream of pokes lasts for hours.
"""

import asyncio
import logging
import resource
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from server.settings import Settings

LOG: Final = logging.getLogger("bincard.server")

HEAD_BYTES_MAX: Final = 32 * 1024
"""A request line with its headers; those of the web app have less than two thousand."""

FILES_BESIDE: Final = 200
"""Open files that are no connections: the database, the log, the web app."""


class Guarded(HttpToolsProtocol):
    """One connection: a deadline for each header and body, a size for headers, a reader's pace."""

    def __init__(self, *args: Any, settings: Settings, **more: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **more)
        self._settings = settings
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0
        self._answering: RequestResponseCycle | None = None
        """The request in work; `cycle` is the newest, which may still wait behind it."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered here."""
        return self._answering is None or self._answering.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn's own
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it; when there are too many, one that asks nothing gives way, else this one."""
        super().connection_made(transport)
        self._wait(self._settings.head_seconds)
        if len(self.connections) <= self._settings.connections:
            return
        others = (one for one in self.connections if one is not self and isinstance(one, Guarded))
        (next((one for one in others if one.is_idle), None) or self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        self.pipeline.clear()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            # From the first byte on, and not anew with each: a line end is one, too.
            self._head_bytes += len(data)
            if self._deadline is None:
                self._wait(self._settings.head_seconds)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431, b"the header is too large")

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES_MAX:
            self._refuse(431, b"the header is too large")
            return
        self._in_head, self._head_bytes = False, 0
        self._wait(self._settings.body_seconds)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._in_head:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._in_head:
            self._rest()
            self._in_head = True
            super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        seconds = self._settings.body_seconds
        self._unread = self._unread or self.loop.call_later(seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait(self, seconds: int) -> None:
        self._rest()
        self._deadline = self.loop.call_later(seconds, self._late)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        """End what did not come in time; who has sent nothing at all is told nothing."""
        self._deadline = None
        if self._in_head and not self._head_bytes:
            self.transport.close()
        else:
            self._refuse(408, b"the request did not come in time")

    def _refuse(self, status: int, words: bytes) -> None:
        """Answer what is no request yet, unless another answer is under way, and close."""
        if self.transport.is_closing():
            return
        waits = self._answering is not None and not self._answering.response_started
        if not self.pipeline and (self.is_idle or waits):
            head = b"content-type: text/plain\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(words) + words)
        self.transport.close()


def raise_files(connections: int) -> None:
    """Allow this process as many open files as it may have connections, where the system lets it.

    Many systems begin with 1,024 and let whoever asks have more.
    """
    wanted = connections + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        LOG.warning("this process may open %s files, and %s connections want %s: raise the "
                    "system's limit, or set BINCARD_CONNECTIONS lower",
                    most, connections, wanted)  # fmt: skip
