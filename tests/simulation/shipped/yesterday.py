"""What lies on a device that was enrolled yesterday, in the shapes that the shipped app keeps."""

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
    token = {"iv": {"$": "Uint8Array", "of": [0] * 12}, "data": {"$": "ArrayBuffer", "of": [116]}}
    told = {"device": name, "name": name, "site": site.SITE, "token": token}
    disk.stores["meta"]["enrolment"] = told
    disk.stores["meta"]["vault"] = {"key": "of this profile"}
    return disk
