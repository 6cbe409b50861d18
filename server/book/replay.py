"""What was parked because this program was too old for it is done once a newer one starts (R5).

The stored bytes are read again. What can be read now takes its own place in time; its verdict
stays as it was told, and the devices hear of the new outcome by the feed.
"""

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from server.book.changing import write_changes
from server.book.load import load
from server.book.packing import fetch_logged
from server.book.rows import fetch_in, table
from server.book.session import Session
from sync.arrivals import Arrival, Linked, read
from sync.contacts import Contact
from sync.dating import Clock, Dated
from sync.operations import Lost, decode_body, decode_envelope
from sync.reconcile import understand
from sync.records import Discrepancy
from sync.state import Logged
from sync.vocabulary import Code, Outcome


def readable(session: Session) -> list[tuple[Logged, str, Arrival]]:
    """Return the parked operations that can be read by now, with the device of each."""
    row, log = table("discrepancy").c, table("log").c
    rows = session.connection.execute(
        sa.select(row.operation, log.device, log.received_at)
        .join(table("log"), sa.and_(log.site == row.site, log.id == row.operation))
        .where(row.site == session.head.site, row.state == "open",
               row.code == Code.NOT_UNDERSTOOD.value, log.outcome == Outcome.PARKED.value)
        .order_by(log.seq)
    ).all()  # fmt: skip
    found = []
    for operation, device, received_at in rows:
        (logged,) = fetch_logged(session.connection, session.head.site, "id", [operation])
        arrival = _again(logged, session.head.site, received_at)
        if arrival is not None:
            found.append((logged, device, arrival))
    return found


def _again(logged: Logged, site: str, received_at: int) -> Arrival | None:
    """Read an operation once more, at the time that its verdict told; None while it is unknown."""
    try:
        envelope = decode_envelope(logged.payload)
        body = decode_body(bytes(envelope.body))
    except msgspec.MsgspecError:
        return None
    own = Dated(logged.at, logged.u, "high" if logged.trust == "high" else "low")
    # The verdict says how far the device's clock was off just then.
    told = Contact(body.wall, body.wall, own.at, body.segment)
    one = Linked(envelope.link, bytes(envelope.body), logged.payload)
    arrival = read(one, site, Clock((told,), received_at), 0)
    # A loss that nobody could have had (R4) is no more likely when it is read again.
    if arrival.error is not None or arrival.did is None or isinstance(arrival.did, Lost):
        return None
    inner = {
        name: Dated(min(dated.at, own.at), max(dated.u, own.u), own.trust)
        for name in ("taken", "opened")
        if (dated := getattr(arrival, name)) is not None
    }
    return replace(arrival, dated=own, **inner)


def replay(session: Session, logged: Logged, device: str, arrival: Arrival) -> bool:
    """Do one of them under a number of its own; say whether it could be done."""
    # Its id stands in the log already: what it needs is loaded under another one.
    load(session, [(device, [replace(arrival, id=f"{arrival.id}~again")])])
    site, state = session.head.site, session.state
    for doubt in fetch_in(
        session.connection, "discrepancy", Discrepancy, site, "operation", [logged.id]
    ):
        state.discrepancies.load(doubt.discrepancy, doubt)
    mark = state.mark()
    case = understand(state, arrival, device, logged)
    if case is None:
        return False
    changes = state.changed_since(mark)
    write_changes(session, device, "understood", changes, state.postings[mark[1] :])
    log = table("log")
    session.connection.execute(
        sa.update(log)
        .where(log.c.site == site, log.c.seq == logged.seq)
        .values(
            verb=case.verb,
            outcome=Outcome.FLAGGED.value if case.flags else Outcome.POSTED.value,
            document=case.paper[0],
            line=case.paper[1],
        )
    )
    return True
