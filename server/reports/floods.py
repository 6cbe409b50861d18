"""Discrepancies by the device that opened them: a flood is one line, and may be put aside (D5).

What is put aside stays open: evidence closes it, and what it blocks stays blocked. It is a mark at
the device, up to a number of the log, so that one decision covers any number of rows, also while
more arrive; taking the mark away brings them all back.
"""

from typing import Any, Final, Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from server.tables import DeviceRow, DiscrepancyRow, Log

FLOOD: Final = 100
"""How many open ones of one device the desk shows one by one."""

Shelf = Literal["table", "parked"]

_d: Final = DiscrepancyRow.metadata.tables["discrepancy"]
_log: Final = Log.metadata.tables["log"]
_device: Final = DeviceRow.metadata.tables["device"]

GRAVITY: Final = sa.case({"U": 0, "R": 1}, value=_d.c.severity, else_=2)
_OPENER: Final = sa.func.coalesce(_device.c.device, "")
_PARKED: Final = _d.c.opened_seq <= sa.func.coalesce(_device.c.parked, 0)


class Many(Struct, frozen=True):
    """What one device opened and is still open, more than anybody reads one by one.

    `through` is the last number of the log among them, `version` that of the device's row: an
    `edit` of its `parked` names both. `by` is who put it aside.
    """

    device: str
    name: str
    version: int
    open: int
    urgent: int
    first: int
    through: int
    by: str | None = None


class Overview(Struct, frozen=True):
    """What waits at the desk: so many one by one, and what devices opened by the hundred."""

    discrepancies: int
    floods: list[Many]
    parked: list[Many]


def overview(connection: Connection, site: str) -> Overview:
    """Count what is open, in one pass over it."""
    urgent = sa.func.sum(sa.case((_d.c.severity == "U", 1), else_=0))
    query = (
        sa.select(
            _OPENER, sa.func.max(_device.c.name), sa.func.max(_device.c.version), sa.func.count(),
            urgent, sa.func.min(_d.c.at), sa.func.max(_d.c.opened_seq), _PARKED,
        )
        .select_from(_opened())
        .where(_d.c.site == site, _d.c.state == "open")
        .group_by(_OPENER, _PARKED)
    )  # fmt: skip
    alone, floods, parked = 0, [], []
    for device, name, version, number, grave, first, through, aside in connection.execute(query):
        many = Many(device, name or "", version or 0, number, int(grave), first, through)
        if aside:
            parked.append(many)
        elif device and number > FLOOD:
            floods.append(many)
        else:
            alone += number
    floods.sort(key=lambda one: -one.open)
    return Overview(alone, floods, _with_who(connection, site, parked))


def on_shelf(
    connection: Connection, site: str, query: sa.Select[Any], device: str | None,
    shelf: Shelf | None,
) -> sa.Select[Any]:  # fmt: skip
    """Return the query of discrepancies for one device, or one shelf of the desk, alone."""
    query = query.select_from(_opened())
    if device:
        query = query.where(_OPENER.in_([device]))
    if shelf == "parked":
        return query.where(_PARKED)
    if shelf == "table":
        query = query.where(~_PARKED)
        if not device:
            floods = [many.device for many in overview(connection, site).floods]
            query = query.where(_OPENER.not_in(floods))
    return query


def _opened() -> sa.Join:
    """Join what is odd with who opened it; what the server itself noticed has no device."""
    did = sa.and_(_log.c.site == _d.c.site, _log.c.id == _d.c.operation)
    by = sa.and_(_device.c.site == _log.c.site, _device.c.device == _log.c.device)
    return _d.outerjoin(_log, did).outerjoin(_device, by)


def _with_who(connection: Connection, site: str, parked: list[Many]) -> list[Many]:
    """Say who put it aside, where nothing else was changed at the device since."""
    c = _log.c
    seqs = [many.version for many in parked]
    query = sa.select(c.seq, c.actor).where(c.site == site, c.seq.in_(seqs), c.verb == "edit")
    who: dict[int, str] = {row.seq: row.actor for row in connection.execute(query)} if seqs else {}
    return [replace(many, by=who.get(many.version)) for many in parked]
