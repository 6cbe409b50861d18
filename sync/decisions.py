"""Intents: what a supervisor decides. Only these can be refused, with how things stand now."""

from typing import Final

from msgspec.structs import replace

from sync import corrections, sightings
from sync.case import Case, RefusedError, close
from sync.counts import moment_of, refresh
from sync.ledger import Posting, Track, amend
from sync.movements import close_covered, day_ms, know_lot
from sync.operations import Approve, Close, CountedLine, Decision, Recount, Reject
from sync.records import Document, Line, Variance
from sync.state import State
from sync.stock import key_of, key_text
from sync.vocabulary import POLICIES, Code, Evidence

WORDS: Final = {"approve": "approved", "recount": "recount", "reject": "rejected"}


def decide_count(case: Case, did: Approve | Recount | Reject) -> None:
    """Approve, reject or send back the keys that the intent names; refuse a stale one (R35)."""
    state = case.state
    rows = [_variance(state, did, decision) for decision in did.lines]
    if len({(row.place, row.key) for row in rows}) < len(rows):
        raise RefusedError("key_named_twice", _fresh(state, did, rows))
    for row, decision in zip(rows, did.lines, strict=True):
        if row.state != "open":
            raise RefusedError("already_decided", _fresh(state, did, rows))
        if decision.expected != row.expected or decision.counted != _counted(state, did, row):
            raise RefusedError("stale", _fresh(state, did, rows))
    start = len(state.postings)
    for row, decision in zip(rows, did.lines, strict=True):
        if isinstance(did, Approve) and not isinstance(did, Recount | Reject):
            set_balance(case, row, decision.counted)
            corrections.raised(case, row)
        for part in _parts(state, did, row):
            decided = replace(part, state=WORDS[case.verb], decided=case.body.id)
            state.variances.put((part.operation, part.line), decided)
        close_covered(state, (row.place, row.key), case.body.id)
        if not isinstance(did, Recount):
            _close_counted(case, row)
    refresh(case, state.postings[start:])
    if isinstance(did, Recount):
        ask_recount(state, rows[0].place)


def _close_counted(case: Case, row: Variance) -> None:
    """What only a look at the bin could answer is answered by what was decided of it."""
    for doubt in case.state.discrepancies.having("place", row.place):
        counted = POLICIES[Code(doubt.code)].closes is Evidence.COUNTED
        if doubt.state == "open" and doubt.key == row.key and counted and doubt.at <= row.at:
            close(case.state, doubt, case.body.id)


def _variance(state: State, did: Approve, decision: Decision) -> Variance:
    row = find_variance(state, did, decision)
    if row is None:
        raise RefusedError("count_unknown")
    return row


def find_variance(state: State, did: Approve, decision: Decision) -> Variance | None:
    """Return the line of a count that a decision names."""
    key = key_text(decision.key)
    for row in state.variances.all():
        if (row.operation, row.count_id, row.key) == (decision.of.operation, did.count_id, key) \
                and (row.line if row.line >= 0 else None) == decision.of.line:  # fmt: skip
            return row
    return None


def _parts(state: State, did: Approve, row: Variance) -> list[Variance]:
    """Return the variances of the row's key in the parts that the intent names."""
    return [
        other
        for other in state.variances.all()
        if other.count_id == did.count_id
        and other.operation in {*did.parts, row.operation}
        and (other.place, other.key) == (row.place, row.key)
        and other.state == "open"
    ]


def _counted(state: State, did: Approve, row: Variance) -> int:
    return sum(part.counted for part in _parts(state, did, row))


def _fresh(state: State, did: Approve, rows: list[Variance]) -> tuple[Decision, ...]:
    return tuple(decision_of(row, _counted(state, did, row)) for row in rows)


def decision_of(row: Variance, counted: int | None = None) -> Decision:
    """Return the decision that a variance asks for, as it stands."""
    return Decision(
        key=key_of(row.key),
        counted=row.counted if counted is None else counted,
        expected=row.expected,
        of=CountedLine(row.operation, row.line if row.line >= 0 else None),
    )


def set_balance(case: Case, row: Variance, counted: int) -> None:
    """Set a key to what was counted at the moment of the count; later facts run into it."""
    state, name = case.state, (row.place, row.key)
    if sightings.thing_of(key_of(row.key)) is not None:
        sightings.approve(state, row, counted)
        return
    track = state.tracks.find(name) or Track(0)
    moment = moment_of(row)
    amount = counted - track.before(moment)
    key = key_of(row.key)
    fifo_at = day_ms(row.fifo_date) if row.fifo_date else row.at
    know_lot(case, key, comes=amount > 0, place=row.place, fifo_at=fifo_at)
    arrives = amount > 0
    state.apply(
        Posting(
            of=state.seq, line=row.line, kind="count", item=row.item, key=row.key,
            place_from="count" if arrives else row.place,
            place_to=row.place if arrives else "count",
            quantity=abs(amount), t_from=None if arrives else row.at,
            t_to=row.at if arrives else None, u=row.u, replica=row.replica, rseq=row.seq,
            counted=counted,
        )
    )  # fmt: skip
    state.run_forward(name, moment, amount)


def unset_balance(state: State, row: Variance) -> None:
    """Take an approved count back; what it had absorbed runs on to the next one."""
    if sightings.thing_of(key_of(row.key)) is not None:
        sightings.forget(state, sightings.approved(state, row))
        return
    name = (row.place, row.key)
    track = state.tracks.find(name)
    effect = next((e for e in track.effects if e.at == moment_of(row)), None) if track else None
    if effect is not None:
        state.apply(amend(effect, name, -effect.amount, "reverse"))
        state.run_forward(name, effect.at, -effect.amount)


def ask_recount(state: State, place: str) -> None:
    """Put the bin on the list of bins to count."""
    name = f"RC-{place}"
    document = state.documents.find(name) or Document(document=name, kind="count")
    state.documents.put(name, replace(document, state="open"))
    line = state.lines.find((name, 1)) or Line(document=name, line=1, place=place)
    state.lines.put((name, 1), replace(line, quantity=line.done + 1, state="open"))


def ask_move(state: State, place: str, item: str, quantity: int) -> None:
    """Put goods on the list of what must go elsewhere: out of a bin, or back into one."""
    name = f"MV-{place}"
    lines = [row for row in state.lines.having("document", name) if row.item == item]
    document = state.documents.find(name) or Document(document=name, kind="move")
    state.documents.put(name, replace(document, state="open"))
    row = lines[0] if lines else Line(
        document=name, line=len(state.lines.having("document", name)) + 1, item=item, place=place
    )  # fmt: skip
    # A line that was worked off, or closed at less, asks only for what is new.
    asked = max(row.quantity, row.done) if row.state == "open" else row.done
    state.lines.put((name, row.line), replace(row, quantity=asked + quantity, state="open"))


def tasks_at(place: str) -> set[str]:
    """Return the documents that may ask for a count or a move at a place."""
    return {f"RC-{place}", f"MV-{place}"}


def close_document(case: Case, did: Close) -> None:
    """Close a document, or one line of it, at what was done."""
    state = case.state
    document = state.documents.find(did.document)
    if document is None:
        raise RefusedError("document_unknown")
    lines = [row for row in state.lines.all() if row.document == did.document]
    if did.line is not None:
        lines = [row for row in lines if row.line == did.line]
        if not lines:
            raise RefusedError("line_unknown")
    else:
        state.documents.put(did.document, replace(document, state="closed"))
    for row in lines:
        state.lines.put((row.document, row.line), replace(row, state="closed"))
