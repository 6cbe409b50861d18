"""Sign-in: a badge or a number, and a PIN; five wrong ones lock the person on that device.

A try is counted before the PIN is checked, so that many tries at once are not free.
A success is remembered: decisions of a supervisor count only from a device
where the server itself has seen the PIN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from anyio import to_thread
from sqlalchemy import Connection

from server.book import Book
from server.book.dialect import ask
from server.people.pins import pin_matches
from server.people.tokens import SESSION_MS, DeviceToken, Session, session_text, stamp_of
from server.refusals import Code, Refusal
from server.tables import Credential, PersonRow, SignIn

TRIES: Final = 5
LOCK_MS: Final = 5 * 60_000

_person: Final = PersonRow.metadata.tables["person"]
_credential: Final = Credential.metadata.tables["credential"]
_sign_in: Final = SignIn.metadata.tables["sign_in"]
_ENROLLED: Final = "SELECT name, revoked FROM device WHERE site = ? AND device = ?"
"""Asked before everything that a device asks, so it goes to the driver as it is."""

_NOBODY: Final = ""
"""Tries for people who don't exist are counted together, per device."""


@dataclass(frozen=True)
class Someone:
    """An active person of the site as the server knows them."""

    person: str
    name: str
    role: str
    pin_hash: str


@dataclass(frozen=True)
class SignedIn:
    """A person at a device, for as long as the session lasts."""

    person: str
    name: str
    role: str
    device: str
    site: str
    session: str
    expires: int


@dataclass(frozen=True)
class Tried:
    """What somebody scanned or typed: a badge or a number, and a PIN."""

    who: str
    pin: str


Find = Callable[[Connection], Someone | None]


async def sign_in(book: Book, key: bytes, token: DeviceToken, tried: Tried, now: int) -> SignedIn:
    """Let a person in, or say how many tries are left."""
    someone = await book.read(_finder(token.site, tried.who))
    number = someone.person if someone else _NOBODY
    tries = await book.write(
        lambda connection: _count_try(connection, token, number, now), token.site
    )
    pin_hash = someone.pin_hash if someone else None
    if not await to_thread.run_sync(pin_matches, tried.pin, pin_hash) or someone is None:
        if tries >= TRIES:
            raise Refusal(Code.LOCKED, retry_after=LOCK_MS // 1000, minutes=LOCK_MS // 60_000)
        raise Refusal(Code.PIN_WRONG, left=TRIES - tries)
    await book.write(lambda connection: _record_success(connection, token, number, now), token.site)
    session = Session(
        number, token.device, token.site, now + SESSION_MS, stamp_of(someone.pin_hash)
    )
    return SignedIn(
        number, someone.name, someone.role, token.device, token.site,
        session_text(key, session), session.expires,
    )  # fmt: skip


async def who_is(book: Book, token: DeviceToken, session: Session, text: str) -> SignedIn | None:
    """Return the person of a session, or null when it ended: another PIN, another device, gone."""
    if (session.device, session.site) != (token.device, token.site):
        return None
    someone = await book.read(_finder(token.site, session.person, badge_too=False))
    if someone is None or stamp_of(someone.pin_hash) != session.stamp:
        return None
    return SignedIn(
        someone.person, someone.name, someone.role, token.device, token.site,
        text, session.expires,
    )  # fmt: skip


async def check_device(book: Book, token: DeviceToken) -> str:
    """Return the device's name. Raises `Refusal` when it was revoked or its row is lost."""
    found = await book.read(lambda connection: ask(connection, _ENROLLED, token.site, token.device))
    if not found:
        raise Refusal(Code.DEVICE_UNKNOWN)
    name, revoked = found[0]
    if revoked:
        raise Refusal(Code.DEVICE_REVOKED)
    return str(name)


def _finder(site: str, who: str, *, badge_too: bool = True) -> Find:
    """Look a person up by number, else by badge: a number always means its owner."""
    c = _person.c
    same = sa.and_(_credential.c.site == c.site, _credential.c.person == c.person)
    match = sa.or_(c.person == who, c.badge == who) if badge_too else c.person == who
    query = (
        sa.select(c.person, c.name, c.role, _credential.c.pin_hash)
        .select_from(_person.join(_credential, same))
        .where(c.site == site, c.active, match)
        .order_by((c.person == who).desc(), c.person)
        .limit(1)
    )

    def find(connection: Connection) -> Someone | None:
        row = connection.execute(query).one_or_none()
        return Someone(row.person, row.name, row.role, row.pin_hash) if row else None

    return find


def _count_try(connection: Connection, token: DeviceToken, person: str, now: int) -> int:
    """Count this try and return how many there were; the last one locks until it is proved."""
    row = connection.execute(
        sa.select(_sign_in.c.wrong, _sign_in.c.locked_until).where(*_at(token, person))
    ).one_or_none()
    if row is None:
        values = {"site": token.site, "device": token.device, "person": person, "wrong": 1}
        connection.execute(sa.insert(_sign_in).values(locked_until=0, **values))
        return 1
    if row.locked_until > now:
        seconds = -(-(row.locked_until - now) // 1000)
        raise Refusal(Code.LOCKED, retry_after=seconds, minutes=-(-seconds // 60))
    tries = 1 if row.locked_until else row.wrong + 1
    locked_until = now + LOCK_MS if tries >= TRIES else 0
    connection.execute(
        sa.update(_sign_in).where(*_at(token, person)).values(
            wrong=tries, locked_until=locked_until
        )
    )  # fmt: skip
    return tries


def _record_success(connection: Connection, token: DeviceToken, person: str, now: int) -> None:
    connection.execute(
        sa.update(_sign_in).where(*_at(token, person)).values(
            proved_at=now, wrong=0, locked_until=0
        )
    )  # fmt: skip


def _at(token: DeviceToken, person: str) -> tuple[sa.ColumnElement[bool], ...]:
    c = _sign_in.c
    return c.site == token.site, c.device == token.device, c.person == person
