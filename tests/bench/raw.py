"""The raw limit: plain sqlite3 writes the same rows again, and decides nothing.

The rows of operations that the server posted (log, posting, two holdings, feed) go into a copy
of the database from before, with the same tables, indexes and durability.
"""

import shutil
import sqlite3
import time
from contextlib import closing
from itertools import groupby
from operator import itemgetter

from server.book.engine import PRAGMAS

TABLES = ("log", "posting", "feed")
HOLDING = (
    "INSERT INTO holding (site, place, key, item, quantity, version) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (site, place, key) DO UPDATE SET item = excluded.item,"
    " quantity = excluded.quantity, version = excluded.version"
)
ENDS = (
    "SELECT seq, site, place_from, key, item, quantity, seq FROM posting WHERE seq > ?"
    " UNION ALL SELECT seq, site, place_to, key, item, quantity, seq FROM posting WHERE seq > ?1"
    " ORDER BY 1"
)


def raw_limit(before, after, scratch, per_transaction, operations):
    """Return operations per second of the first operations that `after` has over `before`."""
    shutil.copyfile(before, scratch)
    with closing(sqlite3.connect(scratch, isolation_level=None)) as into:
        for pragma in PRAGMAS:
            into.execute(pragma)
        (start,) = into.execute("SELECT max(seq) FROM log").fetchone()
        with closing(sqlite3.connect(after)) as source:
            statements, rows = _rows(source, start)
        parts = [
            [[row for seq in range(first, first + per_transaction) for row in of.get(seq, ())]
             for of in rows]
            for first in range(start + 1, start + 1 + operations, per_transaction)
        ]  # fmt: skip
        began = time.perf_counter()
        for part in parts:
            into.execute("BEGIN IMMEDIATE")
            for statement, values in zip(statements, part, strict=True):
                into.executemany(statement, values)
            into.execute("COMMIT")
        return operations / (time.perf_counter() - began)


def _rows(source, start):
    """Return the statements, and the rows of each by the number of their operation."""
    statements, queries = [HOLDING], [ENDS]
    for table in TABLES:
        names = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
        statements.append(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})")
        queries.append(f"SELECT seq, * FROM {table} WHERE seq > ? ORDER BY seq")
    found = [groupby(source.execute(query, (start,)), itemgetter(0)) for query in queries]
    return statements, [{seq: [row[1:] for row in part] for seq, part in of} for of in found]
