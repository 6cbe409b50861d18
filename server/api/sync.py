"""Push, pull, snapshot and poke: how a device and the ledger keep each other up to date."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from server.api.bodies import unpacked
from server.api.guards import Gate, device, gate_of, give_device, pushing_device
from server.api.schema import ANY, AS_DEVICE, DEVICE, STORING, PushOperation, problems
from server.book import CursorGoneError
from server.book.cursor import seq_of
from server.book.reading import Own
from server.people.lot_numbers import BLOCK, next_block
from server.people.rescues import is_signed
from server.people.roster import workers
from server.people.sign_in import check_device
from server.people.tokens import DeviceToken
from server.refusals import Code, Refusal
from sync.messages import (
    PULL_LIMIT_MAX,
    PUSH_BYTES_MAX,
    Chunk,
    Conflict,
    Page,
    Push,
    Pushed,
    Roster,
)
from sync.messages import Snapshot as SnapshotNames
from sync.operations import Replica

POKE_SILENCE_S: Final = 20
"""A line this often keeps proxies from closing the stream."""

PACKED: Final = {"packed": True}
"""`opt` of what is kept compressed: the framework must not do it again."""

ChunkHash = Annotated[str, PathParameter(pattern=r"^[0-9a-f]{64}$")]
RowsMax = Annotated[int, QueryParameter(ge=1, le=PULL_LIMIT_MAX)]
CursorText = Annotated[str | None, QueryParameter(max_length=300)]
ReplicaAsked = Annotated[str | None, QueryParameter(pattern=r"^[0-9a-f]{32}$")]

WORTH_PACKING: Final = 1_024
"""Bytes of an answer from which on a phone's radio gains more than packing takes."""

_decode_push = msgspec.json.Decoder(Push).decode


class BlocksAsked(Struct, frozen=True):
    """A replica that needs numbers for lots that have none."""

    replica: Replica


class Blocks(Struct, frozen=True):
    """`count` numbers from `first` on, for lot codes that start with `prefix`."""

    prefix: str
    first: int
    count: int


class Lean(HTTPRouteHandler):
    """A route whose guards only look at it: the framework hands each a copy, at each request."""

    async def authorize_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Ask every guard."""
        for guard in self.resolve_guards():
            await guard(connection, self)  # type: ignore[misc]  # none of ours is plain


@Lean(
    "/push",
    http_method=HttpMethod.POST,
    guards=[pushing_device],
    status_code=200,
    request_max_body_size=PUSH_BYTES_MAX,
    operation_class=PushOperation,
    opt=PACKED,
    responses={
        **problems(
            *ANY, Code.NOT_GZIP, Code.DEVICE_UNKNOWN, Code.OTHER_SITE, Code.SITE_UNKNOWN,
            Code.TOO_LARGE, Code.MEDIA_TYPE, Code.TOO_MANY, Code.DAY_FULL, *STORING,
            Code.DEVICE_REVOKED, Code.DEVICE_CLOSED,
            Code.RESCUE_UNSIGNED,
        ),
        409: ResponseSpec(
            Conflict, generate_examples=False,
            description="epoch, gap or fork: repair the queue as the body says and push again",
        ),
    },
)  # fmt: skip
async def push(request: Request[Any, Any, Any]) -> Response[Pushed]:
    """Take what a device did. The answer comes after the commit; sending twice is harmless."""
    # Asked for by hand: the framework would start a task group for each push to do the same.
    gate, device = gate_of(request), give_device(request)
    received = gate.now()
    pushed = _decode_push(await unpacked(request, PUSH_BYTES_MAX))
    _check_site(device, pushed.site)
    signed = False
    if pushed.carrier is not None:
        # Refused, so that the rescue stays whole until a device brings it that may.
        await check_device(gate.book, device)
        signed = is_signed(gate.key, pushed)
        if not signed and pushed.device is not None:
            raise Refusal(Code.RESCUE_UNSIGNED)
    answer = await gate.book.push(device.device, pushed, received, signed=signed)
    return _told(request, answer, status=409 if isinstance(answer, Conflict) else 200)


def _told(
    request: Request[Any, Any, Any], answer: Pushed | Conflict, status: int
) -> Response[Pushed]:
    """Answer a push, packed where it is worth it: most hold one verdict, and leave as they are."""
    told, headers = msgspec.json.encode(answer), {"Vary": "Accept-Encoding"}
    if len(told) >= WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        told, headers = zlib.compress(told, 5, wbits=31), {**headers, "Content-Encoding": "gzip"}
    return Response(told, media_type="application/json", status_code=status, headers=headers)  # type: ignore[arg-type]


@get("/pull", guards=[device], responses=problems(*AS_DEVICE, cursor=True))
async def pull(
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    cursor: CursorText = None,
    limit: RowsMax = 2_000,
    replica: ReplicaAsked = None,
) -> Page:
    """Return what changed after the cursor. 410 means: start again from a snapshot."""
    if cursor is not None and not cursor.isascii():
        raise CursorGoneError("diverged")
    page = await gate.book.pull(device.site, cursor, limit, _own(device, replica))
    gate.meters.pulled(len(page.rows), seq_of(page.cursor) - seq_of(cursor))
    return page


@get("/snapshot", guards=[device], responses=problems(*AS_DEVICE))
async def snapshot(
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    replica: ReplicaAsked = None,
) -> SnapshotNames:
    """Name the parts of the site as it is now; fetch each by its hash, then pull."""
    return await gate.book.snapshot(device.site, _own(device, replica))


@get(
    "/snapshot/{hash_:str}",
    guards=[device],
    responses=problems(*AS_DEVICE, Code.NOT_FOUND),
    opt=PACKED,
)
async def chunk(
    request: Request[Any, Any, Any],
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    hash_: ChunkHash,
) -> Response[Chunk]:
    """Return one part of a snapshot. It never changes, and only the device itself keeps it.

    A browser's cache would hold the people and the stock of a plant beyond what a revoked device
    wipes.
    """
    headers: dict[str, str] = {}
    packed = await gate.book.chunk(device.site, hash_)
    if packed is None:
        raise Refusal(Code.NOT_FOUND)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    else:
        packed = gzip.decompress(packed)
    return Response(packed, media_type="application/json", headers=headers)  # type: ignore[arg-type]


@get("/roster", guards=[device], responses=problems(*AS_DEVICE))
async def roster(gate: NamedDependency[Gate], device: NamedDependency[DeviceToken]) -> Roster:
    """Return by what this device may check the PINs of the site's workers without a network."""
    return Roster(await workers(gate.book, device.site))


