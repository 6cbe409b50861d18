"""A device joins a site by a one-time code, and leaves it when a supervisor revokes it."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection

from server.book import Book
from server.book.rows import fetch
from server.people.tokens import DeviceToken
from server.refusals import Code, Refusal
from server.tables import DeviceRow, Enrolment, SiteRow
from sync.records import Device

CODE_MS: Final = 15 * 60_000
"""Long enough to fetch a handheld, too short to be found on a photo next week."""

_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0, 1, I, L, O and U: a code is also read aloud."""

_enrolment: Final = Enrolment.metadata.tables["enrolment"]
_device: Final = DeviceRow.metadata.tables["device"]
_site: Final = SiteRow.metadata.tables["site"]


class CodeIssued(Struct, frozen=True):
    """A code as it is shown once; only its hash is kept."""

    code: str
    url: str
    expires: int


@dataclass(frozen=True)
class Invitation:
    """The device that may join: its site, its name, who says so, and what it was before."""

    site: str
    name: str
    by: str
    former: str | None = None


@dataclass(frozen=True)
class Enrolled:
    device: str
    name: str
    site: str
    site_name: str


async def issue_code(
    book: Book, invitation: Invitation, url: str, now: int, lasts_ms: int = CODE_MS
) -> CodeIssued:
    code = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    values = {
        "code_hash": _hash(code),
        "site": invitation.site,
        "name": invitation.name,
        "by": invitation.by,
        "expires_at": now + lasts_ms,
    }

    def store(connection: Connection) -> None:
        # Who asks for codes also sweeps: no code outlives its day.
        day_ago = now - 24 * 3_600_000
        connection.execute(sa.delete(_enrolment).where(_enrolment.c.expires_at < day_ago))
        connection.execute(sa.insert(_enrolment).values(values))

    await site_name(book, invitation.site)
    await book.write(store)
    shown = f"{code[:5]}-{code[5:]}"
    return CodeIssued(shown, f"{url}{shown}", now + lasts_ms)


async def look_up(book: Book, code: str, now: int) -> Invitation:
    """Return what a code is for; it stays good. Raises `Refusal` when it is not."""
    c = _enrolment.c
    query = sa.select(c.site, c.name, c.by).where(
        c.code_hash == _hash(code), c.used_by.is_(None), c.expires_at > now
    )
    found = await book.read(lambda connection: connection.execute(query).one_or_none())
    if found is None:
        raise Refusal(Code.CODE_INVALID)
    return Invitation(found.site, found.name, found.by)


async def redeem_code(
    book: Book, code: str, agent: str, now: int, was: DeviceToken | None = None
) -> Enrolled:
    """Make the device that a code was issued for; a code works once.

    `was` is what the same phone proves to have been: at the same site that is a hand-over (S10).
    """
    device = new_device_id()

    def claim(connection: Connection) -> Invitation | None:
        mine = (
            sa.update(_enrolment)
            .where(_enrolment.c.code_hash == _hash(code))
            .where(_enrolment.c.used_by.is_(None))
            .where(_enrolment.c.expires_at > now)
            .values(used_by=device)
            .returning(_enrolment.c.site, _enrolment.c.name, _enrolment.c.by)
        )
        found = connection.execute(mine).one_or_none()
        return Invitation(found.site, found.name, found.by) if found else None

    invitation = await book.write(claim)
    if invitation is None:
        raise Refusal(Code.CODE_INVALID)
    why = f"enrolled with a code, {agent[:120]}" if agent else "enrolled with a code"
    if was and was.site == invitation.site:
        invitation = replace(invitation, former=was.device)
    return await enrol(book, invitation, why, now, device)


async def enrol(
    book: Book, invitation: Invitation, why: str, now: int, device: str | None = None
) -> Enrolled:
    """Add a device to its site; it has done nothing before."""
    site, name = invitation.site, invitation.name
    shown = await site_name(book, site)
    device = device or new_device_id()
    row = Device(device=device, name=name, enrolled_at=now, former=invitation.former)
    await book.change(site, invitation.by, [row], why)
    return Enrolled(device, name, site, shown)


async def revoke(book: Book, site: str, device: str, by: str) -> None:
    """Shut a device out. What it still sends is kept for review, never lost."""
    found = await book.read(lambda connection: device_of(connection, site, device))
    if found is None:
        raise Refusal(Code.NOT_FOUND)
    if not found.revoked:
        await book.change(site, by, [structs.replace(found, revoked=True)], "revoked")


async def site_name(book: Book, site: str) -> str:
    """Return the name of the site. Raises `Refusal` when there is none."""
    query = sa.select(_site.c.name).where(_site.c.site == site)
    name: str | None = await book.read(lambda connection: connection.scalar(query))
    if name is None:
        raise Refusal(Code.SITE_UNKNOWN, site=site)
    return name


def new_device_id() -> str:
    return f"d{secrets.token_hex(8)}"


def device_of(connection: Connection, site: str, device: str) -> Device | None:
    """Return the row of a device; None when the site has none of that name."""
    c = _device.c
    found = fetch(connection, "device", Device, c.site == site, c.device == device)
    return found[0] if found else None


def _hash(code: str) -> str:
    """A code has 49 random bits and lives for minutes: a fast hash is enough."""
    plain = "".join(sign for sign in code.upper() if sign in _ALPHABET)
    return hashlib.sha256(plain.encode()).hexdigest()
