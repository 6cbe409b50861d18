"""A device lost its storage and goes on as a new replica: what the server last knew of the old one.

What was written there after the last contact nobody can number, unless the device remembers how
far it had written. A rescue file that turns up later narrows what is missing.
"""

import sqlalchemy as sa
from msgspec.structs import replace

from server.book.changing import write_rows
from server.book.rows import fetch, fetch_in, table, upsert, values_of
from server.book.session import Session
from sync.formers import names_of
from sync.losses import SEQ_MAX, Hole, missing, reach, with_hole
from sync.messages import Former, Push
from sync.records import Discrepancy
from sync.state import Replica
from sync.vocabulary import Code, Severity


def report_lost(session: Session, device: str, push: Push) -> None:
    """Open `OPERATIONS_LOST` for the storage that a device had before; once, however often told."""
    told = push.former or Former()
    lost = _former(session, device, push, told)
    # What nobody can have written is not believed: then the end is not known (R4).
    former = told if told.seq <= reach(lost.acked, [told.seq]) else replace(told, seq=0)
    is_own = lost.device in names_of(session.state, device)
    name = f"{Code.OPERATIONS_LOST.value}/storage/{lost.replica or push.replica}"
    site = session.head.site
    if fetch_in(session.connection, "discrepancy", Discrepancy, site, "discrepancy", [name]):
        return
    # Nothing is left of its own count: the end of the hole is not known.
    last = former.seq or SEQ_MAX
    is_all_here = last <= lost.acked and not lost.unsent
    row = Discrepancy(
        discrepancy=name, code=Code.OPERATIONS_LOST.value, operation="", at=session.now,
        severity=Severity.REVIEW.value if is_all_here else Severity.URGENT.value,
        opened_seq=session.state.seq + 1,
        detail={
            "device": lost.device, "replica": lost.replica, "acked": lost.acked,
            "unsent": lost.unsent, "seen_at": lost.seen_at,
            "through": former.seq or None, "missing": missing(lost.acked + 1, last),
            **({} if former is told else {"claimed": told.seq}),
            **({} if is_own else {"told_by": device}),
        },
    )  # fmt: skip
    write_rows(session, "server", "lost", [row])
    if lost.replica:
        # It cannot speak any more, so nobody waits for it.
        active = lost.active and not is_own
        holes = with_hole(lost.holes, Hole(lost.acked + 1, last, name))
        values = values_of(site, replace(lost, active=active, holes=holes))
        upsert(session.connection, "replica", [values])


def _former(session: Session, device: str, push: Push, former: Former) -> Replica:
    """Return the replica that was lost: the one named, else the last one of this device."""
    site, row = session.head.site, table("replica").c
    if former.replica is not None:
        found = fetch_in(
            session.connection, "replica", Replica, site, "replica", [former.replica]
        )  # fmt: skip
        return found[0] if found else Replica(former.replica, device)
    mine = sa.and_(row.site == site, row.device == device, row.replica != push.replica)
    known = fetch(session.connection, "replica", Replica, mine)
    return max(known, key=lambda one: one.seen_at, default=Replica("", device))
