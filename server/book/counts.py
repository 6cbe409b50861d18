"""What `load.py` asks of counts: all of those at a place, or what they say of single keys.

Counts that were decided before the batch begins are left alone, but for the day in which one is
held together with the next (R32): a place is counted again and again, for years.
"""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection

from server.book.rows import as_read, columns_of, fetch_in, fetch_listed, table
from sync.counts import SAME_GOODS_MS
from sync.ledger import TrackName
from sync.records import Counted, Variance
from sync.state import State

_variance: Final = table("variance").c
LINES: Final = f"SELECT {columns_of(Variance, 'v')} FROM {{n}} CROSS JOIN variance AS v"  # noqa: S608 - names of our own
OPEN_OF_KEY: Final = (
    f"{LINES} INDEXED BY ix_variance_key"
    " WHERE v.place = n.place AND v.key = n.key AND v.site = ? AND v.state = 'open'"
)
OF_COUNT: Final = (
    f"{LINES} INDEXED BY ix_variance_count_id"
    " WHERE v.count_id = n.count_id AND v.place = n.place AND v.key = n.key AND v.site = ?"
)
LOWEST: Final = (
    f"{LINES} WHERE v.operation = n.operation AND v.site = n.site AND v.line ="  # noqa: S608 - names of our own
    " (SELECT min(w.line) FROM variance AS w WHERE w.site = n.site AND w.operation = n.operation)"
)


def load_counts(
    connection: Connection, site: str, state: State, near: set[str], names: set[TrackName]
) -> None:
    """Load the counts of all these places, and their lines: all of `near`, else those of a key.

    A place may have thousands of open lines, and a movement there pays for none but its own.
    """
    since = state.seen_since - SAME_GOODS_MS
    places = near | {place for place, _ in names}
    counts = fetch_in(connection, "counted", Counted, site, "place", places, "at + u >= ?", since)
    for counted in counts:
        state.counted.load(counted.operation, counted)
    load_parts(connection, site, state, {row.count_id for row in counts if row.scope == "place"})
    variances = fetch_in(connection, "variance", Variance, site, "place", near, "state = 'open'")
    load_parts(connection, site, state, {row.count_id for row in variances if row.line < 0})
    # A late fact must see that its key was listed in another part, and which lines are taken.
    several = {row.count_id for row in variances}
    several |= {counted.count_id for counted in counts if counted.place in near}
    for row in fetch_in(connection, "variance", Variance, site, "count_id", several):
        state.variances.load((row.operation, row.line), row)
    others = {name for name in names if name[0] not in near}
    if others:
        _load_keys(connection, site, state, others)


def load_parts(connection: Connection, site: str, state: State, count_ids: Iterable[str]) -> None:
    """All parts of counts, however long one after the other: they say together what is absent."""
    for counted in fetch_in(connection, "counted", Counted, site, "count_id", count_ids):
        state.counted.load(counted.operation, counted)


def _load_keys(
    connection: Connection, site: str, state: State, names: Collection[TrackName]
) -> None:
    """Load what counts say of single keys, and the lowest line of each.

    A line that such a count gets for what it does not list has the number below.
    """
    rows = as_read(connection, "variance", Variance, fetch_listed(
        connection, OPEN_OF_KEY, names, site, like=(_variance.place, _variance.key),
    ))  # fmt: skip
    load_parts(connection, site, state, {row.count_id for row in rows if row.line < 0})
    counts = {place: state.counted.having("place", place) for place, _ in names}
    parts = {(row.count_id, place, key) for place, key in names for row in counts[place]}
    parts |= {(row.count_id, row.place, row.key) for row in rows}
    rows += as_read(connection, "variance", Variance, fetch_listed(
        connection, OF_COUNT, parts, site,
        like=(_variance.count_id, _variance.place, _variance.key),
    ))  # fmt: skip
    operations = {(site, row.operation) for several in counts.values() for row in several}
    rows += as_read(connection, "variance", Variance, fetch_listed(
        connection, LOWEST, operations, like=(_variance.site, _variance.operation),
    ))  # fmt: skip
    for row in rows:
        state.variances.load((row.operation, row.line), row)
