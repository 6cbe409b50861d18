"""What the site has already, as an import needs it: rows, openings, and where serials stand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.rows import fetch, replicated
from server.tables import HoldingRow, Log, Posting, ResultRow, SiteRow
from sync import records
from sync.messages import Verdict
from sync.stock import key_of

_KINDS: Final = (
    "warehouse",
    "location",
    "item",
    "partner",
    "person",
    "device",
    "alias",
    "document",
)
_AT_ONCE: Final = 500
_IN_BOOK: Final = ("posted", "flagged")
_site: Final = SiteRow.metadata.tables["site"].c
_log: Final = Log.metadata.tables["log"].c
_posting: Final = Posting.metadata.tables["posting"].c
_result: Final = ResultRow.metadata.tables["result"].c
_holding: Final = HoldingRow.metadata.tables["holding"].c
_verdict: Final = msgspec.json.Decoder(Verdict).decode


class Opened(Struct, frozen=True):
    """An opening fact as it stands in the book: what it posted, how, and with which flags."""

    quantity: int
    outcome: str
    flags: tuple[str, ...] = ()
    taken_back: bool = False

    @property
    def is_posted(self) -> bool:
        """Say whether the book holds it, flagged or not; else it is parked."""
        return self.outcome in _IN_BOOK


class Known:
    """What a file is held against; `seq` is the site's, so that a later change is noticed."""

    def __init__(  # noqa: PLR0913 - each is another part of the book
        self, site: str, rows: Iterable[records.Row], *, today: date, seq: int = 0,
        opened: Mapping[str, Opened] | None = None,
        serials: Mapping[tuple[str, str], str] | None = None,
    ) -> None:  # fmt: skip
        self.site = site
        self.seq = seq
        self.today = today.isoformat()
        self.rows = list(rows)
        self.opened = opened or {}
        self.serials = serials or {}
        self._by_key = {(type(row), _key_of(row)): row for row in self.rows}
        self.people = [row for row in self.rows if isinstance(row, records.Person)]

    def find(self, kind: type, key: str) -> records.Row | None:
        return self._by_key.get((kind, key))

    def item(self, code: str) -> records.Item | None:
        found = self.find(records.Item, code)
        return found if isinstance(found, records.Item) else None

    def codes(self, kind: type) -> set[str]:
        return {key for of, key in self._by_key if of is kind}


def _key_of(row: records.Row) -> str:
    """Return the first field of a row: those of master data are known by it."""
    return str(getattr(row, row.__struct_fields__[0]))


def read(connection: Connection, site: str, today: date) -> Known:
    """Return what the site has; openings are few lines of its log beside all that was scanned."""
    rows: list[records.Row] = []
    for kind in _KINDS:
        table = replicated(kind)
        struct = records.FEED[kind][0]
        rows.extend(fetch(connection, table, struct, sa.column("site") == site))
    seq = connection.scalar(sa.select(_site.master_seq).where(_site.site == site))
    serial_items = [r.item for r in rows if isinstance(r, records.Item) and r.serials]
    return Known(
        site, rows, today=today, seq=seq or 0, opened=openings(connection, site),
        serials=dict(_serials(connection, site, serial_items)),
    )  # fmt: skip


def openings(connection: Connection, site: str) -> dict[str, Opened]:
    """Return every opening fact of the site by its id, with what it posted itself."""
    own = sa.and_(_posting.site == _log.site, _posting.seq == _log.seq, _posting.of == _log.seq)
    later = sa.and_(_result.site == _log.site, _result.operation == _log.id)
    query = (
        sa.select(
            _log.id, _log.outcome, _log.verdict, sa.func.sum(_posting.quantity), _result.outcome,
            _result.reversed,
        )
        .select_from(Log.metadata.tables["log"])
        .join(Posting.metadata.tables["posting"], own, isouter=True)
        .join(ResultRow.metadata.tables["result"], later, isouter=True)
        .where(_log.site == site, _log.id >= "opening-", _log.id < "opening.")
        .group_by(_log.id, _log.outcome, _log.verdict, _result.outcome, _result.reversed)
    )  # fmt: skip
    return {row[0]: _opened(row) for row in connection.execute(query)}


def _opened(row: Sequence[Any]) -> Opened:
    _, outcome, verdict, quantity, later, taken_back = row
    flags = tuple(flag.code for flag in _verdict(verdict).flags) if verdict else ()
    return Opened(int(quantity or 0), later or outcome, flags, bool(taken_back))


def _serials(
    connection: Connection, site: str, items: Sequence[str]
) -> Iterator[tuple[tuple[str, str], str]]:
    for start in range(0, len(items), _AT_ONCE):
        some = items[start : start + _AT_ONCE]
        query = sa.select(_holding.item, _holding.key, _holding.place).where(
            _holding.site == site, _holding.item.in_(some), _holding.quantity > 0
        )
        for item, key, place in connection.execute(query):
            serial = key_of(key).serial
            if serial is not None:
                yield (item, serial), place
