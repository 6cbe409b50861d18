"""What lies on a device that was enrolled yesterday, in the shapes that the shipped app keeps."""

from sync.proofs import Session, key_of_session, payload_of
from tests.simulation import site
from tests.simulation.disk import Disk


def set_up_yesterday():
    """Return the disk of its work: the first snapshot, as blocks of rows."""
    disk = site.set_up_yesterday()
    blocks, meta = disk.stores["blocks"], disk.stores["meta"]
    for name, rows in blocks.items():
        blocks[name] = {"kind": rows[0][0], "rows": rows}
    meta["feed"] = {**meta["feed"], "at": site.START}
    return disk


def enrolled(name):
    """Return the disk that says who it is; the token is sealed by nothing."""
    disk = Disk()
    told = {"device": name, "name": name, "site": site.SITE, "token": sealed("t")}
    disk.stores["meta"]["enrolment"] = told
    disk.stores["meta"]["vault"] = {"key": "of this profile"}
    return disk


def sealed(text):
    """Return a text as the vault of the page keeps it, which seals nothing here."""
    data = {"$": "ArrayBuffer", "of": [*text.encode()]}
    return {"iv": {"$": "Uint8Array", "of": [0] * 12}, "data": data}


def signed_in(device, person):
    """Return who signed in yesterday before the server's eyes, for as long as a world lasts."""
    payload = payload_of(Session(person, device, site.SITE, 2**50, ""))
    return {
        "person": person, "name": "", "role": "worker", "language": "en", "how": "server",
        "session": sealed(f"bs1.{payload}.m"), "expires": 2**50,
        "key": sealed(key_of_session(site.KEY, payload)),
    }  # fmt: skip
