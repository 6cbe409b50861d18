"""Fixtures of the browser tests: a loaded factory per test, and browsers that end with it."""

import pytest
from playwright.sync_api import sync_playwright

from server.backups.copying import copy_book
from tests.browser.cable import Cable
from tests.browser.factory import Factory, load_demo
from tests.browser.handheld import DESK, FANG_PING, Handheld


@pytest.fixture(scope="package")
def playwright():
    # Ends with the package: its event loop would be in the way of the async tests.
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def template(tmp_path_factory):
    """The demo, loaded once; each test works on a copy."""
    data = tmp_path_factory.mktemp("demo") / "data"
    return data, load_demo(data)


@pytest.fixture(scope="package")
def template_in_postgres(template, postgres):
    """The same demo in PostgreSQL, moved there as an installation is."""
    url = postgres.create()
    copy_book(f"sqlite:///{template[0] / 'bincard.db'}", url)
    return url


@pytest.fixture
def factory(request, template, tmp_path):
    """A factory on SQLite; `on_both` asks for it on PostgreSQL, too."""
    data, token = template
    database = None
    if getattr(request, "param", "sqlite") == "postgresql":
        postgres = request.getfixturevalue("postgres")
        database = postgres.create(request.getfixturevalue("template_in_postgres"))
    factory = Factory(data, tmp_path / "data", token, database)
    factory.start()
    yield factory
    factory.stop()
    if database:
        postgres.drop(database)


@pytest.fixture
def handhelds(playwright, factory, tmp_path):
    """Makes enrolled browsers, and holds every one of them free of faults in the page."""
    made = []

    def make(name, worker=None, **look):
        cable = Cable(factory.port)
        handheld = Handheld(playwright, tmp_path / name, cable.origin, **look)
        handheld.cable = cable
        made.append(handheld)
        handheld.enrol(factory.enrolment_code(name))
        if worker:
            handheld.sign_in(worker)
            handheld.has_stock()
        return handheld

    yield make
    for handheld in made:
        handheld.close()
        handheld.cable.close()
    assert [fault for handheld in made for fault in handheld.faults] == []


@pytest.fixture
def desk(handhelds):
    return handhelds("Desk browser", FANG_PING, size=DESK)
