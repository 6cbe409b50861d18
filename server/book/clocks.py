"""What this server said of the time: known again when a device tells it as evidence (T1)."""

from typing import Final

import msgspec

from server.book.session import Session
from sync.limits import OPENING
from sync.messages import Exchange, Push

HEX: Final = 24
_encode: Final = msgspec.json.Encoder().encode


def mac_of(session: Session, device: str, push: Push) -> str:
    """Return what makes the answer to a push evidence of its device's clock."""
    epoch = str(session.head.epoch)
    return _mac(session, epoch, device, (push.sent, push.segment, session.now))


def said(session: Session, device: str, told: Exchange) -> bool:
    """Say whether this server gave that answer to that device; what it imports itself is exact."""
    if device == OPENING:
        return True
    epoch, _, _ = told.mac.partition(".")
    known = epoch.isascii() and epoch.isdigit()
    return known and told.mac == _mac(
        session, epoch, device, (told.sent, told.segment, told.server_now)
    )


def _mac(session: Session, epoch: str, device: str, exchange: tuple[int, str, int]) -> str:
    data = _encode(("clock", session.head.site, device, *exchange))
    return session.sealed(epoch, data)[: len(epoch) + 1 + HEX]
