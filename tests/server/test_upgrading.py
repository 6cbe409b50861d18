"""A database of an older program, with work in it, is brought up to date and stays true.

`old/step_0001.db.gz` was written by the program as it was at step 0001: a small warehouse in which
goods were received, picked, shipped, brought back, issued and made for papers.
"""

import gzip
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from server.book.engine import make_engine
from server.book.rows import image, key_of_row, table
from server.book.verify import verify_site
from server.migrations import HERE, migrate
from sync.state import Logged
from tests.world.postgres import on_both
from tests.world.warehouse import SITE, Warehouse

FRESH = {"role": "asked", "rejected": 0, "returned": 0, "out": 0}
"""What an image of before leaves out."""

OLD = Path(__file__).parent / "old" / "step_0001.db.gz"


pytestmark = on_both("upgraded")


@pytest.fixture
async def upgraded(request, tmp_path):
    """The old warehouse, migrated, with the program of today on it."""
    file = tmp_path / "book.db"
    file.write_bytes(gzip.decompress(OLD.read_bytes()))
    url = f"sqlite:///{file}"
    if request.param == "postgresql":
        url = moved(url, request.getfixturevalue("postgres").create())
    migrate(url)
    world = Warehouse(url)
    yield world
    world.close()


def moved(source, target):
    """Copy an old book, row by row, to the tables of its step on PostgreSQL."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", target.replace("%", "%%"))
    command.upgrade(config, "0001")
    old, new = make_engine(source, writes=False), make_engine(target, writes=True)
    tables = sa.MetaData()
    tables.reflect(new)
    with old.begin() as reading, new.begin() as writing:
        for table_ in tables.sorted_tables:
            rows = [dict(row) for row in reading.execute(sa.select(table_)).mappings()]
            if rows and table_.name != "alembic_version":
                writing.execute(sa.insert(table_), rows)
    old.dispose()
    new.dispose()
    return target


async def counters(world):
    return {
        f"{row.document}/{row.line}": (row.role, row.quantity, row.done, row.rejected,
                                       row.returned, row.out)
        for row in await world.lines()
    }  # fmt: skip


async def test_the_book_of_an_older_program_is_true_after_the_upgrade(upgraded):
    """[L10] `bincard verify` finds nothing, before anything else is written."""
    assert await upgraded.book.read(lambda connection: verify_site(connection, SITE)) == []


async def test_what_lines_were_counted_is_counted_again_from_the_ledger(upgraded):
    """[L10] What came back is not taken off, other goods don't count, shipments and outputs do."""
    assert await counters(upgraded) == {
        "CT-1/1": ("asked", 1, 1, 0, 0, 0),
        "CT-2/1": ("asked", 1, 1, 0, 0, 0),
        # 7 of another item had been counted on line 1.
        "PO-1/1": ("asked", 100, 65, 3, 0, 0),
        "PO-1/2": ("asked", 50, 13, 0, 2, 0),
        "PO-9/1": ("asked", 100, 0, 0, 0, 0),
        "SO-1/1": ("asked", 5, 4, 0, 1, 4),
        "SO-2/1": ("asked", 5, 0, 0, 0, 0),
        "WO-1/0": ("made", 1, 1, 0, 0, 0),
        "WO-1/1": ("used", 20, 12, 0, 2, 0),
        "WO-2/0": ("made", 2, 0, 0, 0, 0),
        "WO-2/1": ("used", 8, 0, 0, 0, 0),
    }


async def test_shipments_and_outputs_of_an_older_program_name_their_paper(upgraded):
    """[L10]"""
    log = await upgraded.rows("log", Logged)
    named = {row.verb: (row.document, row.line) for row in log if row.document}
    assert named["ship"] == ("SO-1", 1)
    assert named["produce"] == ("WO-1", 0)
    assert named["status"] == ("PO-1", 1)


async def test_a_replica_learns_the_counters_by_its_next_pull(upgraded):
    """[S3] They are changes of the log like any other: the newest image of each line is told."""

    def told(connection):
        feed = table("feed").c
        rows = connection.execute(
            sa.select(feed.key, feed.payload).where(feed.site == SITE, feed.kind == "line")
            .order_by(feed.seq)
        ).all()  # fmt: skip
        return {row.key: json.loads(row.payload) for row in rows}

    newest = await upgraded.book.read(told)
    kept = {key_of_row("line", row): json.loads(image(row)) for row in await upgraded.lines()}
    assert newest.keys() == kept.keys()
    for key, row in newest.items():
        assert {**FRESH, **row} == kept[key]


async def test_work_goes_on_after_the_upgrade(upgraded):
    """[L10] [R37] What was open before can be decided, what was done can be taken back."""
    await upgraded.play("""
        09:00 C return 1 BE/L1 from customer/C1 to DOCK for SO-1/1 | posted
        09:01 C produce 2 BIKE to B4 for WO-2                      | posted
    """)
    now = await counters(upgraded)
    assert now["SO-1/1"] == ("asked", 5, 4, 0, 2, 4)
    assert now["WO-2/0"] == ("made", 2, 2, 0, 0, 0)
    assert upgraded.book.verify(None) == []
