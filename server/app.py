"""Puts the server together and runs it: the one place where all its parts meet."""

import gc
import logging
import signal
import socket
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import anyio
import uvicorn
from anyio import to_thread
from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide

from server.api import documents, people, review, stock, sync, watching
from server.api.bodies import Unpacked
from server.api.errors import answer_for
from server.api.guards import Gate, give_device, give_device_name, give_gate, give_person
from server.api.headers import SecurityHeaders
from server.api.names import SlashesGiven, SlashesHeld
from server.api.queries import KnownQueries
from server.api.schema import PackedTypes, openapi
from server.api.static import static_files
from server.backups.daily import Keeper
from server.book import Book
from server.connections import Guarded, raise_files
from server.in_use import sharing
from server.installation import now_ms, open_book
from server.migrations import check_schema
from server.settings import Settings, SettingsInvalid, token_key
from server.tls.serving import Outside
from server.watching import lines
from server.watching.requests import Watched
from server.watching.systemd import tell_systemd
from server.watching.watchdog import Watchdog
from server.workers import Workers

if TYPE_CHECKING:
    from server.watching.traces import Traces

LOG: Final = logging.getLogger("bincard.server")

DAY_S: Final = 86_400
MINUTE_S: Final = 60
CLOCK_S: Final = 5

TICKS: Final = 600
"""A minute, in the ticks of uvicorn's loop."""

SHUTDOWN_S: Final = 5
"""Open streams of pokes would wait for ever; a commit takes milliseconds."""


def application(
    settings: Settings, book: Book, now: Callable[[], int] = now_ms, shared: Path | None = None
) -> Litestar:
    """Join book, guards and routes into one application, which opens and closes the book.

    The processes of one server tell each other in the folder `shared` what they count.
    """

    @asynccontextmanager
    async def opened(_: Litestar) -> AsyncGenerator[None]:
        book.start()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(book.watch)
                for work in (_prune_daily, _refresh_snapshots, _watch_clock):
                    tasks.start_soon(work, book)
                tasks.start_soon(Keeper(settings, book, now).keep)
                tasks.start_soon(gate.together.keep)
                tasks.start_soon(Watchdog(book).keep)
                yield
                tasks.cancel_scope.cancel()
        finally:
            book.close()
            if traces is not None:
                await to_thread.run_sync(traces.close)

    gate = Gate(book, token_key(settings.token_key_file), now, settings, shared)
    traces = _traces(settings)
    for watch in (gate.meters, traces):
        if watch is not None:
            book.tell(watch)
    api = [documents.router, people.router, review.router, stock.router, watching.router]
    app = Litestar(
        route_handlers=[
            Router("/api", route_handlers=api, middleware=[SlashesGiven(), Unpacked()]),
            sync.router,
            watching.health,
            watching.ready,
            watching.metrics,
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
        middleware=[SecurityHeaders(https=settings.origin.startswith("https:")), KnownQueries()],
        compression_config=CompressionConfig(
            "gzip", minimum_size=1_024, gzip_compress_level=5, exclude_opt_key="packed"
        ),
        openapi_config=openapi(version("bincard")),
        plugins=[PackedTypes()],
        logging_config=None,
    )
    app.asgi_handler = Watched(SlashesHeld(app.asgi_handler, app.routes), gate.meters, traces)
    return app


def _traces(settings: Settings) -> "Traces | None":
    """Trace only where somebody listens: what is not wanted is not even imported."""
    if not settings.traces:
        return None
    from server.watching.traces import Traces  # noqa: PLC0415 - only where it is wanted

    return Traces(settings.traces)


async def _prune_daily(book: Book) -> None:
    while True:
        try:
            # By a clock that stands wrong it would forget what devices still ask for.
            if not _is_doubted(book) and await book.leads():
                await book.prune()
        except Exception:
            LOG.exception("the feed was not pruned; it is tried again in a day")
        await anyio.sleep(DAY_S)


async def _watch_clock(book: Book) -> None:
    """Hold the clock against the log for ever; say once when it cannot be right."""
    said = False
    while True:
        await anyio.sleep(CLOCK_S)
        try:
            await book.look_at_clock()
        except Exception:
            LOG.exception("the clock was not held against the log")
        doubt = book.clock.doubt()
        if doubt is not None and not said:
            LOG.error("%s", watching.clock_words(doubt, chinese=False))
        said = doubt is not None


def _is_doubted(book: Book) -> bool:
    doubt = book.clock.doubt()
    return doubt is not None and doubt.refuses


async def _refresh_snapshots(book: Book) -> None:
    while True:
        try:
            if await book.leads():
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
    """Says that it answers once it really listens, and stops in an order that loses nobody.

    Told to stop, it says so at /ready, goes on answering while it drains, ends open streams and
    lets every request under way have its answer; closing the book finishes what still waits.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], gate: Gate, outside: Outside
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._gate = gate
        self._outside = outside
        self._stop_at: float | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Be told to stop, which is no fault: what runs this raises no signal again at the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; whoever tells it twice is in a hurry."""
        tell_systemd("STOPPING=1")
        drain = self._gate.settings.drain_s
        self._gate.readiness.stopping = True
        if drain and self._stop_at is None:
            self._stop_at = time.monotonic() + drain
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        if counter % TICKS == 0 and self._outside.certificate is not None:
            self._outside.certificate.look()
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            await self._outside.open()
            tell_systemd("READY=1")
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._outside.close()
        self._gate.streams.end_all()
        await super().shutdown(sockets)


def serve(settings: Settings, ready: Callable[[], None]) -> None:
    """Answer requests until told to stop; what is being committed then is finished first."""
    lines.set_up(settings)
    with sharing(settings.data):
        check_schema(settings.database)
        if not (settings.web / "index.html").is_file():
            LOG.warning("There is no web app in %s: run make build, or let BINCARD_WEB name it; "
                        "phones and desks find nothing here until then", settings.web)  # fmt: skip
        outside = Outside(settings)
        if settings.workers == 1:
            _serve(settings, ready, outside)
            return
        if settings.is_file:
            raise SettingsInvalid(
                "SQLite is written by one process alone: let BINCARD_DATABASE name a PostgreSQL, "
                "or set BINCARD_WORKERS to 1."
            )
        # Made once, before there are several who would make one each.
        token_key(settings.token_key_file)
        address = _config(settings, None, outside).bind_socket()
        with tempfile.TemporaryDirectory(prefix="bincard-") as folder:
            work = partial(_serve, settings, outside=outside, address=address, shared=Path(folder))
            code = Workers(settings.workers, work, ready).run()
    if code:
        raise SystemExit(code)


def _config(settings: Settings, app: Litestar | None, outside: Outside) -> uvicorn.Config:
    return uvicorn.Config(
        app or "",
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        timeout_graceful_shutdown=SHUTDOWN_S,
        http=partial(Guarded, settings=settings),  # type: ignore[arg-type]  # makes one
        **outside.spoken,
    )


def _serve(
    settings: Settings,
    ready: Callable[[], None],
    outside: Outside,
    address: socket.socket | None = None,
    shared: Path | None = None,
) -> None:
    app = application(settings, open_book(settings), shared=shared)
    _rest_the_collector()
    raise_files(settings.connections)
    gate: Gate = app.state.gate
    _Server(_config(settings, app, outside), ready, gate, outside).run(
        [address] if address else None
    )
