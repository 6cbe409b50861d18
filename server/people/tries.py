"""Wrong PINs: what each costs, whom it delays, and what the desk hears of it.

Three counters, so that guessing is slow everywhere and nobody can lock out a whole plant:

- a person at one device: the fifth wrong PIN locks them there for 5 minutes, each five more for
  twice as long, an hour at most. The right PIN clears it.
- a person over all devices: from the tenth wrong PIN on, each delays them by a minute, then two,
  four, 15 at most, on every device where they have not signed in with the PIN of now. So who
  guesses from many devices gains nothing, and the person still works at their own.
- a device over all persons: half an hour without one forgets a wrong PIN; from thirty that are not
  forgotten on, each delays everybody there, an hour at most: one device that guesses for everybody
  stops itself, and nobody else.
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from server.people.tokens import DeviceToken
from server.refusals import Code, Refusal
from server.tables import SignIn

MINUTE_MS: Final = 60_000

TRIES: Final = 5
LOCK_MS: Final = 5 * MINUTE_MS
LOCK_MOST_MS: Final = 60 * MINUTE_MS
TRIES_OF_PERSON: Final = 10
DELAY_MOST_MS: Final = 15 * MINUTE_MS
TRIES_OF_DEVICE: Final = 30
FORGOTTEN_MS: Final = 30 * MINUTE_MS

EVERYWHERE: Final = ""
"""In the place of a device: a person's tries on all of them."""
EVERYBODY: Final = "*"
"""In the place of a person: a device's tries for all of them."""

_table: Final = SignIn.metadata.tables["sign_in"]
_c: Final = _table.c


@dataclass(frozen=True)
class Count:
    """Wrong tries of one counter so far, the last of them, and until when it is shut."""

    wrong: int = 0
    at: int = 0
    locked_until: int = 0
    stamp: str = ""


@dataclass(frozen=True)
class Try:
    """Somebody at a device, whose PIN of now has a stamp; the empty person is nobody known."""

    token: DeviceToken
    person: str
    stamp: str


@dataclass(frozen=True)
class Left:
    """What stays after a try that is wrong: tries here, and when the door opens when there is none.

    `is_news` says that the desk must hear of it.
    """

    tries: int
    opens: int
    is_news: bool


def count(connection: Connection, tried: Try, now: int) -> Left:
    """Count a try before the PIN is checked. Raises `Refusal` while somebody is shut out."""
    site, device, person = tried.token.site, tried.token.device, tried.person
    here = _of(connection, site, device, person)
    everywhere = _of(connection, site, EVERYWHERE, person)
    of_device = _of(connection, site, device, EVERYBODY)
    is_known = bool(tried.stamp) and here.stamp == tried.stamp
    shut = [here.locked_until, of_device.locked_until]
    shut += [] if is_known or not person else [everywhere.locked_until]
    if (left := max(shut) - now) > 0:
        seconds = -(-left // 1000)
        raise Refusal(Code.LOCKED, retry_after=seconds, minutes=-(-seconds // 60))
    wrong = here.wrong + 1
    opens = _until(wrong // TRIES if wrong % TRIES == 0 else 0, now)
    _put(connection, (site, device, person), Count(wrong, now, opens))
    over = 0
    if person:
        over = max(0, everywhere.wrong + 2 - TRIES_OF_PERSON)
        shut_out = Count(everywhere.wrong + 1, now, _until(over, now, MINUTE_MS, DELAY_MOST_MS))
        _put(connection, (site, EVERYWHERE, person), shut_out)
    _count_device(connection, (site, device, EVERYBODY), of_device, now)
    return Left(TRIES - 1 - (wrong - 1) % TRIES, opens, bool(person and (opens or over)))


def _count_device(
    connection: Connection, name: tuple[str, str, str], before: Count, now: int
) -> None:
    wrong = max(0, before.wrong - max(0, now - before.at) // FORGOTTEN_MS) + 1
    until = _until(max(0, wrong - TRIES_OF_DEVICE + 1), now, MINUTE_MS, LOCK_MOST_MS)
    _put(connection, name, Count(wrong, now, until))


def succeeded(connection: Connection, tried: Try, now: int) -> None:
    """Give a person all tries back, and remember that the PIN was shown here.

    A device keeps its own count but for this try: who guesses for others must not clear it by
    signing in as themselves.
    """
    site, device, person = tried.token.site, tried.token.device, tried.person
    proved = {"proved_at": now, "stamp": tried.stamp, "wrong": 0, "locked_until": 0}
    connection.execute(sa.update(_table).where(*_at(site, device, person)).values(proved))
    connection.execute(sa.delete(_table).where(*_at(site, EVERYWHERE, person)))
    connection.execute(
        sa.update(_table).where(*_at(site, device, EVERYBODY), _c.wrong > 0)
        .values(wrong=_c.wrong - 1, locked_until=0)
    )  # fmt: skip


def devices_of(connection: Connection, site: str, person: str, since: int) -> dict[str, int]:
    """Return from where a person's PIN was tried wrongly since a time, and how often."""
    rows = connection.execute(
        sa.select(_c.device, _c.wrong).where(
            _c.site == site, _c.person == person, _c.device != EVERYWHERE,
            _c.wrong > 0, _c.at >= since,
        ).order_by(_c.device)
    )  # fmt: skip
    return {row.device: row.wrong for row in rows}


def _until(times: int, now: int, first: int = LOCK_MS, most: int = LOCK_MOST_MS) -> int:
    """Return when a delay ends that doubles each time; 0 when there is none."""
    return now + min(most, first << min(times - 1, 20)) if times else 0


def _of(connection: Connection, site: str, device: str, person: str) -> Count:
    query = sa.select(_c.wrong, _c.at, _c.locked_until, _c.stamp).where(*_at(site, device, person))
    row = connection.execute(query).one_or_none()
    return Count(*row) if row else Count()


def _put(connection: Connection, name: tuple[str, str, str], told: Count) -> None:
    values: dict[str, Any] = {"wrong": told.wrong, "at": told.at, "locked_until": told.locked_until}
    done = connection.execute(sa.update(_table).where(*_at(*name)).values(values))
    if not done.rowcount:
        site, device, person = name
        new = {"site": site, "device": device, "person": person, "stamp": "", **values}
        connection.execute(sa.insert(_table).values(new))


def _at(site: str, device: str, person: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.site == site, _c.device == device, _c.person == person
