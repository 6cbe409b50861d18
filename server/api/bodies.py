"""Bodies of requests, unpacked with a limit on what comes out: no small file fills the memory."""

import zlib
from typing import Any, Final

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, ReceiveMessage, Scope, Send

from server.refusals import Code, Refusal

GZIP_BYTES_MAX: Final = 256 * 1024
"""What may arrive compressed; the device halves its push when the server says 413."""


async def unpacked(request: Request[Any, Any, Any], bytes_max: int) -> bytes:
    """Return the body, decompressed if it is compressed. Raises `Refusal`."""
    body = await request.body()
    match request.headers.get("content-encoding", "identity").strip().lower():
        case "identity" | "":
            data = body
        case "gzip":
            data = gunzip(body, bytes_max)
        case _:
            raise Refusal(Code.MEDIA_TYPE)
    if len(data) > bytes_max:
        raise Refusal(Code.TOO_LARGE)
    return data


def gunzip(body: bytes, bytes_max: int) -> bytes:
    """Decompress one whole gzip member of at most `bytes_max` bytes."""
    if len(body) > GZIP_BYTES_MAX:
        raise Refusal(Code.TOO_LARGE)
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(body, bytes_max + 1)
    except zlib.error as fault:
        raise Refusal(Code.NOT_GZIP) from fault
    if len(data) > bytes_max:
        raise Refusal(Code.TOO_LARGE)
    if not stream.eof or stream.unused_data:
        raise Refusal(Code.NOT_GZIP)
    return data


class Unpacked(ASGIMiddleware):
    """Unpacks compressed bodies on their way to routes that the framework decodes for.

    The web app compresses whatever is worth it; the framework doesn't unpack.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        headers = MutableScopeHeaders(scope)
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding in {"identity", ""}:
            await next_app(scope, receive, send)
            return
        if encoding != "gzip":
            raise Refusal(Code.MEDIA_TYPE)
        data = gunzip(await _read(receive), GZIP_BYTES_MAX)
        del headers["content-encoding"]
        headers["content-length"] = str(len(data))
        told = False

        async def receive_unpacked() -> ReceiveMessage:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": data, "more_body": False}

        await next_app(scope, receive_unpacked, send)


async def _read(receive: Receive) -> bytes:
    """Read a body, no further than it may be long."""
    body, more = b"", True
    while more and len(body) <= GZIP_BYTES_MAX:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(Code.ABORTED)
        body += message["body"]
        more = message.get("more_body", False)
    return body
