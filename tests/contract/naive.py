"""The control: a feed numbered by a sequence of the database, outside the site's lock.

It is how it is often done, and it loses rows: who takes a number first may commit last, and by
then whoever reads on has passed it.
"""

import msgspec

from sync.messages import Ack, Page, Pushed, Row


class Naive:
    """A book that only counts: each push one transaction, each operation one row."""

    def __init__(self, postgres, url):
        self.postgres, self.url = postgres, url
        self.ask("CREATE TABLE IF NOT EXISTS naive (id bigint GENERATED ALWAYS AS IDENTITY,"
                 " place text)")  # fmt: skip

    def ask(self, query, *values):
        return self.postgres.ask(query, *values, url=self.url)

    def push(self, device, push, _received):
        place = f"B{device[1:]}"
        number = len(push.operations)
        # Between its number and its commit a real push decides and writes: as long as this.
        self.ask(
            "WITH told AS (INSERT INTO naive (place) SELECT %s FROM generate_series(1, %s)"
            " RETURNING id) SELECT pg_sleep(0.003) FROM told LIMIT 1",
            place, number,
        )  # fmt: skip
        last = msgspec.json.decode(push.operations[-1])["link"]["seq"]
        return Pushed(1, Ack(last, None), (), 0, 0)

    def pull(self, cursor, _limit):
        after = int(cursor.split(".")[1])
        found = self.ask("SELECT id FROM naive WHERE id > %s ORDER BY id", after)
        rows = tuple(Row("row", str(id_), id_, msgspec.Raw(b"null")) for (id_,) in found)
        return Page(1, f"1.{rows[-1].version if rows else after}", False, "", rows, {}, 0, 0)

    def snapshot(self):
        return [], "1.0"

    def stock(self):
        rows = self.ask("SELECT place, count(*) FROM naive GROUP BY place")
        return {(place, ""): number for place, number in rows}

    def verify(self):
        return []
