"""The commands of whoever looks after the server: what they print, and their exit codes."""

import argparse
import asyncio
import os
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from server import cli
from server.book import Book
from server.commands.said import table
from server.imports import factory, opening
from server.installation import now_ms
from server.migrations import migrate
from server.settings import Settings, SettingsInvalid, token_key


@pytest.fixture
def bincard(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own; returns exit code, output and complaints."""
    monkeypatch.setattr(os, "environ", {"BINCARD_DATA": str(tmp_path / "data")})

    def run(*arguments):
        code = cli.main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def commands(parser, name="bincard"):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, child in action.choices.items():
                yield from commands(child, f"{name} {word}")
                yield f"{name} {word}", child


def test_every_command_has_help_that_teaches(capsys):
    for name, parser in commands(cli._parser()):
        with pytest.raises(SystemExit) as end:
            parser.parse_args(["--help"])
        out, _ = capsys.readouterr()
        assert end.value.code == 0
        assert len(out) > 80, name
        assert parser.description, name


def test_a_wrong_use_is_exit_code_two(bincard, capsys):
    for wrong in ((), ("fly",), ("device",), ("import", "ghosts", "x.csv")):
        with pytest.raises(SystemExit) as end:
            bincard(*wrong)
        assert end.value.code == 2
        assert "usage: bincard" in capsys.readouterr().err


def test_without_tables_a_command_says_to_migrate_and_is_exit_code_three(bincard, tmp_path):
    (tmp_path / "data").mkdir()
    assert bincard("verify") == (
        3, "", "bincard: The database has no tables yet. Run: bincard migrate\n",
    )  # fmt: skip


def test_a_setting_that_cannot_work_is_named(bincard, monkeypatch):
    monkeypatch.setattr(os, "environ", {"BINCARD_PORT": "http"})
    assert bincard("verify") == (
        2, "", "bincard: BINCARD_PORT is 'http'; give a whole number from 0 to 65535.\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/var/lib/bincard.db", (1, "The address of the database is none: give sqlite:///PATH")),
        ("postgres://b:hunter2@db/b", (1, "The address of the database is none: give sqlite:")),
        ("mysql://b:hunter2@db/b", (1, "The address of the database is none: give sqlite:///")),
        ("postgresql://b:hunter2@127.0.0.1:1/b", (3, "The database cannot be used: connection")),
        ("sqlite:///{folder}", (3, "The database cannot be used: unable to open database file")),
        ("sqlite:///{no_database}", (3, "The database cannot be used: file is not a database")),
    ],
    ids=["a path", "another name", "another kind", "nobody there", "a folder", "no database"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["migrate", "verify", "backup"])
def test_a_database_that_cannot_be_used_is_a_sentence_and_no_trace(
    bincard, tmp_path, command, address, said
):
    """Whoever installs it sees what to change, and a password stands in no terminal."""
    (tmp_path / "data").mkdir()
    (tmp_path / "no-database").write_text("not a database, but a text of some length " * 9)
    address = address.format(no_database=tmp_path / "no-database", folder=tmp_path)
    os.environ["BINCARD_DATABASE"] = address
    code, out, err = bincard(command)
    assert (code, out) == (said[0], "")
    assert err.startswith(f"bincard: {said[1]}")
    assert err.count("\n") == 1
    assert "hunter2" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--workers", "0"),
        ("serve", "--workers", "-1"),
        ("serve", "--workers", "257"),
        ("operations", "--limit", "-1"),
    ],
    ids=" ".join,
)
def test_a_number_that_makes_no_sense_is_wrong_use(bincard, arguments):
    with pytest.raises(SystemExit) as end:
        bincard(*arguments)
    assert end.value.code == 2


@pytest.mark.parametrize("site", ["苏州", "PLANT 1", "a.b", "", "x" * 33])
def test_a_site_that_no_device_could_name_is_not_founded(bincard, site):
    """Its code stands in the token of each device, and so in the head of every request."""
    bincard("migrate")
    code, _, err = bincard("site", "add", site, "--name", "工厂")
    assert code == 1
    assert err == (
        "bincard: A site's code has 1 to 32 letters A to Z, digits, - and _, such as PLANT; "
        "its name may be any.\n"
    )


def test_a_time_zone_that_nobody_knows_is_not_taken_for_another(bincard):
    bincard("migrate")
    code, _, err = bincard("site", "add", "PLANT", "--name", "x", "--time-zone", "Asia/Shangai")
    assert (code, err) == (
        1, "bincard: There is no time zone Asia/Shangai here. Did you mean Asia/Shanghai?\n",
    )  # fmt: skip


def test_what_the_commands_write_is_for_its_owner_alone(bincard, tmp_path):
    """The database holds what PINs are checked by: four digits are soon guessed."""
    os.umask(0o022)
    bincard("migrate")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "bincard.db").stat().st_mode & 0o777 == 0o600


def test_the_demo_is_loaded_once_and_kept(bincard):
    code, first, _ = bincard("demo")
    assert code == 0
    assert "http://127.0.0.1:8000/#/enrol/" in first
    assert "B2001  639274  Fang Ping 方萍   supervisor" in first
    code, _, _ = bincard("device", "enrol", "--json", "--name", "Script")
    assert code == 0
    code, second, _ = bincard("demo")
    assert first.split("/#/enrol/")[1][:11] != second.split("/#/enrol/")[1][:11]
    code, devices, _ = bincard("device", "list")
    assert "Script" in devices
    assert bincard("verify")[0] == 0


def test_a_demo_that_was_cut_off_is_finished_by_the_next_run(bincard):
    settings = Settings.of(os.environ)
    migrate(settings.database)

    async def cut_off():
        book = Book(settings.database, token_key(settings.token_key_file), now_ms)
        book.start()
        now = now_ms()
        rows = [*factory.factory_rows()]
        await book.change(factory.SITE, factory.SUPERVISOR, rows, "demo site")
        bodies = factory.opening_operations(now - factory.OPENED_BEFORE)
        push = next(iter(opening.pushes(factory.SITE, "demo", bodies, now)))
        await book.push(opening.DEVICE.device, push, now)
        book.close()
        return len(bodies)

    bodies = asyncio.run(cut_off())
    assert bincard("demo")[0] == 0
    engine = sa.create_engine(settings.database)
    with engine.connect() as connection:
        query = "SELECT count(*), count(DISTINCT id) FROM log WHERE device = 'opening'"
        assert tuple(connection.exec_driver_sql(query).one()) == (bodies, bodies)
    engine.dispose()
    assert bincard("verify")[0] == 0


def test_a_site_is_founded_and_its_people_and_devices_are_looked_after(bincard):
    bincard("migrate")
    assert bincard("site", "add", "PLANT", "--name", "Plant")[0] == 0
    assert bincard("site", "add", "PLANT", "--name", "Plant")[0] == 1
    added = bincard(
        "user", "add", "2001", "--name", "Fang", "--role", "supervisor", "--pin", "639274"
    )
    assert added == (0, "2001 Fang, supervisor, badge 2001\n", "")
    weak = bincard("user", "add", "1001", "--name", "Liu", "--pin", "1234")
    why = "Use 4 to 12 digits that nobody would try: no date, no row of keys, nothing repeated."
    assert weak == (1, "", f"bincard: {why}\n")
    assert bincard("user", "pin", "2001", "--pin", "528306") == (0, "2001 has a new PIN.\n", "")
    assert bincard("user", "pin", "9", "--pin", "5283")[0] == 1
    code, shown, _ = bincard("device", "enrol", "--name", "PDA-01")
    assert code == 0
    assert "▀" in shown
    bincard("device", "enrol", "--json", "--name", "PDA-02")
    device = bincard("device", "list")[1].splitlines()[1].split()[0]
    assert bincard("device", "floor", device, "off")[0] == 0
    assert "off floor since" in bincard("device", "list")[1]
    assert bincard("device", "floor", device, "on")[0] == 0
    assert "off floor since" not in bincard("device", "list")[1]
    assert bincard("device", "revoke", device)[0] == 0
    assert "revoked" in bincard("device", "list")[1]
    assert bincard("device", "revoke", "ghost")[0] == 1
    assert bincard("device", "enrol", "--json", "--site", "NOPE", "--name", "x") == (
        1, "", "bincard: There is no site NOPE here. Add it with: bincard site add.\n",
    )  # fmt: skip


def test_a_period_is_closed_through_a_day(bincard):
    """[R9]"""
    bincard("migrate")
    bincard("site", "add", "PLANT", "--name", "Plant", "--time-zone", "Asia/Shanghai")
    assert bincard("period", "close", "2026-10-31") == (
        0, "PLANT: closed through 2026-10-31.\n", "",
    )  # fmt: skip
    assert bincard("period", "close", "2026-10-31", "--site", "NOPE")[0] == 1
    code, told, _ = bincard("period", "close", "2099-12-31", "--dry-run")
    assert (code, told.splitlines()[0]) == (1, "PLANT: not closed through 2099-12-31.")
    assert "- 2099-12-31 is not over" in told
    assert bincard("period", "close", "2099-12-31") == (1, told, "")
    assert bincard("period", "close", "2026-11-01", "--dry-run") == (
        0, "PLANT: nothing is against closing through 2026-11-01.\n", "",
    )  # fmt: skip
    assert bincard("operations")[1].count("period closed") == 1
    assert "period closed" in bincard("operations")[1]
    assert bincard("verify")[0] == 0


def test_an_import_shows_first_and_writes_only_when_told(bincard, tmp_path):
    bincard("migrate")
    bincard("site", "add", "PLANT", "--name", "Plant")
    file = tmp_path / "items.csv"
    file.write_text("物料编码,名称\nBE-2908,轴承\n6.9E+12,箱子\n", encoding="gb18030")
    code, shown, _ = bincard("import", "items", str(file))
    assert code == 1
    assert "line 3: A spreadsheet has damaged the code" in shown
    assert "Nothing was written." in shown
    assert "1 new or changed (to be written)" in shown
    assert bincard("import", "items", str(file), "--dry-run")[1] == shown
    assert "1 new or changed (written)" in bincard("import", "items", str(file), "--apply")[1]
    assert (
        "0 new or changed (to be written), 1 as they are."
        in bincard("import", "items", str(file))[1]
    )
    assert "Not in the book: 1 row, line 3." in shown
    assert bincard("import", "items", str(tmp_path / "none.csv"))[0] == 1


def test_an_import_says_who_and_what_the_file_does_not(bincard, tmp_path):
    bincard("migrate")
    bincard("site", "add", "PLANT", "--name", "Plant")
    bincard("user", "add", "2001", "--name", "Fang", "--role", "supervisor", "--pin", "741258")
    file = tmp_path / "items.csv"
    file.write_text("item,name\n1E05,Größe\n", encoding="cp1252")
    code, shown, _ = bincard("import", "items", str(file), "--apply")
    assert code == 1
    assert "--encoding cp1252" in shown
    assert shown.endswith("Nothing of the file was read.\nNothing was written.\n")
    asked = ("--encoding", "cp1252", "--verbatim", "item", "--by", "2001", "--apply")
    assert bincard("import", "items", str(file), *asked)[0] == 0
    assert "2001" in bincard("operations")[1]
    assert "no 7 among the people" in bincard("import", "items", str(file), "--by", "7")[2]


def test_the_help_of_an_import_tells_its_columns(capsys):
    for kind, heading in (("stock", "仓位编码"), ("items", "barcode"), ("people", "工号")):
        with pytest.raises(SystemExit):
            cli.main(["import", kind, "--help"])
        assert heading in capsys.readouterr().out


def test_opening_stock_stands_at_the_hour_of_the_site(bincard, tmp_path):
    """Whatever the clock on the wall of the server says; a container's says UTC."""
    bincard("migrate")
    bincard("site", "add", "PLANT", "--name", "Plant", "--time-zone", "Asia/Shanghai")
    for kind, text in (
        ("locations", "location,warehouse\nA,06\n"),
        ("items", "item,name\nBE,Bearing\n"),
        ("stock", "item,location,quantity\nBE,A,3\n"),
    ):
        file = tmp_path / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        asked = ("--opened", "2025-11-21T06:00") if kind == "stock" else ()
        assert bincard("import", kind, str(file), "--apply", *asked)[0] == 0
    engine = sa.create_engine(Settings.of(os.environ).database)
    with engine.connect() as connection:
        at = connection.exec_driver_sql("SELECT at FROM log WHERE device = 'opening'").scalar_one()
    engine.dispose()
    assert datetime.fromtimestamp(at / 1000, UTC).isoformat() == "2025-11-20T22:00:00+00:00"


def test_a_ledger_that_was_touched_fails_its_check(bincard):
    bincard("demo")
    engine = sa.create_engine(Settings.of(os.environ).database)
    with engine.begin() as connection:
        change = "UPDATE holding SET quantity = quantity + 1 WHERE quantity > 0"
        connection.exec_driver_sql(f"{change} AND place LIKE '06-%'")
    engine.dispose()
    code, out, _ = bincard("verify", "--site", "FACTORY")
    assert code == 1
    assert "FACTORY: " in out


def test_a_table_is_as_wide_as_it_looks():
    shown = table(("name", "x"), [("刘梅", 1), ("Wang", 2)])
    assert shown.splitlines() == ["name  x", "刘梅  1", "Wang  2"]


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "data" / "token.key"
    assert token_key(path) == token_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["token.key"]
    path.write_bytes(b"short")
    with pytest.raises(SettingsInvalid, match="every device must be enrolled again"):
        token_key(path)
    path.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="Run: chmod 600"):
        token_key(path)


def test_settings_come_from_the_environment_alone(tmp_path):
    settings = Settings.of({"BINCARD_DATA": str(tmp_path), "BINCARD_PORT": "8123"})
    assert settings.database == f"sqlite:///{tmp_path / 'bincard.db'}"
    assert settings.enrolment_url == "http://127.0.0.1:8123/#/enrol/"
    told = Settings.of({"BINCARD_ORIGIN": "https://bincard.plant.example/", "BINCARD_HOST": "::"})
    assert told.enrolment_url == "https://bincard.plant.example/#/enrol/"
