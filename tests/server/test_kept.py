"""Databases of earlier programs, with two days of work in them, go on under this one."""

import sqlite3
from contextlib import closing

import pytest

from server import cli
from server.migrations import newest_step
from server.settings import Settings
from tests import kept
from tests.kept.__main__ import make
from tests.server.conftest import Clock, opened
from tests.server.handheld import Handheld
from tests.world.replica import Replica

SITE = "FACTORY"
LATER = 1_796_600_000_000
"""Some two weeks after the work that is in it."""

HELD = {
    ("06-B-09", '["BE-2349",null,null,"ok",null]'): 438,
    ("07-FL-01", '["SO-B909-M",null,null,"ok",null]'): 100,
    ("07-FL-23", '["HL-U509-B",null,null,"ok",null]'): 212,
    ("06-M-08", '["HS-3479",null,null,"ok",null]'): 3,
    ("07-FL-01", '["BK-M82B-48",null,"SN-2","ok",null]'): 1,
    ("01-A-01", '["AR-5381",["K1009",null,null],null,"quality",null]'): 4,
}
"""What somebody who was there would tell: counted, shipped, produced, kept apart."""


@pytest.fixture(params=kept.EVERY, ids=lambda file: file.name.partition(".")[0])
def upgraded(request, tmp_path, monkeypatch):
    """The settings of a data folder that was upgraded by the command."""
    monkeypatch.setenv("BINCARD_DATA", str(tmp_path / "data"))
    url = kept.unpack(tmp_path / "data", request.param)
    assert cli.main(["migrate"]) == 0
    (tmp_path / "web").mkdir()
    return Settings(data=tmp_path / "data", database=url, web=tmp_path / "web")


def rows(settings, query):
    with closing(sqlite3.connect(settings.database_file)) as book:
        return book.execute(query).fetchall()


def test_a_kept_database_comes_to_the_tables_of_today_and_is_true(upgraded, capsys):
    assert rows(upgraded, "SELECT version_num FROM alembic_version") == [(newest_step(),)]
    assert cli.main(["verify"]) == 0
    assert "The ledger is true" in capsys.readouterr().out


async def test_a_phone_takes_its_first_picture_of_a_kept_database_and_goes_on(upgraded):
    device = dict(rows(upgraded, "SELECT name, device FROM device"))["PDA A"]
    clock = Clock(LATER)
    async with opened(upgraded, clock) as plant:
        headers = plant.device(device, SITE)

        async def ask(path):
            answer = await plant.client.get(f"/sync/{path}", headers=headers)
            assert answer.status_code == 200, answer.text
            return answer.json()

        phone = await Replica(ask).begin()
        assert phone.adds_up()
        assert phone.stock().items() >= HELD.items()
        assert len(phone.rows("item")) == 504

        handheld = Handheld(SITE, "1001", clock)
        handheld.did({"verb": "move", "key": {"item": "BE-2349"}, "quantity": 8,
                      "from": {"location": "06-B-09"}, "to": {"location": "01-A-07"}})  # fmt: skip
        pushed = await plant.client.post("/sync/push", content=handheld.push(), headers=headers)
        assert [one["outcome"] for one in pushed.json()["verdicts"]] == ["posted"]
        await phone.read_on()
        assert phone.stock()["06-B-09", '["BE-2349",null,null,"ok",null]'] == 430
        assert plant.book.verify(None) == []


async def test_a_database_of_today_can_be_kept_as_well(tmp_path):
    """It replays; what makes it would rot otherwise until it is wanted."""
    await make(tmp_path)
    assert (tmp_path / "bincard.db").exists()
