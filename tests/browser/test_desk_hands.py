"""The supervisor's hands: what is decided is what was read, once, and nothing runs hot."""

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import ZHAO_LIN, keep

pytestmark = pytest.mark.browser

RECOUNT = "退回复盘（换人）"
DECIDED = "已审核，服务器收到后移出列表。"
LARGER, SMALLER = "07-FL-04", "06-B-10"

HOLD_STORAGE = """() => new Promise((held) => {
  const opening = indexedDB.open("bincard");
  opening.onsuccess = () => {
    const database = opening.result;
    const outbox = database.transaction(["outbox", "meta"], "readwrite").objectStore("outbox");
    let holds = true;
    window.letGo = () => { holds = false; database.close(); };
    const again = () => { if (holds) outbox.count().onsuccess = again; };
    again();
    held();
  };
})"""
"""Writes wait, as on a slow phone, until `letGo`."""


def count_as_empty(handheld, *places):
    handheld.start("count")
    for place in places:
        handheld.scan(place)
        handheld.says("plain", place)
        handheld.key("Bin empty").click()
        handheld.says("done", place)
    handheld.finish()
    handheld.unsent(0)


def decisions(factory, verb):
    return factory.rows("SELECT id FROM log WHERE verb = ? AND device != ''", verb)


@pytest.fixture
def variances(handhelds, desk):
    """The desk reads the line of the larger difference."""
    count_as_empty(handhelds("H1", ZHAO_LIN), SMALLER, LARGER)
    desk.asks_for_the_latest()
    desk.go("desk")
    expect(card(desk)).to_contain_text(LARGER)
    return desk


def card(desk):
    return desk.page.locator(".pair > .card")


def row(desk, place):
    return desk.page.locator(".list button", has_text=place).first


def test_a_decision_is_about_what_was_read_and_is_made_once(variances, factory):
    desk = variances
    desk.page.evaluate(HOLD_STORAGE)
    desk.key(RECOUNT).click()
    desk.page.evaluate(
        "name => [...document.querySelectorAll('button')]"
        ".find((key) => key.textContent.includes(name))?.click()",
        RECOUNT,
    )
    row(desk, SMALLER).click()
    expect(card(desk)).to_contain_text(SMALLER)
    desk.network(on=False)
    desk.page.evaluate("() => window.letGo()")
    desk.unsent(1)
    expect(desk.key(RECOUNT)).to_be_enabled()
    expect(card(desk)).not_to_contain_text(DECIDED)
    row(desk, LARGER).click()
    expect(card(desk)).to_contain_text(DECIDED)
    desk.network(on=True)
    desk.unsent(0)
    assert len(decisions(factory, "recount")) == 1


def test_a_story_that_comes_late_is_not_told_of_another_line(variances):
    desk, waiting = variances, []
    story = desk.page.locator(".story")
    row(desk, SMALLER).click()
    expect(card(desk)).to_contain_text(SMALLER)
    other = unquote(desk.page.url.rpartition("/desk")[2])
    row(desk, LARGER).click()
    expect(story).to_be_visible()
    desk.page.route(f"**{other}", keep(waiting))
    with desk.page.expect_request(f"**{other}"):
        row(desk, SMALLER).click()
    expect(card(desk)).to_contain_text(SMALLER)
    expect(story).to_have_count(0)
    row(desk, LARGER).click()
    expect(story).to_be_visible()
    shown = story.inner_text()
    with desk.page.expect_response(f"**{other}"):
        waiting[0].continue_()
    desk.page.evaluate("fetch('/health')")
    assert story.inner_text() == shown


def test_the_line_that_is_read_stays_when_a_larger_one_comes(handhelds, desk):
    zhao = handhelds("H1", ZHAO_LIN)
    count_as_empty(zhao, SMALLER)
    desk.asks_for_the_latest()
    desk.go("desk")
    expect(card(desk)).to_contain_text(SMALLER)
    count_as_empty(zhao, LARGER)
    expect(row(desk, LARGER)).to_be_visible()
    expect(card(desk).locator(".head")).to_contain_text(SMALLER)


def test_a_desk_that_must_sign_in_again_asks_once_and_not_without_end(variances):
    desk, asked = variances, []

    def refuse(route):
        asked.append(route.request.url)
        route.fulfill(status=401, json={"code": "SIGN_IN", "title": "Sign in"})

    desk.page.route(re.compile("/api/(discrepancies|devices|variances)"), refuse)
    desk.go("desk/discrepancies")
    desk.sees("Sign in")
    desk.go("desk/floor")
    desk.sees("Sign in")
    for _ in range(20):
        desk.page.evaluate("fetch('/health').then((answer) => answer.text())")
    assert len(asked) < 10


def test_a_decision_without_a_network_is_still_known_after_much_other_work(variances, factory):
    """More came after it than the device shows at once, and the desk was left meanwhile."""
    desk = variances
    places = factory.rows("SELECT location FROM location WHERE kind = 'bin' LIMIT 105")
    desk.network(on=False)
    desk.key(RECOUNT).click()
    expect(card(desk)).to_contain_text(DECIDED)
    desk.go("count")
    desk.scans(*(code for (place,) in places for code in (place, "AR-5381")))
    desk.scan("BINCARD:DONE")
    desk.unsent(106)
    desk.go("desk")
    expect(card(desk)).to_contain_text(DECIDED)


def test_a_long_list_stays_where_it_is_while_its_lines_are_read(handhelds, desk, factory):
    held = factory.rows(
        "SELECT place FROM holding JOIN location ON location = place"
        " WHERE kind = 'bin' AND quantity > 0 GROUP BY place LIMIT 30"
    )
    count_as_empty(handhelds("H1", ZHAO_LIN), *(place for (place,) in held))
    desk.asks_for_the_latest()
    desk.go("desk")
    lines = desk.page.locator(".list button")
    lines.last.scroll_into_view_if_needed()
    top = "lines => lines[0].closest('.list').scrollTop"
    before = lines.evaluate_all(top)
    assert before > 0
    lines.last.click()
    expect(lines.last).to_have_class(re.compile("read"))
    assert lines.evaluate_all(top) == before
