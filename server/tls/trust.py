"""What is answered without https: how a phone comes to trust this server, and nothing else.

Whoever typed a name into a browser lands here, under whatever name: before the authority is
trusted, https can show nothing but a warning.
"""

import html
import plistlib
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from string import Template
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from server.tls.authority import Pair

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Send], Awaitable[None]]

PAGE: Final = "/trust"
NAMESPACE: Final = uuid.UUID("6b7f1f0e-6a0e-4d0e-9d2d-2f6d1f0b9a55")

WORDS: Final = Template((Path(__file__).parent / "trust.html").read_text("utf-8"))

SHOWN: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}


def trust_app(authority: Pair, origin: str) -> App:
    """Return an ASGI application that tells everybody how to trust this authority."""
    files = _files(authority, origin)

    async def app(scope: Scope, _receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        if scope["type"] != "http":
            return
        found = files.get(scope["path"]) if scope["method"] in {"GET", "HEAD"} else None
        status, headers, body = 302, {"location": PAGE}, b""
        if found is not None:
            status, headers, body = 200, {"content-type": found[0]}, found[1]
        headers |= SHOWN | {"content-length": str(len(body))}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        sent = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": sent})

    return app


def _files(authority: Pair, origin: str) -> Mapping[str, tuple[str, bytes]]:
    der = authority.read.public_bytes(Encoding.DER)
    page = WORDS.substitute(fingerprint=authority.fingerprint, origin=html.escape(origin))
    certificate = "application/x-x509-ca-cert"
    return {
        PAGE: ("text/html; charset=utf-8", page.encode()),
        f"{PAGE}/bincard.crt": (certificate, authority.read.public_bytes(Encoding.PEM)),
        f"{PAGE}/bincard.cer": (certificate, der),
        f"{PAGE}/bincard.mobileconfig": ("application/x-apple-aspen-config", _profile(authority)),
    }


def _profile(authority: Pair) -> bytes:
    """Return a configuration profile with the authority in it; the same one each time."""
    read = authority.read
    one, all_of_it = (str(uuid.uuid5(NAMESPACE, f"{part} {authority.fingerprint}"))
                      for part in ("certificate", "profile"))  # fmt: skip
    payload = {
        "PayloadType": "com.apple.security.root", "PayloadVersion": 1, "PayloadUUID": one,
        "PayloadIdentifier": f"bincard.{one}", "PayloadDisplayName": authority.name,
        "PayloadContent": read.public_bytes(Encoding.DER),
    }  # fmt: skip
    return plistlib.dumps(
        {
            "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadUUID": all_of_it,
            "PayloadIdentifier": f"bincard.{all_of_it}", "PayloadDisplayName": authority.name,
            "PayloadContent": [payload],
        }
    )  # fmt: skip
