"""Connections: those that write, those that read a consistent picture; full durability on both.

On SQLite one connection writes at a time. On PostgreSQL each site has a writer of its own, and the
settings that an installation may have weakened are set again for every connection.
"""

import re
import sqlite3
from contextlib import suppress
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
from sqlalchemy import Engine, event

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # An acknowledged scan survives a power cut: measured, FULL costs little in batches.
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=15000",
    "PRAGMA cache_size=-65536",
    # The default checkpoint of 1,000 pages stalls a push; 16,000 pages are 64 MB of log.
    "PRAGMA wal_autocheckpoint=16000",
)

WRITER: Final = {
    "synchronous_commit": "on",
    # A group takes milliseconds; whoever holds a site for longer than this is stuck.
    "lock_timeout": "15s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    # Everything is looked up by keys that are known: one plan, however old the statistics are.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
LIVELY: Final = {"idle": 60, "interval": 10, "count": 3}
"""A host that lost its power says no good-bye: after 90 s of silence neither side waits for it.

Else the database would keep the locks of a lost server for two hours, the leader's among them.
"""

READER: Final = {"statement_timeout": "60s", "jit": "off"}
PATIENT: Final = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
"""For who goes through a whole ledger: a backup, a copy, a replay."""

POOL: Final = 8
PREPARED: Final = "prepared"
"""`?prepared=off` in the address of a database behind a pooler that hands out connections for
single transactions: nothing stays prepared there, the settings go along with each transaction,
and no hint comes through."""


WRITABLE: Final = "target_session_attrs"
_HOSTS: Final = re.compile(
    r"(?P<begin>postgresql[^:]*://(?:[^@/?]*@)?)(?P<hosts>[^@/?,]+(?:,[^@/?,]+)+)"
    r"(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?"
)


def address_of(url: str) -> sa.URL:
    """Return the parts of a database's address. Raises `ValueError`, which never shows it: it may
    hold a password.
    """  # noqa: D205 - one sentence on two lines
    with suppress(sa.exc.ArgumentError, ValueError):
        parsed = sa.make_url(_with_hosts(url))
        if parsed.get_backend_name() in {"sqlite", "postgresql"}:
            return parsed
    message = (
        "The address of the database is none: give sqlite:///PATH or "
        "postgresql://USER:PASSWORD@HOST/NAME, in a password %40 for @, %2F for / and %3A for :."
    )
    raise ValueError(message)


def _with_hosts(url: str) -> str:
    """Return an address with several hosts, `h1:5432,h2:5432`, as the driver takes it.

    They are tried in turn, until one is found that lets itself be written to.
    """
    found = _HOSTS.fullmatch(url)
    if found is None:
        return url
    given = found["query"] or ""
    asked = [f"host={quote(host, safe='')}" for host in found["hosts"].split(",")]
    if WRITABLE not in given:
        asked.append(f"{WRITABLE}=read-write")
    query = "&".join([*asked, *([given] if given else [])])
    return f"{found['begin']}/{found['name'] or ''}?{query}"


def make_engine(url: str, *, writes: bool, patient: bool = False) -> Engine:
    """Return an engine whose transactions begin as writers, or as readers that cannot write."""
    parsed = address_of(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, writes=writes)
    settings = WRITER if writes else READER
    settings = settings | PATIENT if patient else settings
    return _postgresql(parsed, settings, writes=writes)


def plain_engine(url: str, **how: Any) -> Engine:  # noqa: ANN401 - as SQLAlchemy's own
    """Return an engine without any of this, for migrations."""
    parsed = address_of(url)
    if parsed.get_backend_name() != "postgresql":
        return sa.create_engine(parsed, **how)
    return sa.create_engine(*_address(parsed), connect_args=_arguments(parsed, {}), **how)


def _sqlite(url: str, *, writes: bool) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False, "isolation_level": None},
        pool_size=1 if writes else POOL,
        poolclass=sa.QueuePool,
        # What was written stands in the ledger, not in the log of errors.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # Taking the write lock at once: two readers that become writers would lose one update.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: sa.URL, settings: dict[str, str], *, writes: bool) -> Engine:
    """A writer reads what others have committed once it has the site's lock; a reader sees one
    moment, as the book promises.
    """  # noqa: D205 - one sentence on two lines
    picture = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    engine = sa.create_engine(
        *_address(url),
        connect_args=_arguments(url, settings),
        execution_options={} if writes else picture,
        json_deserializer=msgspec.json.decode,
        pool_size=POOL,
        # Each site has a writer, and none may wait for the connection of another one.
        max_overflow=-1 if writes else POOL,
        # A reader learns of a cut connection before it asks; a writer does its group again.
        pool_pre_ping=not writes,
        hide_parameters=True,
    )
    if _is_pooled(url):
        _set_in_each_transaction(engine, settings)
    return engine


def _set_in_each_transaction(engine: Engine, settings: dict[str, str]) -> None:
    """Set what a connection cannot keep, because the next one who gets it is somebody else."""
    told = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SELECT {told}")


def hints_by(url: str) -> dict[str, Any] | None:
    """Return how to connect for hints between processes; None where none come through."""
    parsed = address_of(url)
    if parsed.get_backend_name() != "postgresql" or _is_pooled(parsed):
        return None
    (address,) = _address(parsed)
    _, arguments = address.get_dialect()().create_connect_args(address)
    return {**arguments, **_arguments(parsed, {})}


def _is_pooled(url: sa.URL) -> bool:
    return url.query.get(PREPARED) == "off"


def _address(url: sa.URL) -> tuple[sa.URL]:
    return (url.set(drivername="postgresql+psycopg").difference_update_query([PREPARED]),)


def _arguments(url: sa.URL, settings: dict[str, str]) -> dict[str, Any]:
    settings = {f"tcp_keepalives_{name}": str(value) for name, value in LIVELY.items()} | settings
    arguments: dict[str, Any] = {
        "application_name": f"bincard {version('bincard')}",
        "connect_timeout": 10,
        **{f"keepalives_{name}": value for name, value in LIVELY.items()},
        "tcp_user_timeout": 90_000,
    }
    if _is_pooled(url):
        # A pooler refuses what it cannot promise.
        arguments["prepare_threshold"] = None
    else:
        arguments["options"] = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {name: value for name, value in arguments.items() if name not in url.query}
