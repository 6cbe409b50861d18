"""A share of `make torture`: each way to die a few times, by another seed each day."""

import datetime as dt

import pytest
from playwright.sync_api import sync_playwright

from tests.torture import rounds
from tests.torture.scanning import Scanner

SEED = dt.datetime.now(dt.UTC).date().isoformat()


def test_a_server_that_dies_at_any_moment_and_a_full_disk_lose_nothing(sqlite):
    with sqlite.chamber(SEED) as chamber:
        for death in (rounds.the_server, rounds.the_disk, rounds.the_server):
            chamber.play(death)


def test_a_round_that_fails_says_what_was_answered_and_where_the_server_stands(sqlite):
    with pytest.raises(AssertionError) as failed, sqlite.chamber("failed"):
        raise AssertionError("as if something were lost")
    (note,) = failed.value.__notes__
    assert note.startswith("answers: {}")
    # No more than that: a thread that runs while it is written down may cut the rest short.
    assert "(most recent call first)" in note


@pytest.mark.postgres
def test_a_database_that_dies_at_any_moment_loses_nothing(postgresql):
    with postgresql.chamber(SEED) as chamber:
        for death in (rounds.the_server, rounds.connections, rounds.the_database):
            chamber.play(death)


@pytest.mark.browser
def test_a_browser_that_dies_between_two_scans_keeps_every_beep(sqlite, tmp_path):
    with sqlite.chamber(f"{SEED}-browser") as chamber, sync_playwright() as playwright:
        scanner = Scanner(playwright, tmp_path / "scanner", chamber.factory, SEED)
        for _ in range(2):
            scanner.play()
        assert scanner.beeped
        scanner.handheld.close()
