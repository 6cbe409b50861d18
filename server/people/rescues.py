"""Whose a rescue is: each operation bears a mark that only its own device can make (S7).

The key of a replica follows from the token that its device was given at enrolment, so a device
can make one for a replica that the server has never heard of, and without a network; and whoever
carries the file can make none.
"""

import hmac
from typing import Final

from server.book.chain import lost_through
from server.people.tokens import device_token
from sync.arrivals import Linked, links_of
from sync.hashing import sha256_hex
from sync.messages import Mark, Push

HEX: Final = 24


def mark_of(token: str, replica: str, seq: int, content: bytes) -> str:
    """Return the mark of an operation: its place, and the bytes of its body."""
    key = hmac.digest(token.encode(), f"rescue\n{replica}".encode(), "sha256")
    text = f"{seq}\n{sha256_hex(content)}"
    return hmac.digest(key, text.encode(), "sha256").hex()[:HEX]


def is_signed(key: bytes, push: Push) -> bool:
    """Say whether all that a push carries was made by the device that it names.

    A loss is what the carrier itself has not found; the book says how far one may go (R4).
    """
    if not push.device or "." in push.device:
        return False
    token = device_token(key, push.device, push.site)
    links = links_of(map(bytes, push.operations), push.replica)
    marks = (*push.marks, *[None] * (len(links) - len(push.marks)))
    return all(lost_through(one.content) is not None or _is_marked(token, one, mark)
               for one, mark in zip(links, marks, strict=False))  # fmt: skip


def _is_marked(token: str, one: Linked, mark: Mark | None) -> bool:
    if mark is None:
        return False
    wanted = mark_of(token, mark.replica, mark.seq, one.content)
    return hmac.compare_digest(mark.mac.encode(), wanted.encode())
