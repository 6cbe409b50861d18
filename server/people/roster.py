"""The roster of a site: who may sign in, with which role, badge and PIN."""

from typing import Annotated, Final, Literal

import sqlalchemy as sa
from anyio import to_thread
from msgspec import Meta, Struct, structs
from sqlalchemy import Connection

from server.book import Book
from server.people.pins import check_pin_is_usable, hash_pin, verifier
from server.people.tokens import stamp_of
from server.refusals import Code, Refusal
from server.tables import Credential, PersonRow
from sync.messages import Verifier
from sync.records import Person
from sync.rights import decides

Number = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z-]+$")]
Name = Annotated[str, Meta(min_length=1, max_length=80)]

_person: Final = PersonRow.metadata.tables["person"]
_credential: Final = Credential.metadata.tables["credential"]


class PersonChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Adds a person or changes one: what is left out stays as it is. A new person needs a PIN."""

    person: Number
    name: Name | None = None
    role: Literal["worker", "supervisor"] | None = None
    badge: Number | None = None
    language: Literal["en", "zh"] | None = None
    pin: Annotated[str, Meta(max_length=12)] | None = None
    active: bool | None = None


class PersonShown(Struct, frozen=True):
    """A person in the list of the desk: never the verifier."""

    person: str
    name: str
    role: str
    badge: str
    language: str
    active: bool


async def people(book: Book, site: str) -> list[PersonShown]:
    c = _person.c
    query = (
        sa.select(c.person, c.name, c.role, c.badge, c.language, c.active)
        .where(c.site == site)
        .order_by(c.person)
    )

    def run(connection: Connection) -> list[PersonShown]:
        return [PersonShown(**row) for row in connection.execute(query).mappings()]

    return await book.read(run)


async def change_person(book: Book, site: str, by: str, change: PersonChange) -> PersonShown:
    """Put a person on the roster, or change one; a new PIN ends the sessions under the old one."""
    before = await book.read(lambda connection: _person_of(connection, site, change.person))
    row, secret = _changed(change, before), None
    if change.pin is not None:
        secret = await made_secret(change.pin, row.role)
        row = structs.replace(row, pin_stamp=stamp_of(secret.pin_hash))

    def first(connection: Connection) -> None:
        _check_roster(connection, site, row)
        if secret is not None:
            store_secret(connection, site, row.person, secret)

    await book.change(site, by, [row], "person changed" if before else "person added", first)
    return PersonShown(row.person, row.name, row.role, row.badge, row.language, row.active)


async def renew_pin(book: Book, site: str, person: str, pin: str) -> None:
    """Give somebody who has just shown the old PIN a new one. Raises `Refusal`."""
    await change_person(book, site, person, PersonChange(person=person, pin=pin))


async def renew_verifier(book: Book, site: str, person: str, pin: str) -> None:
    """Make by what devices check a worker's PIN anew: it was missing, or cheaper than today's.

    The row is written again so that the devices hear of it.
    """
    before = await book.read(lambda connection: _person_of(connection, site, person))
    if before is None:
        return
    told = await to_thread.run_sync(verifier, pin)
    mine = sa.and_(_credential.c.site == site, _credential.c.person == person)

    def first(connection: Connection) -> None:
        connection.execute(sa.update(_credential).where(mine).values(verifier=told))

    await book.change(site, person, [before], "verifier renewed", first)


def unknown(person: str) -> Refusal:
    return Refusal(Code.PERSON_UNKNOWN, person=person)


def _changed(change: PersonChange, before: Person | None) -> Person:
    if before is None and change.pin is None:
        raise Refusal(Code.PIN_MISSING)
    role = change.role or (before.role if before else "worker")
    if before is not None and role != before.role and decides(role) and change.pin is None:
        # The old one's verifier lies on every handheld of the site.
        raise Refusal(Code.PIN_OF_WORKER)
    return Person(
        person=change.person,
        name=change.name or (before.name if before else change.person),
        role=role,
        badge=change.badge or (before.badge if before else change.person),
        language=change.language or (before.language if before else "en"),
        pin_stamp=before.pin_stamp if before else "",
        active=change.active if change.active is not None else before is None or before.active,
        adjust_limit=before.adjust_limit if before else None,
    )


class Secret(Struct, frozen=True):
    """What the server checks a PIN by, and what devices do: empty but for workers."""

    pin_hash: str
    verifier: str


async def made_secret(pin: str, role: str) -> Secret:
    """Hash a PIN that a role may have. Raises `Refusal`."""
    check_pin_is_usable(pin, role)
    told = "" if decides(role) else await to_thread.run_sync(verifier, pin)
    return Secret(await to_thread.run_sync(hash_pin, pin), told)


async def set_pin(book: Book, site: str, person: str, pin: str, role: str = "worker") -> str:
    """Store a PIN for somebody who is about to be put on the roster; return its stamp."""
    secret = await made_secret(pin, role)
    await book.write(lambda connection: store_secret(connection, site, person, secret), site)
    return stamp_of(secret.pin_hash)


def store_secret(connection: Connection, site: str, person: str, secret: Secret) -> None:
    mine = sa.and_(_credential.c.site == site, _credential.c.person == person)
    connection.execute(sa.delete(_credential).where(mine))
    values = {"site": site, "person": person, **structs.asdict(secret)}
    connection.execute(sa.insert(_credential).values(values))


async def workers(book: Book, site: str) -> tuple[Verifier, ...]:
    """Return by what a device checks the PINs of those who are workers, and no more, now."""
    c, secret = _person.c, _credential.c
    same = sa.and_(secret.site == c.site, secret.person == c.person)
    query = (
        sa.select(c.person, c.role, secret.pin_hash, secret.verifier)
        .select_from(_person.join(_credential, same))
        .where(c.site == site, c.active, secret.verifier != "")
        .order_by(c.person)
    )

    def run(connection: Connection) -> tuple[Verifier, ...]:
        return tuple(
            Verifier(row.person, stamp_of(row.pin_hash), row.verifier)
            for row in connection.execute(query)
            if not decides(row.role)
        )

    return await book.read(run)


def _check_roster(connection: Connection, site: str, row: Person) -> None:
    """Refuse a badge that another wears, and a site without any supervisor."""
    c = _person.c
    others = sa.and_(c.site == site, c.person != row.person)
    # A badge may not be another's number either: what is typed or scanned means one person.
    worn = sa.or_(c.badge.in_([row.badge, row.person]), c.person == row.badge)
    if connection.execute(sa.select(c.person).where(others, worn).limit(1)).first():
        raise Refusal(Code.BADGE_TAKEN, badge=row.badge)
    supervises = sa.select(c.person).where(others, c.role == "supervisor", c.active).limit(1)
    me = sa.select(c.person).where(
        c.site == site, c.person == row.person, c.role == "supervisor", c.active
    )
    stays = row.role == "supervisor" and row.active
    was = connection.execute(me).first() is not None
    if was and not stays and not connection.execute(supervises).first():
        raise Refusal(Code.LAST_SUPERVISOR)


def _person_of(connection: Connection, site: str, person: str) -> Person | None:
    query = sa.select(_person).where(_person.c.site == site, _person.c.person == person)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    fields = {name: getattr(row, name) for name in Person.__struct_fields__ if name != "version"}
    return Person(**fields)
