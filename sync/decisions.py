"""Intents: what a supervisor decides. Only these can be refused, with how things stand now."""

from typing import Final

from msgspec.structs import replace

from sync import corrections, sightings
from sync.approvals import beside, changed_since, parts_missing, parts_of, parts_stand
from sync.case import SERVER, Case, RefusedError, close
from sync.counts import expected, moment_of, refresh
from sync.ledger import Posting, Track, TrackName, amend
from sync.movements import close_covered, day_ms, know_lot
from sync.operations import Approve, Close, CountedLine, Decision, Recount, Reject
from sync.records import Counted, Discrepancy, Variance
from sync.sightings import UNIDENTIFIED, thing_of
from sync.state import State
from sync.stock import key_of, key_text
from sync.tasks import ask_recount
from sync.vocabulary import POLICIES, Code, Evidence

WORDS: Final = {"approve": "approved", "recount": "recount", "reject": "rejected"}


def decide_count(case: Case, did: Approve | Recount | Reject) -> None:
    """Approve, reject or send back the keys that the intent names; refuse a stale one (R35)."""
    state = case.state
    approves = not isinstance(did, Recount | Reject)
    rows = _rows(state, did, approves=approves)
    if len({(row.place, row.key) for row in rows}) < len(rows):
        raise RefusedError("key_named_twice", _fresh(state, did, rows))
    for row, decision in zip(rows, did.lines, strict=True):
        _check(case, did, row, decision)
    if approves and (missing := _missing(state, rows)):
        raise RefusedError("not_alone", _fresh(state, did, rows) + tuple(missing))
    start = len(state.postings)
    for row, decision in zip(rows, did.lines, strict=True):
        if approves:
            set_balance(case, row, decision.counted)
            corrections.raised(case, row)
        mark_decided(case, did, row)
        close_covered(state, (row.place, row.key), case.body.id)
        if not isinstance(did, Recount):
            _close_counted(case, row)
    refresh(case, state.postings[start:])
    if isinstance(did, Recount):
        ask_recount(state, rows[0].place)


def _close_counted(case: Case, row: Variance) -> None:
    """What only a look could answer is answered by what was decided."""
    for doubt in case.state.discrepancies.all():
        counted = POLICIES[Code(doubt.code)].closes is Evidence.COUNTED
        same = (doubt.place, doubt.key) == (row.place, row.key) or _is_found(case, row, doubt)
        if doubt.state == "open" and same and counted and doubt.at <= row.at:
            close(case.state, doubt, case.body.id)


def _is_found(case: Case, row: Variance, doubt: Discrepancy) -> bool:
    """A single thing is found in any place; what nobody can name is explained by its own doubt."""
    thing = thing_of(key_of(row.key))
    if thing is None or not row.counted or case.verb != "approve" or doubt.key is None:
        return False
    return thing_of(key_of(doubt.key)) == thing and not str(doubt.place).startswith(UNIDENTIFIED)


def _check(case: Case, did: Approve, row: Variance, decision: Decision) -> None:
    """Refuse a line that was decided, or is not any more what was shown."""
    state, rows = case.state, [row]
    if row.state != "open":
        raise RefusedError("already_decided", _fresh(state, did, rows))
    unseen = case.verb == "approve" and case.device != SERVER and changed_since(case, row)
    if unseen or decision.expected != row.expected or decision.counted != _counted(state, did, row):
        raise RefusedError("stale", _fresh(state, did, rows))


def _rows(state: State, did: Approve, *, approves: bool) -> list[Variance]:
    """Return the line of each decision; goods beside a line get one when they get a number."""
    if not parts_stand(state, did):
        raise RefusedError("count_unknown")
    found = [find_variance(state, did, decision) for decision in did.lines]
    wanted = {name: row for row in found if row and approves for name in beside(state, row)}
    rows = []
    for row, decision in zip(found, did.lines, strict=True):
        counted = state.counted.find(decision.of.operation)
        place = decision.place or (counted.place if counted else "")
        if row is None and counted is not None and (place, key_text(decision.key)) in wanted:
            row = unlisted_line(state, counted, decision, place)  # noqa: PLW2901 - as it stands
        if row is None:
            raise RefusedError("count_unknown")
        rows.append(row)
    return rows


