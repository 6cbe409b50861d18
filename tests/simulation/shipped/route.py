"""The shipped app's requests as the simulated server takes them; what it does not know, at once."""

import json
from urllib.parse import parse_qs, urlsplit

from sync.proofs import Session, key_of_session, payload_of
from tests.simulation.site import DESK, KEY, SITE


def route(url, body):
    """Return (path, body) of a request as `ServerHost.handle` wants them."""
    parts = urlsplit(url)
    path = parts.path.removeprefix("/")
    if path == "sync/push":
        return "push", body.encode()
    if path == "sync/pull":
        asked = parse_qs(parts.query)
        return "pull", {"cursor": asked["cursor"][0], "replica": asked["replica"][0]}
    if path == "sync/snapshot":
        return "snapshot", {"replica": parse_qs(parts.query)["replica"][0]}
    if path.startswith("sync/snapshot/"):
        return "chunk", {"hash": path.removeprefix("sync/snapshot/")}
    return path.rpartition("/")[2], body


def at_once(device, path, body):
    """Answer what the simulated server does not know: enrolment, sign-in, numbers of lots."""
    if path == "enrol":
        told = {"device": device.name, "name": device.name, "site": SITE, "token": "t"}
    elif path == "sign-in":
        role = "supervisor" if device.name == DESK else "worker"
        person = json.loads(body)["person"]
        payload = payload_of(Session(person, device.name, SITE, 2**50, ""))
        told = {
            "person": person,
            "name": "",
            "role": role,
            "session": f"bs1.{payload}.m",
            "expires": 2**50,
            "key": key_of_session(KEY, payload),
            "secret": "",
            "stamp": "",
        }
    elif path == "sign-out":
        told = {"ended": True}
    elif path == "roster":
        told = {"workers": []}
    elif path == "blocks":
        told = {"prefix": f"{device.label}-", "first": 1, "count": 1_000}
    else:
        return None
    return {"status": 200, "text": json.dumps(told), "retry": None}
