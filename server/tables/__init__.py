"""The tables at rest, in the words of `sync/records.py`.

Rows that devices replicate have the columns of the record of the same name, plus `site`;
a test holds the two together. The rest belongs to the book (log, posting, feed, replica)
or to the people of the site (credential, enrolment, sign-in).
Times are milliseconds since 1970 UTC, quantities whole numbers of the base unit.
"""

from typing import Final

import sqlalchemy as sa
from sqlmodel import SQLModel

from server.tables.access import Credential, Enrolment, SessionEnd, SignIn, SpentRow
from server.tables.columns import settle
from server.tables.installation import InstallationRow
from server.tables.leases import Lease
from server.tables.ledger import ChunkRow, Feed, Log, Posting, ReplicaRow, SnapshotRow
from server.tables.master import (
    AliasRow,
    DeviceRow,
    ItemRow,
    LocationRow,
    PartnerRow,
    PersonRow,
    SiteRow,
    WarehouseRow,
)
from server.tables.stock import (
    CountedRow,
    Creation,
    DiscrepancyRow,
    DocumentRow,
    HoldingRow,
    LineRow,
    LotTable,
    OpeningCost,
    Price,
    ReservationRow,
    ResultRow,
    SightingRow,
    VarianceRow,
)
from sync.records import ROWS

__all__ = [
    "REPLICATED", "AliasRow", "ChunkRow", "CountedRow", "Creation", "Credential", "DeviceRow",
    "DiscrepancyRow", "DocumentRow", "Enrolment", "Feed", "HoldingRow", "InstallationRow",
    "ItemRow", "Lease", "LineRow", "LocationRow", "Log", "LotTable", "OpeningCost", "PartnerRow",
    "PersonRow", "Posting", "Price", "ReplicaRow", "ReservationRow", "ResultRow", "SessionEnd",
    "SightingRow", "SignIn", "SiteRow", "SnapshotRow", "SpentRow", "VarianceRow", "WarehouseRow",
]  # fmt: skip

settle(SQLModel.metadata)

REPLICATED: Final[dict[str, sa.Table]] = {
    kind: SQLModel.metadata.tables["result" if kind == "operation" else kind] for kind in ROWS
}
"""The table behind each kind of row."""
