"""What the rounds of `load.py` ask of single things: their chains, and what containers hold."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from server.book.rows import fetch, fetch_in, fetch_listed, table
from sync import containers
from sync.containers import INSIDE, code_of, thing_named
from sync.ledger import Posting
from sync.needs import Standing
from sync.records import Holding, LotRow, Sighting
from sync.sightings import thing_of
from sync.state import State
from sync.stock import key_of

_holding, _sighting = table("holding").c, table("sighting").c


def load_chains(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """The chain of each thing that is named, or that a reversed operation saw, from then on."""
    seen = fetch_in(connection, "sighting", Sighting, site, "of", asked.targets.values())
    counted = [row for row in state.variances.all()
               if asked.targets.keys() & {row.operation, *row.parts}]  # fmt: skip
    times = [asked.seen_since, *(row.taken for row in seen), *(row.at for row in counted)]
    # A second load of one batch never begins later: what stood before would be what is known.
    state.seen_since = max(min(state.seen_since, *times), 0)
    things = asked.things | {row.thing for row in seen}
    approved = {thing_of(key_of(row.key)) for row in counted}
    load_things(connection, site, state, things | {thing for thing in approved if thing})


def load_containers(connection: Connection, site: str, state: State, asked: Standing) -> None:
    """Containers that are named, all that stood in them since then, and in what they stood."""
    known: set[str] = set()
    stood = fetch_in(connection, "sighting", Sighting, site, "place", asked.stood)
    new = asked.containers | {code for row in stood if (code := containers.container_of(row))}
    while new:
        known |= new
        inside = _inside(connection, site, [f"{INSIDE}{code}" for code in new], state.seen_since)
        load_things(connection, site, state, inside | {thing_named(code) for code in new})
        outside = {code_of(place) for place in containers.places(state)}
        new = (containers.codes(state) | {code for code in outside if code}) - known
    if any(containers.leaves(row) for row in state.sightings.all()) or asked.contents_since \
            or asked.stood:  # fmt: skip
        places = [f"{INSIDE}{code}" for code in known]
        for held in fetch_in(connection, "holding", Holding, site, "place", places):
            state.holdings.load((held.place, held.key), held)
        items = {row.item for row in state.holdings.all() if code_of(row.place) is not None}
        for lot in fetch_in(connection, "lot", LotRow, site, "item", items):
            state.lots.load((lot.item, lot.lot, lot.expires, lot.supplier), lot)
    for operation, (place, cursor) in asked.contents_since.items():
        state.since_base[operation] = _posted_since(connection, site, place, cursor)


def _inside(connection: Connection, site: str, places: Sequence[str], since: int) -> set[str]:
    """Return the single things that stand in containers, or stood in them since a time."""
    keys = {
        row.key for row in fetch_in(connection, "holding", Holding, site, "place", places,
                                    "quantity <> 0")
    }  # fmt: skip
    for end in ("from", "to"):
        rows = fetch_listed(
            connection,
            "SELECT DISTINCT p.key FROM {n} CROSS JOIN posting AS p"  # noqa: S608 - no input in it
            f" WHERE p.place_{end} = n.place AND p.site = ? AND p.t_{end} >= ?",
            [(place,) for place in places], site, since, like=(_holding.place,),
        )  # fmt: skip
        keys |= {row[0] for row in rows}
    things = {thing_of(key_of(key)) for key in keys}
    return {thing for thing in things if thing is not None}


def _posted_since(connection: Connection, site: str, place: str, cursor: int) -> list[Posting]:
    """Return what was posted at a place after a device's cursor."""
    posting = table("posting").c
    there = sa.or_(posting.place_from == place, posting.place_to == place)
    after = posting.seq > cursor
    return fetch(connection, "posting", Posting, posting.site == site, there, after)


def load_things(connection: Connection, site: str, state: State, things: set[str]) -> None:
    """The sightings of things since the batch begins, and where they stood before."""
    rows = fetch_in(connection, "sighting", Sighting, site, "thing", things,
                    "at >= ?", state.seen_since)  # fmt: skip
    for row in rows:
        state.sightings.load((row.thing, row.of, row.line), row)
    # An absence asks where the thing has stood since its count was opened (L8).
    opened = min((row.taken for row in rows if row.only_from is not None), default=state.seen_since)
    if opened < state.seen_since:
        state.seen_since = opened
        load_things(connection, site, state, things)
        return
    before = fetch_listed(
        connection,
        "SELECT n.thing, (SELECT CAST(s.posted AS text) FROM sighting AS s"
        " WHERE s.site = n.site AND s.thing = n.thing AND s.at < n.at AND NOT s.gone"
        " AND CAST(s.posted AS text) <> '[]'"
        " ORDER BY s.at DESC, s.replica DESC, s.rseq DESC, s.line DESC LIMIT 1) FROM {n}",
        [(site, thing, state.seen_since) for thing in things],
        like=(_sighting.site, _sighting.thing, _sighting.at),
    )  # fmt: skip
    for thing, posted in before:
        # A second load that begins earlier holds as a sighting what stood before the first one.
        state.stood.pop(thing, None)
        if posted is not None:
            state.stood[thing] = msgspec.json.decode(posted, type=tuple[str, str, str, str])
