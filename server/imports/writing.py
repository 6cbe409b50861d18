"""Writes what a preview found: rows by one change of the book, opening stock by pushes."""

from collections.abc import Iterable
from hashlib import sha256

from msgspec import Struct

from server.imports import opening
from server.imports.opening import Book
from server.imports.tables import Preview
from sync import records
from sync.messages import Verdict


class Import(Struct, frozen=True):
    """Who imports which bytes, and the stated moment that opening stock stands for (go-live).

    The same bytes with the same moment are the same operations, so a repeat changes nothing.
    Another moment for stock that was posted already is refused or parked, never posted twice.
    """

    site: str
    actor: str
    data: bytes
    opened: int

    @property
    def source(self) -> str:
        return sha256(self.data).hexdigest()


async def write(
    book: Book, job: Import, found: Preview, known: Iterable[records.Row], received: int
) -> tuple[Verdict, ...]:
    """Write the good rows of a preview; returns the verdicts of the opening stock, if any."""
    rows = list(found.rows)
    devices = {row.device for row in known if isinstance(row, records.Device)}
    if found.stock and opening.DEVICE.device not in devices:
        rows.append(opening.DEVICE)
    if rows:
        await book.change(job.site, job.actor, rows, f"import of {found.kind}")
    if not found.stock:
        return ()
    bodies = opening.opening_operations(job.site, job.actor, found.stock, job.opened)
    return await opening.post(book, job.site, job.source, bodies, received)
