"""Everything that a batch decided, in a few bulk statements: log, postings, rows, feed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from server.book.packing import packed
from server.book.rows import image, insert, key_of_row, replicated, table, upsert, values_of
from sync.entries import Change, Entry
from sync.feed import SCOPE_MODULUS, scope_of
from sync.hashing import link
from sync.ledger import Posting
from sync.records import Discrepancy, Holding, Row, Sighting
from sync.stock import is_virtual


class Head(Struct):
    """Where the log of a site ends, moved on by every change."""

    site: str
    seq: int
    link: str
    scope: int


class Batch:
    """What is to be written; one pass over the entries of a transaction in their order."""

    def __init__(self, head: Head, received_at: int) -> None:
        self.head = head
        self.received_at = received_at
        self._log: list[dict[str, Any]] = []
        self._postings: list[dict[str, Any]] = []
        self._feed: list[dict[str, Any]] = []
        self._rows: dict[str, dict[str, Row]] = {}

    def add(self, entry: Entry) -> None:
        """Take one operation with its postings and rows."""
        logged = entry.logged
        fields = msgspec.structs.asdict(logged)
        self._advance(logged.seq, logged.payload_hash, entry.changes)
        fields["payload"] = packed(logged.payload, logged.outcome)
        fields |= {"kind": entry.kind, "device": entry.device, "carrier": entry.carrier}
        self._log.append(fields | self._frame())
        self._post(logged.seq, entry.postings)

    def add_change(
        self, fields: dict[str, Any], changes: Sequence[Change], postings: Sequence[Posting] = ()
    ) -> None:
        """Take a change that is no operation: master data, documents, an import."""
        self._advance(fields["seq"], fields["payload_hash"], changes)
        empty = {
            "kind": "change", "device": "", "carrier": "", "replica": None, "rseq": None,
            "document": None, "line": None, "accounted": "", "at": self.received_at, "u": 0,
            "trust": "high", "outcome": "posted", "verdict": b"",
        }  # fmt: skip
        self._log.append(empty | fields | self._frame())
        self._post(fields["seq"], postings)

    def _post(self, seq: int, postings: Sequence[Posting]) -> None:
        for n, posting in enumerate(postings):
            row = {"site": self.head.site, "seq": seq, "n": n}
            self._postings.append(row | msgspec.structs.asdict(posting))

    def _frame(self) -> dict[str, Any]:
        return {
            "site": self.head.site,
            "link": self.head.link,
            "scope": str(self.head.scope),
            "received_at": self.received_at,
        }

    def _advance(self, seq: int, payload_hash: str, changes: Sequence[Change]) -> None:
        """Move the head by one number, one link and the images that changed."""
        if seq != self.head.seq + 1:
            message = f"change {seq} does not follow {self.head.seq}"
            raise AssertionError(message)
        self.head.seq = seq
        self.head.link = link(self.head.link, payload_hash)
        for n, (kind, _, row, before) in enumerate(changes):
            key = key_of_row(kind, row)
            self._rows.setdefault(kind, {})[key] = row
            if is_private(row):
                continue
            if before is not None and before.version:
                self.head.scope -= scope_of(kind, key, before.version)
            self.head.scope += scope_of(kind, key, row.version)
            self._feed.append(
                {
                    "site": self.head.site,
                    "seq": seq,
                    "n": n,
                    "kind": kind,
                    "key": key,
                    "payload": image(row),
                }
            )
        self.head.scope %= SCOPE_MODULUS

    def kinds(self) -> set[str]:
        """Return the kinds of rows that the batch changes."""
        return set(self._rows)

    def tally(self, before: int) -> tuple[Counter[tuple[str, str]], Counter[str]]:
        """Count operations by verb and outcome, and by code what opened after a number."""
        logged = Counter(
            [(row["verb"], row["outcome"]) for row in self._log if row["kind"] != "change"]
        )
        doubts = self._rows.get("discrepancy", {}).values()
        opened = [row for row in doubts if isinstance(row, Discrepancy) and row.opened_seq > before]
        return logged, Counter([row.code for row in opened])

    def write(self, connection: Connection) -> None:
        """Write it all."""
        insert(connection, "log", self._log)
        insert(connection, "posting", self._postings)
        insert(connection, "feed", self._feed)
        for kind, rows in self._rows.items():
            values = [values_of(self.head.site, row) for row in rows.values()]
            write = update_site if kind == "site" else upsert
            write(connection, replicated(kind), values)


def update_site(connection: Connection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write a site's settings: the row is there, and its head is not theirs to change."""
    site = table(name)
    for row in rows:
        connection.execute(sa.update(site).where(site.c.site == row["site"]).values(row))


def is_private(row: Row) -> bool:
    """Say whether a row stays on the server: sightings, and holdings that balance the books."""
    return isinstance(row, Sighting) or (isinstance(row, Holding) and is_virtual(row.place))
