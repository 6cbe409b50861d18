"""One file is the whole program: installed in an empty folder, it shows its app and its demo."""

import re
import subprocess
import sys
import urllib.request
import zipfile

import pytest

from tests.server.running import Server
from tests.test_tidy import ROOT

READY_S = 60


@pytest.fixture(scope="module")
def wheel():
    """The file that `make wheel` writes."""
    done = subprocess.run(
        ["make", "--no-print-directory", "wheel"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (file,) = (ROOT / "dist").glob("bincard-*.whl")
    return file


@pytest.fixture
def installed(wheel, tmp_path):
    """Its commands in an empty folder, with nothing of the checkout in reach."""
    library, folder = tmp_path / "lib", tmp_path / "empty"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target",
         library, wheel],
        check=True,
    )  # fmt: skip
    folder.mkdir()
    server = Server(folder)
    del server.environment["BINCARD_DATA"]
    server.environment["PYTHONPATH"] = str(library)
    server.program, server.cwd = [str(library / "bin" / "bincard")], folder
    yield server
    server.end()


def test_the_demo_is_served_with_its_app_from_an_empty_folder(installed):
    demo = installed.run("demo")
    assert "Handheld 1" in demo.stdout, demo.stderr
    installed.start()
    page = read(installed.origin)
    assert "<script" in page
    assert read(installed.origin + re.search(r'src="(/assets/[^"]+)"', page)[1])
    assert installed.stop() == 0
    assert "The ledger is true" in installed.run("verify").stdout
    assert [path.name for path in installed.cwd.iterdir()] == ["data"]


def read(address):
    with urllib.request.urlopen(address, timeout=READY_S) as answer:
        return answer.read().decode()


def test_it_carries_every_source_and_no_test(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    for package in ("server", "sync", "labels"):
        for file in (ROOT / package).rglob("*.py"):
            assert file.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if name.startswith(("tests", "pwa", "build"))]
