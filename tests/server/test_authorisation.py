"""Who may pass which door: every route of the application beside everybody who may knock.

A route without a line in the table fails the test, and so does a line without its route. A cell is
the status, with the first letters of the code where it is a refusal of the person or the device:

    401d device_unknown   401s sign_in   403s supervisor_only   403r device_revoked
    403o other_site or other_device   403c code_invalid   403w watchers_only

Whoever may pass gets 200 or 201, or what the question deserves: 400 for an empty body, 404 for
what is not there, 410 for no cursor.
"""

import hashlib

from litestar.routes import HTTPRoute
from msgspec.structs import replace

from server.people import roster
from sync.records import Device, Document, Item, Line, Person, Site
from tests.server.conftest import SITE

OTHER = "ELSEWHERE"
WHO = (
    "nobody", "garbage", "no text", "device", "worker", "supervisor", "revoked", "other device",
    "other site", "expired", "forged",
)  # fmt: skip
TABLE = """
                                              | nobody | garbage | no text | device | worker | supervisor | revoked | other device | other site | expired | forged
GET /                                         | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
HEAD /                                        | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /api/bin-card                             | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
POST /api/consent                             | 401d   | 401d    | 401d    | 400    | 400    | 400        | 403r    | 400          | 400        | 400     | 400
GET /api/containers/{code:str}                | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/desk                                 | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/devices                              | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 200        | 401s    | 401s
POST /api/devices/codes                       | 401d   | 401d    | 401d    | 401s   | 403s   | 400        | 403r    | 401s         | 400        | 401s    | 401s
POST /api/devices/{id_:str}/floor             | 401d   | 401d    | 401d    | 401s   | 403s   | 400        | 403r    | 401s         | 400        | 401s    | 401s
POST /api/devices/{id_:str}/revoke            | 401d   | 401d    | 401d    | 401s   | 403s   | 404        | 403r    | 401s         | 404        | 401s    | 401s
GET /api/discrepancies                        | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/documents                            | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
POST /api/documents                           | 401d   | 401d    | 401d    | 401s   | 403s   | 400        | 403r    | 401s         | 400        | 401s    | 401s
GET /api/documents/{number:str}               | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 404        | 401s    | 401s
POST /api/enrol                               | 400    | 400     | 400     | 400    | 400    | 400        | 400     | 400          | 400        | 400     | 400
POST /api/enrol/look                          | 400    | 400     | 400     | 400    | 400    | 400        | 400     | 400          | 400        | 400     | 400
GET /api/holdings                             | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/me                                   | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/operations/{id_:str}                 | 401d   | 401d    | 401d    | 401s   | 404    | 404        | 403r    | 401s         | 404        | 401s    | 401s
GET /api/people                               | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 200        | 401s    | 401s
POST /api/people                              | 401d   | 401d    | 401d    | 401s   | 403s   | 400        | 403r    | 401s         | 400        | 401s    | 401s
GET /api/serials/{item:str}/{serial:str}      | 401d   | 401d    | 401d    | 401s   | 200    | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/server                               | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 200        | 401s    | 401s
POST /api/sign-in                             | 401d   | 401d    | 401d    | 400    | 400    | 400        | 403r    | 400          | 400        | 400     | 400
POST /api/sign-out                            | 401d   | 401d    | 401d    | 400    | 400    | 400        | 403r    | 400          | 400        | 400     | 400
GET /api/valuation                            | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/valuation/{item:str}                 | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 404        | 401s    | 401s
GET /api/variances                            | 401d   | 401d    | 401d    | 401s   | 403s   | 200        | 403r    | 401s         | 200        | 401s    | 401s
GET /api/variances/{operation:str}/{line:int} | 401d   | 401d    | 401d    | 401s   | 403s   | 404        | 403r    | 401s         | 404        | 401s    | 401s
GET /health                                   | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /metrics                                  | 403w   | 403w    | 403w    | 403w   | 403w   | 403w       | 403w    | 403w         | 403w       | 403w    | 403w
GET /ready                                    | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /schema                                   | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /schema/openapi.json                      | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /schema/openapi.yaml                      | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /schema/openapi.yml                       | 200    | 200     | 200     | 200    | 200    | 200        | 200     | 200          | 200        | 200     | 200
GET /schema/{path:str}                        | 404!   | 404!    | 404!    | 404!   | 404!   | 404!       | 404!    | 404!         | 404!       | 404!    | 404!
POST /sync/blocks                             | 401d   | 401d    | 401d    | 200    | 200    | 200        | 403r    | 200          | 200        | 200     | 200
GET /sync/poke                                | 401d   | 401d    | 401d    | 200    | 200    | 200        | 403r    | 200          | 200        | 200     | 200
GET /sync/pull                                | 401d   | 401d    | 401d    | 410    | 410    | 410        | 403r    | 410          | 410        | 410     | 410
POST /sync/push                               | 401d   | 401d    | 401d    | 200    | 200    | 200        | 200     | 200          | 403o       | 200     | 200
GET /sync/roster                              | 401d   | 401d    | 401d    | 200    | 200    | 200        | 403r    | 200          | 200        | 200     | 200
GET /sync/snapshot                            | 401d   | 401d    | 401d    | 200    | 200    | 200        | 403r    | 200          | 200        | 200     | 200
GET /sync/snapshot/{hash_:str}                | 401d   | 401d    | 401d    | 404    | 404    | 404        | 403r    | 404          | 404        | 404     | 404
GET /{path:path}                              | 404    | 404     | 404     | 404    | 404    | 404        | 404     | 404          | 404        | 404     | 404
HEAD /{path:path}                             | 404    | 404     | 404     | 404    | 404    | 404        | 404     | 404          | 404        | 404     | 404
"""  # noqa: E501 - a row per door
SAMPLES = {
    "{number:str}": "PO-1", "{hash_:str}": "0" * 64, "{operation:str}": "o1", "{line:int}": "1",
    "{code:str}": "P1", "{serial:str}": "S1", "{item:str}": "BE-2908", "{id_:str}": "dX",
    "{path:path}": "deep/link",
}  # fmt: skip
SECRET = "Ball Bearings"
"""It stands in a name of this site alone."""


