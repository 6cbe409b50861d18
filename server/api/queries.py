"""Queries: a parameter that a route does not know is refused, never ignored.

A misspelt filter would list everything, and whoever asked would take it for the answer.
"""

from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import QueryParameter
from litestar.types import ASGIApp, Receive, Scope, Send

from server.refusals import Code, Refusal

ANY_QUERY: Final = {"any_query": True}
"""`opt` of what takes any query: links to the web app come with the marks of others."""


class KnownQueries(ASGIMiddleware):
    """Refuses queries with an unknown parameter, or with one that is given twice."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if query := scope["query_string"]:
            _check(query, scope["route_handler"])
        await next_app(scope, receive, send)


def _check(query: bytes, handler: BaseRouteHandler) -> None:
    if handler.opt.get("any_query"):
        return
    known = known_queries(handler)
    given = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    for name in given:
        if name not in known:
            raise Refusal(Code.QUERY_UNKNOWN, name=name[:60], known=", ".join(known) or "-")
    if len(set(given)) < len(given):
        twice = next(name for name in given if given.count(name) > 1)
        raise Refusal(Code.INVALID, reason=f"`{twice}` is given twice")


@lru_cache(maxsize=256)
def known_queries(handler: BaseRouteHandler) -> tuple[str, ...]:
    """Return the names of the query parameters that a route takes."""
    return tuple(
        field.kwarg_definition.name or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    )
