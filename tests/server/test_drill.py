"""The drill of the backups, on a server that works meanwhile, and on backups that are no good."""

import json
import sqlite3

import httpx

from server.backups.shelf import backups_in
from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled
from tests.server.test_backups import now


def test_a_drill_beside_a_server_that_works_proves_the_backup_and_changes_nothing(
    anywhere, tmp_path
):
    founded = anywhere
    founded.environment["BINCARD_BACKUP_DIR"] = str(tmp_path / "shelf")
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(324)
    handheld.put_away(300)
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        http.post("/sync/push", content=handheld.push()).raise_for_status()
        done = founded.run("drill")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The drill went well: this backup can be put back." in done.stdout
        (backup,) = backups_in(tmp_path / "shelf")
        (mark,) = backup.note.sites
        assert f"compared PLANT: saved to number {mark.seq}, now at {mark.seq}" in done.stdout
        handheld.receive(1)
        http.post("/sync/push", content=handheld.push(2)).raise_for_status()
        assert http.get("/sync/snapshot").json()["epoch"] == 1
    again = founded.run("drill", "--from", str(tmp_path / "shelf"))
    assert f"saved to number {mark.seq}, now at {mark.seq + 1}" in again.stdout
    assert again.returncode == 0
    assert founded.stop() == 0
    left = {path.suffix for path in (tmp_path / "shelf").iterdir()}
    assert left == {".db", ".json", ".key"}, "a drill uses up no epoch and leaves nothing behind"
    assert founded.run("verify").returncode == 0


def test_a_backup_of_another_history_fails_the_drill(founded, tmp_path):
    shelf = tmp_path / "shelf"
    assert founded.run("backup", "--to", str(shelf)).returncode == 0
    with sqlite3.connect(tmp_path / "data" / "bincard.db") as book:
        book.execute("UPDATE log SET link = CASE WHEN link LIKE 'f%' THEN 'e' ELSE 'f' END"
                     " || substr(link, 2) WHERE seq = (SELECT max(seq) FROM log)")  # fmt: skip
        book.execute("INSERT INTO site SELECT 'OTHER', * FROM (SELECT "
                     + ", ".join(c[1] for c in book.execute("PRAGMA table_info(site)")
                                 if c[1] != "site") + " FROM site)")  # fmt: skip
    book.close()
    done = founded.run("drill", "--from", str(shelf))
    assert done.returncode == 1
    assert "The drill FAILED:" in done.stdout
    assert "PLANT: the site that works has another number" in done.stdout
    assert "OTHER is not in the backup" in done.stdout


def test_a_backup_that_rusted_fails_the_drill(founded, tmp_path):
    shelf = tmp_path / "shelf"
    assert founded.run("backup", "--to", str(shelf)).returncode == 0
    (backup,) = backups_in(shelf)
    with backup.database.open("r+b") as file:
        file.seek(5_000)
        file.write(b"rust")
    done = founded.run("drill", "--from", str(shelf))
    assert done.returncode == 1
    assert "is damaged: it is not what was written on" in done.stderr
    note = json.loads((shelf / f"{backup.name}.json").read_bytes())
    assert note["sha256"] == backup.note.sha256
