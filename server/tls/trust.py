"""What is answered without https: how a phone comes to trust this server, and nothing else.

Whoever typed a name into a browser lands here, under whatever name: before the authority is
trusted, https can show nothing but a warning.
"""

import html
import plistlib
import re
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

PLATFORMS: Final = {"android": "Android", "apple": "iPhone|iPad|Macintosh", "pc": "Windows|X11"}
"""The part of the page that stands open, by what a browser says of itself."""

MESSENGERS: Final = re.compile(
    r"MicroMessenger|wxwork|DingTalk|\bQQ/|Feishu|Lark/|WhatsApp|\bLine/|FBA[NV]|FB_IAB|Instagram"
    r"|Messenger|Snapchat|Telegram|Viber|; wv\)",
    re.IGNORECASE,
)
"""Browsers inside messengers (as pwa/src/screens/messengers.ts): they install nothing."""

OUT: Final = {
    "zh_messenger": "<p class=stop>请点右上角 ··· ，选择“在浏览器中打开”。"
    "聊天软件里装不了证书。</p>",
    "en_messenger": "<p class=stop>Tap the menu ··· and choose “Open in browser”: "
    "a messenger cannot install a certificate.</p>",
}

WORDS: Final = Template((Path(__file__).parent / "trust.html").read_text("utf-8"))

SHOWN: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}


def trust_app(authority: Pair, origin: str) -> App:
    """Return an ASGI application that tells everybody how to trust this authority."""
    files = _files(authority)
    facts = {"fingerprint": authority.fingerprint, "origin": html.escape(origin)}

    async def app(scope: Scope, _receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        if scope["type"] != "http":
            return
        found = files.get(scope["path"])
        if scope["path"] == PAGE:
            found = "text/html; charset=utf-8", _page(facts, scope).encode()
        if scope["method"] not in {"GET", "HEAD"}:
            found = None
        status, headers, body = 302, {"location": PAGE}, b""
        if found is not None:
            status, headers, body = 200, {"content-type": found[0]}, found[1]
        headers |= SHOWN | {"content-length": str(len(body))}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        sent = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": sent})

    return app


def _page(facts: dict[str, str], scope: Scope) -> str:
    """Return the steps, with those of the platform that asks laid open; all where it is unknown."""
    told = dict(scope.get("headers", ())).get(b"user-agent", b"").decode("latin-1")
    here = {name for name, words in PLATFORMS.items() if re.search(words, told)}
    is_open = {name: "open" if not here or name in here else "" for name in PLATFORMS}
    out = OUT if MESSENGERS.search(told) else dict.fromkeys(OUT, "")
    return WORDS.substitute(facts | is_open | out)


def _files(authority: Pair) -> Mapping[str, tuple[str, bytes]]:
    der = authority.read.public_bytes(Encoding.DER)
    certificate = "application/x-x509-ca-cert"
    return {
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
