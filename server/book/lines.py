"""The counters of every line of a site, read from the ledger alone: for whoever checks or repairs.

The same functions count as when an operation is decided (`sync/counters.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from server.book.rows import ROWS_AT_ONCE, fetch, structs, table
from sync.counters import Moved, Works, of_counts, of_goods, of_things
from sync.ledger import Posting
from sync.records import Counted, Document, Line, Sighting


class Source(NamedTuple):
    """A table whose rows name an operation, and what these count for the line that it names."""

    table: str
    struct: type[msgspec.Struct]
    of: Callable[[Works, Iterable[Any]], Iterator[tuple[str, int]]]


SOURCES: Final = (
    Source("posting", Posting, of_goods),
    Source("sighting", Sighting, of_things),
    Source("counted", Counted, of_counts),
)


def moved_by_lines(connection: Connection, site: str) -> Counter[Moved]:
    """Return what the ledger gives for each counter: document, line, counter -> amount."""
    papers = fetch(connection, "document", Document, table("document").c.site == site)
    documents = {paper.document: paper for paper in papers}
    rows = fetch(connection, "line", Line, table("line").c.site == site)
    lines = {(row.document, row.line): row for row in rows}
    moved: Counter[Moved] = Counter()
    for source in SOURCES:
        for verb, name, made in _naming(connection, site, source):
            document, line = documents.get(name[0]), lines.get(name)
            if document is not None and line is not None:
                for counter, amount in source.of(Works(verb, document, line), made):
                    moved[line.document, line.line, counter] += amount
    return moved


def _naming(
    connection: Connection, site: str, source: Source
) -> Iterator[tuple[str, tuple[str, int], list[msgspec.Struct]]]:  # fmt: skip
    """Yield, for each operation that names a line, its verb, the line and its rows in order."""
    log, of = table("log").c, table(source.table).c
    same = of.operation == log.id if source.table == "counted" else of.of == log.seq
    order = (of.of, of.seq, of.n) if source.table == "posting" else (log.seq,)
    columns = [of[field] for field in source.struct.__struct_fields__]
    rows = connection.execute(
        sa.select(log.seq, log.verb, log.document, log.line, *columns)
        .join_from(table("log"), table(source.table), sa.and_(of.site == log.site, same))
        .where(log.site == site, log.line.is_not(None)).order_by(*order),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )  # fmt: skip
    for _, several in groupby(rows, itemgetter(0)):
        group = [*several]
        _, verb, document, line = group[0][:4]
        yield verb, (document, line), structs(source.struct, [row[4:] for row in group])
