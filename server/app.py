"""Puts the server together and runs it: the one place where all its parts meet.

Nothing else reads the clock or the token key.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

import anyio
import uvicorn
from litestar import Litestar, Router, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from server.api import documents, people, review, stock, sync
from server.api.access import AccessLog
from server.api.bodies import Unpacked
from server.api.errors import answer_for
from server.api.guards import PUBLIC, Gate, give_device, give_device_name, give_gate, give_person
from server.api.headers import SecurityHeaders
from server.api.schema import PackedTypes, openapi, problems
from server.api.static import static_files
from server.backups.daily import Keeper
from server.book import Book
from server.in_use import sharing
from server.migrations import check_schema
from server.settings import Settings, token_key

LOG: Final = logging.getLogger("bincard.server")

DAY_S: Final = 86_400
MINUTE_S: Final = 60

SHUTDOWN_S: Final = 5
"""Open streams of pokes would wait for ever; a commit takes milliseconds."""


class Health(Struct, frozen=True):
    """The server answers, and so does its database."""

    status: str
    version: str
    now: int


@get("/health", opt=PUBLIC, responses=problems(), tags=["server"])
async def health(gate: NamedDependency[Gate]) -> Health:
    """Say that the server and its database answer."""
    await gate.book.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    return Health("ok", version("bincard"), gate.now())


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def open_book(settings: Settings, now: Callable[[], int] = now_ms) -> Book:
    """Return the book of this installation. Raises `SchemaOld` or `SettingsInvalid`."""
    check_schema(settings.database)
    return Book(settings.database, token_key(settings.token_key_file), now)


def application(settings: Settings, book: Book, now: Callable[[], int] = now_ms) -> Litestar:
    """Join book, guards and routes into one application, which opens and closes the book."""

    @asynccontextmanager
    async def opened(_: Litestar) -> AsyncGenerator[None]:
        book.start()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_prune_daily, book)
                tasks.start_soon(_refresh_snapshots, book)
                tasks.start_soon(Keeper(settings, book, now).keep)
                yield
                tasks.cancel_scope.cancel()
        finally:
            book.close()

    gate = Gate(book, token_key(settings.token_key_file), now, settings)
    api = [documents.router, people.router, review.router, stock.router]
    return Litestar(
        route_handlers=[
            Router("/api", route_handlers=api, middleware=[Unpacked()]),
            sync.router,
            health,
            static_files(settings.web),
        ],
        dependencies={
            "gate": Provide(give_gate, sync_to_thread=False),
            "device": Provide(give_device, sync_to_thread=False),
            "device_name": Provide(give_device_name, sync_to_thread=False),
            "person": Provide(give_person, sync_to_thread=False),
        },
        state=State({"gate": gate}),
        lifespan=[opened],
        exception_handlers={Exception: answer_for},
        middleware=[AccessLog(), SecurityHeaders()],
        compression_config=CompressionConfig(
            "gzip", minimum_size=1_024, gzip_compress_level=5, exclude_opt_key="packed"
        ),
        openapi_config=openapi(version("bincard")),
        plugins=[PackedTypes()],
        logging_config=None,
    )


async def _prune_daily(book: Book) -> None:
    while True:
        await book.prune()
        await anyio.sleep(DAY_S)


async def _refresh_snapshots(book: Book) -> None:
    while True:
        try:
            await book.refresh_snapshots()
        except Exception:
            LOG.exception("no fresh snapshot was made: who starts anew waits for one")
        await anyio.sleep(MINUTE_S)


def _rest_the_collector() -> None:
    """Look for garbage seldom: a push makes thousands of small rows, and they hold no cycles.

    With Python's own thresholds a fifth of the server's time went into looking at what was there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


class _Server(uvicorn.Server):
    """Says that it answers once it really listens, and ends open streams when told to stop."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], closing: asyncio.Event
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)


def serve(settings: Settings, ready: Callable[[], None]) -> None:
    """Answer requests until told to stop; what is being committed then is finished first."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.getLogger("bincard.access").setLevel(
        logging.INFO if settings.access_log else logging.WARNING
    )
    with sharing(settings.data):
        _serve(settings, ready)


def _serve(settings: Settings, ready: Callable[[], None]) -> None:
    app = application(settings, open_book(settings))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        # The runner raises the signal again when all is finished; being told to stop is no fault.
        signal.signal(number, lambda *_: None)
    _rest_the_collector()
    gate: Gate = app.state.gate
    _Server(config, ready, gate.closing).run()
