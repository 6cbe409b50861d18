"""What once waited in suspense: whether that was a correction, only its row says (R36, R37)."""

from typing import Final

from sqlalchemy import Connection

from server.book.rows import as_read, columns_of, fetch_listed, table
from sync.ledger import TrackName
from sync.limits import SUSPENSE
from sync.records import Discrepancy
from sync.state import State

_row = table("discrepancy").c
HELD: Final = (
    f"SELECT {columns_of(Discrepancy, 'd')} FROM {{n}}"  # noqa: S608 - names of our own
    " CROSS JOIN discrepancy AS d INDEXED BY ix_discrepancy_place"
    " WHERE d.place = n.place AND d.key = n.key AND d.site = ?"
    " AND d.state IN ('open', 'evidence', 'settled') AND d.code = 'OVER_LIMIT'"
)


def load_held(connection: Connection, site: str, state: State) -> None:
    """Load what was held back of the goods at hand, decided or not."""
    rows = fetch_listed(connection, HELD, list(_names(state)), site, like=(_row.place, _row.key))
    for row in as_read(connection, "discrepancy", Discrepancy, rows):
        state.discrepancies.load(row.discrepancy, row)


def _names(state: State) -> set[TrackName]:
    found = {
        name
        for name, track in state.tracks.rows.items()
        if track is not None and any(effect.other == SUSPENSE for effect in track.effects)
    }
    for posting in (posting for of in state.since_base.values() for posting in of):
        if posting.place_from == SUSPENSE:
            found.add((posting.place_to, posting.key))
        elif posting.place_to == SUSPENSE:
            found.add((posting.place_from, posting.key))
    return found
