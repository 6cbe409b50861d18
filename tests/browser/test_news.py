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
    zhao.go("move/01-A-01")
    zhao.says("plain")
    zhao.scans("AR-5381", "NO-SUCH-BIN")
    zhao.says("look", "NO-SUCH-BIN")
    zhao.scan("BINCARD:DONE")
    zhao.says("done")
    zhao.unsent(0)
    home(zhao)
    line = zhao.key("1 record of yours has a flag")
    line.click()
    zhao.sees("NO-SUCH-BIN", "code not known")
    home(zhao)
    expect(line).to_have_count(0)


ANOTHER_TIME = """() => {
  const opened = JSON.parse(localStorage.getItem("bincard.opened"));
  opened.pick.as = "open|1:BE-2908::4:open";
  localStorage.setItem("bincard.opened", JSON.stringify(opened));
}"""
"""As if the task had been opened while it asked for something else."""


def test_a_task_that_the_office_changed_is_named_on_home_and_led_to(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("pick/SO-75104")
    zhao.says("plain", "SB-M891-S")
    home(zhao)
    line = zhao.key("The office changed SO-75104")
    expect(line).to_have_count(0)
    zhao.page.evaluate(ANOTHER_TIME)
    zhao.go("outbox")
    home(zhao)
    line.click()
    zhao.says("plain", "SB-M891-S")
    home(zhao)
    expect(line).to_have_count(0)
