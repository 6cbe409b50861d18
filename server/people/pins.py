"""PINs: argon2id where the server checks them, a PBKDF2 verifier where a device must.

A PIN is short, so a stolen verifier can be guessed: it gives accountability on the floor,
and the server checks rights again when the work arrives.
"""

import base64
import hashlib
import re
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from server.refusals import Code, Refusal

VERIFIER_ITERATIONS: Final = 210_000
"""About a second on the slowest handheld; a change of user may take five."""

_PIN: Final = re.compile(r"[0-9]{4,12}")
_STRAIGHT: Final = "01234567890123456789"

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_nobody = _hasher.hash(secrets.token_hex(8))
"""What is checked when there is no such person, so that the answer takes as long."""


def check_pin_is_usable(pin: str) -> None:
    """Refuse a PIN that is no PIN, or the first that anybody would try."""
    straight = pin in _STRAIGHT or pin in _STRAIGHT[::-1]
    if not _PIN.fullmatch(pin) or len(set(pin)) == 1 or straight:
        raise Refusal(Code.PIN_WEAK)


def hash_pin(pin: str) -> str:
    return _hasher.hash(pin)


def pin_matches(pin: str, pin_hash: str | None) -> bool:
    """Compare in the same time whether there is such a person or not."""
    try:
        return _hasher.verify(pin_hash or _nobody, pin) and pin_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def verifier(pin: str, salt: bytes | None = None, iterations: int = VERIFIER_ITERATIONS) -> str:
    """Return `pbkdf2-sha256$<iterations>$<salt>$<hash>` for sign-in without a network."""
    salt = salt or secrets.token_bytes(16)
    digest = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, iterations)
    return f"pbkdf2-sha256${iterations}${_base64(salt)}${_base64(digest)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
