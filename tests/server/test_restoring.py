"""`bincard restore`: the whole way of a server that was thrown away, and what can be wrong."""

import json
import shutil
import signal
import sqlite3
import threading
import time

import httpx
import pytest

from server.backups.shelf import backups_in
from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled


def now():
    return time.time_ns() // 1_000_000


class Phone(Handheld):
    """Keeps verdicts, and does on 409 epoch what every device does."""

    def __init__(self, http):
        super().__init__(SITE, "1001", now)
        self.http = http
        self.acked = self.epoch = 0
        self.verdicts = {}

    def sync(self):
        had = self.acked
        answer = self.http.post("/sync/push", content=self.frame(had))
        while answer.status_code == 409:
            conflict = answer.json()
            self.epoch, self.acked = conflict["epoch"], conflict["have"][0]
            answer = self.http.post("/sync/push", content=self.frame(had))
        for verdict in answer.json()["verdicts"]:
            self.verdicts[verdict["id"]] = verdict
        self.acked = answer.json()["acked"][0]

    def frame(self, had):
        ids = [json.loads(text)["body"]["id"] for text in self.envelopes[self.acked :]]
        kept = ("id", "outcome", "times", "u", "trust", "seal")
        told = [
            {key: self.verdicts[one][key] for key in kept} for one in ids if one in self.verdicts
        ]
        body = json.loads(self.push(self.acked)) | {"epoch": self.epoch, "dated": told, "had": had}
        head = json.dumps({key: body[key] for key in body if key != "operations"})[:-1]
        return f'{head},"operations":[{",".join(self.envelopes[self.acked :])}]}}'.encode()


def stock(data):
    with sqlite3.connect(f"file:{data / 'bincard.db'}?mode=ro", uri=True) as book:
        rows = book.execute("SELECT place, item, quantity FROM holding WHERE quantity").fetchall()
        gaps = book.execute("SELECT state, detail FROM discrepancy WHERE code = 'RESTORE_GAP'")
        found = [(state, json.loads(detail)) for state, detail in gaps]
    book.close()
    return sorted(rows), found


def test_a_server_that_was_thrown_away_comes_back_with_all_that_devices_kept(founded, tmp_path):
    data, shelf = tmp_path / "data", tmp_path / "shelf"
    devices = [enrolled(founded, name) for name in ("PDA-01", "PDA-02")]
    founded.start()
    with (
        httpx.Client(base_url=founded.origin, headers=devices[0]) as one,
        httpx.Client(base_url=founded.origin, headers=devices[1]) as two,
    ):
        first, second = Phone(one), Phone(two)
        first.receive(324)
        first.sync()
        second.put_away(100)
        second.sync()
        pushing = threading.Thread(
            target=lambda: [first.receive(1) and first.sync() for _ in range(20)]
        )
        pushing.start()
        assert founded.run("backup", "--to", str(shelf)).returncode == 0
        pushing.join()
        first.put_away(24)
        second.receive(5, lot="K1102")
        first.sync()
        second.sync()
        before, _ = stock(data)
        founded.stop(signal.SIGKILL)
        shutil.rmtree(data)

        done = founded.run("restore", str(shelf))
        assert done.returncode == 0, done.stderr
        assert "Site PLANT begins epoch 2." in done.stdout
        assert "Next: bincard serve." in done.stdout
        assert founded.run("verify").returncode == 0
        founded.start()
        second.sync()
        assert [state for state, _ in stock(data)[1]] == ["open"]
        first.sync()
    after, gaps = stock(data)
    assert after == before
    assert [(state, gap["heard"], gap["lost"]) for state, gap in gaps] == [
        ("evidence", ["PDA-01", "PDA-02"], {})
    ]
    assert founded.stop() == 0
    assert founded.run("verify").returncode == 0
    assert (data / "token.key").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def shelf(founded, tmp_path):
    assert founded.run("backup", "--to", str(tmp_path / "shelf")).returncode == 0
    return tmp_path / "shelf"


def test_a_database_that_is_there_is_moved_aside_only_when_told(founded, shelf, tmp_path):
    done = founded.run("restore", str(shelf))
    assert (done.returncode, done.stdout) == (1, "")
    assert "run this again with --replace: it is moved aside, not deleted" in done.stderr
    done = founded.run("restore", str(shelf), "--replace")
    assert done.returncode == 0, done.stderr
    (aside,) = (tmp_path / "data").glob("replaced-*")
    assert f"What was there before lies in {aside}." in done.stdout
    assert (aside / "bincard.db").exists()
    assert founded.run("verify").returncode == 0


