"""Intents: what a supervisor decides. Only these can be refused, with how things stand now."""

from typing import Final

from msgspec.structs import replace

from sync import corrections
from sync.absences import is_listed, new_line, rows_of, window_of
from sync.approvals import beside, changed_since, parts_missing, parts_of, parts_stand
from sync.balances import expected, is_absence, moment_of, set_balance, unset_balance
from sync.case import SERVER, Case, RefusedError, close
from sync.counts import refresh
from sync.ledger import TrackName
from sync.movements import close_covered
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
    if not parts_stand(state, did):
        raise RefusedError("count_unknown")
    rows = _rows(case, did, approves=approves)
    if len({(row.place, row.key) for row in rows}) < len(rows):
        raise RefusedError("key_named_twice", fresh(case, did, rows))
    for row, decision in zip(rows, did.lines, strict=True):
        _check(case, did, rows, row, decision)
    if approves and _missing(state, did, rows):
        raise RefusedError("not_alone", fresh(case, did, rows))
    start = len(state.postings)
    for row, decision in zip(rows, did.lines, strict=True):
        if approves:
            approve(case, did, row, decision.counted)
        mark_decided(case, did, row)
        close_covered(state, (row.place, row.key), case.body.id)
        if not isinstance(did, Recount):
            _close_counted(case, row)
    refresh(case, state.postings[start:])
    if isinstance(did, Recount):
        ask_recount(state, rows[0].place)


def approve(case: Case, did: Approve, row: Variance, counted: int) -> None:
    """Let a key be what was counted, and say what was corrected twice by that.

    The sum of several parts is set by the last of their lines, also when that was approved alone
    before the others came (C5).
    """
    last = max(parts_of(case.state, did.named, row), key=moment_of, default=row)
    if last.state == "approved":
        unset_balance(case.state, last)
    last = row if last.operation == row.operation else last
    set_balance(case, last, counted)
    corrections.raised(case, last)
    corrections.repeated(case, last)


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


def _check(
    case: Case, did: Approve, rows: list[Variance], row: Variance, decision: Decision
) -> None:  # fmt: skip
    """Refuse a line that was decided, or is not any more what was shown."""
    state = case.state
    if row.state not in {"open", "reversed"}:
        raise RefusedError("already_decided", fresh(case, did, rows))
    same = (decision.counted, decision.expected) == (_counted(state, did, row), row.expected)
    if row.state == "reversed" or not same or parts_missing(state, did, row):
        raise RefusedError("stale", fresh(case, did, rows))
    if case.verb == "approve" and case.device != SERVER and changed_since(case, row):
        # Its figures are identical, so it must be said in words.
        raise RefusedError("corrected", fresh(case, did, rows))


def _rows(case: Case, did: Approve, *, approves: bool) -> list[Variance]:
    """Return the line of each decision; goods beside a line get one when they get a number."""
    state = case.state
    found = [find_variance(state, did, decision) for decision in did.lines]
    wanted = {name for row in found if row and approves for name in beside(state, row)}
    rows = []
    for row, decision in zip(found, did.lines, strict=True):
        counted = state.counted.find(decision.of.operation)
        if row is None and (counted is None or decision.of.line is not None):
            raise RefusedError("count_unknown")
        if row is None and counted is not None:
            name = (decision.place or counted.place, key_text(decision.key))
            if name not in wanted or not _says(state, counted, name):
                # It stands beside nothing any more, or another part says it: not so the rest.
                raise RefusedError("stale", fresh(case, did, [one for one in found if one]))
            row = unlisted_line(state, counted, decision, name)  # noqa: PLW2901 - as it stands
        rows.extend([row] if row else [])
    return rows


def _says(state: State, counted: Counted, name: TrackName) -> bool:
    """Say whether it is this part that says of a key that the count does not list it."""
    listed = is_listed(rows_of(state, counted.count_id, name))
    return not listed and _part_for(state, counted, name).operation == counted.operation


def _part_for(state: State, counted: Counted, name: TrackName) -> Counted:
    """Return the last part of the whole place, where there is one; else the part at hand."""
    window = window_of(state, counted.count_id, name[0])
    return window.done if window else counted


