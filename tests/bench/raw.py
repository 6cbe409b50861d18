"""The raw limit: plain statements write the same rows again, and decide nothing.

The rows of operations that the server posted (log, posting, two holdings, feed) go into a copy
of the database from before, with the same tables, indexes and durability.
"""

import time
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from server.book.dialect import dialect_of
from server.book.engine import make_engine, plain_engine

TABLES = ("log", "posting", "feed")
ENDS = (
    "SELECT seq, site, place_from AS place, key, item, quantity, seq AS version FROM posting"
    " WHERE seq > :start UNION ALL"
    " SELECT seq, site, place_to AS place, key, item, quantity, seq AS version FROM posting"
    " WHERE seq > :start ORDER BY 1"
)


def raw_limit(scene, parts):
    """Return seconds for each (operations per transaction, operations): of what was worked."""
    rows = _worked(scene)
    found = {}
    for per_transaction, operations in parts:
        scene.renew()
        first = scene.founded + 1
        batches = [
            {table: _latest(table, of, range(seq, seq + per_transaction))
             for table, of in rows.items()}
            for seq in range(first, first + operations, per_transaction)
        ]  # fmt: skip
        found[per_transaction, operations] = _written(scene, batches)
    return found


def _written(scene, batches):
    engine = make_engine(scene.store.url, writes=True)
    with engine.begin() as connection:
        write = dialect_of(connection).write
    began = time.perf_counter()
    for batch in batches:
        with engine.begin() as connection:
            for table, values in batch.items():
                write(connection, table, values, over=table == "holding")
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def _worked(scene):
    """Return the rows of each table by the number of their operation."""
    queries = {table: f"SELECT * FROM {table} WHERE seq > :start ORDER BY seq" for table in TABLES}
    engine = plain_engine(scene.store.url)
    found = {}
    with engine.connect() as connection:
        for table, query in {**queries, "holding": ENDS}.items():
            rows = connection.execute(sa.text(query), {"start": scene.founded}).mappings()
            found[table] = {seq: [dict(row) for row in part]
                            for seq, part in groupby(rows, itemgetter("seq"))}  # fmt: skip
    engine.dispose()
    return found


def _latest(table, rows, seqs):
    """Return the rows of some operations; of a holding only the last image, as the book writes."""
    found = [row for seq in seqs for row in rows.get(seq, ())]
    if table != "holding":
        return found
    return sorted(
        {(row["place"], row["key"]): row for row in found}.values(),
        key=itemgetter("site", "place", "key"),
    )
