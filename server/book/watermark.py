"""How far the active devices of a site have reported (T6)."""

from typing import Final

from sqlalchemy import Connection

from server.book.dialect import dialect_of, run
from sync.settling import SILENT_MS

LOWEST: Final = (
    "SELECT r.watermark FROM replica AS r WHERE r.site = ? AND r.active AND r.seen_at > ?"
    " AND NOT EXISTS (SELECT 1 FROM device AS d WHERE d.site = r.site AND d.device = r.device"
    " AND (d.revoked OR d.off_since IS NOT NULL)) ORDER BY r.watermark LIMIT 1"
)
"""From the lowest on, as an index has them: it is asked after every group."""


def reported(connection: Connection, site: str, now: int) -> int:
    """Return up to when all active devices have reported, in server ms; now when none is active."""
    statement = dialect_of(connection).text(LOWEST)
    lowest = run(connection, statement, (site, now - SILENT_MS))
    return int(lowest[0][0]) if lowest else now
