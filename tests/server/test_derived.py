"""What follows from the ledger has a version: a newer program derives it again before it serves."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from server import cli
from server.migrations import derived
from server.settings import Settings
from tests import kept
from tests.server import running
from tests.server.conftest import Clock, opened
from tests.server.test_kept import HELD, LATER, SITE, rows
from tests.world.replica import Replica

FALSE = (
    "UPDATE holding SET quantity = 999 WHERE place = '06-B-09' AND item = 'BE-2349'",
    "DELETE FROM holding WHERE place = '06-M-08'",
    "UPDATE variance SET expected = 12345 WHERE counted = 98",
    "UPDATE site SET scope = '12345'",
)
"""Rows as a program with other rules would have left them."""


def spoil(settings, *statements):
    with closing(sqlite3.connect(settings.database_file)) as book, book:
        for statement in statements:
            assert book.execute(statement).rowcount


@pytest.fixture(params=kept.EVERY, ids=lambda file: file.name.partition(".")[0])
def old(request, tmp_path, monkeypatch):
    """A data folder as an older program has left it."""
    monkeypatch.setenv("BINCARD_DATA", str(tmp_path / "data"))
    url = kept.unpack(tmp_path / "data", request.param)
    (tmp_path / "web").mkdir()
    return Settings(data=tmp_path / "data", database=url, web=tmp_path / "web")


def held_by_a_phone(settings):
    return asyncio.run(_held_by_a_phone(settings))


async def _held_by_a_phone(settings):
    """What stands where in the first picture of a phone; its sum fits."""
    device = dict(rows(settings, "SELECT name, device FROM device"))["PDA A"]
    async with opened(settings, Clock(LATER)) as plant:

        async def ask(path):
            answer = await plant.client.get(f"/sync/{path}", headers=plant.device(device, SITE))
            assert answer.status_code == 200, answer.text
            return answer.json()

        phone = await Replica(ask).begin()
        assert phone.adds_up()
        return phone.stock()


def test_an_upgrade_derives_again_what_an_older_program_got_wrong(old, capsys):
    spoil(old, *FALSE)
    assert cli.main(["migrate"]) == 0
    said = capsys.readouterr().out
    assert "derived again, and this had to change:" in said
    assert "FACTORY, holding: 4 wrong" in said
    assert "FACTORY, variance: 1 wrong" in said
    assert cli.main(["verify"]) == 0
    assert held_by_a_phone(old).items() >= HELD.items()
    assert cli.main(["migrate"]) == 0
    assert capsys.readouterr().out.endswith(" already.\n")


def test_rows_by_older_rules_are_not_served_until_they_are_derived_again(old, capsys):
    """The tables are those of today: only the number tells."""
    assert cli.main(["migrate"]) == 0
    spoil(old, *FALSE, "UPDATE installation SET value = value - 1 WHERE name = 'derived'")
    capsys.readouterr()
    for command in (["verify"], ["backup"], ["user", "list"]):
        assert cli.main(command) == 3
        assert capsys.readouterr().err == (
            "bincard: What follows from the ledger (stock, progress, what counts expect) was "
            "written by the rules of an older program. Run: bincard migrate\n"
        )
    assert running.Server(old.data).run("serve").returncode == 3
    assert cli.main(["migrate"]) == 0
    assert "FACTORY, holding: 4 wrong" in capsys.readouterr().out
    assert held_by_a_phone(old).items() >= HELD.items()


def test_an_image_that_is_another_than_its_row_reaches_every_phone_anew(old, capsys):
    """A phone that reads on would keep what no fresh one ever takes."""
    assert cli.main(["migrate"]) == 0
    images = dict(rows(old, "SELECT key, payload FROM feed WHERE kind = 'line' ORDER BY seq, n"))
    if not images:
        return
    key, image = images.popitem()
    false = image.replace(b'"done":', b'"done":7')
    with closing(sqlite3.connect(old.database_file)) as book, book:
        book.execute("UPDATE feed SET payload = ? WHERE kind = 'line' AND key = ?", (false, key))
        book.execute("UPDATE installation SET value = 0 WHERE name = 'derived'")
    capsys.readouterr()
    assert cli.main(["migrate"]) == 0
    said = capsys.readouterr().out
    assert f"FACTORY, line: 1 wrong\n  line {key}: the feed says another one last" in said
    last = rows(old, "SELECT key, payload FROM feed WHERE kind = 'line' ORDER BY seq, n")[-1]
    assert last == (key, image)
    assert cli.main(["verify"]) == 0


def test_rows_by_newer_rules_are_left_alone(old, capsys, monkeypatch):
    monkeypatch.setattr(derived, "DERIVED", derived.DERIVED + 1)
    assert cli.main(["migrate"]) == 0
    monkeypatch.undo()
    monkeypatch.setenv("BINCARD_DATA", str(old.data))
    capsys.readouterr()
    for command in ("verify", "migrate"):
        assert cli.main([command]) == 3
        assert "it was written by a newer one" in capsys.readouterr().err


def test_a_broken_ledger_is_not_upgraded_and_the_old_program_keeps_what_it_had(old, capsys):
    spoil(old, "UPDATE log SET payload = X'7B7D' WHERE seq = 30")
    (step,) = rows(old, "SELECT version_num FROM alembic_version")
    tables = rows(old, "SELECT name, sql FROM sqlite_master ORDER BY name")
    assert cli.main(["migrate"]) == 1
    assert "The ledger itself is broken" in capsys.readouterr().err
    assert rows(old, "SELECT version_num FROM alembic_version") == [step]
    assert rows(old, "SELECT name, sql FROM sqlite_master ORDER BY name") == tables


def test_a_new_database_has_the_rules_of_today(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BINCARD_DATA", str(tmp_path))
    assert cli.main(["migrate"]) == 0
    assert "derived" not in capsys.readouterr().out
    settings = Settings(data=tmp_path, database=f"sqlite:///{tmp_path / 'bincard.db'}")
    assert rows(settings, "SELECT * FROM installation") == [("derived", derived.DERIVED)]
