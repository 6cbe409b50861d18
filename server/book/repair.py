"""`bincard repair`: what follows from the ledger is written again where it is something else.

The log and its postings are what happened, and nobody can derive them: where they are broken,
nothing is touched. All else (what stands where, how far lines are, what counts were held against,
where things were seen, what is blocked, what explains the inexplicable) follows from them, and
`verify` knows each row as it should be. Those rows are written under numbers of the log like any
change, so that devices that hold wrong ones hear of it by the feed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book.cells import unreadable
from server.book.changing import write_changes
from server.book.rows import fetch, key_of_row, table
from server.book.session import Session
from server.book.verify import (
    Fault,
    ScopeWrong,
    Torn,
    Unexplained,
    derived_faults,
    ledger_faults,
    scope_now,
)
from sync.case import SERVER
from sync.entries import Change
from sync.limits import SUSPENSE
from sync.records import Discrepancy, Holding
from sync.sightings import UNIDENTIFIED
from sync.vocabulary import POLICIES, Code

More = Sequence[Callable[[Connection, str], Iterator[Fault]]]
"""What else is looked for: rows that are right, or known to be."""

WHY: Final = "repair"
ROUNDS: Final = 3
"""What stands in suspense is only known once the holdings are right, and what it blocks then."""

ROWS_AT_ONCE: Final = 500
"""Rows under one number of the log: a page of the feed never splits one."""

SHOWN: Final = 5


class RepairError(ValueError):
    """A book that cannot be repaired; the message says what to do. Nothing was changed."""


class Mended(Struct):
    """What was written again in one table: how many rows, and the first differences in words."""

    rows: int = 0
    first: list[str] = []


class Repaired(Struct, frozen=True):
    """What was wrong in a site, by table; `feed` stands for the sum over all rows."""

    site: str
    tables: dict[str, Mended]


def repair_site(
    connection: Connection, site: str, open_session: Callable[[], Session], more: More = ()
) -> Repaired:
    """Write again what does not follow from the ledger. Raises `RepairError`.

    `more` finds what else is to be written again.

    The site is locked before anything is read, and all is one transaction of whoever calls.
    """
    # Who cannot read a row of the master data cannot even begin.
    _refuse_torn([*map(Torn, unreadable(connection, site))])
    open_session()
    _refuse_torn([*ledger_faults(connection, site)])
    done = Repaired(site, {})
    for _ in range(ROUNDS):
        faults = [*derived_faults(connection, site)]
        faults += [fault for look in more for fault in look(connection, site)]
        if not faults:
            return done
        _refuse_torn([fault for fault in faults if isinstance(fault, Torn)])
        if not _mend(connection, open_session(), faults, done):
            break
    if left := [*derived_faults(connection, site)]:
        raise RepairError(
            f"{_shown(left)}\nThat does not follow from the ledger, and the ledger does not say "
            "what would. Nothing was changed. Keep a copy (bincard backup makes an unproved one) "
            "and put back the newest proved backup: bincard restore DIR --replace."
        )
    return done


def _refuse_torn(torn: Sequence[Fault]) -> None:
    if torn:
        raise RepairError(
            f"{_shown(torn)}\nThe ledger itself is broken, so nothing can follow from it. Nothing "
            "was changed. Keep a copy (bincard backup makes an unproved one) and put back the "
            "newest proved backup: bincard restore DIR --replace. The devices send again what they "
            "kept since."
        )


def _shown(faults: Sequence[Fault]) -> str:
    more = f"\n… and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return "\n".join(fault.words for fault in faults[:SHOWN]) + more


def _mend(
    connection: Connection, session: Session, faults: Sequence[Fault], done: Repaired
) -> bool:  # fmt: skip
    """Write what is known to be right; say whether that was anything."""
    wrong = [fault for fault in faults if fault.right is not None]
    known = {(fault.kind, _name(fault)) for fault in wrong}
    # What is unexplained may be so only because a holding is wrong, which is written first.
    if not any(kind == "holding" for kind, _ in known):
        wrong += _explanations(connection, session.head.site, faults)
    scope = [fault for fault in faults if isinstance(fault, ScopeWrong)]
    if not wrong and not scope:
        return False
    if scope:
        session.batch.head.scope = scope_now(connection, session.head.site)
    _note(done, [*wrong, *(replace(fault, kind="feed") for fault in scope)])
    for start in range(0, max(len(wrong), 1), ROWS_AT_ONCE):
        session.state.seq += 1
        part = wrong[start : start + ROWS_AT_ONCE]
        changes = [_change(fault, session.state.seq) for fault in part]
        write_changes(session, SERVER, WHY, changes)
    session.close(session.head.watermark)
    _drop_snapshots(connection, session.head.site)
    return True


def _note(done: Repaired, faults: Sequence[Fault]) -> None:
    for fault in faults:
        mended = done.tables.setdefault(fault.kind, Mended())
        mended.rows += 1
        if len(mended.first) < SHOWN:
            mended.first.append(fault.words)


def _name(fault: Fault) -> str:
    assert fault.right is not None, "it is known"
    return key_of_row(fault.kind, fault.right)


def _change(fault: Fault, seq: int) -> Change:
    assert fault.right is not None, "it is known"
    return fault.kind, _name(fault), replace(fault.right, version=seq), fault.row


def _drop_snapshots(connection: Connection, site: str) -> None:
    """Let go of pictures that were made of wrong rows; the next who asks gets a new one."""
    for name in ("snapshot", "chunk"):
        connection.execute(sa.delete(table(name)).where(table(name).c.site == site))


# --- what nobody explains ------------------------------------------------------------------------


def _explanations(
    connection: Connection, site: str, faults: Sequence[Fault]
) -> Iterator[Fault]:  # fmt: skip
    """Yield the discrepancies that are missing: a person must say what these goods are."""
    held = [fault.held for fault in faults if isinstance(fault, Unexplained) and fault.held]
    for key in dict.fromkeys(one.key for one in held if one.place == SUSPENSE):
        yield from _waiting(connection, site, next(one for one in held if one.key == key))
    for one in held:
        if one.place != SUSPENSE:
            yield _nameless(connection, site, one)


class _Moved(Struct, frozen=True):
    """What an operation has in suspense of one key, and where the goods are instead."""

    id: str
    actor: str
    at: int
    payload: bytes
    place: str
    amount: int


def _waiting(connection: Connection, site: str, held: Holding) -> Iterator[Fault]:
    """Hold every operation that has something in suspense against what asks for it (R37)."""
    row = table("discrepancy").c
    rows = fetch(connection, "discrepancy", Discrepancy, row.site == site, row.key == held.key,
                 row.code == Code.OVER_LIMIT.value)  # fmt: skip
    asked = {one.operation: one for one in rows}
    for moved in _in_suspense(connection, site, held):
        old = asked.get(moved.id)
        right = _asks(moved, held, old) if moved.amount else old and _settled(old)
        if right is not None and right != old:
            words = f"suspense of {held.key}: {moved.amount} of {moved.id} waits for a decision"
            yield Fault(words, "discrepancy", old, right)


def _in_suspense(connection: Connection, site: str, held: Holding) -> list[_Moved]:
    posting, log = table("posting").c, table("log").c
    leaves = posting.place_from == SUSPENSE
    amount = sa.func.sum(sa.case((leaves, -posting.quantity), else_=posting.quantity))
    other = sa.func.max(sa.case((leaves, posting.place_to), else_=posting.place_from))
    found = connection.execute(
        sa.select(log.id, log.actor, log.at, log.payload, other, amount)
        .join(table("log"), sa.and_(log.site == posting.site, log.seq == posting.of))
        .where(posting.site == site, posting.item == held.item, posting.key == held.key,
               sa.or_(leaves, posting.place_to == SUSPENSE))
        .group_by(log.id, log.actor, log.at, log.payload)
    )  # fmt: skip
    return [_Moved(*row[:5], int(row[5])) for row in found]


def _asks(moved: _Moved, held: Holding, old: Discrepancy | None) -> Discrepancy:
    """Return what asks somebody to agree to an operation, or to take it back."""
    row = old or replace(
        _opened(Code.OVER_LIMIT, moved, held, moved.place), detail={"reason": _reason(moved)}
    )
    detail = {**row.detail, "quantity": -moved.amount}
    return replace(row, detail=detail, state="open", settled_by=None)


def _settled(row: Discrepancy) -> Discrepancy:
    return replace(row, state="settled", settled_by=WHY) if row.state == "open" else row


def _reason(moved: _Moved) -> str:
    """Return to which reason an operation books what it adjusts; others have none."""
    try:
        did = msgspec.json.decode(moved.payload)["body"]["did"]
        return str(did["reason"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        return WHY


def _nameless(connection: Connection, site: str, held: Holding) -> Fault:
    """Open again what once explained goods that nobody can name; else have somebody look."""
    row = table("discrepancy").c
    there = sa.and_(row.place == held.place, sa.or_(row.key == held.key, row.key.is_(None)))
    about = sa.or_(there, row.item == held.item) if held.item.startswith(UNIDENTIFIED) else there
    closed = fetch(
        connection, "discrepancy", Discrepancy, row.site == site, row.state != "open", about,
        row.code.in_((Code.UNKNOWN_CODE.value, Code.LOCATION_DOUBT.value)),
    )  # fmt: skip
    old = max(closed, key=lambda one: one.opened_seq, default=None)
    right = (
        replace(old, state="open", settled_by=None)
        if old is not None
        else replace(
            _opened(Code.LOCATION_DOUBT, _last_moved(connection, site, held), held, held.place),
            detail={"quantity": held.quantity},
        )
    )
    words = f"holding {(held.place, held.key)}: {held.quantity}, and nothing open explains it"
    return Fault(words, "discrepancy", old, right)


def _last_moved(connection: Connection, site: str, held: Holding) -> _Moved:
    posting, log = table("posting").c, table("log").c
    ends = sa.or_(posting.place_from == held.place, posting.place_to == held.place)
    found = connection.execute(
        sa.select(log.id, log.actor, log.at, log.payload, posting.place_to, posting.quantity)
        .join(table("log"), sa.and_(log.site == posting.site, log.seq == posting.of))
        .where(posting.site == site, posting.item == held.item, posting.key == held.key, ends)
        .order_by(posting.seq.desc(), posting.n.desc()).limit(1)
    ).one()  # fmt: skip
    return _Moved(*found)


def _opened(code: Code, moved: _Moved, held: Holding, place: str) -> Discrepancy:
    return Discrepancy(
        discrepancy=f"{code.value}/{moved.id}/{WHY}", code=code.value,
        severity=POLICIES[code].severity.value, operation=moved.id, actor=moved.actor, place=place,
        key=held.key, item=held.item, at=moved.at,
    )  # fmt: skip
