"""What came with a sync is a quiet line on Home, and it leads there."""

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import ZHAO_LIN

pytestmark = pytest.mark.browser


def home(handheld):
    handheld.go("")
    expect(handheld.tile("receive")).to_be_visible()


def test_a_flag_that_came_with_a_sync_is_said_on_home_until_it_was_seen(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("move/06-B-10")
    zhao.says("plain")
    zhao.scans("BE-2908", "NO-SUCH-BIN")
    zhao.says("look", "NO-SUCH-BIN")
    zhao.scan("BINCARD:DONE")
    zhao.says("done")
    zhao.unsent(0)
    home(zhao)
    line = zhao.key("1 of your records has a flag")
    line.click()
    zhao.sees("NO-SUCH-BIN", "code not known")
    home(zhao)
    expect(line).to_have_count(0)


def test_a_task_that_the_office_changed_is_named_on_home(handhelds, factory):
    factory.tell(
        "documents", document="SO-9", kind="sales", lines=[{"item": "BE-2908", "quantity": 4}]
    )
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("pick/SO-9")
    zhao.says("plain", "BE-2908")
    home(zhao)
    line = zhao.key("The office changed SO-9")
    expect(line).to_have_count(0)
    factory.tell(
        "documents", document="SO-9", kind="sales", lines=[{"item": "BE-2908", "quantity": 9}]
    )
    zhao.asks_for_the_latest()
    home(zhao)
    line.click()
    zhao.says("plain", "BE-2908")
    home(zhao)
    expect(line).to_have_count(0)
