"""What a device may bring in a day: operations, bytes, doubts, blocks of lot numbers.

A fact is never refused, only taken later: beyond its budget a device keeps its queue. Who comes
back from a week offline has the budget of a week, because each day that a device was not heard
counts. A revoked device has a small part of it, and none after a while. Everything that a push
writes counts, also when it carries no operation: a new replica, a lost storage, a fork.
One row for each device is read and written with a group of pushes, however many operations.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from server.book.changing import write_rows
from server.book.rows import fetch_in, upsert, values_of
from server.book.session import Session
from server.refusals import Code, Refusal
from sync.entries import Change
from sync.records import Discrepancy
from sync.vocabulary import Code as Odd
from sync.vocabulary import Severity

if TYPE_CHECKING:
    from server.book.arriving import Turn

DAY_MS: Final = 86_400_000
DAYS_MAX: Final = 30
"""A device that was silent for longer brings no more than it may keep."""

DAYS_FIRST: Final = 7
"""What a device may bring that was never heard: it may carry the week of another one."""

ROW_BYTES: Final = 1_000
"""What a push writes beside operations, such as a new replica: as much as an operation."""

RETRY_S: Final = 900
"""No device waits longer before it asks again; the day may begin anew, or the limit be raised."""

REVOKED_PART: Final = 10
"""The part of a day's budget that a revoked device has."""


class Daily(Struct, frozen=True):
    """What one device may bring in a day, and for how many days after it was revoked."""

    operations: int = 20_000
    bytes: int = 32 * 1024 * 1024
    opened: int = 1_000
    blocks: int = 10
    revoked_days: int = 30


class Spent(Struct, frozen=True):
    """What a device has brought since its day began, with the budget of `days` days.

    `told` is the discrepancy that told the desk, `closing` when a revoked device was first heard.
    """

    device: str
    since: int = 0
    seen: int = 0
    days: int = 1
    operations: int = 0
    bytes: int = 0
    opened: int = 0
    blocks: int = 0
    told: str | None = None
    closing: int | None = None


class Later(Struct, frozen=True):
    """The answer to a push that is not taken now."""

    refusal: Refusal


def today(row: Spent | None, device: str, heard: int, now: int) -> Spent:
    """Return the day of a device as it stands; `heard` is when another sign of it came, else 0."""
    if row is None:
        days = -(-(now - heard) // DAY_MS) if heard else DAYS_FIRST
        return Spent(device, now, now, _bounded(days))
    if now - row.since < DAY_MS:
        return row
    days = -(-(now - max(row.seen, heard)) // DAY_MS)
    return Spent(device, now, row.seen, _bounded(days), told=row.told, closing=row.closing)


def _bounded(days: int) -> int:
    return min(max(days, 1), DAYS_MAX)


def load_spent(connection: Connection, site: str, devices: Iterable[str]) -> dict[str, Spent]:
    """Return what is known of devices' days."""
    rows = fetch_in(connection, "spent", Spent, site, "device", set(devices))
    return {row.device: row for row in rows}


def full(row: Spent, now: int, **facts: object) -> Refusal:
    """Return the refusal that says what is spent, and when to ask again."""
    seconds = min(max(1, (row.since + DAY_MS - now) // 1_000), RETRY_S)
    return Refusal(Code.DAY_FULL, retry_after=seconds, **facts)


class Budgets:
    """The days of the devices of one group of pushes."""

    def __init__(self, session: Session, daily: Daily, devices: Iterable[str]) -> None:
        self._session = session
        self._daily = daily
        self._rows = load_spent(session.connection, session.head.site, devices)
        self._changed: set[str] = set()
        self._tell: dict[str, str] = {}

    def admit(self, turn: "Turn", *, is_new: bool) -> Later | None:
        """Count what a push brings, or say why it is not taken now."""
        name, now = turn.job.device, self._session.now
        known = self._rows.get(name)
        row = today(known, name, 0 if is_new else turn.replica.seen_at, now)
        if row is not known:
            # A device that is back asks before it brings anything: its silence ends here.
            self._changed.add(name)
        device = self._session.state.devices.find(name)
        revoked = device is not None and device.revoked
        if revoked and row.closing is None:
            row = replace(row, closing=now)
            self._changed.add(name)
        elif not revoked and row.closing is not None:
            row = replace(row, closing=None)
        self._rows[name] = row
        if row.closing is not None and now - row.closing >= self._daily.revoked_days * DAY_MS:
            return Later(Refusal(Code.DEVICE_CLOSED))
        operations, size = _cost(turn, is_new=is_new)
        if not operations:
            return None
        self._changed.add(name)
        if (what := self._spent(row, part=REVOKED_PART if revoked else 1)) is not None:
            self._tell[name] = what[0]
            return Later(full(row, now, what=what[0], what_zh=what[1], most=what[2]))
        self._rows[name] = replace(
            row, seen=now, operations=row.operations + operations, bytes=row.bytes + size
        )
        return None

    def _spent(self, row: Spent, part: int) -> tuple[str, str, int] | None:
        """Return what a device has none left of, in both languages, and how much that was."""
        for name, zh in (("operations", "条记录"), ("bytes", "字节"), ("opened", "项异常")):
            most = getattr(self._daily, name) * row.days // part
            if getattr(row, name) >= most:
                return "discrepancies" if name == "opened" else name, zh, most
        return None

    def opened(self, device: str, changes: Sequence[Change]) -> None:
        """Count what an operation left open."""
        new = sum(
            kind == "discrepancy" and before is None
            and isinstance(row, Discrepancy) and row.state == "open"
            for kind, _, row, before in changes
        )  # fmt: skip
        if new:
            row = self._rows[device]
            self._rows[device] = replace(row, opened=row.opened + new)

    def close(self) -> None:
        """Tell the desk of devices that are beyond their budget, and write what was counted."""
        for name, what in self._tell.items():
            self._rows[name] = self._told(self._rows[name], what)
        site = self._session.head.site
        rows = [values_of(site, self._rows[name]) for name in sorted(self._changed)]
        upsert(self._session.connection, "spent", rows)

    def _told(self, row: Spent, what: str) -> Spent:
        """Open one line for the desk, unless the last one still stands."""
        session = self._session
        known = fetch_in(session.connection, "discrepancy", Discrepancy, session.head.site,
                         "discrepancy", [row.told] if row.told else [])  # fmt: skip
        name = f"{Odd.DEVICE_LIMIT.value}/{row.device}/{row.since}"
        if row.told == name or any(one.state == "open" for one in known):
            return row
        line = Discrepancy(
            discrepancy=name, code=Odd.DEVICE_LIMIT.value, severity=Severity.REVIEW.value,
            operation="", at=session.now, opened_seq=session.state.seq + 1,
            detail={"device": row.device, "what": what, "days": row.days},
        )  # fmt: skip
        write_rows(session, "server", "limit", [line])
        return replace(row, told=name)


def _cost(turn: "Turn", *, is_new: bool) -> tuple[int, int]:
    """Return the operations and bytes that a push writes for good."""
    forks = turn.conflict is not None and turn.conflict.code == "fork"
    if turn.conflict is not None and not forks:
        return 0, 0
    beside = int(is_new) + int(turn.job.push.former is not None) + int(forks)
    fresh = [] if forks else turn.chained.fresh
    size = sum(len(payload) for _, _, payload in fresh)
    return len(fresh) + beside, size + ROW_BYTES * beside
