"""Enrolment and sign-in, and the desk's page of people and devices."""

from typing import Annotated, Final

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from server.api.guards import (
    PUBLIC,
    Gate,
    device,
    few_enrolments,
    few_sign_ins,
    supervisor,
    worker,
)
from server.api.parameters import NameInPath
from server.api.schema import (
    ANY,
    AS_DEVICE,
    AS_SUPERVISOR,
    AS_WORKER,
    BODY,
    DEVICE,
    PERSON,
    STORING,
    problems,
)
from server.people import enrolment, floor, roster
from server.people.sign_in import SignedIn, Tried, prove, secret_of, sign_in, sign_out
from server.people.tokens import DeviceToken, device_token, read_device_token, read_session
from server.refusals import Code, Refusal

BODY_BYTES_MAX: Final = 16 * 1024

Text = Annotated[str, Meta(min_length=1, max_length=96)]


class EnrolRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The code of the QR, and what kind of device reads it.

    `former` is the token of what the same phone was before: its work goes on (S10).
    """

    code: Annotated[str, Meta(min_length=1, max_length=32)]
    agent: Annotated[str, Meta(max_length=300)] = ""
    former: Annotated[str, Meta(max_length=200)] = ""


class CodeAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A code of which somebody wants to know what it is for."""

    code: Annotated[str, Meta(min_length=1, max_length=32)]


class CodeFound(Struct, frozen=True):
    """What a device becomes with a code."""

    name: str
    site: str
    site_name: str


class EnrolAnswer(Struct, frozen=True):
    """What the device keeps: its token opens every other door."""

    device: str
    name: str
    token: str
    site: str
    site_name: str


class SignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A scanned badge or a typed number, and the PIN; `new_pin` where the old one is too short."""

    pin: Annotated[str, Meta(max_length=32)]
    person: Text | None = None
    badge: Text | None = None
    new_pin: Annotated[str, Meta(max_length=32)] | None = None


class SignInAnswer(Struct, frozen=True):
    """Who signed in; the session goes with every request of theirs.

    `key` proves what they decide. By `secret` this device alone may check their PIN offline while
    it is the one that `stamp` names; a worker has none, as the roster is there for that.
    """

    person: str
    name: str
    role: str
    session: str
    expires: int
    key: str
    secret: str
    stamp: str


class SignOutRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A session of this device that is over, perhaps for hours already."""

    session: Annotated[str, Meta(min_length=1, max_length=2_000)]


class SignedOut(Struct, frozen=True):
    """That a session opens nothing any more."""

    ended: bool = True


class ConsentAnswer(Struct, frozen=True):
    """Who gave a consent at the device; nobody is signed in by it."""

    person: str
    name: str
    role: str
    secret: str
    stamp: str


class Me(Struct, frozen=True):
    """Who is signed in, where."""

    person: str
    name: str
    role: str
    device: str
    device_name: str
    site: str
    site_name: str
    expires: int


class People(Struct, frozen=True):
    """The roster by number."""

    people: list[roster.PersonShown]


class CodeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The name that the new device will have."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]


