"""The settings that make an acknowledgement durable, seen where they take effect.

Whether a disk keeps what it was told to keep is not testable here: nobody cuts the power.
"""

import asyncio

import pytest

from server.book import Book
from server.settings import token_key
from tests.torture.fleet import SITE, now

SINGLE_PUSHES = 20


def test_the_very_connection_that_writes_on_sqlite_syncs_at_every_commit(sqlite):
    with sqlite.chamber("durability") as chamber:
        chamber.factory.kill()
        data = chamber.factory.data
        book = Book(f"sqlite:///{data / 'bincard.db'}", token_key(data / "token.key"), now)
        book.start()
        asked = {
            name: asyncio.run(
                book.write(lambda c, name=name: c.exec_driver_sql(f"PRAGMA {name}").scalar(), SITE)
            )
            for name in ("journal_mode", "synchronous")
        }
        book.close()
        chamber.factory.start()
    full = 2
    assert asked == {"journal_mode": "wal", "synchronous": full}


@pytest.mark.postgres
def test_postgresql_syncs_its_journal_for_every_push_that_is_acknowledged(postgresql):
    with postgresql.chamber("durability") as chamber:
        device, port = chamber.fleet.devices[0], chamber.factory.port
        before = syncs(chamber.postgres)
        for _ in range(SINGLE_PUSHES):
            device.act()
            assert device.send(port, device.acked)
        assert device.acked == len(device.envelopes)
        device.hang_up()
        chamber.factory.stop()  # who leaves reports what it counted
        assert syncs(chamber.postgres) - before >= SINGLE_PUSHES


def syncs(postgres):
    """How often the journal was written through to the disk."""
    if not postgres.ask("SELECT 1 FROM pg_attribute WHERE attname = 'wal_sync'"):
        return postgres.ask("SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'")[0][0]
    return postgres.ask("SELECT wal_sync FROM pg_stat_wal")[0][0]
