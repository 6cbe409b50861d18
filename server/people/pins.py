"""PINs: argon2id where the server checks them, a PBKDF2 verifier where a device must.

A PIN is short, so a stolen verifier can be guessed, however slow it is made. So those of people
with more than a worker's rights never leave the server, and what is opened without it is no more
than a worker's word.
"""

import base64
import hashlib
import re
import secrets
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from server.refusals import Code, Refusal
from sync.rights import decides

VERIFIER_ITERATIONS: Final = 600_000
"""Three seconds on the slowest handheld, where a change of user may take five."""

LENGTH_OF_DECIDERS: Final = 6
"""Digits at least, for who has more than a worker's rights: nobody guesses a million online."""

_PIN: Final = re.compile(r"[0-9]{4,12}")
_ROWS: Final = ("01234567890123456789", "147", "2580", "369", "159", "357", "14789", "36987",
                "12369", "14789632", "321478965")  # fmt: skip
"""What a finger draws without a thought on the keys, forwards and backwards."""

COMMON: Final = frozenset(
    [
        "1234",
        "1111",
        "0000",
        "1212",
        "7777",
        "1004",
        "2000",
        "4444",
        "2222",
        "6969",
        "9999",
        "3333",
        "5555",
        "6666",
        "1122",
        "1313",
        "8888",
        "4321",
        "2001",
        "1010",
        "2580",
        "5683",
        "0852",
        "1998",
        "1342",
        "5150",
        "1123",
        "2468",
        "8642",
        "1357",
        "0909",
        "1470",
        "3690",
        "7410",
        "9630",
        "7412",
        "5201",
        "1314",
        "5200",
        "1688",
        "8866",
        "9988",
        "6688",
        "0110",
        "1701",
        "0007",
        "123456",
        "654321",
        "111111",
        "000000",
        "123123",
        "666666",
        "121212",
        "112233",
        "789456",
        "159753",
        "520520",
        "123321",
        "147258",
        "147258369",
        "258456",
        "159357",
        "456789",
        "987654",
        "741852",
        "741963",
        "963852",
        "852456",
        "131313",
        "101010",
        "5201314",
        "521521",
        "888888",
        "168168",
        "198888",
        "112358",
        "314159",
        "142536",
        "010203",
        "246810",
        "135790",
    ]
)
"""PINs that are tried first: the head of the lists in "PIN analysis" (DataGenetics, 2012), "Most
common iPhone passcodes" (D. Amitay, 2011), and "This PIN Can Be Easily Guessed" (Markert et al.,
IEEE S&P 2020), with the lucky and loving numbers of 中文 (520, 1314, 168)."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_nobody = _hasher.hash(secrets.token_hex(8))
"""What is checked when there is no such person, so that the answer takes as long."""


def check_pin_is_usable(pin: str, role: str = "worker") -> None:
    """Refuse a PIN that is no PIN, or one that anybody would try; more rights need a longer one."""
    if not _PIN.fullmatch(pin) or is_common(pin):
        raise Refusal(Code.PIN_WEAK)
    if decides(role) and len(pin) < LENGTH_OF_DECIDERS:
        raise Refusal(Code.PIN_SHORT, digits=LENGTH_OF_DECIDERS)


def is_usable(pin: str, role: str) -> bool:
    """Say whether a role may have this PIN."""
    try:
        check_pin_is_usable(pin, role)
    except Refusal:
        return False
    return True


def is_common(pin: str) -> bool:
    """Say whether a PIN is among the first that anybody tries: known ones, patterns, dates."""
    half = len(pin) // 2
    repeats = len(set(pin)) <= 1 or pin[:half] * 2 == pin or pin[:2] * half == pin
    drawn = any(pin in row or pin in row[::-1] for row in _ROWS if len(pin) > 2)  # noqa: PLR2004
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return pin in COMMON or repeats or drawn or len(steps) == 1 or _is_date(pin)


def _is_date(pin: str) -> bool:
    """A day and month, a year of somebody's life, or both: what is on an identity card."""
    if len(pin) == 4:  # noqa: PLR2004
        return _is_day(pin) or pin[:2] in {"19", "20"}
    if len(pin) == 6:  # noqa: PLR2004
        return (
            _is_day(pin[:4]) or _is_day(pin[2:]) or (pin[:2] in {"19", "20"} and _is_month(pin[4:]))
        )
    if len(pin) == 8:  # noqa: PLR2004
        return (pin[:2] in {"19", "20"} and _is_day(pin[4:])) or (
            pin[4:6] in {"19", "20"} and _is_day(pin[:4])
        )
    return False


def _is_day(digits: str) -> bool:
    """Say whether four digits are a day of the year, month first or day first."""
    one, other = int(digits[:2]), int(digits[2:])
    return any(1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004
               for month, day in ((one, other), (other, one)))  # fmt: skip


def _is_month(digits: str) -> bool:
    return 1 <= int(digits) <= 12  # noqa: PLR2004


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


def iterations_of(text: str) -> int:
    """Return what a verifier costs to guess; 0 when there is none."""
    parts = text.split("$")
    return int(parts[1]) if len(parts) == 4 else 0  # noqa: PLR2004


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
