"""Quick hands and thick gloves: nothing twice, nothing to the wrong line, and no screen falls."""

import gzip
import json

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import GS, PAINT, WEDGE, ZHAO_LIN, keep
from tests.browser.test_trouble import BREAK_STORAGE

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
    expect(zhao.page.locator("main .card button", has_text="on hold")).to_have_count(1)
    zhao.scan("PA-529S")
    zhao.says("look", "Which one")
    expect(zhao.page.locator("main .card button", has_text="on hold")).to_have_count(1)


def test_an_order_and_its_goods_in_one_breath_are_a_receipt(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    keys = ["F8" if key == GS else key for key in PAINT]
    zhao.page.evaluate(WEDGE, [*"PO-3978", "Enter", *keys, "Enter"])
    zhao.says("done", "60", "PA-529S")


def test_a_scan_outside_a_task_that_cannot_be_stored_says_so(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.page.evaluate(BREAK_STORAGE)
    zhao.scan("06-B-10")
    zhao.sees("NOT RECORDED", "Scan it again")
    zhao.page.evaluate("() => window.mend()")
    zhao.scan("06-B-10")
    zhao.sees("BE-2908", "K1009")


def test_the_digits_of_a_wrong_scan_are_no_part_of_the_pin(handhelds):
    device = handhelds("H1")
    device.scan(f"BADGE:{ZHAO_LIN.badge}")
    expect(device.page.locator(".typed[aria-label]")).to_be_visible()
    device.scan("BE-2908")
    device.sees("That is not a badge.")
    device.type_pin(ZHAO_LIN.pin)
    expect(device.tile("receive")).to_be_visible()


def is_push(leaving):
    def found(request):
        body = request.post_data_buffer or b""
        told = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        return request.url.endswith("/sync/push") and json.loads(told)["leaving"] == leaving

    return found


def test_who_hands_in_while_the_device_is_sending_is_not_waited_for(handhelds, factory):
    """[T6]"""
    zhao, held = handhelds("H1", ZHAO_LIN), []
    zhao.page.route("**/sync/push", keep(held), times=1)
    zhao.go("outbox")
    zhao.key("Try now").click()
    zhao.until(lambda: held)
    zhao.go("")
    zhao.key("Sign out").click()
    zhao.sees("Scan your badge")
    with zhao.page.expect_request(is_push(leaving=True)) as told:
        held[0].continue_()
    told.value.response()
    (seen,) = [row for row in factory.ask("devices")["devices"] if row["name"] == "H1"]
    assert seen["out"] == "handed_in"


def test_a_clock_that_was_set_back_does_not_make_a_device_silent(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("outbox")
    with zhao.page.expect_response("**/sync/pull*"):
        zhao.key("Try now").click()
    zhao.page.evaluate("() => { const now = Date.now; Date.now = () => now() - 3 * 3_600_000; }")
    with zhao.page.expect_request(is_push(leaving=False)):
        zhao.page.evaluate("() => dispatchEvent(new Event('online'))")
