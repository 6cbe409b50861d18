"""Every request as those see it who look after the server: an id, a time, a line.

It stands around the whole application, so that what finds no route is seen too. Routes are told
by their template: paths hold numbers of documents, and there is no end of them.
"""

import logging
import re
import secrets
from collections.abc import Iterator
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, ReceiveMessage, Scope, Send

from server.refusals import Code, Refusal
from server.watching.lines import ACCESS, request_id
from server.watching.meters import Meters

if TYPE_CHECKING:
    from server.watching.traces import Traces

HEADER: Final = b"x-request-id"
GIVEN: Final = re.compile(r"[\w.:-]{1,64}", re.ASCII)
NO_ROUTE: Final = "none"
STREAMS: Final = frozenset({"/sync/poke"})
BODILESS: Final = frozenset({"GET", "HEAD"})
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watched:
    """An application whose requests are counted, named and written down."""

    def __init__(self, app: ASGIApp, meters: Meters, traces: "Traces | None") -> None:
        self._app = app
        self._meters = meters
        self._traces = traces
        self._ids = _new_ids()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        name = _given(scope) or next(self._ids)
        method = str(scope["method"]) if scope["method"] in METHODS else "other"
        request_id.set(name)
        parent = _header(scope, b"traceparent") if self._traces else None
        span = self._traces.begin(method, parent, name) if self._traces else None
        status, first = 500, None

        async def noting(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status, first = message["status"], perf_counter()
                message["headers"] = [*message["headers"], (HEADER, name.encode())]
            await send(message)

        taking = receive if method in BODILESS else _whole(receive)
        try:
            await self._app(scope, taking, noting)
        finally:
            route = scope.get("path_template") or NO_ROUTE
            ended = first if first is not None and route in STREAMS else perf_counter()
            self._meters.answered(method, route, str(status), ended - began)
            if self._traces and span:
                self._traces.end(span, method, route, status)
            if ACCESS.isEnabledFor(logging.INFO):
                _write(scope, route, status, perf_counter() - began)


def _whole(receive: Receive) -> Receive:
    """Tell who is gone in the middle of its body from who said all and then went."""
    more = True

    async def taking() -> ReceiveMessage:
        nonlocal more
        message = await receive()
        if more and message["type"] == "http.disconnect":
            raise Refusal(Code.ABORTED)
        more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    return taking


def _new_ids() -> Iterator[str]:
    """Give each request a name that no other process gives; cheap, for thousands a second."""
    process = secrets.token_hex(4)
    return (f"{process}-{number:x}" for number in count(1))


def _given(scope: Scope) -> str | None:
    """Return the id that a proxy gave, if it is one: nobody writes whole lines into our log."""
    given = _header(scope, HEADER)
    return given if given and GIVEN.fullmatch(given) else None


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            return value.decode("latin-1")
    return None


def _write(scope: HTTPScope, route: str, status: int, seconds: float) -> None:
    state, client = scope.get("state", {}), scope.get("client")
    device, person = state.get("device"), state.get("person")
    facts = {
        "method": scope["method"],
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "device": device.device if device else None,
        "person": person.person if person else None,
        "from": client[0] if client else None,
    }
    ACCESS.info("answered", extra={"facts": {k: v for k, v in facts.items() if v is not None}})
