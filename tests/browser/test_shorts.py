"""[R52] Short is not a count: what was taken, why no more, and somebody counts the bin."""

import re

import pytest

from tests.browser.handheld import ZHAO_LIN
from tests.browser.test_one_scan import type_code
from tests.browser.test_scans import sent

pytestmark = pytest.mark.browser


def first_stop(handheld):
    handheld.go("pick/SO-75104")
    handheld.says("plain", "SB-M891-S")
    return handheld.page.locator("main .place").inner_text().strip()


def test_nothing_there_sets_no_stock_and_asks_for_a_count(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    place = first_stop(zhao)
    before = factory.stock(place)
    zhao.key("Short").click()
    zhao.key("Say why").click()
    zhao.key("Nothing there").click()
    zhao.says("done", place)
    zhao.unsent(0)
    (short,) = sent(factory, "short")
    assert (short["did"]["taken"], short["did"]["reason"]) == (0, "not_there")
    assert factory.stock(place) == before
    assert factory.rows("SELECT count(*) FROM variance") == [(0,)]
    assert factory.rows("SELECT state FROM document WHERE document = ?", f"RC-{place}") == [
        ("open",)
    ]
    zhao.asks_for_the_latest()
    zhao.go("count")
    zhao.sees(f"RC-{place}")
    assert factory.verifies()


def test_fewer_are_picked_and_damaged_ones_stand_on_hold(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    place = first_stop(zhao)
    zhao.key("Short").click()
    zhao.key("Say why").click()
    zhao.key(re.compile("^Damaged")).click()
    zhao.says("plain", "How many")
    zhao.key("Quantity").click()
    zhao.page.get_by_role("button", name="1", exact=True).click()
    zhao.key("Set").click()
    zhao.says("done", "1", "SB-M891-S")
    zhao.unsent(0)
    assert [body["did"]["quantity"] for body in sent(factory, "pick")] == [1]
    (held,) = sent(factory, "status")
    assert (held["did"]["quantity"], held["did"]["to_status"]) == (3, "hold")
    assert (place, 1) in [
        (b["did"]["place"]["location"], b["did"]["taken"]) for b in sent(factory, "short")
    ]
    assert factory.verifies()


def test_a_reason_in_own_words_keeps_the_goods_where_they_are(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    first_stop(zhao)
    zhao.key("Short").click()
    zhao.key("Say why").click()
    zhao.key("Another reason").click()
    zhao.page.keyboard.insert_text("broken ")
    zhao.page.wait_for_timeout(250)
    zhao.key("Set").click()
    zhao.says("plain", "How many")
    type_code(zhao, "SB-M891-S")
    zhao.says("done", "SB-M891-S")
    zhao.unsent(0)
    assert sent(factory, "short") == []
