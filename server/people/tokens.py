"""What a device and a signed-in person show at the door: texts signed by the token key.

Nothing of them is stored, so a database restored from a backup still knows its devices.
Each kind is signed under its own purpose: a session never passes as a device token.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct

SESSION_MS: Final = 12 * 3_600_000
"""A long shift: whoever signs in at its start isn't asked again before its end."""


@dataclass(frozen=True)
class DeviceToken:
    """Says which device speaks, and of which site."""

    device: str
    site: str


class Session(Struct, frozen=True, array_like=True):
    """Who signed in on which device; `stamp` ends it when the PIN changes."""

    person: str
    device: str
    site: str
    expires: int
    stamp: str


_decode_session = msgspec.json.Decoder(Session).decode


def device_token(key: bytes, device: str, site: str) -> str:
    """Return `bc1.<device>.<site>.<mac>`."""
    if "." in device:
        raise ValueError("the id of a device holds no dot")
    text = f"bc1.{device}.{site}"
    return f"{text}.{_mac(key, 'device', text.encode())}"


def read_device_token(key: bytes, token: str) -> DeviceToken | None:
    """Return what the token says, or null when this server never signed it."""
    text, _, mac = token.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(key, "device", text.encode()).encode()):
        return None
    _, device, site = text.split(".", 2)
    return DeviceToken(device, site)


def session_text(key: bytes, session: Session) -> str:
    """Return `bs1.<payload>.<mac>`."""
    payload = _base64(msgspec.json.encode(session))
    return f"bs1.{payload}.{_mac(key, 'session', payload.encode())}"


def read_session(key: bytes, text: str, now: int) -> Session | None:
    """Return the session, or null when it is forged or over."""
    kind, _, rest = text.partition(".")
    payload, _, mac = rest.partition(".")
    signed = hmac.compare_digest(mac.encode(), _mac(key, "session", payload.encode()).encode())
    if kind != "bs1" or not signed:
        return None
    padding = "=" * (-len(payload) % 4)
    session = _decode_session(base64.urlsafe_b64decode(payload + padding))
    return session if now < session.expires else None


def stamp_of(pin_hash: str) -> str:
    """Return what a session remembers of the PIN: enough to see that it was changed."""
    return hashlib.sha256(pin_hash.encode()).hexdigest()[:16]


def _mac(key: bytes, purpose: str, text: bytes) -> str:
    return _base64(hmac.digest(key, purpose.encode() + b"\n" + text, "sha256"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
