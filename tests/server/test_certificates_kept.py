"""Phones go on trusting a server that was restored onto a new machine."""

import shutil
import stat
import subprocess

import pytest

from server.backups.shelf import backups_in
from server.tls.store import TlsStore
from tests.server.running import Server


def speaking(folder):
    """A server that speaks https under a name of its plant, where `folder` holds its data."""
    server = Server(folder)
    server.origin = f"https://bincard.lan:{server.port}"
    server.environment |= {"BINCARD_TLS": "1", "BINCARD_ORIGIN": server.origin}
    return server


@pytest.fixture
def secure(founded):
    """A founded site whose phones trust its authority, and a backup of it."""
    data = founded.environment["BINCARD_DATA"]
    assert founded.run("tls", "make", "bincard.lan").returncode == 0
    shelf = f"{data}-shelf"
    made = founded.run("backup", "--to", shelf)
    assert made.returncode == 0, made.stderr
    assert "it is not encrypted" in made.stdout
    return founded, shelf


def fingerprint(server):
    shown = server.run("tls", "show")
    assert shown.returncode == 0, shown.stderr
    return next(line for line in shown.stdout.splitlines() if line.startswith("Fingerprint"))


def test_phones_go_on_trusting_a_server_on_a_new_machine(secure, tmp_path):
    old, shelf = secure
    new = speaking(tmp_path / "new")
    done = new.run("restore", shelf)
    assert done.returncode == 0, done.stderr
    assert "The authority that phones trust is back" in done.stdout
    assert fingerprint(new) == fingerprint(old)
    tls = tmp_path / "new" / "tls"
    assert stat.S_IMODE(tls.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in tls.iterdir()} == {0o600}
    try:
        new.start()
        checked = new.run("tls", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
    finally:
        new.end()


def test_keys_beside_the_backups_are_for_their_owner_and_go_when_no_backup_names_them(
    secure, tmp_path
):
    old, shelf = secure
    pems = sorted((tmp_path / "data-shelf").glob("tls-*.pem"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in pems} == {0o600}
    assert [file.name.split("-")[1] for file in pems] == ["authority", "server"]
    assert old.run("tls", "make", "--new-authority", "other.lan").returncode == 0
    assert old.run("backup", "--to", shelf).returncode == 0
    assert len([*(tmp_path / "data-shelf").glob("tls-*.pem")]) == 4
    not_ours = tmp_path / "data-shelf" / "tls-intranet.pem"
    not_ours.touch()
    first = backups_in(tmp_path / "data-shelf")[-1]
    (first.folder / f"{first.name}.json").unlink()
    assert old.run("backup", "--to", shelf).returncode == 0
    left = {*(tmp_path / "data-shelf").glob("tls-*.pem")} - {not_ours}
    assert len(left) == 2
    assert not_ours.exists()
    assert not left & {*pems}


def test_an_authority_that_phones_do_not_know_gives_way_only_when_told(secure, tmp_path):
    old, shelf = secure
    new = speaking(tmp_path / "new")
    assert new.run("tls", "make", "bincard.lan").returncode == 0
    made = fingerprint(new)
    refused = new.run("restore", shelf)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "trust another authority" in refused.stderr
    assert not (tmp_path / "new" / "bincard.db").exists()
    done = new.run("restore", shelf, "--replace")
    assert done.returncode == 0, done.stderr
    assert fingerprint(new) == fingerprint(old) != made
    (aside,) = (tmp_path / "new").glob("replaced-*")
    assert sorted(file.name for file in (aside / "tls").iterdir()) == [
        "authority.pem", "server.pem",
    ]  # fmt: skip


def test_a_backup_whose_authority_is_gone_brings_back_the_rest_and_says_so(secure, tmp_path):
    _, shelf = secure
    for file in (tmp_path / "data-shelf").glob("tls-authority-*.pem"):
        file.write_bytes(file.read_bytes()[:-7])
    new = speaking(tmp_path / "new")
    done = new.run("restore", shelf)
    assert done.returncode == 0, done.stderr
    assert "every phone must trust that anew" in done.stdout
    assert not TlsStore(tmp_path / "new").exists
    drill = new.run("drill", "--from", shelf)
    assert drill.returncode == 1
    assert "what https needs is not beside it" in drill.stdout


def test_a_drill_carries_the_authority_along(secure):
    old, shelf = secure
    done = old.run("drill", "--from", shelf)
    assert done.returncode == 0, done.stdout


def test_a_restored_certificate_is_one_that_openssl_accepts(secure, tmp_path):
    """Asked of a tool that shares no code with us."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    _, shelf = secure
    new = speaking(tmp_path / "new")
    assert new.run("restore", shelf).returncode == 0
    tls = tmp_path / "new" / "tls"
    asked = ["openssl", "verify", "-CAfile", str(tls / "authority.pem"), str(tls / "server.pem")]
    assert subprocess.run(asked, check=False, capture_output=True).returncode == 0
