"""Cursors: how far a device has read, in a form that only this server can have made."""

import hashlib
import hmac

from msgspec import Struct

HEX = 24


class CursorGoneError(Exception):
    """The device must take a new snapshot; `code` says why (HTTP 410)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Cursor(Struct, frozen=True):
    """A position in a site's log: epoch, seq and the chain's link there."""

    epoch: int
    seq: int
    link: str


def write_cursor(site: str, cursor: Cursor, key: bytes) -> str:
    """Return the cursor's text: `<epoch>.<seq>.<hash>.<mac>`."""
    text = f"{cursor.epoch}.{cursor.seq}.{cursor.link}"
    return f"{text}.{_mac(site, text, key)}"


def seq_of(text: str | None) -> int:
    """Return how far a cursor that was already read has come; 0 before the beginning."""
    return int(text.split(".")[1]) if text else 0


def read_cursor(site: str, text: str, key: bytes) -> Cursor:
    """Return the cursor behind a text. Raises `CursorGoneError` when we did not make it."""
    body, _, mac = text.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(site, body, key).encode()):
        raise CursorGoneError("diverged")
    epoch, seq, link = body.split(".")
    return Cursor(int(epoch), int(seq), link)


def _mac(site: str, text: str, key: bytes) -> str:
    return hmac.new(key, f"cursor\n{site}\n{text}".encode(), hashlib.sha256).hexdigest()[:HEX]
