"""Who may pass each door: everybody, an enrolled device, a worker, or a supervisor.

Every route names one of these guards, or is marked `PUBLIC`; a test walks all routes.
A guard leaves what it found in the request's state, for the handlers to ask for.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from litestar.connection import ASGIConnection, Request
from litestar.handlers.base import BaseRouteHandler

from server.api.limits import Limiter, Streams
from server.book import Book
from server.people.sign_in import SignedIn, check_device, who_is
from server.people.tokens import DeviceToken, read_device_token, read_session
from server.refusals import Code, Refusal
from server.settings import Settings
from server.watching.copies import Copies
from server.watching.figures import Figures
from server.watching.meters import Meters
from server.watching.readiness import Readiness
from server.watching.together import Together

Connection = ASGIConnection[Any, Any, Any, Any]

PUBLIC: Final = {"public": True}
"""`opt` of the few routes that anybody may ask."""

SESSION_HEADER: Final = "X-Bincard-Session"


THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
FORWARDED: Final = ("x-forwarded-for", "x-real-ip", "forwarded", "via")


@dataclass(frozen=True)
class Gate:
    """What guards need to know; one per application."""

    book: Book
    key: bytes
    now: Callable[[], int]
    settings: Settings
    shared: Path | None = None
    """The folder in which the processes of one server tell each other what they count."""

    meters: Meters = field(default_factory=Meters)
    enrols: Limiter = field(init=False)
    sign_ins: Limiter = field(init=False)
    pushes: Limiter = field(init=False)
    copies: Copies = field(init=False)
    streams: Streams = field(init=False)
    figures: Figures = field(init=False)
    together: Together = field(init=False)
    readiness: Readiness = field(init=False)

    def __post_init__(self) -> None:
        """Size the limits by the settings, and look at what they name."""
        object.__setattr__(self, "copies", Copies(self.settings))
        object.__setattr__(self, "figures", Figures(self.settings, self.book, self.now))
        waiting = partial(getattr, self.book, "waiting")
        object.__setattr__(self, "together", Together(self.meters, waiting, self.shared))
        object.__setattr__(self, "readiness", Readiness(self.settings, self.book))
        object.__setattr__(self, "enrols", Limiter(self.settings.enrol_per_minute, 60))
        object.__setattr__(self, "sign_ins", Limiter(self.settings.sign_in_per_minute, 60))
        object.__setattr__(self, "pushes", Limiter(self.settings.push_per_second, 1))
        object.__setattr__(self, "streams", Streams(self.settings.streams))


def gate_of(connection: Connection) -> Gate:
    gate: Gate = connection.app.state.gate
    return gate


def device_of(connection: Connection) -> DeviceToken:
    """Return the device that speaks, by its token alone. Raises `Refusal`."""
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    found = read_device_token(gate_of(connection).key, token.strip())
    if kind.lower() != "bearer" or found is None:
        raise Refusal(Code.DEVICE_UNKNOWN)
    connection.scope["state"]["device"] = found
    return found


async def pushing_device(connection: Connection, _: BaseRouteHandler) -> None:
    """Let every device in that was ever enrolled here, as often as it may push.

    Even a revoked one's scans are kept. One guard, as the framework copies the route for each.
    """
    gate_of(connection).pushes.take(device_of(connection).device)


async def device(connection: Connection, _: BaseRouteHandler) -> None:
    """Let enrolled devices in that were not revoked."""
    name = await check_device(gate_of(connection).book, device_of(connection))
    connection.scope["state"]["device_name"] = name


async def worker(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let in who is signed in at an enrolled device."""
    await device(connection, handler)
    connection.scope["state"]["person"] = await _person_of(connection)


async def supervisor(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let supervisors in who are signed in at an enrolled device."""
    await worker(connection, handler)
    if give_person(connection).role != "supervisor":
        raise Refusal(Code.SUPERVISOR_ONLY)


async def few_enrolments(connection: Connection, _: BaseRouteHandler) -> None:
    gate_of(connection).enrols.take(_address(connection))


async def few_sign_ins(connection: Connection, _: BaseRouteHandler) -> None:
    gate_of(connection).sign_ins.take(_address(connection))


async def watcher(connection: Connection, _: BaseRouteHandler) -> None:
    """Let in who asks on this machine itself, or shows the token of the settings."""
    token = gate_of(connection).settings.metrics_token
    shown = connection.headers.get("authorization", "").partition(" ")[2].strip()
    if token and hmac.compare_digest(shown.encode(), token.encode()):
        return
    # What a proxy on this machine passes on comes from somewhere else.
    passed_on = any(name in connection.headers for name in FORWARDED)
    if passed_on or _address(connection) not in THIS_MACHINE:
        raise Refusal(Code.WATCHERS_ONLY)


GUARDS: Final = frozenset({pushing_device, device, worker, supervisor, watcher})
"""The guards that say who may pass; the others only say how often."""


def give_gate(request: Request[Any, Any, Any]) -> Gate:
    return gate_of(request)


def give_device(request: Connection) -> DeviceToken:
    found: DeviceToken = request.scope["state"]["device"]
    return found


def give_device_name(request: Connection) -> str:
    found: str = request.scope["state"]["device_name"]
    return found


def give_person(request: Connection) -> SignedIn:
    found: SignedIn = request.scope["state"]["person"]
    return found


async def _person_of(connection: Connection) -> SignedIn:
    gate = gate_of(connection)
    text = connection.headers.get(SESSION_HEADER, "")
    session = read_session(gate.key, text, gate.now())
    person = await who_is(gate.book, give_device(connection), session, text) if session else None
    if person is None:
        raise Refusal(Code.SIGN_IN)
    return person


def _address(connection: Connection) -> str:
    return connection.client.host if connection.client else "local"