def unlisted_line(state: State, counted: Counted, decision: Decision, place: str) -> Variance:
    """Write the line of a key that a count does not list, at the time when it was done."""
    number = sum(other.operation == counted.operation and other.line < 0
                 for other in state.variances.all())  # fmt: skip
    row = Variance(
        operation=counted.operation, line=-1 - number, count_id=counted.count_id,
        place=place, key=key_text(decision.key), item=decision.key.item,
        counted=decision.counted, expected=decision.expected, at=counted.at, u=counted.u,
        first=counted.opened, last=counted.at, replica=counted.replica, seq=counted.seq,
        actor=counted.actor, device=counted.device, blind=counted.blind,
    )  # fmt: skip
    if place != counted.place or counted.scope == "line":
        row = replace(row, expected=expected(state, row))
    state.variances.put((row.operation, row.line), row)
    return row


def _missing(state: State, rows: list[Variance]) -> list[Decision]:
    """Return what else wants a number, as the ledger has it."""
    named = {(row.place, row.key) for row in rows}
    missing = []
    for row in rows:
        for name in beside(state, row):
            if name in named:
                continue
            named.add(name)
            if (line := _line_of(state, row, name)) is not None:
                missing.append(decision_of(line))
                continue
            there = expected(state, replace(row, place=name[0], key=name[1]))
            place = None if name[0] == row.place else name[0]
            missing.append(
                Decision(key_of(name[1]), there, there, CountedLine(row.operation), place)
            )
    return missing


def _line_of(state: State, row: Variance, name: TrackName) -> Variance | None:
    """Return the open line that the same count has for a key."""
    rows = state.variances.having("place", name[0])
    same = (one for one in rows if (one.count_id, one.key) == (row.count_id, name[1]))
    return next((one for one in same if one.state == "open"), None)


def mark_decided(case: Case, did: Approve, row: Variance) -> None:
    """Write the decision on a key into the lines that it rests on."""
    approves = case.verb == "approve"
    parts = tuple(sorted({*did.parts, row.operation})) if approves else ()
    for part in parts_of(case.state, did.parts, row):
        if part.state == "open":
            decided = replace(part, state=WORDS[case.verb], decided=case.body.id, parts=parts)
            case.state.variances.put((part.operation, part.line), decided)


def find_variance(state: State, did: Approve, decision: Decision) -> Variance | None:
    """Return the line of a count that a decision names."""
    key = key_text(decision.key)
    for row in state.variances.all():
        if (row.operation, row.count_id, row.key) == (decision.of.operation, did.count_id, key) \
                and decision.place in {None, row.place} \
                and (row.line if row.line >= 0 else None) == decision.of.line:  # fmt: skip
            return row
    return None


def _counted(state: State, did: Approve, row: Variance) -> int:
    """Return what all parts counted; those that were not named too, so that they are seen."""
    named = {*did.parts, *parts_missing(state, did, row)}
    return sum(part.counted for part in parts_of(state, named, row))


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
    if thing_of(key_of(row.key)) is not None:
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
    if thing_of(key_of(row.key)) is not None:
        sightings.forget(state, sightings.approved(state, row))
        return
    name = (row.place, row.key)
    track = state.tracks.find(name)
    effect = next((e for e in track.effects if e.at == moment_of(row)), None) if track else None
    if effect is not None:
        state.apply(amend(effect, name, -effect.amount, "reverse"))
        state.run_forward(name, effect.at, -effect.amount)


def close_document(case: Case, did: Close) -> None:
    """Close a document, or one line of it, at what was done."""
    state = case.state
    document = state.documents.find(did.document)
    if document is None:
        raise RefusedError("document_unknown")
    lines = state.lines.having("document", did.document)
    if did.line is not None:
        lines = [row for row in lines if row.line == did.line]
        if not lines:
            raise RefusedError("line_unknown")
    else:
        state.documents.put(did.document, replace(document, state="closed"))
    for row in lines:
        state.lines.put((row.document, row.line), replace(row, state="closed"))