@get("/poke", guards=[device], media_type="text/event-stream", responses=problems(*AS_DEVICE))
async def poke(gate: NamedDependency[Gate], device: NamedDependency[DeviceToken]) -> Stream:
    """Say when something changed, without data; losing an event is harmless."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_pokes(gate, device), media_type="text/event-stream", headers=headers)


@post(
    "/blocks", guards=[device], status_code=200, request_max_body_size=4_096,
    responses=problems(*AS_DEVICE, Code.TOO_LARGE, Code.OTHER_DEVICE, Code.STORAGE_FULL,
                       Code.BLOCK_UNUSED),
)  # fmt: skip
async def blocks(
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    data: JSONBody[BlocksAsked],
) -> Blocks:
    """Give a replica 1,000 numbers that no other gets, for lots without a code."""
    prefix, first = await next_block(gate.book, device, data.replica, gate.now())
    return Blocks(prefix, first, BLOCK)


def _own(device: DeviceToken, replica: str | None) -> Own | None:
    """Return the replica that a device asks for: the answer is about its own only."""
    return Own(device.device, replica) if replica is not None else None


def _check_site(device: DeviceToken, site: str) -> None:
    if device.site != site:
        raise Refusal(Code.OTHER_SITE, own=device.site, asked=site)


async def _pokes(gate: Gate, device: DeviceToken) -> AsyncIterator[str]:
    """Turn the book's events into server-sent ones, with a sign of life in between."""
    yield ": connected\n\n"
    over = gate.streams.begin(device.device)
    events = gate.book.subscribe(device.site)
    ending = asyncio.ensure_future(over.wait())
    event = asyncio.ensure_future(anext(events))
    try:
        while not ending.done():
            done, _ = await asyncio.wait(
                {event, ending}, timeout=POKE_SILENCE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if event in done:
                event = asyncio.ensure_future(anext(events))
                yield "event: changed\ndata:\n\n"
            elif not done:
                yield ": still here\n\n"
    finally:
        gate.streams.finish(device.device, over)
        ending.cancel()
        event.cancel()


router = Router(
    "/sync",
    route_handlers=[push, pull, snapshot, chunk, roster, poke, blocks],
    security=DEVICE,
    tags=["sync"],
)
