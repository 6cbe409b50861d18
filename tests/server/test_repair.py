"""`bincard repair`: what follows from the ledger is put right, and every phone comes to hold it.

Each projection of a kept database is spoiled in turn, as a fault of some program would spoil it.
A phone that held the site before, and one that took the wrong rows, read on and hold what is true.
"""

import gzip
import shutil
import sqlite3
from contextlib import closing, suppress

import msgspec
import pytest

from server import cli
from server.backups.copying import copy_book
from server.backups.making import make_backup
from server.book import Book, CursorGoneError
from server.book.engine import make_engine
from server.migrations import migrate
from server.settings import Settings
from tests import kept
from tests.server.conftest import Clock
from tests.server.test_kept import LATER, SITE
from tests.world.replica import Replica

TABLE = """
holding     | what stands there        | UPDATE holding SET quantity = 999 WHERE place = '06-B-10' AND item = 'BE-2908'
holding     | rows gone and too many   | DELETE FROM holding WHERE place = '06-M-08'
holding     | rows gone and too many   | INSERT INTO holding SELECT site, '06-B-04', "key", item, 7, 3 FROM holding WHERE place = '07-FL-23'
holding     | what stands there        | UPDATE holding SET quantity = 1 WHERE place = 'count'
line        | how far papers are       | UPDATE line SET done = 77 WHERE document = 'PO-3948' AND line = 1
line        | how far papers are       | UPDATE line SET done = 5 WHERE document = 'PO-4002' AND line = 2
variance    | what a count expects     | UPDATE variance SET expected = 12345 WHERE counted = 98
sighting    | where a thing was seen   | UPDATE sighting SET posted = '[]' WHERE place = 'STAGE-1'
lot         | what is blocked          | UPDATE lot SET blocked = 'LOT_CONFLICT/gone' WHERE lot = 'K1201'
document    | what is blocked          | UPDATE document SET stopped = 'LOT_BLOCKED/gone' WHERE document = 'SO-75104'
discrepancy | what was closed wrongly  | UPDATE discrepancy SET state = 'settled' WHERE code = 'OVER_LIMIT'
discrepancy | what was closed wrongly  | UPDATE discrepancy SET state = 'settled' WHERE code = 'UNKNOWN_CODE'
discrepancy | what nothing explains    | DELETE FROM discrepancy WHERE code = 'UNKNOWN_CODE'
discrepancy | what nothing explains    | DELETE FROM discrepancy WHERE code = 'OVER_LIMIT'
feed        | the sum over all rows    | UPDATE site SET scope = '12345'
feed        | the sum over all rows    | UPDATE line SET version = 1 WHERE document = 'PO-3948'
"""  # noqa: E501 - a row per fault
FAULTS = [tuple(map(str.strip, row.split("|"))) for row in TABLE.strip().splitlines()]
GONE, PROGRESS = FAULTS[1][2], FAULTS[4][2]
SPOILS = list(dict.fromkeys(what for _, what, _ in FAULTS))


class Factory:
    """The kept factory in some database, and the phones that hold it."""

    def __init__(self, url):
        self.url = url
        self.book = Book(url, kept.KEY, Clock(LATER))
        self.book.start()

    def spoil(self, statement):
        """Change rows behind the book's back, as a fault would; say how many."""
        return self.run(lambda connection: connection.exec_driver_sql(statement).rowcount)

    def head(self):
        query = "SELECT seq FROM site WHERE site = 'FACTORY'"
        return self.run(lambda connection: connection.exec_driver_sql(query).scalar())

    def run(self, query):
        engine = make_engine(self.url, writes=True)
        with engine.begin() as connection:
            found = query(connection)
        engine.dispose()
        return found

    async def ask(self, path):
        """What a phone is answered below /sync, without the doors."""
        name, _, query = path.partition("?cursor=")
        if name == "snapshot":
            return msgspec.to_builtins(await self.book.snapshot(SITE, None))
        if name == "pull":
            page = await self.book.pull(SITE, query, 2_000, None)
            return msgspec.json.decode(msgspec.json.encode(page))
        packed = await self.book.chunk(SITE, name.removeprefix("snapshot/"))
        return msgspec.json.decode(gzip.decompress(packed))

    async def phone(self):
        return await Replica(self.ask).begin()