def unlisted_line(
    state: State, counted: Counted, decision: Decision, name: TrackName
) -> Variance:  # fmt: skip
    """Write the line of a key that a count does not list, at the time when it was done."""
    row = new_line(state, counted, name, decision.key.item)
    there = expected(state, row)
    number = there if decision.counted == decision.expected else decision.counted
    if is_absence(state, row):
        # A count of the whole place says itself how many were missed (C2).
        number = there - _least(state, row)
    row = replace(row, counted=number, expected=there)
    state.variances.put((row.operation, row.line), row)
    return row


def _least(state: State, row: Variance) -> int:
    track = state.tracks.find((row.place, row.key))
    return track.least(row.first, moment_of(row)) if track else 0


def fresh(case: Case, did: Approve, rows: list[Variance]) -> tuple[Decision, ...]:
    """Return what may be decided of these lines as it stands, with all that they want beside them.

    Who sends it back as it is, is not refused again unless something new has come.
    """
    state, verb = case.state, case.verb
    open_ = list({(row.place, row.key): row for row in rows if row.state == "open"}.values())
    told = tuple(_shown(state, did, row) for row in open_)
    return told + (tuple(_missing(state, did, open_)) if verb == "approve" else ())


def _missing(state: State, did: Approve, rows: list[Variance]) -> list[Decision]:
    """Return what else wants a number, and beside that in turn, as the ledger has it."""
    named = {(row.place, row.key) for row in rows}
    missing, asking = [], [*rows]
    while asking:
        row = asking.pop(0)
        for name in beside(state, row):
            if name in named:
                continue
            named.add(name)
            if (line := _line_of(state, row, name)) is not None:
                asking.append(line)
                missing.append(_shown(state, did, line))
            else:
                missing.append(_number(state, row, name))
    return missing


def _number(state: State, row: Variance, name: TrackName) -> Decision:
    """Return what the ledger has of a key beside a line, at the time when the count was done."""
    counted = state.counted.find(row.operation)
    assert counted is not None, "a line has its count"
    counted = _part_for(state, counted, name)
    line = new_line(state, counted, name, key_of(name[1]).item)
    there = expected(state, line)
    number = there - _least(state, line) if is_absence(state, line) else there
    place = None if name[0] == counted.place else name[0]
    return Decision(key_of(name[1]), number, there, CountedLine(counted.operation), place)


def _line_of(state: State, row: Variance, name: TrackName) -> Variance | None:
    """Return the last open line that the same count has of a key."""
    same = [one for one in rows_of(state, row.count_id, name) if one.state == "open"]
    return max(same, key=moment_of, default=None)


def mark_decided(case: Case, did: Approve, row: Variance) -> None:
    """Write the decision on a key into the lines that it rests on."""
    approves = case.verb == "approve"
    parts = tuple(sorted({*did.named, row.operation})) if approves else ()
    several = parts_of(case.state, did.named, row)
    last = max(several, key=moment_of, default=row)
    for part in several:
        if part.state == "open" or (approves and part == last):
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
    return sum(part.counted for part in _parts(state, did, row))


def _parts(state: State, did: Approve, row: Variance) -> list[Variance]:
    return parts_of(state, did.named | parts_missing(state, did, row), row)


def _shown(state: State, did: Approve, row: Variance) -> Decision:
    """Return the decision that a line asks for: what all parts say, and where, if not here."""
    counted = state.counted.find(row.operation)
    parts = _parts(state, did, row)
    names = tuple(sorted(part.operation for part in parts)) if len(parts) > 1 else ()
    place = row.place if counted is not None and counted.place != row.place else None
    total = sum(part.counted for part in parts)
    return replace(decision_of(row), counted=total, place=place, parts=names)


def decision_of(row: Variance) -> Decision:
    """Return the decision that a line of a count asks for by itself."""
    return Decision(
        key=key_of(row.key),
        counted=row.counted,
        expected=row.expected,
        of=CountedLine(row.operation, row.line if row.line >= 0 else None),
    )


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
