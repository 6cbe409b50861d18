"""Sessions, and what a session proves: that somebody signed in made this decision (E8).

At a sign-in before the server's eyes the device gets the session's text, which opens doors, and a
key that is made of it. A proof is a MAC by that key over the content hash of one operation; it
names its session without the text's own MAC, so a proof seen on its way opens nothing.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from sync.hashing import sha256_hex

MARK: Final = "bp1"
ID_CHARACTERS: Final = 32


class Session(Struct, frozen=True, array_like=True):
    """Who signed in on which device until when; `stamp` ends it when the PIN changes.

    `nonce` tells two sessions of one person apart, so that one can be ended alone.
    """

    person: str
    device: str
    site: str
    expires: int
    stamp: str
    nonce: str = ""


_decode = msgspec.json.Decoder(Session).decode


def payload_of(session: Session) -> str:
    """Return a session as it travels: readable by anybody, and worth nothing without a MAC."""
    return to_base64(msgspec.json.encode(session))


def session_in(payload: str) -> Session | None:
    """Read a payload; None when it is none."""
    try:
        return _decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return None


def id_of(payload: str) -> str:
    """Return the name under which an ended session is remembered."""
    return sha256_hex(payload.encode())[:ID_CHARACTERS]


def key_of_session(key: bytes, payload: str) -> str:
    """Return the key by which a session proves; `key` is the server's."""
    return mac(key, "proof", payload.encode())


def proof_of(session_key: str, payload: str, content_hash: str) -> str:
    """Return `bp1.<payload>.<mac>` for an operation; devices do the same."""
    digest = hmac.digest(session_key.encode(), content_hash.encode(), "sha256")
    return f"{MARK}.{payload}.{to_base64(digest)}"


def payload_in(proof: str) -> str:
    """Return the session that a proof names, not yet believed; empty when it names none."""
    parts = proof.split(".")
    return parts[1] if len(parts) == 3 and parts[0] == MARK else ""  # noqa: PLR2004


def proven(key: bytes, proof: str, content_hash: str) -> Session | None:
    """Return the session that made a proof for exactly this content, None when it did not."""
    payload = payload_in(proof)
    if not payload or not proof.isascii():
        return None
    ours = proof_of(key_of_session(key, payload), payload, content_hash)
    return session_in(payload) if hmac.compare_digest(ours.encode(), proof.encode()) else None


def mac(key: bytes, purpose: str, text: bytes) -> str:
    """Return a MAC for one purpose: what is signed for one never passes for another."""
    return to_base64(hmac.digest(key, purpose.encode() + b"\n" + text, "sha256"))


def to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def named(proofs: Iterable[str]) -> set[str]:
    """Return the ids of the sessions that proofs name."""
    return {id_of(payload) for payload in map(payload_in, proofs) if payload}