async def read_on(phone):
    """Pull to the head; who finds that the sums differ starts anew, as every device does."""
    try:
        await phone.read_on()
    except (AssertionError, CursorGoneError):
        await phone.begin()
    return phone.told()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    data = tmp_path_factory.mktemp("kept") / "data"
    migrate(kept.unpack(data))
    return data


@pytest.fixture(scope="module")
def on_sqlite(unpacked, tmp_path_factory):
    """One site for all that is spoiled in turn: each repair leaves it true."""
    data = tmp_path_factory.mktemp("repaired") / "data"
    shutil.copytree(unpacked, data)
    factory = Factory(f"sqlite:///{data / 'bincard.db'}")
    yield factory
    factory.book.close()


@pytest.fixture(scope="module")
def on_postgres(unpacked, postgres):
    url = postgres.create()
    copy_book(f"sqlite:///{unpacked / 'bincard.db'}", url)
    factory = Factory(url)
    yield factory
    factory.book.close()
    postgres.drop(url)


async def spoil_and_repair(factory, what):
    """Hold the repair of one spoiled table against two phones: one from before, one misled."""
    faults = [(table, statement) for table, named, statement in FAULTS if named == what]
    phones = [await factory.phone()]
    for _, statement in faults:
        assert factory.spoil(statement)
    tables = {table for table, _ in faults}
    factory.spoil("DELETE FROM snapshot")
    # It takes the wrong rows; where the sum over them is wrong it cannot even begin.
    with suppress(AssertionError):
        phones.append(await factory.phone())
    assert len(phones) == 1 or phones[1].told() != phones[0].told() or tables == {"sighting"}
    assert tables <= factory.book.repair(SITE).tables.keys()
    assert factory.book.verify(SITE) == []
    fresh = (await factory.phone()).told()
    for phone in phones:
        assert await read_on(phone) == fresh


@pytest.mark.parametrize("what", SPOILS)
async def test_what_follows_from_the_ledger_is_put_right_and_phones_hold_it(on_sqlite, what):
    await spoil_and_repair(on_sqlite, what)


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["what stands there", "what nothing explains"])
async def test_it_is_put_right_on_a_database_server_too(on_postgres, what):
    await spoil_and_repair(on_postgres, what)


def broken(settings_data, statement):
    with closing(sqlite3.connect(settings_data / "bincard.db")) as book, book:
        book.execute(statement)


@pytest.fixture
def data(unpacked, tmp_path, monkeypatch):
    shutil.copytree(unpacked, tmp_path / "data")
    monkeypatch.setenv("BINCARD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_command_says_table_by_table_what_it_wrote(data, capsys):
    broken(data, GONE)
    broken(data, PROGRESS)
    assert cli.main(["repair", "--dry-run"]) == 1
    assert cli.main(["verify"]) == 1
    said = capsys.readouterr().out
    assert "FACTORY, holding: 3 wrong\n  holding ('06-M-08'," in said
    assert "kept 0, the postings give 3" in said
    assert "FACTORY, line: 1 wrong\n  line PO-3948/1: done is kept as 77" in said
    assert "Nothing was written. Without --dry-run these rows are." in said
    assert cli.main(["repair"]) == 0
    assert "Replayed again: the ledger is true." in capsys.readouterr().out
    assert cli.main(["verify"]) == 0
    assert cli.main(["repair"]) == 0
    assert "Nothing had to be repaired" in capsys.readouterr().out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET payload = X'7B7D' WHERE seq = 30",
        "UPDATE log SET link = 'x' WHERE seq = 30",
        "DELETE FROM log WHERE seq = 30",
        "UPDATE posting SET quantity = quantity + 1 WHERE counted IS NOT NULL",
    ],
    ids=["bytes", "link", "entry", "posting"],
)
def test_a_broken_ledger_is_not_repaired_and_it_is_said_what_then(data, capsys, statement):
    broken(data, statement)
    before = (data / "bincard.db").read_bytes()
    assert cli.main(["repair"]) == 1
    said = capsys.readouterr().err
    assert "The ledger itself is broken" in said
    assert "bincard restore DIR --replace" in said
    assert (data / "bincard.db").read_bytes() == before


def test_what_is_repaired_is_a_backup_again(data, tmp_path):
    broken(data, PROGRESS)
    settings = Settings(data=data, database=f"sqlite:///{data / 'bincard.db'}")
    assert not make_backup(settings, tmp_path / "shelf", 1).note.proved
    assert cli.main(["repair"]) == 0
    assert make_backup(settings, tmp_path / "shelf", 2).note.proved
