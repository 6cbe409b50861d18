"""An unknown code turns out to be something known: in all its facts, past and late (R6).

The goods were posted at `unidentified/RAW`, or as item `unidentified/RAW`. Each of those postings
is taken back and made again under the right name, at its own time, so the stock is what it would
have been had the code been known at the scan. From now on the alias resolves it at once.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from sync import counts, progress, sightings
from sync.balances import unset_balance
from sync.case import Case, RefusedError, close
from sync.ledger import COUNT_PLACE, Kind, Moment, Posting, TrackName
from sync.movements import close_covered
from sync.records import Alias, Discrepancy, Sighting
from sync.state import State
from sync.stock import key_of, key_text
from sync.vocabulary import Code

PREFIX = "is:"
"""The action of a settle that names a code: `is:06-B-10`."""


def is_renaming(action: str, row: Discrepancy | None) -> bool:
    """Say whether a settle resolves an unknown code."""
    return row is not None and row.code == Code.UNKNOWN_CODE and action.startswith(PREFIX)


def new_name(row: Discrepancy, code: str, posting: Posting) -> Posting:
    """Return a posting as it would have been made had the code been known."""
    raw = f"unidentified/{row.detail['raw']}"
    # What takes all, or leaves nothing in a container that left, goes on doing so (L7, L12).
    zero = posting.kind == "count" and COUNT_PLACE not in {posting.place_from, posting.place_to}
    kind: Kind = posting.kind if posting.kind == "all" or zero else "linked"
    if row.detail["kind"] == "item":
        key = replace(key_of(posting.key), item=code)
        return replace(posting, item=code, key=key_text(key), kind=kind)
    ends = {"place_from": posting.place_from, "place_to": posting.place_to}
    known = {end: code if place == raw else place for end, place in ends.items()}
    return replace(posting, kind=kind, **known)


def rename(case: Case, row: Discrepancy, code: str) -> None:
    """Resolve an unknown code. Refuses a code that nobody knows either."""
    state, kind = case.state, row.detail["kind"]
    known = state.items.find(code) if kind == "item" else state.locations.find(code)
    if known is None:
        raise RefusedError("code_unknown")
    _forget_counts(state, str(row.detail["raw"]))
    known_as = [one for one in (*state.renaming, *_made_now(state)) if not _single(one.key)]
    moved = [new_name(row, code, posting) for posting in known_as]
    for posting, again in zip(known_as, moved, strict=True):
        state.apply(_back(posting))
        state.apply(again)
    _run_forward(state, known_as, moved, f"unidentified/{row.detail['raw']}")
    seen = sighted(state, row)
    sightings.rename(state, seen, [seen_again(row, code, one) for one in seen])
    for posting in moved:
        for place in (posting.place_from, posting.place_to):
            close_covered(state, (place, posting.key), case.body.id)
    counts.refresh(case, moved)
    raw = str(row.detail["raw"])
    state.aliases.put(raw, Alias(raw=raw, kind="item" if kind == "item" else "location", code=code))
    for other in list(state.discrepancies.all()):
        if other.state == "open" and _hangs_on(other, f"unidentified/{raw}"):
            _settle(case, other, row, code)
    progress.renamed(case, {one.of for one in known_as} | {one.of for one in seen}, code)


def _settle(case: Case, other: Discrepancy, row: Discrepancy, code: str) -> None:
    """Close what hung on the unknown name; what waits in suspense waits under the known one."""
    if other.code != Code.OVER_LIMIT:
        close(case.state, other, case.body.id, "settled")
        return
    raw = f"unidentified/{row.detail['raw']}"
    if row.detail["kind"] == "item":
        key = key_text(replace(key_of(other.key or ""), item=code))
        other = replace(other, item=code, key=key)
    elif other.place == raw:
        other = replace(other, place=code)
    case.state.discrepancies.put(other.discrepancy, other)


def sighted(state: State, row: Discrepancy) -> list[Sighting]:
    """Return the sightings of things, or at places, that have the unknown code."""
    raw = f"unidentified/{row.detail['raw']}"
    rows = [one for one in state.sightings.all() if not one.gone]
    if row.detail["kind"] == "item":
        return [one for one in rows if key_of(one.key).item == raw]
    return [one for one in rows if raw in {one.place, one.source, one.only_from}]


def seen_again(row: Discrepancy, code: str, one: Sighting) -> Sighting:
    """Return a sighting as it would have been had the code been known."""
    raw = f"unidentified/{row.detail['raw']}"
    if row.detail["kind"] == "item":
        key = replace(key_of(one.key), item=code)
        return replace(one, thing=sightings.thing_of(key) or "", key=key_text(key))
    ends = {"place": one.place, "source": one.source, "only_from": one.only_from}
    return replace(one, **{end: code if place == raw else place for end, place in ends.items()})


def _single(key: str) -> bool:
    return sightings.thing_of(key_of(key)) is not None


def _made_now(state: State) -> list[Posting]:
    """Return what taking counts back has posted in this very operation."""
    return [posting for posting in state.made.get(state.seq, []) if posting.kind == "reverse"]


def _back(posting: Posting) -> Posting:
    return replace(
        posting, kind="linked", place_from=posting.place_to, place_to=posting.place_from,
        t_from=posting.t_to, t_to=posting.t_from,
    )  # fmt: skip


def _run_forward(
    state: State, known_as: Sequence[Posting], moved: Sequence[Posting], raw: str
) -> None:
    """Let what changed at every known place run on; an end that kept its name has not changed."""
    changes: dict[tuple[TrackName, Moment], int] = {}
    for posting, sign in [(one, -1) for one in known_as] + [(one, 1) for one in moved]:
        for place, time, amount in (
            (posting.place_from, posting.t_from, -posting.quantity),
            (posting.place_to, posting.t_to, posting.quantity),
        ):
            if time is not None and raw not in {place, posting.item}:
                end = (place, posting.key), (time, posting.replica, posting.rseq, posting.line)
                changes[end] = changes.get(end, 0) + sign * amount
    for (name, moment), change in changes.items():
        state.run_forward(name, moment, change)


def _forget_counts(state: State, raw: str) -> None:
    """What was counted under the unknown name sets nothing any more: the bin wants a recount."""
    for row in list(state.variances.all()):
        if f"unidentified/{raw}" in {row.place, row.item} and row.state in {"open", "approved"}:
            if row.state == "approved":
                unset_balance(state, row)
            gone = replace(row, state="reversed", parts=())
            state.variances.put((row.operation, row.line), gone)


def _hangs_on(row: Discrepancy, name: str) -> bool:
    return name in {row.place, row.item}
