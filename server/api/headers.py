"""Headers that every answer carries: what a browser may do with it."""

from collections.abc import Iterable
from typing import Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

SOURCES: Final = {
    "default-src": "'self'",
    # zxing's WebAssembly needs this; it allows no script that is not ours.
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    # Svelte writes widths and colours of drawings into style attributes.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(f"{name} {sources}" for name, sources in SOURCES.items())

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


HTTPS_ALONE: Final = {"Strict-Transport-Security": f"max-age={180 * 86_400}"}
"""Who came by https once is not led to the plain page by anybody else on the way."""


class SecurityHeaders(ASGIMiddleware):
    """Adds them, also to refusals."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, *, https: bool = False) -> None:
        told = HEADERS | (HTTPS_ALONE if https else {})
        # As they travel: encoded once, not at each of thousands of pushes.
        self._raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *self._raw,
                    *_age(scope, message["headers"]),
                ]
            await send(message)

        await next_app(scope, receive, send_with_headers)


def _age(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What the API says is kept by nobody, unless the answer itself says otherwise."""
    own = any(name.lower() == b"cache-control" for name, _ in headers)
    if own or not scope["path"].startswith(("/api/", "/sync/")):
        return []
    return [(b"cache-control", b"no-store")]
