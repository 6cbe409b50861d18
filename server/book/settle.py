"""After each group: what the watermark settles, in the same transaction."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa
from msgspec.structs import replace

from server.book.changing import write_changes
from server.book.load import load
from server.book.own import own_intent
from server.book.rows import fetch, fetch_in, table
from server.book.session import Session
from server.book.watermark import reported
from sync.case import SERVER
from sync.reconcile import decide
from sync.records import Discrepancy, Document, Line, LotRow, Variance
from sync.settling import approvable, approval, graver, sort_out

APPROVALS_MAX = 500


def reached(session: Session) -> int:
    """Return how far the active devices have reported; it never goes back."""
    head = session.head
    return max(head.watermark, reported(session.connection, head.site, session.now))


def run_settling(session: Session, watermark: int) -> None:
    """Let what waited for the watermark be graver, or be approved by the server itself."""
    _graver(session, watermark)
    _approve(session, watermark)


def _graver(session: Session, watermark: int) -> None:
    row = table("discrepancy").c
    due = fetch(session.connection, "discrepancy", Discrepancy, row.site == session.head.site,
                row.state == "open", row.until <= watermark, row.severity == "I")  # fmt: skip
    if not due:
        return
    state, site = session.state, session.head.site
    names = [f"RC-{one.place}" for one in due if one.place]
    for document in fetch_in(session.connection, "document", Document, site, "document", names):
        state.documents.load(document.document, document)
    for line in fetch_in(session.connection, "line", Line, site, "document", names):
        state.lines.load((line.document, line.line), line)
    items = {one.item for one in due if one.item}
    for lot in fetch_in(session.connection, "lot", LotRow, site, "item", items):
        state.lots.load((lot.item, lot.lot, lot.expires, lot.supplier), lot)
    for one in due:
        state.discrepancies.load(one.discrepancy, one)
    state.seq += 1
    mark = state.mark()
    for one in due:
        graver(state, one, SERVER)
    changes = state.changed_since(mark)
    if changes:
        write_changes(session, SERVER, "graver", changes)
    else:
        state.seq -= 1


def _approve(session: Session, watermark: int) -> None:
    row = table("variance").c
    apart = sa.func.abs(row.counted - row.expected)
    due = fetch(session.connection, "variance", Variance, row.site == session.head.site,
                row.state == "open", row.at + row.u <= watermark, row.line >= 0,
                row.ambiguous.is_(False), row.by_hand.is_(None),
                apart <= _tolerance(session, row.item))  # fmt: skip
    due = [one for one in due if approvable(session.state, one)][:APPROVALS_MAX]
    due.sort(key=_count)
    outputs = _outputs(session, {one.place for one in due if one.counted > one.expected})
    shared = _shared(session, due)
    for _, rows in groupby(due, key=_count):
        _approve_count(session, list(rows), shared, outputs)


def _approve_count(
    session: Session, rows: list[Variance], shared: set[tuple[str, str, str]], outputs: set[str]
) -> None:
    """Approve what one count says, as far as nothing is left to ask; say what waits, and why."""
    state = session.state
    load(session, [(SERVER, [own_intent(session, approval(rows))])])
    # An approval before may have changed what this one expects.
    now = [state.variances.find((one.operation, one.line)) or one for one in rows]
    parts = [replace(one, by_hand="parts") for one in now if _key(one) in shared]
    alone = [one for one in now if approvable(state, one) and _key(one) not in shared]
    fit, waiting = sort_out(state, alone, outputs)
    if parts or waiting:
        mark = state.mark()
        state.seq += 1
        for one in parts + waiting:
            state.variances.put((one.operation, one.line), one)
        write_changes(session, SERVER, "by_hand", state.changed_since(mark))
    if fit:
        decided = decide(state, own_intent(session, approval(fit)), SERVER, session.seal)
        if decided.entry is not None:
            session.batch.add(decided.entry)


def _tolerance(session: Session, item: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """Return how many pieces may be missing of an item: its own limit, else the site's."""
    row = table("item").c
    own = sa.select(row.count_tolerance).where(row.site == session.head.site, row.item == item)
    return sa.func.coalesce(own.scalar_subquery(), session.state.site.count_tolerance)


def _outputs(session: Session, places: set[str]) -> set[str]:
    """Return those of some places that production delivered to."""
    row = table("posting").c
    found = set()
    for place in places:
        made = sa.select(sa.literal(1)).where(
            row.site == session.head.site,
            row.place_to == place,
            row.place_from.startswith("production/"),
        )
        if session.connection.execute(made.limit(1)).first() is not None:
            found.add(place)
    return found


def _count(row: Variance) -> str:
    return row.operation


def _key(row: Variance) -> tuple[str, str, str]:
    return row.count_id, row.place, row.key


def _shared(session: Session, due: Sequence[Variance]) -> set[tuple[str, str, str]]:
    """Return the keys that several parts of a count list: a person adds them up (C5)."""
    ids = {one.count_id for one in due}
    rows = fetch_in(session.connection, "variance", Variance, session.head.site, "count_id", ids)
    parts = Counter(_key(one) for one in rows if one.state != "reversed")
    return {name for name, number in parts.items() if number > 1}
