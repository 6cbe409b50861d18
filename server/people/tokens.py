"""What a device and a signed-in person show at the door: texts signed by the token key.

Nothing of them is stored, so a database restored from a backup still knows its devices.
Each kind is signed under its own purpose: a session never passes as a device token.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from sync.proofs import Session, id_of, key_of_session, mac, payload_of, session_in

SESSION_MS: Final = 12 * 3_600_000
"""A long shift: whoever signs in at its start isn't asked again before its end."""

SLACK_MS: Final = 3_600_000
"""Clocks are set back a little now and then, and those of several servers differ."""


@dataclass(frozen=True)
class DeviceToken:
    """Says which device speaks, and of which site."""

    device: str
    site: str


def device_token(key: bytes, device: str, site: str) -> str:
    """Return `bc1.<device>.<site>.<mac>`."""
    if "." in device:
        raise ValueError("the id of a device holds no dot")
    text = f"bc1.{device}.{site}"
    return f"{text}.{mac(key, 'device', text.encode())}"


def read_device_token(key: bytes, token: str) -> DeviceToken | None:
    """Return what the token says, or null when this server never signed it."""
    text, _, told = token.rpartition(".")
    if not hmac.compare_digest(told.encode(), mac(key, "device", text.encode()).encode()):
        return None
    _, device, site = text.split(".", 2)
    return DeviceToken(device, site)


def session_text(key: bytes, session: Session) -> str:
    """Return `bs1.<payload>.<mac>`."""
    payload = payload_of(session)
    return f"bs1.{payload}.{mac(key, 'session', payload.encode())}"


def read_session(key: bytes, text: str, now: int) -> Session | None:
    """Return the session, or null when it is forged or over."""
    payload = _signed_payload(key, text)
    session = session_in(payload) if payload else None
    # One that ends later than any can was begun while the server's clock stood wrong.
    return session if session and now < session.expires <= now + SESSION_MS + SLACK_MS else None


def session_id(text: str) -> str:
    """Return the name of a session, by which its end is remembered."""
    return id_of(text.split(".")[1])


def proof_key(key: bytes, text: str) -> str:
    """Return the key by which a session proves what its person decides (E8)."""
    return key_of_session(key, text.split(".")[1])


def device_secret(key: bytes, token: DeviceToken, person: str, stamp: str) -> str:
    """Return the secret by which this device alone checks the PIN of one person offline.

    Another device, another site or another PIN has another one, and nothing of it is stored here.
    """
    text = f"{token.site}\n{token.device}\n{person}\n{stamp}"
    return mac(key, "offline", text.encode())


def _signed_payload(key: bytes, text: str) -> str:
    kind, _, rest = text.partition(".")
    payload, _, told = rest.partition(".")
    ours = mac(key, "session", payload.encode())
    signed = hmac.compare_digest(told.encode(), ours.encode())
    return payload if kind == "bs1" and signed else ""


def stamp_of(pin_hash: str) -> str:
    """Return what a session remembers of the PIN: enough to see that it was changed."""
    return hashlib.sha256(pin_hash.encode()).hexdigest()[:16]
