"""What machines ask who look after the server: does it live, can it work, what does it count."""

import time
from importlib.metadata import version

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.api.guards import PUBLIC, Gate, watcher
from server.api.schema import problems
from server.refusals import Code, Refusal


class Health(Struct, frozen=True):
    """The process lives and answers."""

    status: str
    version: str
    now: int


class Ready(Struct, frozen=True):
    """The server can do its work."""

    status: str


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
async def ready(gate: NamedDependency[Gate]) -> Ready:
    """Say whether the server can do its work now; 503 says why not."""
    fault = await gate.readiness.fault()
    if fault is not None:
        raise Refusal(fault, retry_after=5)
    return Ready("ready")


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
