"""Downloads: pages of absolute images, on disk first and in memory then (twin of feed.ts)."""

from sync.feed import SCOPE_MODULUS, apply, feed_key, scope_of
from sync.stock import key_of
from tests.simulation.client.effects import Ask, Problem, Unsound, Write

NOWHERE = {"cursor": "", "scope": "0", "covered": {}, "watermark": None, "blocks": []}


def epoch_of(cursor):
    return int(cursor.split(".")[0] or 0)


def seq_of(cursor):
    return int(cursor.split(".")[1]) if cursor else 0


class Feed:
    """`images` are all rows as last told; `position` says as of which page."""

    def __init__(self, page):
        self.page = page
        self.position = NOWHERE
        self.images = {}
        self.scope = 0
        self._load()

    @property
    def cursor(self):
        return self.position["cursor"]

    @property
    def epoch(self):
        return epoch_of(self.cursor)

    @property
    def seq(self):
        return seq_of(self.cursor)

    def _load(self):
        """Bring back what is kept; an unreadable replica only costs a new snapshot."""
        stores = self.page.disk.stores
        position = stores["meta"].get("feed")
        if position is None or any(name not in stores["blocks"] for name in position["blocks"]):
            return
        for name in position["blocks"]:
            apply(self.images, 0, stores["blocks"][name])
        apply(self.images, 0, stores["overlay"].values())
        self.scope = int(position["scope"])
        self.position = position

    def run(self):
        """Pull to the head."""
        if not self.cursor:
            yield from self._bootstrap()
            return
        try:
            while True:
                page = yield self._pull(self.cursor)
                if not (yield from self._apply(page)):
                    yield from self._bootstrap()
                    return
                if not page["more"]:
                    return
        except Problem as problem:
            if problem.status != 410:
                raise
        yield from self._bootstrap()

    def _pull(self, cursor):
        return Ask("pull", {"cursor": cursor, "replica": self.page.outbox.chain.replica})

    def _apply(self, page):
        if not isinstance(page, dict):
            raise Unsound("a page that cannot be read")
        position = self._after(self.position, page)
        yield Write([
            *(("put", "overlay", (row[0], row[1]), row) for row in page["rows"]),
            ("put", "meta", "feed", position),
        ], strict=False)  # fmt: skip
        self.scope = apply(self.images, self.scope, page["rows"])
        self.position = position
        self.page.saw_page()
        if str(self.scope) != page["scope"]:
            self.page.host.world.watch.differs(self.page)
            return False
        return True

    @staticmethod
    def _after(position, page):
        covered = {replica: ack[0] for replica, ack in page["acks"].items()}
        return {
            **position, "cursor": page["cursor"], "scope": page["scope"],
            "covered": {**position["covered"], **covered}, "watermark": page.get("watermark"),
        }  # fmt: skip

    def _bootstrap(self):
        """Stage chunks, pull to the head, then flip in one transaction."""
        told = yield Ask("snapshot", {"replica": self.page.outbox.chain.replica})
        if not isinstance(told, dict):
            raise Unsound("a snapshot that cannot be read")
        images, names = {}, [chunk["hash"] for chunk in told["chunks"]]
        for name in names:
            apply(images, 0, (yield from self._staged(name)))
        scope = scope_of_all(images)
        if str(scope) != told["scope"]:
            yield from self._discard(names)
        position = self._after({**NOWHERE, "blocks": names}, told)
        overlay, more = [], True
        while more:
            page = yield self._pull(position["cursor"])
            if not isinstance(page, dict):
                raise Unsound("a page that cannot be read")
            scope = apply(images, scope, page["rows"])
            overlay += page["rows"]
            more = page["more"]
            if str(scope) != page["scope"]:
                self.page.host.world.watch.differs(self.page)
                yield from self._discard(names)
            position = self._after(position, page)
        yield from self._flip(images, scope, position, overlay)

    def _staged(self, name):
        kept = self.page.disk.stores["blocks"].get(name)
        if kept is not None:
            return kept
        rows = rows_of((yield Ask("chunk", {"hash": name})))
        yield Write([("put", "blocks", name, rows)], strict=False)
        return rows

    def _discard(self, names):
        yield Write([("delete", "blocks", name, None) for name in names], strict=False)
        raise Unsound("the snapshot does not add up to its scope")

    def _flip(self, images, scope, position, overlay):
        stores = self.page.disk.stores
        old = [name for name in stores["blocks"] if name not in position["blocks"]]
        yield Write([
            *(("delete", "blocks", name, None) for name in old),
            ("clear", "overlay", None, None),
            *(("put", "overlay", (row[0], row[1]), row) for row in overlay),
            ("put", "meta", "feed", position),
        ], strict=False)  # fmt: skip
        self.images, self.scope, self.position = images, scope, position
        self.page.saw_page()

    def covers(self, row):
        """Whether the replica already holds what an operation did."""
        if row.seq <= self.position["covered"].get(row.replica, 0):
            return True
        # Pages tell no more of a replica before a fork: then its verdict says where it is.
        seq = row.verdict["ledger_seq"] if row.verdict else None
        of_before = row.acked is not None and row.replica != self.page.outbox.chain.replica
        return of_before and (seq is None or seq <= self.seq)

    def rows(self, kind):
        return [
            image.payload for (name, _), image in self.images.items()
            if name == kind and image.payload is not None
        ]  # fmt: skip


def scope_of_all(images):
    live = ((kind, key, row.version) for (kind, key), row in images.items() if row.payload)
    return sum(scope_of(*one) for one in live) % SCOPE_MODULUS


def rows_of(chunk):
    """Turn a chunk's columns into rows of the feed."""
    if not isinstance(chunk, dict):
        raise Unsound("a chunk that cannot be read")
    columns = {}
    for field, column in chunk["columns"].items():
        if "values" in column:
            columns[field] = column["values"]
        else:
            texts = column["texts"]
            columns[field] = [texts[code] if code >= 0 else None for code in column["codes"]]
    if chunk["kind"] == "holding":
        columns["item"] = [key_of(key).item for key in columns["key"]]
    payloads = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [
        (chunk["kind"], feed_key(*[row[name] for name in chunk["key"]]), version, row)
        for version, row in zip(chunk["versions"], payloads, strict=True)
    ]
