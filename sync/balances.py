"""What an approved line of a count does to its track, at its own moment.

A key that the count lists is *set*: what came before runs into it. A key that no part of the count
lists is not set. It was not there at some moment while the count lasted, so it loses the least that
was held meanwhile (C2): its *absence*, told again with every fact that comes later, for ever.
"""

from sync import sightings
from sync.case import Case
from sync.ledger import Moment, Posting, Track, amend
from sync.movements import day_ms, know_lot
from sync.records import Variance
from sync.sightings import thing_of
from sync.state import State
from sync.stock import key_of


def moment_of(variance: Variance) -> Moment:
    """Return the place of a counted key in the order of everything."""
    return (variance.at, variance.replica, variance.seq, variance.line)


def expected(state: State, variance: Variance) -> int:
    """Return what the ledger says for the moment of the count, without the count itself."""
    track = state.tracks.find((variance.place, variance.key))
    return track.before(moment_of(variance)) if track else 0


def is_absence(state: State, row: Variance) -> bool:
    """Say whether a line is of a key that a count of the whole place does not list (C2)."""
    counted = state.counted.find(row.operation)
    whole = counted is not None and counted.scope == "place" and counted.place == row.place
    return row.line < 0 and whole


def set_balance(case: Case, row: Variance, counted: int) -> None:
    """Let an approved line rule at its moment; later facts run into it.

    The ledger's own number for goods that the count does not list sets nothing (C8).
    """
    state, absent = case.state, is_absence(case.state, row)
    if row.line < 0 and not absent and counted == row.expected:
        return
    if thing_of(key_of(row.key)) is not None:
        sightings.approve(state, row, there=counted > 0 and not absent, since=_since(row, absent))
        return
    track = state.tracks.find((row.place, row.key)) or Track(0)
    moment = moment_of(row)
    amount = counted - track.before(moment)
    if absent:
        amount = -track.least(row.first, moment)
    arrives = amount > 0
    fifo_at = day_ms(row.fifo_date) if row.fifo_date else row.at
    know_lot(case, key_of(row.key), comes=arrives, place=row.place, fifo_at=fifo_at)
    opened = row.first if absent else None
    state.apply(
        Posting(
            of=state.seq, line=row.line, kind="gone" if absent else "count", item=row.item,
            key=row.key, place_from="count" if arrives else row.place,
            place_to=row.place if arrives else "count", quantity=abs(amount),
            t_from=opened if arrives else row.at, t_to=row.at if arrives else opened, u=row.u,
            replica=row.replica, rseq=row.seq, counted=None if absent else counted,
        )
    )  # fmt: skip
    state.run_forward((row.place, row.key), moment, amount)


def _since(row: Variance, absent: bool) -> int:  # noqa: FBT001 - private
    return row.first if absent else row.at


def unset_balance(state: State, row: Variance) -> None:
    """Take an approved line back; what it had absorbed runs on to the next one."""
    if thing_of(key_of(row.key)) is not None:
        sightings.forget(state, sightings.approved(state, row))
        return
    name = (row.place, row.key)
    track = state.tracks.find(name)
    effect = next((e for e in track.effects if e.at == moment_of(row)), None) if track else None
    if effect is not None and effect.kind != "reverse":
        state.apply(amend(effect, name, -effect.amount, "reverse"))
        state.run_forward(name, effect.at, -effect.amount)
