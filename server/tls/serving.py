"""The server's certificate in use: renewed in time, and taken up without a restart.

Beside it, without https, the page where phones learn to trust it.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import uvicorn

from server.settings import Settings
from server.tls.store import TlsStore
from server.tls.trust import trust_app

LOG: Final = logging.getLogger("bincard.tls")


class Certificate:
    """What https speaks with. `look` is to be called now and then, from the loop's own thread."""

    def __init__(self, store: TlsStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._read = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self.look()
        self._take_up()

    def look(self) -> None:
        """Renew what ends soon; take up what another process or `bincard tls make` wrote.

        Open connections keep what they have, the next ones get the new certificate.
        """
        try:
            if self._store.renew(self._now()):
                LOG.info("the certificate of https was renewed")
            if self._store.server_file.stat().st_mtime_ns != self._read:
                self._take_up()
        except (OSError, ValueError):
            # What is in use goes on; phones have weeks until it ends.
            LOG.exception("the certificate of https could not be renewed")

    def _take_up(self) -> None:
        self._read = self._store.server_file.stat().st_mtime_ns
        self.context.load_cert_chain(self._store.server_file)


class Outside:
    """What a server shows to the outside beside its own port: its certificate, and how to trust it.

    The socket is bound before processes are made, so that several share it.
    """

    def __init__(self, settings: Settings) -> None:
        self.certificate: Certificate | None = None
        self._trust: uvicorn.Config | None = None
        self._socket: socket.socket | None = None
        self._running: tuple[uvicorn.Server, asyncio.Task[None]] | None = None
        if not settings.tls:
            return
        store = TlsStore(settings.data)
        self.certificate = Certificate(store, lambda: datetime.now(UTC))
        if settings.trust_port:
            self._trust = uvicorn.Config(
                trust_app(store.authority(), settings.origin),
                host=settings.host, port=settings.trust_port, lifespan="off", log_config=None,
                access_log=False, server_header=False, limit_concurrency=50,
            )  # fmt: skip
            self._socket = self._trust.bind_socket()

    @property
    def spoken(self) -> dict[str, Any]:
        """What a configuration of uvicorn is told, so that it speaks https."""
        if self.certificate is None:
            return {}
        context = self.certificate.context
        return {"ssl_context_factory": lambda _config, _default: context}

    async def open(self) -> None:
        """Begin to answer where phones learn to trust; others may fail, the server works on."""
        if self._trust is not None and self._socket is not None:
            server = _Beside(self._trust)
            self._running = server, asyncio.create_task(server.serve([self._socket]))

    async def close(self) -> None:
        if self._running is not None:
            server, task = self._running
            server.should_exit = True
            await task


class _Beside(uvicorn.Server):
    """Runs in a process whose signals are another one's."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
