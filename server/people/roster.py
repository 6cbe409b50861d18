"""The roster of a site: who may sign in, with which role, badge and PIN."""

from typing import Annotated, Final, Literal

import sqlalchemy as sa
from anyio import to_thread
from msgspec import Meta, Struct, structs
from sqlalchemy import Connection

from server.book import Book
from server.people.pins import check_pin_is_usable, hash_pin, verifier
from server.refusals import Code, Refusal
from server.tables import Credential, PersonRow
from sync.records import Person

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
    row, pin_hash = _changed(change, before), None
    if change.pin is not None:
        pin_hash, told = await _hashed(change.pin)
        row = structs.replace(row, verifier=told)

    def first(connection: Connection) -> None:
        _check_roster(connection, site, row)
        if pin_hash is not None:
            _store_pin(connection, site, row.person, pin_hash)

    await book.change(site, by, [row], "person changed" if before else "person added", first)
    return PersonShown(row.person, row.name, row.role, row.badge, row.language, row.active)


def unknown(person: str) -> Refusal:
    return Refusal(Code.PERSON_UNKNOWN, person=person)


def _changed(change: PersonChange, before: Person | None) -> Person:
    if before is None and change.pin is None:
        raise Refusal(Code.PIN_MISSING)
    return Person(
        person=change.person,
        name=change.name or (before.name if before else change.person),
        role=change.role or (before.role if before else "worker"),
        badge=change.badge or (before.badge if before else change.person),
        language=change.language or (before.language if before else "en"),
        verifier=before.verifier if before else "",
        active=change.active if change.active is not None else before is None or before.active,
        adjust_limit=before.adjust_limit if before else None,
    )


async def set_pin(book: Book, site: str, person: str, pin: str) -> str:
    """Store the PIN's hash and return the verifier for sign-in without a network."""
    pin_hash, told = await _hashed(pin)
    await book.write(lambda connection: _store_pin(connection, site, person, pin_hash), site)
    return told


async def _hashed(pin: str) -> tuple[str, str]:
    """Return what the server checks a PIN by, and what a device does."""
    check_pin_is_usable(pin)
    return await to_thread.run_sync(hash_pin, pin), await to_thread.run_sync(verifier, pin)


def _store_pin(connection: Connection, site: str, person: str, pin_hash: str) -> None:
    mine = sa.and_(_credential.c.site == site, _credential.c.person == person)
    connection.execute(sa.delete(_credential).where(mine))
    values = {"site": site, "person": person, "pin_hash": pin_hash}
    connection.execute(sa.insert(_credential).values(values))


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
