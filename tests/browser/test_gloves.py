"""Quick hands and thick gloves: nothing twice, nothing to the wrong line, and no screen falls."""

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import PAINT, ZHAO_LIN

pytestmark = pytest.mark.browser


def receive_paint(handheld):
    handheld.go("receive/PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan(PAINT)
    handheld.says("done", "60", "PA-529S")


def test_goods_of_one_lot_that_are_partly_on_hold_can_be_put_away(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    receive_paint(zhao)
    zhao.key("Hold").click()
    zhao.key("Say why").click()
    zhao.key("Goods are damaged").click()
    zhao.says("done", "PA-529S")
    zhao.scan(PAINT.removesuffix("60") + "12")
    zhao.says("look", "12 more than the line asks")
    zhao.key("Yes").click()
    zhao.says("done", "12")
    zhao.go("putaway")
    expect(zhao.page.locator("main .card button", has_text="PA-529S")).to_have_count(2)
    zhao.scan("PA-529S")
    zhao.says("look", "Which one")
