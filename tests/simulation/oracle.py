"""The promises that need a long look: checked at checkpoints, and at the end of each world."""

import gzip
import json

from server.book.rows import fetch, table
from server.book.verify import unexplained, verify_site
from sync.records import Alias, Counted, Holding, Result, Variance
from sync.stock import is_virtual
from tests.simulation.client.feed import rows_of
from tests.simulation.client.outbox import body_of
from tests.simulation.fold import fold
from tests.simulation.site import SITE
from tests.simulation.watch import Broken, scans_of

SILENT_MS = 8 * 3_600_000


def rows(server, name, struct):
    with server.database.engine.connect() as connection:
        return fetch(connection, name, struct, table(name).c.site == SITE)


def holdings(server):
    """Return {(place, key): quantity} of the real places of the ledger."""
    return {
        (row.place, row.key): row.quantity
        for row in rows(server, "holding", Holding)
        if row.quantity and not is_virtual(row.place)
    }


def check_all(world):
    """Check every promise that holds at any time."""
    check_kept(world)
    check_ledger(world)
    check_fold(world)
    check_watermark(world)
    check_outcomes(world)


def check_kept(world):
    """[S1] What beeped is on the server, in a durable outbox, or reported as lost."""
    logged = {entry["id"] for entry in world.watch.log}
    durable = set()
    for device in world.every_device:
        stores = device.disk.stores
        durable |= {row.id for row in stores["outbox"].values()}
        if world.watch.restores:
            durable |= {row.id for row in stores["sent"].values()}
    for id_, (label, kept, when) in world.watch.beeped.items():
        if id_ not in logged and id_ not in durable and id_ not in world.watch.lost:
            raise Broken(
                "S1",
                f"{label} beeped for {id_} ({body_of(kept)['did']['verb']}) at "
                f"{when}, and it is nowhere",
            )
    _check_captures(world)


def _check_captures(world):
    scanned = set(world.watch.scanned)
    for device in world.every_device:
        for row in device.disk.stores["outbox"].values():
            scanned |= scans_of(row.text)
    for (label, number, wall, raw), when in world.watch.ticks.items():
        journal = world.devices[label].disk.stores["journal"]
        if number in journal or (wall, raw) in scanned:
            continue
        if (label, number, wall) not in world.watch.lost:
            raise Broken(
                "S1",
                f"{label} ticked for capture {number} at {when}, "
                "and it is neither in the journal nor in an operation",
            )


def check_ledger(world):
    """[S3] The ledger replayed is the stock, sums are zero, the chain and the scope hold."""
    with world.server.database.engine.connect() as connection:
        faults = verify_site(connection, SITE)
    if faults:
        raise Broken("S3", "; ".join(faults[:3]))


def check_fold(world):
    """[S7] Stock is the fold of what was accepted, in whatever order it came."""
    server = world.server
    reversed_ = {row.operation for row in rows(server, "result", Result) if row.reversed}
    approved = [row for row in rows(server, "variance", Variance) if row.state == "approved"]
    aliases = {row.raw: row.code for row in rows(server, "alias", Alias)}
    asked = [row for row in rows(server, "variance", Variance) if row.state == "open"]
    asked = [row for row in asked if row.line >= 0 and row.place not in aliases.values()]
    counted = rows(server, "counted", Counted)
    whole = {row.operation: row.place for row in counted if row.scope == "place"}
    expected, stood = fold(world.watch.log, reversed_, approved, aliases, asked, whole)
    found = holdings(server)
    for row in asked:
        if row.expected != stood[row.operation, row.line]:
            raise Broken(
                "S7",
                f"{row.key} at {row.place} was counted at {row.at}: {row.expected} "
                f"expected, and {stood[row.operation, row.line]} stood there",
            )
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name, 0) != found.get(name, 0):
            raise Broken(
                "S7",
                f"{name}: the ledger has {found.get(name, 0)}, "
                f"the facts in time give {expected.get(name, 0)}",
            )


def check_watermark(world):
    """[S9] W is never ahead of a fact that an active device still keeps to itself."""
    # Plainly, for it is asked after every push.
    ask = world.server.database.raw.execute
    mark = ask("SELECT watermark FROM site WHERE site = ?", (SITE,)).fetchone()[0]
    # Who is heard for the first time, or after a long silence, may bring what W has passed.
    if mark <= world.watch.mark:
        return
    found = ask("SELECT replica FROM replica WHERE site = ? AND active AND seen_at > ?",
                (SITE, world.now - SILENT_MS))  # fmt: skip
    active = {replica for (replica,) in found}
    world.watch.mark = mark
    if mark > world.now:
        raise Broken("S9", f"W is {mark}, and it is only {world.now}")
    logged = {entry["id"] for entry in world.watch.log}
    for id_, (label, kept, when) in world.watch.beeped.items():
        if id_ in logged or when >= mark or kept.replica not in active or id_ in world.watch.lost:
            continue
        if label not in world.forgiven:
            raise Broken(
                "S9", f"W is {mark}, but {label} beeped for {id_} at {when} and has not been heard"
            )


def check_outcomes(world):
    """[S8] Every fact has an outcome, once."""
    seen = {}
    for entry in world.watch.log:
        if entry["kind"] == "change":
            continue
        allowed = {"posted", "flagged", "parked"}
        if entry["kind"] == "intent":
            allowed = {"accepted", "refused", "parked"}
        if entry["outcome"] not in allowed:
            raise Broken("S8", f"{entry['verb']} {entry['id']} came to {entry['outcome']!r}")
        if entry["id"] in seen:
            raise Broken("S2", f"{entry['id']} has the numbers {seen[entry['id']]}, {entry['seq']}")
        seen[entry["id"]] = entry["seq"]
        codes = {flag["code"] for flag in json.loads(entry["verdict"])["flags"]}
        if "INVARIANT" in codes:
            raise Broken("S8", f"{entry['verb']} {entry['id']} would have broken an invariant")


def check_explained(world):
    """[S8] What is unidentified or in suspense has an open discrepancy: after every push."""
    with world.server.database.engine.connect() as connection:
        faults = list(unexplained(connection, SITE))
    if faults:
        raise Broken("S8", "; ".join(faults[:3]))


def projection(server):
    """Return {(kind, key): (version, payload)} of everything that devices are to hold."""
    with server.database.engine.connect() as connection:
        _, chunks = server.clerk.make_snapshot(connection, SITE)
    found = {}
    for data in chunks.values():
        for kind, key, version, payload in rows_of(json.loads(gzip.decompress(data))):
            found[kind, key] = (version, payload)
    return found
