"""Where a single thing is, a serial or a container: every sighting of it, and what it holds."""

from typing import Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.rows import fetch
from server.tables import HoldingRow, Log, SightingRow
from sync.containers import INSIDE
from sync.records import Holding, Sighting
from sync.sightings import flows, moment_of, thing_of
from sync.stock import Key, container_key

_sighting: Final = SightingRow.metadata.tables["sighting"].c
_holding: Final = HoldingRow.metadata.tables["holding"].c
_log: Final = Log.metadata.tables["log"].c


class Seen(Struct, frozen=True):
    """One sighting: what it said, and from where the thing really came."""

    operation: str
    verb: str
    actor: str
    at: int
    u: int
    recorded_at: int
    said_from: str
    left: str | None
    place: str
    reversed: bool


class Content(Struct, frozen=True):
    """What a container holds of one key."""

    key: str
    item: str
    quantity: int


class Whereabouts(Struct, frozen=True):
    """Where a thing stands (null: nowhere yet), as what, with its sightings, the oldest first."""

    thing: str
    place: str | None
    key: str | None
    sightings: list[Seen]
    contents: list[Content]


def serial(connection: Connection, site: str, item: str, code: str) -> Whereabouts:
    """Return where a serial of an item is."""
    return _whereabouts(connection, site, Key(item=item, serial=code), [])


def container(connection: Connection, site: str, code: str) -> Whereabouts:
    """Return where a container is, and what is in it."""
    there = _holding.place == f"{INSIDE}{code}"
    held = fetch(connection, "holding", Holding, _holding.site == site, there,
                 _holding.quantity != 0)  # fmt: skip
    contents = [Content(row.key, row.item, row.quantity) for row in held]
    contents.sort(key=lambda content: content.key)
    return _whereabouts(connection, site, container_key(code), contents)


def _whereabouts(
    connection: Connection, site: str, key: Key, contents: list[Content]
) -> Whereabouts:
    thing = thing_of(key) or ""
    rows = fetch(connection, "sighting", Sighting, _sighting.site == site, _sighting.thing == thing)
    rows.sort(key=moment_of)
    causes = {
        row.seq: row
        for row in connection.execute(
            sa.select(_log.seq, _log.id, _log.verb, _log.actor, _log.received_at).where(
                _log.site == site, _log.seq.in_([row.of for row in rows])
            )
        )
    }
    seen, place, now = [], None, None
    for row, flow in zip(rows, flows(rows), strict=True):
        if flow is not None:
            place, now = flow.place_to, flow.key_to
        cause = causes[row.of]
        seen.append(
            Seen(
                operation=cause.id, verb=cause.verb, actor=cause.actor, at=row.at, u=row.u,
                recorded_at=cause.received_at, said_from=row.source,
                left=flow.place_from if flow else None, place=row.place, reversed=row.gone,
            )
        )  # fmt: skip
    return Whereabouts(thing, place, now, seen, contents)
