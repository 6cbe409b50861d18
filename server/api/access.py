"""One line per request, as JSON, for whoever looks after the server.

It holds no token, code, PIN, session, query or body: only what is needed to see who was slow.
"""

import logging
import time
from typing import Final

import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

log: Final = logging.getLogger("bincard.access")


class AccessLog(ASGIMiddleware):
    """Writes the line when the answer is sent."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not log.isEnabledFor(logging.INFO):
            await next_app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, note_status)
        finally:
            log.info(_line(scope, status, time.perf_counter() - started))


def _line(scope: Scope, status: int, seconds: float) -> str:
    state = scope.get("state", {})
    device, person = state.get("device"), state.get("person")
    client = scope.get("client")
    return msgspec.json.encode({
        "at": int(time.time() * 1000),
        "from": client[0] if client else None,
        "method": scope.get("method"),
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 1),
        "device": device.device if device else None,
        "person": person.person if person else None,
    }).decode()  # fmt: skip
