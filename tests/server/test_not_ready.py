"""Every command, wherever it is called and whatever it finds there, answers in a sentence."""

import argparse
import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server import cli
from server.migrations import migrate
from tests import kept
from tests.server.running import Server
from tests.server.test_commands import commands

PIN = ("--pin", "639274")
ASKED = {
    "serve": (),
    "demo": (),
    "migrate": (),
    "verify": (),
    "repair": (),
    "backup": (),
    "restore": ("nowhere",),
    "drill": (),
    "copy": ("--from", "sqlite:///{data}/bincard.db", "--to", "sqlite:///{folder}/other.db"),
    "operations": (),
    "ready": (),
    "settings": (),
    "import locations": ("{folder}/rows.csv",),
    "import items": ("{folder}/rows.csv",),
    "import partners": ("{folder}/rows.csv",),
    "import people": ("{folder}/rows.csv",),
    "import stock": ("{folder}/rows.csv",),
    "site add": ("PLANT", "--name", "Plant"),
    "period close": ("2026-01-31",),
    "clock accept": (),
    "tls make": ("bincard.lan",),
    "tls address": (),
    "tls show": (),
    "tls check": (),
    "device enrol": ("--name", "PDA-01"),
    "device list": (),
    "device revoke": ("d1",),
    "device floor": ("d1", "off"),
    "user add": ("2001", "--name", "Fang Ping", "--role", "supervisor", *PIN),
    "user list": (),
    "user pin": ("2001", *PIN),
}
"""Each command as it is called by somebody who does not know what is wrong."""

ANYWHERE = {"settings", "tls make", "tls address"}
"""What works wherever it is called: it asks for no database."""

BEGINNERS = {"migrate", "demo"}
"""What makes a data folder where there is none: whoever begins calls them."""

SITES = {"operations", "period close", *(f"import {kind}" for kind in
         ("locations", "items", "partners", "people", "stock")),
         "device enrol", "device list", "device revoke", "device floor",
         "user add", "user list", "user pin"}  # fmt: skip
"""What is done at a site."""


def test_every_command_is_asked_here():
    def is_leaf(parser):
        return not any(isinstance(one, argparse._SubParsersAction) for one in parser._actions)

    leaves = {name for name, parser in commands(cli._parser()) if is_leaf(parser)}
    assert {name.removeprefix("bincard ") for name in leaves} == ASKED.keys()


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Run a command in a working folder of its own; returns exit code, output and complaint."""
    work = tmp_path / "work"
    work.mkdir()
    before = logging.getLogger().handlers[:]
    (tmp_path / "rows.csv").write_text("item,name\nBE-2908,Bearings\n", "utf-8")
    monkeypatch.chdir(work)
    monkeypatch.delenv("BINCARD_DATA", raising=False)
    monkeypatch.setenv("BINCARD_PORT", "1")

    def run(name):
        arguments = [one.format(data=work / "data", folder=tmp_path) for one in ASKED[name]]
        capsys.readouterr()
        code = cli.main([*name.split(), *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        if code:
            said = err or out
            assert said.strip(), "nobody is left without a word"
            assert len(said.splitlines()) < 12, said
        return code, out, err

    yield run
    # A server that did not get far has made itself heard here.
    logging.basicConfig(handlers=before, force=True)
    logging.captureWarnings(capture=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A database with the tables of today and no site."""
    file = tmp_path_factory.mktemp("empty") / "bincard.db"
    migrate(f"sqlite:///{file}")
    return file


def put(file, statement=None):
    """Put a database into the data folder, changed by a statement."""
    Path("data").mkdir(mode=0o700)
    shutil.copy(file, "data/bincard.db")
    if statement:
        with closing(sqlite3.connect("data/bincard.db")) as book, book:
            assert book.execute(statement).rowcount


@pytest.mark.parametrize("name", ASKED)
def test_in_a_wrong_folder_it_says_so_and_makes_none(told, tmp_path, name):
    code, _, err = told(name)
    if name in ANYWHERE | BEGINNERS:
        assert code == 0 or "in no network" in err, err
        return
    assert code in {1, 3}
    assert not (tmp_path / "work" / "data").exists()
    if name not in {"ready", "restore"}:
        assert f"There is no data folder {tmp_path / 'work' / 'data'}." in err
        assert "BINCARD_DATA" in err


