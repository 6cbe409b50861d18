"""The framework by itself: it takes the same requests, decodes them and answers; nothing else."""

import gzip
import sys

import msgspec
import uvicorn
from litestar import Litestar, Request, post

from sync.messages import Push

decode = msgspec.json.Decoder(Push).decode


@post("/sync/push", status_code=200)
async def push(request: Request) -> dict[str, int]:
    """Say how many operations came."""
    body = await request.body()
    if "content-encoding" in request.headers:
        body = gzip.decompress(body)
    return {"operations": len(decode(body).operations)}


class Server(uvicorn.Server):
    """Says when it listens, as `bincard serve` does."""

    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("answers", flush=True)


if __name__ == "__main__":
    app = Litestar([push], logging_config=None, openapi_config=None)
    config = uvicorn.Config(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
    Server(config).run()
