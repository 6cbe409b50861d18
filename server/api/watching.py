"""What machines ask who look after the server: does it live, can it work, what does it count."""

import time
from importlib.metadata import version
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.api.errors import wants_chinese
from server.api.guards import PUBLIC, Gate, supervisor, watcher
from server.api.schema import AS_SUPERVISOR, PERSON, problems
from server.api.sentences import BACKUP_UNPROVED, CLOCK_STEPPED, say
from server.book.clock import MINUTE_MS, ClockDoubt
from server.people.sign_in import SignedIn
from server.refusals import Code, Refusal


class Health(Struct, frozen=True):
    """The process lives and answers."""

    status: str
    version: str
    now: int


class Ready(Struct, frozen=True, omit_defaults=True):
    """The server can do its work; `detail` says what somebody must look at all the same."""

    status: str
    detail: str = ""


class Unproved(Struct, frozen=True):
    """The newest copy of the database does not replay: when it was made, what its replay found."""

    made: int
    differences: int
    faults: tuple[str, ...]


class ClockOff(Struct, frozen=True):
    """The server's clock is ahead by so many ms, or behind; what is scanned is not taken then."""

    off: int
    refuses: bool


class ServerState(Struct, frozen=True):
    """What a supervisor must know of the server; null where all is well."""

    backup: Unproved | None
    clock: ClockOff | None


@get("/health", opt=PUBLIC, responses=problems(), tags=["server"])
async def health(gate: NamedDependency[Gate]) -> Health:
    """Say that the process lives. It asks no database: restarting this one would not help that."""
    return Health("ok", version("bincard"), gate.now())


@get(
    "/ready", opt=PUBLIC, tags=["server"],
    responses=problems(
        Code.STOPPING, Code.DATABASE_SILENT, Code.TABLES_OTHER, Code.WRITER_STUCK, Code.DISK_LOW
    ),
)  # fmt: skip
async def ready(request: Request[Any, Any, Any], gate: NamedDependency[Gate]) -> Ready:
    """Say whether the server can do its work now; 503 says why not.

    Without a proved backup it can, and with a clock that is off; but somebody must be told.
    """
    fault = await gate.readiness.fault()
    if fault is not None:
        raise Refusal(fault, retry_after=5)
    chinese, details = wants_chinese(request), []
    if (doubt := gate.book.clock.doubt()) is not None:
        details.append(clock_words(doubt, chinese=chinese))
    if await gate.copies.unproved() is not None:
        details.append(BACKUP_UNPROVED[chinese])
    return Ready("ready", " ".join(details))


def clock_words(doubt: ClockDoubt, *, chinese: bool) -> str:
    """Say how far the clock is off, and what to do."""
    if doubt.refuses:
        return say(doubt.refusal(), chinese=chinese)
    return CLOCK_STEPPED[chinese].format(minutes=abs(doubt.off) // MINUTE_MS)


@get("/server", guards=[supervisor], responses=problems(*AS_SUPERVISOR))
async def server_state(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn]
) -> ServerState:
    """Say what of the server needs somebody, for the desk."""
    found, begin = await gate.copies.unproved(), f"{person.site}: "
    doubt = gate.book.clock.doubt()
    clock = ClockOff(doubt.off, doubt.refuses) if doubt is not None else None
    if found is None:
        return ServerState(None, clock)
    # What is odd at other sites is not for this one's desk.
    faults = tuple(one for one in found.note.faults if one.startswith(begin))
    return ServerState(Unproved(found.note.made, found.note.differences, faults), clock)


@get(
    "/metrics", guards=[watcher], media_type=CONTENT_TYPE_PLAIN_0_0_4, tags=["server"],
    responses=problems(Code.WATCHERS_ONLY),
)  # fmt: skip
async def metrics(gate: NamedDependency[Gate]) -> Response[bytes]:
    """Return the figures in the form that Prometheus reads."""
    await gate.figures.look(time.monotonic())
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(gate.together)
    registry.register(gate.figures)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


router = Router("/", route_handlers=[server_state], security=PERSON, tags=["server"])
