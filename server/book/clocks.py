"""What this server said of the time: known again when a device tells it as evidence (T1)."""

from collections.abc import Iterable
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


def said(session: Session, devices: Iterable[str], told: Exchange) -> bool:
    """Say whether this server gave that answer to the phone, by any of its names.

    What it imports itself is exact.
    """
    if OPENING in devices:
        return True
    epoch, _, _ = told.mac.partition(".")
    if not (epoch.isascii() and epoch.isdigit()):
        return False
    exchange = (told.sent, told.segment, told.server_now)
    return any(told.mac == _mac(session, epoch, device, exchange) for device in devices)


def _mac(session: Session, epoch: str, device: str, exchange: tuple[int, str, int]) -> str:
    data = _encode(("clock", session.head.site, device, *exchange))
    return session.sealed(epoch, data)[: len(epoch) + 1 + HEX]
