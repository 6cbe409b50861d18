"""Backups: made under load, believed only after a replay, and what they let devices forget."""

import dataclasses
import json
import os
import sqlite3
import threading
import time
from contextlib import closing

import anyio
import httpx
import pytest
from anyio import to_thread
from msgspec.structs import replace

from server.backups.daily import AGAIN_MS, DAY_MS, FIRST_MS, Keeper, due_at
from server.backups.durable import durable_through
from server.backups.making import make_backup, read_back
from server.backups.shelf import (
    backups_in,
    digest_of,
    keep_newest,
    unproved_in,
    unproved_now,
)
from server.settings import token_key
from tests.server.conftest import SITE as PLANT
from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled


def now():
    return time.time_ns() // 1_000_000


def test_a_backup_made_while_devices_push_is_whole_and_replays(founded, tmp_path):
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    for _ in range(300):
        handheld.receive(1)
    half = threading.Event()

    def push_all():
        with httpx.Client(base_url=founded.origin, headers=device) as http:
            for start in range(0, 300, 5):
                http.post("/sync/push", content=handheld.push(start, start + 5)).raise_for_status()
                if start == 20:
                    half.set()

    pusher = threading.Thread(target=push_all)
    pusher.start()
    half.wait(20)
    shelf = tmp_path / "shelf"
    done = founded.run("backup", "--to", str(shelf))
    pusher.join()
    assert done.returncode == 0, done.stderr
    assert "replayed: PLANT up to number" in done.stdout
    (backup,) = backups_in(shelf)
    assert read_back(backup.database).sites == backup.note.sites
    assert backup.note.sha256 == digest_of(backup.database)
    assert backup.note.sites[0].seq > 25
    assert founded.stop() == 0
    assert [path.stat().st_mode & 0o777 for path in shelf.iterdir()] == [0o600] * 3
    assert backup.key.read_bytes() == token_key(tmp_path / "data" / "token.key")


def test_what_two_backups_have_may_be_forgotten_by_the_devices(founded, tmp_path):
    founded.environment["BINCARD_BACKUP_DIR"] = str(tmp_path / "shelf")
    device = enrolled(founded)
    assert "on the same disk as the database" in founded.run("backup").stdout
    (first,) = backups_in(tmp_path / "shelf")
    enrolled(founded, "PDA-02")
    assert founded.run("backup").returncode == 0
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    handheld.receive(1)
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        answer = http.post("/sync/push", content=handheld.push()).json()
    assert answer["durable_through"] == [1, first.note.sites[0].seq]
    assert founded.stop() == 0
    assert "on the same disk as the database" in founded.log


def test_without_a_named_folder_nothing_may_be_forgotten(founded):
    device = enrolled(founded)
    for _ in range(2):
        assert "No BINCARD_BACKUP_DIR is set" in founded.run("backup").stdout
    founded.start()
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        answer = http.post("/sync/push", content=Handheld(SITE, "1001", now).push()).json()
    assert answer["durable_through"] is None


def test_a_full_disk_leaves_no_half_backup_and_says_what_to_do(founded, tmp_path):
    done = founded.run("backup", "--to", str(tmp_path / "shelf"), file_bytes_max=64 * 1024)
    assert done.returncode == 1
    assert "There is no room left at" in done.stderr
    assert "free some space, or name another folder" in done.stderr
    assert [path.suffix for path in (tmp_path / "shelf").iterdir()] == [".key"]


