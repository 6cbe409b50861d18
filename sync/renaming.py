"""An unknown code turns out to be something known: in all its facts, past and late (R6).

The goods were posted at `unidentified/RAW`, or as item `unidentified/RAW`. Each of those postings
is taken back and made again under the right name, at its own time, so the stock is what it would
have been had the code been known at the scan. From now on the alias resolves it at once.
"""

from msgspec.structs import replace

from sync import counts
from sync.case import Case, close
from sync.decisions import RefusedError, unset_balance
from sync.ledger import Posting, TrackName
from sync.movements import close_covered
from sync.records import Alias, Discrepancy
from sync.state import State
from sync.stock import is_virtual, key_of, key_text
from sync.vocabulary import Code

PREFIX = "is:"
"""The action of a settle that names a code: `is:06-B-10`."""


def is_renaming(action: str, row: Discrepancy | None) -> bool:
    """Say whether a settle resolves an unknown code."""
    return row is not None and row.code == Code.UNKNOWN_CODE and action.startswith(PREFIX)


def new_name(row: Discrepancy, code: str, posting: Posting) -> Posting:
    """Return a posting as it would have been made had the code been known."""
    raw = f"unidentified/{row.detail['raw']}"
    if row.detail["kind"] == "item":
        key = replace(key_of(posting.key), item=code)
        return replace(posting, item=code, key=key_text(key), kind="linked")
    ends = {"place_from": posting.place_from, "place_to": posting.place_to}
    known = {end: code if place == raw else place for end, place in ends.items()}
    return replace(posting, kind="linked", **known)


def rename(case: Case, row: Discrepancy, code: str) -> None:
    """Resolve an unknown code. Refuses a code that nobody knows either."""
    state, kind = case.state, row.detail["kind"]
    known = state.items.find(code) if kind == "item" else state.locations.find(code)
    if known is None:
        raise RefusedError("code_unknown")
    _forget_counts(state, str(row.detail["raw"]))
    moved = []
    for posting in [*state.renaming, *_made_now(state)]:
        state.apply(_back(posting))
        again = new_name(row, code, posting)
        state.apply(again)
        moved.append(again)
    for posting in moved:
        _run_forward(state, posting)
    for posting in moved:
        for place in (posting.place_from, posting.place_to):
            close_covered(state, (place, posting.key), case.body.id)
    counts.refresh(case, moved)
    raw = str(row.detail["raw"])
    state.aliases.put(raw, Alias(raw=raw, kind="item" if kind == "item" else "location", code=code))
    for other in list(state.discrepancies.all()):
        if other.state == "open" and _hangs_on(other, f"unidentified/{raw}"):
            close(state, other, case.body.id, "settled")


def _made_now(state: State) -> list[Posting]:
    """Return what taking counts back has posted in this very operation."""
    return [posting for posting in state.made.get(state.seq, []) if posting.kind == "reverse"]


def _back(posting: Posting) -> Posting:
    return replace(
        posting, kind="linked", place_from=posting.place_to, place_to=posting.place_from,
        t_from=posting.t_to, t_to=posting.t_from,
    )  # fmt: skip


def _run_forward(state: State, posting: Posting) -> None:
    ends: list[tuple[TrackName, int | None, int]] = [
        ((posting.place_from, posting.key), posting.t_from, -posting.quantity),
        ((posting.place_to, posting.key), posting.t_to, posting.quantity),
    ]
    for name, time, change in ends:
        if time is not None and not is_virtual(name[0]):
            moment = (time, posting.replica, posting.rseq, posting.line)
            state.run_forward(name, moment, change)


def _forget_counts(state: State, raw: str) -> None:
    """What was counted under the unknown name sets nothing any more: the bin wants a recount."""
    for row in list(state.variances.all()):
        if f"unidentified/{raw}" in {row.place, row.item} and row.state in {"open", "approved"}:
            if row.state == "approved":
                unset_balance(state, row)
            state.variances.put((row.operation, row.line), replace(row, state="reversed"))


def _hangs_on(row: Discrepancy, name: str) -> bool:
    return name in {row.place, row.item}