class OnFloor(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the data of a device are waited for."""

    on: bool


class Revoked(Struct, frozen=True):
    """The device that was shut out."""

    device: str
    revoked: bool = True


@post(
    "/enrol", opt=PUBLIC, guards=[few_enrolments], status_code=200,
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(*ANY, Code.CODE_INVALID, *BODY, Code.TOO_MANY, *STORING),
)  # fmt: skip
async def enrol(gate: NamedDependency[Gate], data: JSONBody[EnrolRequest]) -> EnrolAnswer:
    """Turn a one-time code into a device of the site."""
    was = read_device_token(gate.key, data.former) if data.former else None
    made = await enrolment.redeem_code(gate.book, data.code, data.agent, gate.now(), was)
    token = device_token(gate.key, made.device, made.site)
    return EnrolAnswer(made.device, made.name, token, made.site, made.site_name)


@post(
    "/enrol/look", opt=PUBLIC, guards=[few_enrolments], status_code=200,
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(*ANY, Code.CODE_INVALID, *BODY, Code.TOO_MANY),
)  # fmt: skip
async def look_at_code(gate: NamedDependency[Gate], data: JSONBody[CodeAsked]) -> CodeFound:
    """Say what a one-time code is for, and leave it good: a device asks before it moves."""
    found = await enrolment.look_up(gate.book, data.code, gate.now())
    return CodeFound(found.name, found.site, await enrolment.site_name(gate.book, found.site))


@post(
    "/sign-in", guards=[few_sign_ins, device], status_code=200, security=DEVICE,
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(
        *AS_DEVICE, Code.PIN_WRONG, Code.PIN_RENEW, Code.PIN_WEAK, Code.PIN_SHORT, Code.LOCKED,
        Code.TOO_MANY, *BODY, *STORING,
    ),
)  # fmt: skip
async def sign_in_here(
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    data: JSONBody[SignInRequest],
) -> SignInAnswer:
    """Sign a person in at this device. Five wrong PINs lock them here for a while."""
    tried = Tried(_who(data), data.pin, data.new_pin)
    person, kept = await sign_in(gate.book, gate.key, device, tried, gate.now())
    return SignInAnswer(
        person.person, person.name, person.role, person.session, person.expires,
        kept.key, kept.secret, kept.stamp,
    )  # fmt: skip


@post(
    "/sign-out", guards=[device], status_code=200, security=DEVICE,
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(*AS_DEVICE, *BODY, *STORING),
)  # fmt: skip
async def sign_out_here(
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    data: JSONBody[SignOutRequest],
) -> SignedOut:
    """End a session of this device. One that is over, or of elsewhere, is as good as ended."""
    session = read_session(gate.key, data.session, gate.now())
    if session is not None and (session.device, session.site) == (device.device, device.site):
        await sign_out(gate.book, device, data.session, session, gate.now())
    return SignedOut()


@post(
    "/consent", guards=[few_sign_ins, device], status_code=200, security=DEVICE,
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(
        *AS_DEVICE, Code.PIN_WRONG, Code.PIN_RENEW, Code.LOCKED, Code.TOO_MANY, *BODY,
        *STORING,
    ),
)  # fmt: skip
async def consent_here(
    gate: NamedDependency[Gate],
    device: NamedDependency[DeviceToken],
    data: JSONBody[SignInRequest],
) -> ConsentAnswer:
    """Check the PIN of somebody who agrees to one operation of another; it opens no session."""
    someone = await prove(gate.book, device, Tried(_who(data), data.pin), gate.now())
    secret = secret_of(gate.key, device, someone)
    return ConsentAnswer(someone.person, someone.name, someone.role, secret, someone.stamp)


@get("/me", guards=[worker], responses=problems(*AS_WORKER))
async def me(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    device_name: NamedDependency[str],
) -> Me:
    """Say who is signed in here."""
    site_name = await enrolment.site_name(gate.book, person.site)
    return Me(
        person.person, person.name, person.role, person.device, device_name,
        person.site, site_name, person.expires,
    )  # fmt: skip


@get("/people", guards=[supervisor], responses=problems(*AS_SUPERVISOR))
async def list_people(gate: NamedDependency[Gate], person: NamedDependency[SignedIn]) -> People:
    """List who may sign in at the site."""
    return People(await roster.people(gate.book, person.site))


@post(
    "/people", guards=[supervisor], status_code=200, request_max_body_size=BODY_BYTES_MAX,
    responses=problems(
        *AS_SUPERVISOR, Code.PIN_WEAK, Code.PIN_SHORT, Code.PIN_OF_WORKER, Code.PIN_MISSING,
        Code.BADGE_TAKEN, Code.LAST_SUPERVISOR, *BODY,
    ),
)  # fmt: skip
async def put_person(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    data: JSONBody[roster.PersonChange],
) -> roster.PersonShown:
    """Add a person, or change one: what is left out stays as it is."""
    return await roster.change_person(gate.book, person.site, person.person, data)


@get("/devices", guards=[supervisor], responses=problems(*AS_SUPERVISOR))
async def list_devices(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn]
) -> floor.Floor:
    """List the devices of the site, what was last heard from each, and who is not waited for."""
    return await floor.floor(gate.book, person.site, gate.now())


@post(
    "/devices/codes", guards=[supervisor], status_code=201, request_max_body_size=BODY_BYTES_MAX,
    responses=problems(*AS_SUPERVISOR, *BODY),
)  # fmt: skip
async def issue_code(
    gate: NamedDependency[Gate],
    person: NamedDependency[SignedIn],
    data: JSONBody[CodeRequest],
) -> enrolment.CodeIssued:
    """Make a code for one new device; it works once, for 15 minutes."""
    invitation = enrolment.Invitation(person.site, data.name, person.person)
    url = gate.settings.enrolment_url
    return await enrolment.issue_code(gate.book, invitation, url, gate.now())


@post(
    "/devices/{id_:str}/revoke", guards=[supervisor], status_code=200,
    request_max_body_size=BODY_BYTES_MAX, responses=problems(*AS_SUPERVISOR, Code.NOT_FOUND),
)  # fmt: skip
async def revoke_device(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], id_: NameInPath
) -> Revoked:
    """Shut a device out. What it has not sent yet is still taken, for review."""
    await enrolment.revoke(gate.book, person.site, id_, person.person)
    return Revoked(id_)


@post(
    "/devices/{id_:str}/floor", guards=[supervisor], status_code=200,
    request_max_body_size=BODY_BYTES_MAX,
    responses=problems(*AS_SUPERVISOR, Code.NOT_FOUND, *BODY),
)  # fmt: skip
async def mark_floor(
    gate: NamedDependency[Gate], person: NamedDependency[SignedIn], id_: NameInPath,
    data: JSONBody[OnFloor],
) -> floor.Floor:  # fmt: skip
    """Say that a device is off the floor, or back on. What it brings is taken in any case."""
    since = None if data.on else gate.now()
    await floor.mark(gate.book, person.site, id_, person.person, since)
    return await floor.floor(gate.book, person.site, gate.now())


def _who(data: SignInRequest) -> str:
    """Return the one thing that names the person: a badge may be scanned as `BADGE:…`."""
    who = data.badge.removeprefix("BADGE:") if data.badge else data.person
    if who is None:
        raise Refusal(Code.INVALID, reason="give `badge` or `person`")
    return who


router = Router(
    "/",
    route_handlers=[
        enrol, look_at_code, sign_in_here, sign_out_here, consent_here, me, list_people, put_person,
        list_devices, issue_code, revoke_device, mark_floor,
    ],
    security=PERSON,
    tags=["people"],
)  # fmt: skip