def test_a_folder_that_cannot_be_made_is_named(founded, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = founded.run("backup", "--to", str(tmp_path / "file" / "shelf"))
    assert done.returncode == 1
    assert str(tmp_path / "file" / "shelf") in done.stderr
    assert "Traceback" not in done.stderr


def test_the_newest_fourteen_are_kept_and_a_crashed_one_is_swept_away(settings, tmp_path):
    shelf = tmp_path / "shelf"
    first = make_backup(settings, shelf, now())
    (shelf / "bincard-20200101T000000000Z.draft").write_bytes(b"half")
    note = json.loads((shelf / f"{first.name}.json").read_bytes())
    start = now()
    for n in range(20):
        name = f"bincard-2030010{n // 10}T0000{n % 10}0000Z"
        (shelf / f"{name}.db").write_bytes(b"x")
        (shelf / f"{name}.json").write_text(json.dumps(note | {"made": start + n}), "utf-8")
    keep_newest(shelf)
    assert len(backups_in(shelf)) == 14
    kept = [one.note.made - start for one in backups_in(shelf)]
    assert (kept[0], kept[-1]) == (19, 6)
    assert len(list(shelf.iterdir())) == 2 * 14 + 1


@pytest.mark.parametrize(
    ("newest", "failed", "due"),
    [
        (None, None, 1_000 + FIRST_MS),
        (900, None, 900 + DAY_MS),
        (900 - DAY_MS, None, 1_000 + FIRST_MS),
        (900 - 2 * DAY_MS, 5_000_000, 5_000_000 + AGAIN_MS),
    ],
    ids=["soon after the first start", "a day later", "missed", "an hour after a failure"],
)
def test_a_backup_is_due_every_day(newest, failed, due):
    assert due_at(newest, 1_000, failed) == due


async def test_the_server_makes_one_by_itself_every_day(plant, settings, tmp_path):
    named = dataclasses.replace(settings, backups=tmp_path / "shelf")
    keeper = Keeper(named, plant.book, plant.clock)
    await keeper.turn()
    assert plant.book._clerk.durable == {}
    for _ in range(2):
        plant.clock.wait(hours=25)
        await keeper.turn()
        await keeper.turn()
    first = backups_in(tmp_path / "shelf")[-1]
    assert len(backups_in(tmp_path / "shelf")) == 2
    assert plant.book._clerk.durable == {PLANT: (1, first.note.sites[0].seq)}


async def test_a_backup_that_fails_is_tried_again_in_an_hour(plant, settings, tmp_path, caplog):
    (tmp_path / "shelf").write_text("in the way", encoding="utf-8")
    named = dataclasses.replace(settings, backups=tmp_path / "shelf")
    keeper = Keeper(named, plant.book, plant.clock)
    plant.clock.wait(hours=1)
    await keeper.turn()
    await keeper.turn()
    assert [record.message for record in caplog.records] == [
        "no backup was made; the next try is in an hour"
    ]
    (tmp_path / "shelf").unlink()
    plant.clock.wait(hours=1)
    await keeper.turn()
    assert len(backups_in(tmp_path / "shelf")) == 1


async def test_a_database_that_is_away_for_a_moment_ends_no_backups(
    plant, settings, tmp_path, caplog
):
    """What ends here ends the server: it would answer without a book, until somebody looks."""
    named = dataclasses.replace(settings, backups=tmp_path / "shelf")
    keeper = Keeper(named, plant.book, plant.clock)
    plant.clock.wait(hours=1)
    with closing(sqlite3.connect(settings.database_file)) as database:
        database.execute("ALTER TABLE site RENAME TO away")
        await keeper.turn()
        said = [record.message for record in caplog.records if record.name == "bincard.backup"]
        assert said == ["the backups could not be looked after; the next try is in a minute"]
        database.execute("ALTER TABLE away RENAME TO site")
    await keeper.turn()
    assert len(backups_in(tmp_path / "shelf")) == 1


async def test_a_backup_from_a_day_that_is_yet_to_come_puts_none_off(plant, settings, tmp_path):
    """The clock of the server was wrong once; the years until then are not without backups."""
    named = dataclasses.replace(settings, backups=tmp_path / "shelf")
    make_backup(named, tmp_path / "shelf", plant.clock() + 365 * DAY_MS)
    keeper = Keeper(named, plant.book, plant.clock)
    plant.clock.wait(hours=1)
    await keeper.turn()
    await keeper.turn()
    assert [one.note.made for one in backups_in(tmp_path / "shelf")][1:] == [plant.clock()]


async def test_a_server_that_is_told_to_stop_does_not_wait_for_a_backup(plant, settings, tmp_path):
    """A large one takes minutes, and devices would knock in vain; what is half done is swept."""
    data = tmp_path / "slow"
    data.mkdir()
    os.mkfifo(data / "token.key", 0o600)
    keeper = Keeper(dataclasses.replace(settings, data=data), plant.book, plant.clock)
    plant.clock.wait(hours=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keeper.turn)
        # Opened as soon as the backup reads its key; it would wait for it for ever.
        key = await to_thread.run_sync(os.open, data / "token.key", os.O_WRONLY)
        tasks.cancel_scope.cancel()
    with pytest.raises(BrokenPipeError):
        os.write(key, b"too late")
    os.close(key)


async def test_what_is_on_another_chain_does_not_count(plant, settings, tmp_path):
    for at in (1, 2):
        make_backup(settings, tmp_path, at)
    shelf = backups_in(tmp_path)
    seq = shelf[0].note.sites[0].seq
    assert await plant.book.read(lambda c: durable_through(c, shelf)) == {PLANT: (1, seq)}
    elsewhere = tuple(replace(mark, link="f" * 64) for mark in shelf[0].note.sites)
    other = [replace(one, note=replace(one.note, sites=elsewhere)) for one in shelf]
    assert await plant.book.read(lambda c: durable_through(c, other)) == {}


# --- what does not replay ------------------------------------------------------------------------


def spoil(settings, statement="UPDATE site SET scope = '1'"):
    with closing(sqlite3.connect(settings.database_file)) as book, book:
        book.execute(statement)


def test_a_copy_that_does_not_replay_is_kept_and_is_no_backup(settings, tmp_path):
    """Nothing that a device can say may end the copies: the facts are in the log of this one."""
    shelf = tmp_path / "shelf"
    proved = make_backup(settings, shelf, now())
    spoil(settings)
    kept = make_backup(settings, shelf, now())
    assert (kept.note.differences, kept.note.proved) == (1, False)
    assert kept.note.faults[0].startswith("PLANT: feed: the site's scope is 1, its rows give")
    assert kept.note.sites == proved.note.sites
    assert kept.database.name.startswith("unproved-")
    assert (backups_in(shelf), unproved_in(shelf)) == ([proved], [kept])
    assert unproved_now(shelf) == kept


def test_a_copy_whose_replay_breaks_off_is_kept_too(settings, tmp_path):
    for number, (cell, said) in enumerate({
        "no JSON": "PLANT: item.units of BE-2908: it is no JSON, and must be an array",
        "[7]": "PLANT: the replay broke off: ValidationError",
    }.items()):  # fmt: skip
        spoil(settings, f"UPDATE item SET units = '{cell}'")
        kept = make_backup(settings, tmp_path / "shelf", now() + number)
        assert kept.note.faults[0].startswith(said)
        assert kept.database.exists()


async def test_the_devices_forget_nothing_by_an_unproved_copy(plant, settings, tmp_path):
    for _ in range(2):
        spoil(settings)
        make_backup(settings, tmp_path / "shelf", now())
    shelf = backups_in(tmp_path / "shelf")
    assert await plant.book.read(lambda book: durable_through(book, shelf)) == {}


def test_unproved_copies_never_take_the_place_of_proved_ones(settings, tmp_path):
    shelf = tmp_path / "shelf"
    proved = make_backup(settings, shelf, 1_000)
    spoil(settings)
    for n in range(20):
        made = make_backup(settings, shelf, 2_000 + n)
    assert [one.note.made for one in unproved_in(shelf)] == [2_019, 2_018, 2_017]
    assert backups_in(shelf) == [proved]
    assert proved.database.exists()
    assert made.database.exists()


def test_the_command_says_that_a_copy_is_unproved_and_ends_with_one(founded, tmp_path):
    data, shelf = tmp_path / "data", tmp_path / "shelf"
    with closing(sqlite3.connect(data / "bincard.db")) as book, book:
        book.execute("UPDATE site SET scope = '1'")
    done = founded.run("backup", "--to", str(shelf))
    assert done.returncode == 1
    (kept,) = unproved_in(shelf)
    assert f"UNPROVED: {kept.database} was kept, but its ledger does not replay" in done.stdout
    assert "bincard repair" in done.stdout
    refused = founded.run("restore", str(shelf), "--replace")
    assert refused.returncode == 1
    assert "add --unproved to put it back all the same" in refused.stderr
    drilled = founded.run("drill", "--from", str(shelf))
    assert (drilled.returncode, "is unproved" in drilled.stderr) == (1, True)
    taken = founded.run("restore", str(kept.database), "--replace", "--unproved")
    assert taken.returncode == 0, taken.stderr
    assert "run bincard repair before anybody trusts its stock" in taken.stdout


async def test_the_server_tells_the_log_and_the_desk_of_an_unproved_copy(
    plant, settings, tmp_path, caplog
):
    app, named = plant.client.app, dataclasses.replace(settings, backups=tmp_path / "shelf")
    copies = app.state.gate.copies
    copies._settings, copies._clock = named, iter(range(0, 10_000, 60)).__next__
    supervisor = await plant.signed_in("2001")
    keeper = Keeper(named, plant.book, plant.clock)
    spoil(settings)
    plant.clock.wait(hours=1)
    await keeper.turn()
    await keeper.turn()
    said = [(one.levelname, one.message) for one in caplog.records if one.name == "bincard.backup"]
    assert [level for level, _ in said] == ["ERROR"]
    assert "does not replay (1 differences)" in said[0][1]
    ready = await plant.client.get("/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["detail"].startswith("The newest copy of the database does not replay.")
    chinese = await plant.client.get("/ready", headers={"Accept-Language": "zh-CN"})
    assert chinese.json()["detail"].startswith("最新的数据库副本回放不一致")
    told = (await plant.client.get("/api/server", headers=supervisor)).json()["backup"]
    assert (told["made"], told["differences"]) == (plant.clock.ms, 1)

    spoil(settings, f"UPDATE site SET scope = '{told['faults'][0].rpartition(' ')[2]}'")
    plant.clock.wait(hours=25)
    await keeper.turn()
    assert len(backups_in(tmp_path / "shelf")) == 1
    assert (await plant.client.get("/ready")).json() == {"status": "ready"}
    answer = await plant.client.get("/api/server", headers=await plant.signed_in("2001"))
    assert answer.json() == {"backup": None, "clock": None}
