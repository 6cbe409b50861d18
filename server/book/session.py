"""One transaction on one site: the locked head, the working memory, the batch to write."""

import hmac
from functools import cache

from msgspec import Struct
from sqlalchemy import Connection

from server.book.days import days_in
from server.book.dialect import Dialect, dialect_of, run
from server.book.master import KINDS, Master
from server.book.save import Batch, Head
from sync.state import State


class SiteHead(Struct, frozen=True):
    """The site row as it is locked."""

    site: str
    epoch: int
    seq: int
    link: str
    scope: str
    clock: int
    watermark: int
    master_seq: int


class Session(Struct):
    """One transaction on one site."""

    connection: Connection
    head: SiteHead
    now: int
    state: State
    batch: Batch
    key: bytes
    mac: hmac.HMAC

    def close(self, watermark: int) -> None:
        """Write everything and move the site's row on."""
        self.batch.write(self.connection)
        head, changed = self.batch.head, KINDS & self.batch.kinds()
        run(
            self.connection, _move_on(dialect_of(self.connection)),
            (head.seq, head.link, str(head.scope), self.now, watermark,
             head.seq if changed else self.head.master_seq, self.head.site),
        )  # fmt: skip
        # The journal names the tables that keep it: a circle that only the collector would free.
        self.state.journal.clear()

    def move_on(self, time: int) -> None:
        """Keep the site's clock from going back: what was sealed has happened."""
        self.now = max(self.now, time)
        self.state.now = self.now

    def seal(self, data: bytes) -> str:
        """Return the MAC by which a verdict is known again after a restore."""
        return self.sealed(str(self.head.epoch), data)

    def is_sealed(self, data: bytes, text: str) -> bool:
        """Say whether a text is the seal that this server's key has put on these bytes."""
        epoch, _, _ = text.partition(".")
        plain = epoch.isascii() and epoch.isdigit()
        return plain and hmac.compare_digest(text.encode(), self.sealed(epoch, data).encode())

    def sealed(self, epoch: str, data: bytes) -> str:
        """Return the seal that an epoch puts on bytes."""
        # A copy keeps the interpreter; hmac.digest would offer it to the other threads each time.
        mac = self.mac.copy()
        mac.update(f"{epoch}\n".encode() + data)
        return f"{epoch}.{mac.hexdigest()}"


def lock_site(connection: Connection, site: str) -> SiteHead | None:
    """Lock a site's row, first of all, and return its head; None when there is no such site."""
    found = run(connection, _lock(dialect_of(connection)), (site,))
    return SiteHead(*found[0]) if found else None


@cache
def _lock(speaks: Dialect) -> str:
    fields = ", ".join(SiteHead.__struct_fields__)
    return speaks.text(f"SELECT {fields} FROM site WHERE site = ?{speaks.for_update}")  # noqa: S608 - names of our own


@cache
def _move_on(speaks: Dialect) -> str:
    # It returns something, as whatever is run for its rows must.
    moved = "seq = ?, link = ?, scope = ?, clock = ?, watermark = ?, master_seq = ?"
    return speaks.text(f"UPDATE site SET {moved} WHERE site = ? RETURNING seq")  # noqa: S608 - names of our own


def open_session(
    connection: Connection, head: SiteHead, master: Master, now: int, key: bytes
) -> Session:
    """Begin to decide on a site whose row is locked."""
    state = State(master.site, head.seq, now)
    state.epoch = head.epoch
    state.day_of = days_in(master.site.time_zone)
    master.lend(state)
    batch = Batch(Head(head.site, head.seq, head.link, int(head.scope)), now)
    mac = hmac.new(key, b"seal\n", "sha256")
    return Session(connection, head, now, state, batch, key, mac)
