"""Bodies of pushes: unpacked with a limit on what comes out, so that no small file fills memory."""

import zlib
from typing import Any, Final

from litestar import Request

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
