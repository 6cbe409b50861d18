"""[G3] Labels and scanners as they are: separators swallowed, short codes, an Enter at the end.

What can be read in two ways is asked, and no scanner presses a key of the page.
"""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import FANG_PING, ZHAO_LIN
from tests.browser.test_scans import sent

pytestmark = pytest.mark.browser

PEDALS = "0102000000009414"
GLUED = f"{PEDALS}10B05093024"
"""A label of PD-T852, lot B0509, 24 pieces, by a scanner that swallows the separator."""


def received(factory):
    """Lot and quantity of each receipt of the handhelds."""
    dids = [body["did"] for body in sent(factory, "receive")]
    return [(did["key"]["lot"]["code"], did["quantity"]) for did in dids]


def rows_of(handheld):
    return handheld.page.locator("main .card button")


def test_a_swallowed_separator_is_asked_once_and_parted_from_then_on(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3942")
    zhao.says("plain", "PO-3942")
    zhao.scan(GLUED)
    zhao.says("look", "Separators are missing")
    expect(rows_of(zhao)).to_have_count(2)
    expect(rows_of(zhao).first).to_contain_text("B05093024")
    expect(rows_of(zhao).last).to_contain_text(re.compile(r"B0509\D.*quantity 24 each"))
    zhao.unsent(0)
    rows_of(zhao).last.click()
    zhao.says("done", "24", "B0509")
    zhao.unsent(0)
    zhao.scan(GLUED[:-2] + "36")
    zhao.says("done", "36", "B0509")
    zhao.unsent(0)
    assert received(factory) == [("B0509", 24), ("B0509", 36)]
    zhao.scan(f"{PEDALS}10C07173012")
    zhao.says("look", "Separators are missing")
    expect(rows_of(zhao).first).to_contain_text(re.compile(r"C0717\D"))
    zhao.scan("BINCARD:DONE")
    zhao.says("done", "12", "C0717")
    zhao.unsent(0)
    assert received(factory)[-1] == ("C0717", 12)
    zhao.scan("(01) 02000000009414 (10) B0777 (30) 25")
    zhao.says("done", "25", "B0777")
    zhao.unsent(0)
    assert received(factory)[-1] == ("B0777", 25)
    zhao.restart("outbox")
    zhao.sees("loses separators")


SCREENS = {
    "": "Sign out",
    "outbox": "Try now",
    "hand-in": "Sign out",
    "receive/PO-3978": "Done",
    "count": "Type code",
    "pick/SO-75101": "Skip",
    "move": "Type code",
    "bin/06-B-10": "Count it",
}


def test_the_end_of_a_scan_presses_no_key_that_has_the_focus(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    for number, (path, name) in enumerate(SCREENS.items()):
        suffix = "Tab" if number % 3 == 1 else "Enter"
        zhao.go(path)
        key = zhao.page.get_by_role("button", name=name).last
        key.focus()
        key.evaluate("key => key.addEventListener('click', () => { window.pressed = true })")
        # Real strokes of the browser: only they would press what has the focus.
        for code in ("Z9", "Q"):
            zhao.page.keyboard.type(code)
            zhao.page.keyboard.press(suffix)
        zhao.page.keyboard.type("06-B-10")
        zhao.page.keyboard.press(suffix)
        zhao.page.keyboard.press(suffix)
        assert zhao.page.evaluate("window.pressed ?? false") is False, path
    assert sent(factory, "receive") == []
    zhao.go("outbox")
    zhao.key("Rescue").focus()
    zhao.page.wait_for_timeout(600)
    zhao.page.keyboard.press("Enter")
    zhao.page.wait_for_url("**/#/rescue")


def test_a_short_code_is_scanned_where_it_is_known_and_said_where_it_is_not(handhelds, factory):
    factory.tell("documents", document="7", kind="count", lines=[{"place": "06-B-10"}])
    zhao = handhelds("H1", ZHAO_LIN)
    for code in ("Z9", "Q"):
        zhao.scan(code)
        zhao.sees("Scanned, but not known here", code)
    zhao.go("move")
    zhao.says("plain")
    zhao.scan("Z9")
    zhao.says("look", "Z9")
    zhao.go("")
    expect(zhao.tile("receive")).to_be_visible()
    zhao.scan("7")
    zhao.says("plain", "06-B-10")
    expect(zhao.page).to_have_url(re.compile("#/count/7$"))


def test_a_pin_that_is_typed_on_a_keyboard_is_no_scan(handhelds):
    desk = handhelds("Desk browser", size=(1280, 800))
    desk.scan(f"BADGE:{FANG_PING.badge}")
    expect(desk.page.locator(".typed[aria-label]")).to_be_visible()
    desk.page.keyboard.type(FANG_PING.pin, delay=150)
    desk.page.keyboard.press("Enter")
    expect(desk.tile("receive")).to_be_visible()


NUMBERS = ["WH/IN/00012", "PO 17", "PO/" + "9" * 61]


def test_an_order_with_a_number_of_another_system_is_scanned_and_received(handhelds, factory):
    for number in NUMBERS:
        factory.tell(
            "documents", document=number, kind="purchase", partner="1628",
            lines=[{"item": "PD-T852", "quantity": 24}],
        )  # fmt: skip
    zhao = handhelds("H1", ZHAO_LIN)
    for number in NUMBERS:
        zhao.go("")
        expect(zhao.tile("receive")).to_be_visible()
        zhao.scan(number)
        zhao.says("plain", number)
        zhao.scan("(01)02000000009414(10)B0777(30)24")
        zhao.says("done", "24", "B0777")
        zhao.unsent(0)
        assert factory.ask(f"documents/{number.replace('/', '%2F')}")["lines"][0]["done"] == 24
    tasks = [json.dumps(body["task"]) for body in sent(factory, "receive")]
    assert tasks == [json.dumps({"document": number, "line": 1}) for number in NUMBERS]
    assert factory.verifies()