def sample(path):
    """Return an address of a route: about what there is at this site, or what is nowhere."""
    for part, value in SAMPLES.items():
        path = path.replace(part, value)
    if path == "/api/bin-card":
        path += "?place=06-B-10&item=BE-2908"
    return path


def body_of(path, who):
    """Return what is asked with: a whole push and a whole replica, else nothing of use."""
    replica = hashlib.sha256(who.encode()).hexdigest()[:32]
    push = {"v": 1, "site": SITE, "replica": replica, "epoch": 1, "sent": 1, "segment": "s"}
    return {"/sync/push": push, "/sync/blocks": {"replica": replica}}.get(path, {})


def handlers(app):
    """Every handler of every route but OPTIONS, which only lists methods."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is no plain HTTP route"
        for handler in route.route_handlers:
            if handler.http_methods != {"OPTIONS"}:
                yield route.path, handler


def doors(app):
    """Every path with every method, in their order."""
    return sorted(
        (path, method) for path, handler in handlers(app) for method in handler.http_methods
    )


async def people(plant):
    """Return the headers of everybody who knocks."""
    late = await plant.signed_in("2001")
    plant.clock.wait(hours=13)
    supervisor = await plant.signed_in("2001")
    devices = [Device(device="d3", name="PDA-03"), Device(device="d4", name="PDA-04")]
    goods = [Document(document="PO-1", kind="purchase"), Line(document="PO-1", line=1)]
    await plant.book.change(SITE, "test", [*devices, *goods], "more")
    revoked = await plant.signed_in("2001", "d3")
    await plant.book.change(SITE, "test", [replace(devices[0], revoked=True)], "stolen")
    return {
        "nobody": {},
        "garbage": {"Authorization": f"Bearer bc1.d1.{SITE}.forged"},
        "no text": {"Authorization": "é".encode()},
        "device": plant.device(),
        "worker": await plant.signed_in("1001"),
        "supervisor": supervisor,
        "revoked": revoked,
        "other device": supervisor | plant.device("d2"),
        "other site": await elsewhere(plant),
        "expired": late,
        "forged": plant.device("d4") | {"X-Bincard-Session": "bs1.eyJ9.forged"},
    }


async def elsewhere(plant):
    """Return the headers of a supervisor of another site of the same server."""
    boss = Person(person="9001", name="Ye", role="supervisor", badge="B9001")
    rows = [Site(site=OTHER, name="Elsewhere"), Device(device="e1", name="PDA-E"),
            Item(item="XX", name="Else")]  # fmt: skip
    await plant.book.change(OTHER, "test", rows, "founded")
    stamp = await roster.set_pin(plant.book, OTHER, "9001", "639274", "supervisor")
    await plant.book.change(OTHER, "test", [replace(boss, pin_stamp=stamp)], "a person")
    headers = plant.device("e1", OTHER)
    who = {"person": "9001", "pin": "639274"}
    answer = await plant.client.post("/api/sign-in", json=who, headers=headers)
    return headers | {"X-Bincard-Session": answer.json()["session"]}


LETTERS = {
    "device_unknown": "d", "sign_in": "s", "supervisor_only": "s", "device_revoked": "r",
    "other_site": "o", "other_device": "o", "code_invalid": "c", "watchers_only": "w",
}  # fmt: skip


async def knock(plant, method, path, who, headers):
    """Return the cell that a request gives."""
    body = {"json": body_of(path, who)} if method == "POST" else {}
    answer = await plant.client.request(method, sample(path), headers=headers, **body)
    assert answer.status_code < 500, answer.text
    if who == "other site":
        assert SECRET not in answer.text, f"{path} tells another site what is here"
    if answer.status_code < 400 or method == "HEAD":
        return str(answer.status_code)
    if answer.headers["content-type"] != "application/problem+json":
        return f"{answer.status_code}!"
    return f"{answer.status_code}{LETTERS.get(answer.json()['code'], '')}"


def told(rows):
    """Return a table with a column for each who."""
    width = max(len(f"{method} {path}") for method, path in rows)
    head = " | ".join([f"{'':{width}}", *WHO])
    lines = [
        " | ".join([f"{f'{method} {path}':{width}}",
                    *(f"{cell:{len(who)}}" for who, cell in zip(WHO, cells, strict=True))])
        for (method, path), cells in rows.items()
    ]  # fmt: skip
    return [line.rstrip() for line in [head, *lines]]


async def test_every_door_opens_for_whom_it_must_and_for_nobody_else(plant):
    headers = await people(plant)
    # A stream of pokes ends at once while the server closes.
    plant.client.app.state.gate.streams.end_all()
    rows = {}
    # How fast codes of enrolment may be tried is another test's.
    plant.client.app.state.gate.enrols._count = 1_000.0
    for path, method in doors(plant.client.app):
        rows[method, path] = [
            await knock(plant, method, path, who, headers[who]) for who in WHO
        ]  # fmt: skip
    assert told(rows) == [line.rstrip() for line in TABLE.strip("\n").splitlines()]
