"""Names in addresses: the ids of other systems hold slashes and blanks, `WH/IN/00012` or `PO 17`.

A name travels percent-encoded (`WH%2FIN%2F00012`). A server's gateway decodes an address before a
route is looked for, and a slash of a name would then part it; so it is held by a mark meanwhile.
Where a route ends in a name, its slashes may also stand as they are.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.routes import BaseRoute
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.internal_types import PathParameterDefinition

API: Final = "/api/"
MARK: Final = "\ue02f"
"""Stands for a slash inside a name; of the characters that no code has."""


class SlashesHeld:
    """An application that finds its routes although names have slashes."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._ends = dict(filter(None, map(_end, routes)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith(API):
            raw = scope.get("raw_path") or scope["path"].encode()
            # A test's transport leaves the query there.
            scope["path"] = self._held(raw.partition(b"?")[0].decode("latin-1"))
        await self._app(scope, receive, send)

    def _held(self, path: str) -> str:
        for first, names in self._ends.items():
            if path.startswith(first):
                parts = path.removeprefix(first).removesuffix("/").split("/", names - 1)
                path = first + "/".join([*parts[:-1], parts[-1].replace("/", "%2F")])
        return "/".join(unquote(part).replace("/", MARK) for part in path.split("/"))


class SlashesGiven(ASGIMiddleware):
    """Gives the names their slashes back, once the route is found."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        given = scope["path_params"]
        scope["path_params"] = {
            name: value.replace(MARK, "/") if isinstance(value, str) else value
            for name, value in given.items()
        }
        await next_app(scope, receive, send)


def _end(route: BaseRoute) -> tuple[str, int] | None:
    """Return what a route begins with and how many names end it, where only names do."""
    fixed = [part for part in route.path_components if isinstance(part, str)]
    names = route.path_components[len(fixed) :]
    is_end = names and all(
        isinstance(part, PathParameterDefinition) and part.type is str for part in names
    )
    first = f"/{'/'.join(fixed)}/"
    return (first, len(names)) if is_end and first.startswith(API) else None