@pytest.mark.parametrize("name", ASKED)
def test_without_a_database_it_says_what_makes_one(told, name, tmp_path):
    (tmp_path / "work" / "data").mkdir()
    code, _, err = told(name)
    if name in ANYWHERE | BEGINNERS:
        assert code == 0 or "in no network" in err, err
        return
    assert code in {1, 3}
    if name not in {"ready", "restore", "tls show", "tls check"}:
        assert err == "bincard: The database has no tables yet. Run: bincard migrate\n"


@pytest.mark.parametrize("name", sorted(ASKED.keys() - {"serve"}))
def test_without_a_site_it_says_how_one_is_founded(told, empty, name):
    put(empty)
    code, _, err = told(name)
    if name in SITES:
        assert (code, err) == (1, "bincard: There is no site yet. Found one: bincard site add\n")
    elif name not in {"restore", "ready", "tls show", "tls check", "tls address"}:
        assert code == 0, err


@pytest.mark.parametrize("name", ASKED)
def test_tables_of_a_newer_program_are_named_and_left_alone(told, empty, name):
    put(empty, "UPDATE alembic_version SET version_num = '9999'")
    code, _, err = told(name)
    if name not in ANYWHERE | {"restore", "ready", "tls show", "tls check"}:
        assert code == 3
        assert "it was written by a newer one" in err


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "address",
    ["postgres://b:hunter2@db/b", "postgresql://b:hunter2@127.0.0.1:1/b",
     "sqlite:///{work}/data/token.key"],
    ids=["another kind", "nobody there", "no database"],
)  # fmt: skip
def test_a_database_that_is_none_is_a_sentence(told, empty, name, address, monkeypatch):
    put(empty)
    work = Path.cwd()
    (work / "data" / "token.key").write_bytes(b"k" * 32)
    (work / "data" / "token.key").chmod(0o600)
    monkeypatch.setenv("BINCARD_DATABASE", address.format(work=work))
    code, out, err = told(name)
    assert "hunter2" not in out + err
    if name not in ANYWHERE | {"restore", "copy"}:
        assert code in {1, 2, 3}


ITEM = "UPDATE item SET units = 'x' WHERE item = 'BE-2908'"


@pytest.mark.parametrize("name", ["verify", "repair", "backup"])
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE discrepancy SET detail = '{' WHERE code = 'OVER_ISSUE'", "discrepancy.detail"),
        (ITEM, "item.units of BE-2908"),
        ("UPDATE variance SET parts = '7' WHERE counted = 98", "variance.parts"),
    ],
    ids=["a doubt", "an item", "another kind"],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named(told, unpacked, name, statement, named):
    put(unpacked / "bincard.db", statement)
    shutil.copy(unpacked / "token.key", "data/token.key")
    code, out, err = told(name)
    assert code == 1
    assert named in out + err, out + err


@pytest.mark.parametrize("name", sorted(ASKED.keys() - {"serve"}))
def test_who_needs_a_row_that_cannot_be_read_is_told_how_to_find_it(told, unpacked, name):
    put(unpacked / "bincard.db", ITEM)
    shutil.copy(unpacked / "token.key", "data/token.key")
    code, _, err = told(name)
    if name == "user add":
        assert code == 1
        assert "bincard verify" in err


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """A factory with work in it."""
    data = tmp_path_factory.mktemp("kept") / "data"
    migrate(kept.unpack(data, kept.EVERY[-1]))
    return data


def test_what_the_book_cannot_do_meanwhile_is_a_line_and_no_trace(unpacked, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(unpacked, data)
    with closing(sqlite3.connect(data / "bincard.db")) as book, book:
        assert book.execute(ITEM).rowcount
    done = Server(data).run("user", "list")
    assert done.returncode == 0, "people are not items"
    assert "Fang Ping" in done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    added = Server(data).run("user", "add", "1009", "--name", "Sun Yu", "--pin", "7391")
    assert added.returncode == 1
    assert "cannot be read. Which one it is says: bincard verify" in added.stderr
    assert "Traceback" not in added.stderr
