"""[G14] One scan is one thing; and whoever has no scanner gets through every stop by hand."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import ZHAO_LIN
from tests.browser.test_scans import sent

pytestmark = pytest.mark.browser


def received(factory):
    return [
        (body["did"]["key"]["item"], body["did"]["quantity"]) for body in sent(factory, "receive")
    ]


def type_code(handheld, code):
    """As a thumb does it: the key, the text of the phone's keyboard, Set."""
    handheld.key("Type code").click()
    handheld.page.keyboard.insert_text(code)
    handheld.key("Set").click()
    expect(handheld.page.locator("input")).to_have_count(0)


def test_one_scan_receives_one_and_says_so_before_the_next_order(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3947")
    zhao.says("plain", "PO-3947")
    zhao.scan("SD-2342")
    zhao.says("plain", "1", "SD-2342")
    zhao.scan("PO-3948")
    zhao.says("done", "1", "SD-2342")
    zhao.says("plain", "PO-3948")
    zhao.unsent(0)
    assert received(factory) == [("SD-2342", 1)]
    assert factory.verifies()


def test_ten_quick_scans_receive_ten_and_the_rest_is_a_key(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3947")
    zhao.says("plain", "PO-3947")
    zhao.scans(*["SD-2342"] * 10)
    zhao.says("plain", "10", "SD-2342")
    zhao.key("Done").click()
    zhao.says("done", "10", "SD-2342")
    zhao.key(re.compile("^The rest: 540")).click()
    zhao.says("done", "540", "SD-2342")
    zhao.unsent(0)
    assert received(factory) == [("SD-2342", 10), ("SD-2342", 540)]


def test_an_order_is_picked_without_a_scanner(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("pick")
    zhao.says("plain")
    type_code(zhao, "SO-75104")
    zhao.says("plain", "SB-M891-S")
    place = zhao.page.locator("main .place").inner_text().strip()
    item = zhao.page.locator("main .goods .what p").nth(1).inner_text().split("·")[0].strip()
    zhao.key(re.compile("^I am here:")).click()
    zhao.says("plain", item)
    type_code(zhao, item)
    zhao.says("done", item)
    zhao.unsent(0)
    (pick,) = sent(factory, "pick")
    assert pick["did"]["from"] == {"location": place}


def test_material_is_issued_by_typing_the_bin_and_the_lot(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("issue/WO-71774")
    zhao.says("plain", "")
    place = zhao.page.locator("main .place").inner_text().strip()
    type_code(zhao, place)
    zhao.says("plain")
    item = zhao.page.locator("main .goods .what p").nth(1).inner_text().split("·")[0].strip()
    type_code(zhao, item)
    zhao.says("done", item)
    zhao.unsent(0)
    assert [body["did"]["from"] for body in sent(factory, "issue")] == [{"location": place}]


def test_goods_are_put_away_where_the_suggestion_is_pressed(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3978")
    zhao.says("plain", "PO-3978")
    type_code(zhao, "(01) 02000000004945 (17) 281119 (10) K1120 (30) 60")
    zhao.says("done", "60", "PA-529S")
    zhao.go("putaway")
    type_code(zhao, "PA-529S")
    here = zhao.key(re.compile("^I am here:"))
    place = here.inner_text().strip()
    expect(zhao.key("Type code")).to_be_visible()
    here.click()
    zhao.says("done", place)
    zhao.unsent(0)
    assert [body["did"]["to"] for body in sent(factory, "putaway")] == [{"location": place}]


def test_a_count_task_is_walked_without_a_scanner(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("count/CT-2")
    zhao.says("plain", "01-A-01")
    zhao.key("I am here").click()
    zhao.says("plain")
    type_code(zhao, "BE-2908")
    zhao.says("done", "BE-2908")
    expect(zhao.key("Type code")).to_be_visible()
    zhao.key("Bin done").click()
    zhao.until(lambda: len(sent(factory, "count")) == 1)
    zhao.unsent(0)
