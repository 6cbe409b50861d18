"""Whether the server's clock can be right (T7): held against the log, and against its own running.

What is received while it stands wrong is dated wrong for ever: the log is never changed. So where
it cannot be right by more than a day nothing is taken, until it is set, or until somebody says
that it is right. A smaller step is only told: the site's clock waits until it is reached.
"""

import time
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.rows import table, upsert
from server.refusals import Code, Refusal
from sync.contacts import encode_contacts, read_contacts

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

NOTICED_MS: Final = 5 * MINUTE_MS
REFUSED_MS: Final = DAY_MS
AWAY_MS: Final = 30 * DAY_MS
"""A plant may be closed, and its server off, for so long; then somebody looks at the clock."""

RETRY_S: Final = 15
NAME: Final = "clock"


def steady_ms() -> int:
    """Return ms on a clock that nobody sets, and that goes on while the machine sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(boot) // 1_000_000


class Told(Struct, frozen=True):
    """What the database says: the latest time in a log (0: none), and when a clock was accepted."""

    latest: int
    accepted: int


class ClockDoubt(Struct, frozen=True):
    """By how many ms the clock is ahead of what is plausible; below zero it is behind."""

    off: int

    @property
    def refuses(self) -> bool:
        return abs(self.off) > REFUSED_MS

    def refusal(self) -> Refusal:
        code = Code.CLOCK_AHEAD if self.off > 0 else Code.CLOCK_BEHIND
        return Refusal(code, retry_after=RETRY_S, hours=f"{abs(self.off) // HOUR_MS:,}")


class ClockGuard:
    """Knows the last moment at which the clock was believed. Without a `steady` clock beside it no
    step is seen, and it is held against the log alone.
    """  # noqa: D205 - one sentence on two lines

    def __init__(self, now: Callable[[], int], steady: Callable[[], int] | None = None) -> None:
        self._now = now
        self._steady = steady or now
        self._told: Told | None = None
        self._believed: tuple[int, int] | None = None
        """The clock, and the steady one, when it was believed."""

    def learn(self, told: Told) -> None:
        """Take what the database says; who accepts the clock is believed from then on."""
        if self._told is not None and told.accepted != self._told.accepted:
            self._believed = self._now(), self._steady()
        self._told = told
        if self._believed is None and told.latest and self.doubt() is None:
            self._believed = self._now(), self._steady()

    def doubt(self) -> ClockDoubt | None:
        """Return why the clock cannot be right, None when it can."""
        latest = self._told.latest if self._told is not None else 0
        if not latest:
            return None
        now = self._now()
        off = [min(now - latest, 0), self._stepped(now, latest)]
        most = max(off, key=abs)
        return ClockDoubt(most) if abs(most) > NOTICED_MS else None

    def _stepped(self, now: int, latest: int) -> int:
        """Return how far the clock is from where it should have come to by now."""
        if self._believed is not None:
            wall, steady = self._believed
            return now - wall - (self._steady() - steady)
        # It was just started: how long nothing ran, nobody knows.
        return now - latest if now - latest > AWAY_MS else 0

    def check(self) -> None:
        """Raise `Refusal` when what is received now would be dated wrong for ever."""
        doubt = self.doubt()
        if doubt is not None and doubt.refuses:
            raise doubt.refusal()


def read_clock(connection: Connection) -> Told:
    """Return the latest time that a log holds, and when a clock was last accepted."""
    latest = connection.scalar(sa.select(sa.func.max(table("site").c.clock)))
    of = table("installation").c
    accepted = connection.scalar(sa.select(of.value).where(of.name == NAME))
    return Told(int(latest or 0), int(accepted or 0))


def accept_clock(connection: Connection, now: int) -> Told:
    """Believe that it is `now`; return what stood there. What is later is taken back to it.

    The log keeps its times. What would wait for a time that is years away does not: the site's
    clock and watermark, what replicas were heard of, the days of devices, locks of PINs, codes.
    """
    before = read_clock(connection)
    site, replica = table("site"), table("replica")
    for column in (site.c.clock, site.c.watermark):
        _lower(connection, column, now)
    connection.execute(sa.update(site).where(site.c.clock > 0).values(clock=now))
    for column in (replica.c.at, replica.c.seen_at, replica.c.watermark):
        _lower(connection, column, now)
    _forget_contacts(connection, now)
    tried, spent, code = table("sign_in"), table("spent"), table("enrolment")
    connection.execute(
        sa.update(tried).where(tried.c.at > now).values(at=now, locked_until=0)
    )  # fmt: skip
    connection.execute(sa.delete(spent).where(spent.c.since > now))
    connection.execute(sa.delete(code).where(code.c.expires_at > now + DAY_MS))
    upsert(connection, "installation", [{"name": NAME, "value": now}])
    return before


def _lower(connection: Connection, column: "sa.Column[int]", now: int) -> None:
    connection.execute(sa.update(column.table).where(column > now).values({column.name: now}))


def _forget_contacts(connection: Connection, now: int) -> None:
    """Forget what was said of the time while it was wrong: it would date what is still unsent."""
    of = table("replica")
    for row in connection.execute(sa.select(of.c.site, of.c.replica, of.c.contacts)).all():
        known = read_contacts(row.contacts)
        kept = tuple(one for one in known if one.server_now <= now)
        if kept != known:
            where = (of.c.site == row.site, of.c.replica == row.replica)
            connection.execute(
                sa.update(of).where(*where).values(contacts=encode_contacts(kept))
            )  # fmt: skip