def test_every_restore_of_one_backup_has_an_epoch_of_its_own(founded, shelf):
    for epoch in (2, 3):
        done = founded.run("restore", str(shelf), "--replace")
        assert f"Site PLANT begins epoch {epoch}." in done.stdout


def test_a_running_server_is_not_pulled_from_under_its_devices(founded, shelf):
    founded.start()
    done = founded.run("restore", str(shelf), "--replace")
    assert done.returncode == 1
    assert "is in use: stop bincard serve" in done.stderr


def test_what_is_no_backup_is_said(founded, shelf, tmp_path):
    done = founded.run("restore", str(tmp_path / "nowhere"), "--replace")
    assert "Name the folder of the backups" in done.stderr
    (tmp_path / "empty").mkdir()
    done = founded.run("restore", str(tmp_path / "empty"), "--replace")
    assert "holds no backup" in done.stderr
    (backup,) = backups_in(shelf)
    lonely = tmp_path / "empty" / "copy.db"
    shutil.copy(backup.database, lonely)
    done = founded.run("restore", str(lonely), "--replace")
    assert "has no note beside it" in done.stderr
    assert done.returncode == 1


def spoil_bytes(backup, note):
    with backup.database.open("r+b") as file:
        file.seek(5_000)
        file.write(b"rust")
    return note


def spoil_version(_, note):
    return note | {"step": "9999", "program": "9.9"}


def spoil_key(backup, note):
    backup.key.write_bytes(b"w" * 32)
    return note


def lose_key(backup, note):
    backup.key.unlink()
    return note


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_bytes, "is damaged: it is not what was written on"),
        (spoil_version, "was written by a newer Bincard (9.9"),
        (spoil_key, "it is not the key of this backup"),
        (lose_key, "The key of this backup is missing"),
    ],
    ids=["damaged", "newer version", "wrong key", "no key"],
)
def test_a_backup_that_cannot_be_put_back_changes_nothing(founded, shelf, tmp_path, spoil, said):
    (backup,) = backups_in(shelf)
    path = shelf / f"{backup.name}.json"
    path.write_text(json.dumps(spoil(backup, json.loads(path.read_bytes()))), encoding="utf-8")
    data = tmp_path / "data"
    (data / "token.key").unlink()
    before = (data / "bincard.db").read_bytes()
    done = founded.run("restore", str(shelf), "--replace")
    assert done.returncode == 1
    assert said in done.stderr
    assert (data / "bincard.db").read_bytes() == before
    left = {path.name for path in data.iterdir()} - {"bincard.db-shm", "bincard.db-wal"}
    assert left == {"bincard.db", "in-use"}


def test_another_key_in_the_data_folder_is_named_and_kept(founded, shelf, tmp_path):
    key = tmp_path / "data" / "token.key"
    right = key.read_bytes()
    key.write_bytes(b"o" * 32)
    done = founded.run("restore", str(shelf))
    assert "is not the key of this backup: the devices would not be known" in done.stderr
    assert founded.run("restore", str(shelf), "--replace").returncode == 0
    assert key.read_bytes() == right
    (aside,) = (tmp_path / "data").glob("replaced-*")
    assert (aside / "token.key").read_bytes() == b"o" * 32


def test_what_is_moved_aside_stays_on_its_own_disk(founded, shelf, tmp_path):
    """Another one cannot be moved to in one step: half of it would be gone when that fails."""
    disk, data = tmp_path / "disk", tmp_path / "data"
    disk.mkdir()
    (data / "bincard.db").rename(disk / "bincard.db")
    (data / "token.key").write_bytes(b"o" * 32)
    founded.environment["BINCARD_DATABASE"] = f"sqlite:///{disk / 'bincard.db'}"
    done = founded.run("restore", str(shelf), "--replace")
    assert done.returncode == 0, done.stderr
    (old,), (other,) = disk.glob("replaced-*"), data.glob("replaced-*")
    assert (old / "bincard.db").exists()
    assert (other / "token.key").read_bytes() == b"o" * 32
    assert f"What was there before lies in {old} and {other}." in done.stdout


def test_a_full_disk_at_the_restore_leaves_everything_as_it_was(founded, shelf, tmp_path):
    before = (tmp_path / "data" / "bincard.db").read_bytes()
    done = founded.run("restore", str(shelf), "--replace", file_bytes_max=64 * 1024)
    assert done.returncode == 1
    assert "There is no room left" in done.stderr
    assert (tmp_path / "data" / "bincard.db").read_bytes() == before
    assert list((tmp_path / "data").glob("replaced-*")) == []
