"""What a person must know to settle a discrepancy: the facts, both readings, what can be done."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.packing import unpacked
from server.tables import Log
from sync.discrepancies import HOURS, REVIEWS, owner_of
from sync.operations import Scan
from sync.records import Discrepancy
from sync.vocabulary import POLICIES, Code, Evidence, Severity

T = TypeVar("T", int, str)

_log: Final = Log.metadata.tables["log"].c
_HOUR_MS: Final = 3_600_000
_SEQS: Final = ("undo", "first", "like", "passed_over_by")
"""Details that name other operations, by their number in the log or by their id."""

_SCANS_MAX: Final = 20


class FactShown(Struct, frozen=True):
    """One operation behind it: who did what, when, and the codes as they were scanned.

    `carrier` is the device that brought it for its own, else empty.
    """

    operation: str
    seq: int
    verb: str
    actor: str
    device: str
    carrier: str
    at: int
    recorded_at: int
    scans: tuple[Scan, ...]


class Review(Struct, frozen=True):
    """`readings`, `missing`, `actions` and `owner` are names of sentences on the screens.

    The first action is the default; `move:PLACE` names a place from the discrepancy itself.
    """

    facts: list[FactShown]
    readings: tuple[str, str]
    missing: str | None
    actions: tuple[str, ...]
    default: str
    owner: str
    deadline: int


class _Inside(Struct):
    scans: tuple[Scan, ...] = ()


class _Payload(Struct):
    body: _Inside


_payload: Final = msgspec.json.Decoder(_Payload)


def reviews(connection: Connection, site: str, rows: Sequence[Discrepancy]) -> dict[str, Review]:
    """Return what to know of each discrepancy, by its id."""
    ids = {row.operation for row in rows} | {name for row in rows for name in _named(row, str)}
    seqs = {seq for row in rows for seq in _named(row, int)} | {row.opened_seq for row in rows}
    facts = _facts(connection, site, ids, seqs)
    return {row.discrepancy: _review(row, facts) for row in rows}


def _review(row: Discrepancy, facts: Sequence[FactShown]) -> Review:
    code, severity = Code(row.code), Severity(row.severity)
    own = {row.operation, *_named(row, str)}
    seqs = _named(row, int)
    opened = next((one.recorded_at for one in facts if one.seq == row.opened_seq), row.at)
    closes = POLICIES[code].closes
    actions = _actions(row)
    waits = severity is Severity.INFORMATION and row.until is not None
    return Review(
        facts=[one for one in facts if one.operation in own or one.seq in seqs],
        readings=(f"{code.value}.1", f"{code.value}.2"),
        missing=None if closes in {Evidence.NONE, Evidence.AT_ONCE} else closes.value,
        actions=actions,
        default=actions[0],
        owner=owner_of(code, severity),
        deadline=row.until if waits and row.until else opened + HOURS[severity] * _HOUR_MS,
    )


def _actions(row: Discrepancy) -> tuple[str, ...]:
    """Return the actions as they are sent, those that the discrepancy has no place for left out."""
    found: list[str] = []
    for name in REVIEWS[Code(row.code)].actions:
        if name == "move":
            elsewhere = row.detail.get("elsewhere")
            places = elsewhere if isinstance(elsewhere, list) else []
            found += [f"move:{place}" for place, _ in places]
        elif name != "count" or (row.place is not None and "/" not in row.place):
            found.append(name)
    return tuple(found) or ("keep",)


def _named(row: Discrepancy, kind: type[T]) -> set[T]:
    """Return the operations that a discrepancy's detail names, as numbers or as ids."""
    found: set[T] = set()
    for name in _SEQS:
        value = row.detail.get(name)
        for one in value if isinstance(value, list) else [value]:
            several = one if isinstance(one, list) else [one]
            candidates = several[-1:] if name == "like" else several[:1]
            found |= {each for each in candidates if type(each) is kind}
    return found


def _facts(
    connection: Connection, site: str, ids: Iterable[str], seqs: Iterable[int]
) -> list[FactShown]:
    columns = (_log.id, _log.seq, _log.verb, _log.actor, _log.device, _log.carrier, _log.at,
               _log.received_at, _log.kind, _log.payload)  # fmt: skip
    named = sa.or_(_log.id.in_(list(ids)), _log.seq.in_(list(seqs)))
    query = sa.select(*columns).where(_log.site == site, named).order_by(_log.seq)
    return [
        FactShown(*row[:8], scans=_scans(row.payload) if row.kind != "change" else ())
        for row in connection.execute(query)
    ]


def _scans(payload: bytes) -> tuple[Scan, ...]:
    try:
        return _payload.decode(unpacked(payload)).body.scans[:_SCANS_MAX]
    except msgspec.DecodeError:
        return ()
