"""Sign-in: a badge or a number, and a PIN. What a wrong one costs stands in `tries.py`.

A try is counted before the PIN is checked, so that many tries at once are not free.
A success gives a session, and the key by which it proves what its person decides (E8).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from anyio import to_thread
from sqlalchemy import Connection

from server.book import Book
from server.book.dialect import ask
from server.people import notices, roster, tries
from server.people.pins import (
    LENGTH_OF_DECIDERS,
    VERIFIER_ITERATIONS,
    is_usable,
    iterations_of,
    pin_matches,
)
from server.people.tokens import (
    SESSION_MS,
    DeviceToken,
    device_secret,
    proof_key,
    session_id,
    session_text,
    stamp_of,
)
from server.refusals import Code, Refusal
from server.tables import Credential, PersonRow, SessionEnd
from sync.proofs import Session
from sync.rights import decides

_person: Final = PersonRow.metadata.tables["person"]
_credential: Final = Credential.metadata.tables["credential"]
_end: Final = SessionEnd.metadata.tables["session_end"]
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
    verifier: str

    @property
    def stamp(self) -> str:
        """What names the PIN of now, and tells nothing of it."""
        return stamp_of(self.pin_hash)


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
class Kept:
    """What a device keeps of a sign-in: the key that proves, and by what it checks the PIN offline.

    `secret` is empty for a worker, whose verifier lies on every device of the site.
    """

    key: str
    secret: str
    stamp: str


@dataclass(frozen=True)
class Tried:
    """What somebody scanned or typed: a badge or a number, a PIN, and one that is to replace it."""

    who: str
    pin: str
    new_pin: str | None = None


Find = Callable[[Connection], Someone | None]


async def sign_in(
    book: Book, key: bytes, token: DeviceToken, tried: Tried, now: int
) -> tuple[SignedIn, Kept]:
    """Let a person in, or say how many tries are left."""
    someone = await prove(book, token, tried, now)
    session = Session(
        someone.person, token.device, token.site, now + SESSION_MS, someone.stamp,
        secrets.token_hex(8),
    )  # fmt: skip
    text = session_text(key, session)
    signed = SignedIn(
        someone.person, someone.name, someone.role, token.device, token.site, text, session.expires
    )
    return signed, Kept(proof_key(key, text), secret_of(key, token, someone), someone.stamp)


def secret_of(key: bytes, token: DeviceToken, someone: Someone) -> str:
    """Return by what this device checks somebody's PIN alone; empty for a worker."""
    if not decides(someone.role):
        return ""
    return device_secret(key, token, someone.person, someone.stamp)


async def prove(book: Book, token: DeviceToken, tried: Tried, now: int) -> Someone:
    """Return who has shown a PIN; a new one takes its place where that is due. Raises `Refusal`."""
    someone = await book.read(_finder(token.site, tried.who))
    number = someone.person if someone else _NOBODY
    counted = tries.Try(token, number, someone.stamp if someone else "")
    left = await book.write(lambda connection: tries.count(connection, counted, now), token.site)
    pin_hash = someone.pin_hash if someone else None
    if not await to_thread.run_sync(pin_matches, tried.pin, pin_hash) or someone is None:
        if left.is_news:
            await notices.warn(book, token.site, number, now)
        if left.opens:
            seconds = (left.opens - now) // 1000
            raise Refusal(Code.LOCKED, retry_after=seconds, minutes=-(-seconds // 60))
        raise Refusal(Code.PIN_WRONG, left=left.tries)
    someone = await _with_good_pin(book, token, someone, tried)
    counted = replace(counted, stamp=someone.stamp)
    await book.write(lambda connection: tries.succeeded(connection, counted, now), token.site)
    await notices.calm(book, token, number)
    return someone


async def _with_good_pin(book: Book, token: DeviceToken, someone: Someone, tried: Tried) -> Someone:
    """Let nobody decide under a PIN that is too short by now; give devices a worker's verifier."""
    if decides(someone.role):
        if is_usable(tried.pin, someone.role):
            return someone
        if tried.new_pin is None:
            raise Refusal(Code.PIN_RENEW, digits=LENGTH_OF_DECIDERS)
        await roster.renew_pin(book, token.site, someone.person, tried.new_pin)
        renewed = await book.read(_finder(token.site, someone.person, badge_too=False))
        return renewed or someone
    if iterations_of(someone.verifier) < VERIFIER_ITERATIONS:
        await roster.renew_verifier(book, token.site, someone.person, tried.pin)
    return someone


async def sign_out(book: Book, token: DeviceToken, text: str, session: Session, now: int) -> None:
    """End a session of this device before its time; what it proved until now is proved."""
    values = {"site": token.site, "session": session_id(text), "expires": session.expires}
    mine = sa.and_(_end.c.site == token.site, _end.c.session == values["session"])

    def end(connection: Connection) -> None:
        connection.execute(sa.delete(_end).where(sa.or_(mine, _end.c.expires <= now)))
        connection.execute(sa.insert(_end).values(values))

    await book.write(end, token.site)


async def who_is(book: Book, token: DeviceToken, session: Session, text: str) -> SignedIn | None:
    """Return the person of a session, or null when it ended: another PIN, another device, gone."""
    if (session.device, session.site) != (token.device, token.site):
        return None
    find, name = _finder(token.site, session.person, badge_too=False), session_id(text)
    ended = sa.select(_end.c.session).where(_end.c.site == token.site, _end.c.session == name)

    def look(connection: Connection) -> Someone | None:
        return None if connection.execute(ended).first() else find(connection)

    someone = await book.read(look)
    if someone is None or someone.stamp != session.stamp:
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
        sa.select(c.person, c.name, c.role, _credential.c.pin_hash, _credential.c.verifier)
        .select_from(_person.join(_credential, same))
        .where(c.site == site, c.active, match)
        .order_by((c.person == who).desc(), c.person)
        .limit(1)
    )

    def find(connection: Connection) -> Someone | None:
        row = connection.execute(query).one_or_none()
        return Someone(*row) if row else None

    return find
