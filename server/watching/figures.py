"""What is asked of the database and the disks when somebody reads the figures.

Nothing here is counted while the server works: it is looked up, at most once in a few seconds.
"""

import math
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from anyio import to_thread
from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from server.backups.shelf import backups_in, unproved_now
from server.book import Book
from server.book.rows import table
from server.settings import Settings
from server.watching.asked import Asked, SilentError
from sync.settling import SILENT_MS

KEPT_S: Final = 5.0
DATABASE_S: Final = 5.0


class Seen(Struct, frozen=True):
    """What is known of one site at one moment."""

    site: str
    head: int
    lag_ms: int
    silent: int
    unsent: int
    waiting_ms: int
    open: dict[str, int]


class Found(Struct, frozen=True):
    """Everything that was looked up at one moment."""

    sites: list[Seen]
    database_bytes: int
    backup_age_s: float
    backup_unproved: bool
    free_bytes: dict[str, int]


class Figures(Collector):
    """Holds what was last found, as a collector that waits for nothing."""

    def __init__(self, settings: Settings, book: Book, now: Callable[[], int]) -> None:
        self._settings = settings
        self._book = book
        self._now = now
        self._database = Asked(self._ask_database, DATABASE_S)
        self._found: Found | None = None
        self._at = -math.inf

    async def look(self, at: float) -> None:
        """Look everything up again, unless that was done a moment ago."""
        if at - self._at < KEPT_S:
            return
        self._at, now = at, self._now()
        age, unproved, free = await to_thread.run_sync(self._disks, now)
        try:
            sites, size = await self._database.answer()
        except SilentError:
            # The rest is needed most when the database is away.
            sites, size = [], 0
        self._found = Found(sites, size, age, unproved, free)

    async def _ask_database(self) -> tuple[list[Seen], int]:
        now = self._now()
        return await self._book.read(lambda found: (look_at_sites(found, now), size_of(found)))

    def _disks(self, now: int) -> tuple[float, bool, dict[str, int]]:
        folders = {"data": self._settings.data, "backups": self._settings.backup_folder}
        free = {name: room for name, path in folders.items() if (room := free_bytes(path)) >= 0}
        shelf = backups_in(self._settings.backup_folder)
        age = max(0, now - shelf[0].note.made) / 1000 if shelf else math.inf
        return age, unproved_now(self._settings.backup_folder) is not None, free

    def collect(self) -> Iterable[Metric]:
        """Show what was last found."""
        return shown_by(self._found) if self._found is not None else ()


def shown_by(found: Found) -> Iterator[Metric]:
    """Write down what was found as families of metrics."""

    def by_site(name: str, words: str, value: Callable[[Seen], float]) -> Metric:
        family = GaugeMetricFamily(name, words, labels=["site"])
        for seen in found.sites:
            family.add_metric([seen.site], value(seen))
        return family

    yield by_site("bincard_feed_head", "The last number of the log.", lambda one: one.head)
    yield by_site(
        "bincard_watermark_lag_seconds", "How far behind the figures are complete.",
        lambda one: one.lag_ms / 1000,
    )  # fmt: skip
    yield by_site(
        "bincard_devices_silent", "Devices not heard for eight hours.", lambda one: one.silent
    )
    yield by_site(
        "bincard_outbox_unsent", "Operations that devices said they have not sent.",
        lambda one: one.unsent,
    )  # fmt: skip
    yield by_site(
        "bincard_outbox_waiting_seconds", "Since when the longest of them waits at least.",
        lambda one: one.waiting_ms / 1000,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "bincard_database_answers", "Whether the database answered.", int(found.database_bytes > 0)
    )
    doubts = GaugeMetricFamily(
        "bincard_discrepancies_open", "Open discrepancies.", labels=["site", "code"]
    )
    for seen in found.sites:
        for code, number in sorted(seen.open.items()):
            doubts.add_metric([seen.site, code], number)
    yield doubts
    yield GaugeMetricFamily(
        "bincard_database_bytes", "The size of the database.", found.database_bytes
    )
    yield GaugeMetricFamily(
        "bincard_backup_age_seconds", "The age of the newest proved backup; +Inf without one.",
        found.backup_age_s,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "bincard_backup_unproved", "Whether the newest copy does not replay, and is no backup.",
        int(found.backup_unproved),
    )  # fmt: skip
    room = GaugeMetricFamily("bincard_disk_free_bytes", "Room that is left.", labels=["folder"])
    for folder, size in found.free_bytes.items():
        room.add_metric([folder], size)
    yield room


def look_at_sites(connection: Connection, now: int) -> list[Seen]:
    """Look at every site as it is in one picture."""
    site, doubt, log = table("site").c, table("discrepancy").c, table("log").c
    # Where no device has ever said that it is complete, the site waits since it was founded.
    founded = sa.select(log.received_at).where(log.site == site.site, log.seq == 1)
    complete = sa.case((site.watermark > 0, site.watermark), else_=founded.scalar_subquery())
    rows = connection.execute(sa.select(site.site, site.seq, complete)).all()
    counted = connection.execute(
        sa.select(doubt.site, doubt.code, sa.func.count())
        .where(doubt.state == "open")
        .group_by(doubt.site, doubt.code)
    ).all()
    return [
        Seen(
            name, head, max(0, now - (watermark or now)), *_outboxes(connection, name, now),
            {code: number for of, code, number in counted if of == name},
        )
        for name, head, watermark in rows
    ]  # fmt: skip


def _outboxes(connection: Connection, site: str, now: int) -> tuple[int, int, int]:
    """Return how many devices are silent, what all have not sent, and for how long at least."""
    replica, device = table("replica").c, table("device").c
    rows = connection.execute(
        sa.select(replica.device, replica.seen_at, replica.unsent)
        .join_from(table("replica"), table("device"), sa.and_(
            device.site == replica.site, device.device == replica.device,
        ))
        .where(replica.site == site, replica.active.is_(True), device.revoked.is_(False),
               device.off_since.is_(None))
    ).all()  # fmt: skip
    heard: dict[str, int] = {}
    for name, seen_at, _ in rows:
        heard[name] = max(heard.get(name, 0), seen_at)
    silent = sum(now - seen_at >= SILENT_MS for seen_at in heard.values())
    waiting = max((now - seen_at for _, seen_at, unsent in rows if unsent), default=0)
    return silent, sum(unsent for _, _, unsent in rows), max(0, waiting)


def size_of(connection: Connection) -> int:
    """Return how many bytes the database has, as it says itself."""
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(
        connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    )


def free_bytes(folder: Path) -> int:
    """Return the room that is left for a folder, -1 where there is none yet."""
    return shutil.disk_usage(folder).free if folder.exists() else -1
