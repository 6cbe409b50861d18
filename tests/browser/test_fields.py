"""[G5] Text in a field of ours is never also a scan; a scan into a field is no text.

Phones, Chinese input, voice, paste and autofill bring words without keys; a wedge brings keys.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.factory import ROOT
from tests.browser.handheld import DESK, FANG_PING, PHONE, ZHAO_LIN
from tests.browser.test_scans import sent

pytestmark = pytest.mark.browser

JOURNAL = """() => {
  const put = IDBObjectStore.prototype.put;
  window.journal = [];
  IDBObjectStore.prototype.put = function (row, ...rest) {
    if (this.name === "journal") window.journal.push(row.raw);
    return put.call(this, row, ...rest);
  };
}"""
"""Every scan is in the journal before anything else is done with it."""
FIELD = "input:not([type=file]), textarea"
PAUSE_MS = 250
"""Longer than any silence that ends a scan."""


def screens():
    """The way to every text field of the app, by the file that holds it."""
    return {
        "entries/CodeEntry.svelte": [
            (PHONE, *way, "Type code")
            for way in (("receive/PO-3978",), ("putaway",), ("pick",), ("issue",), ("move",))
        ]
        + [(PHONE, "count/01-A-01", "Type code")],
        "entries/TextEntry.svelte": [
            (PHONE, "pick", "SO-75104", "Short", "Say why", "Another reason"),
            (PHONE, "receive", "PO-3978", "PA-529S", "Type the lot"),
        ],
        "LookUp.svelte": [(PHONE, "look-up")],
        "Enrol.svelte": [(PHONE, "enrol")],
        "desk/RightCode.svelte": [(DESK, "desk/discrepancies", "It is …")],
    }


def with_fields():
    """The files of the app that hold a text field."""
    source = ROOT / "pwa" / "src" / "screens"
    found = set()
    for file in source.rglob("*.svelte"):
        tags = re.findall(r"<(?:input|textarea)\b[^>]*", file.read_text())
        if any('type="file"' not in tag for tag in tags):
            found.add(str(Path(file).relative_to(source)))
    return found


@pytest.fixture
def fang(handhelds):
    fang = handhelds("H1", FANG_PING)
    fang.go("outbox")
    fang.key("English").click()
    # Somebody received what nobody knows: the desk asks what it is.
    fang.go("count")
    fang.says("plain")
    fang.scan("NEW-SHELF-7")
    fang.says("look", "NEW-SHELF-7")
    fang.scan("BINCARD:DONE")
    fang.says("plain", "NEW-SHELF-7")
    fang.key("Bin empty").click()
    fang.says("done")
    fang.finish()
    fang.unsent(0)
    fang.page.evaluate(JOURNAL)
    return fang


def reach(handheld, size, path, *steps):
    """Go there; a step in capitals and digits is scanned, any other is a key."""
    handheld.page.set_viewport_size({"width": size[0], "height": size[1]})
    handheld.go("help/receive")
    expect(handheld.page.locator("main")).to_be_visible()
    handheld.go(path)
    for step in steps:
        if re.fullmatch(r"[A-Z0-9-]+", step):
            handheld.scan(step)
        else:
            handheld.page.get_by_role("button", name=step).first.click()
    field = handheld.page.locator(FIELD)
    expect(field).to_be_visible()
    field.click()
    field.fill("")
    return field


def heard(handheld):
    return handheld.page.evaluate("window.journal.splice(0)")


def composed(page, text):
    """As an input method does it: the word grows under the hand and is then committed."""
    keyboard = page.context.new_cdp_session(page)
    for end in range(1, len(text) + 1):
        keyboard.send(
            "Input.imeSetComposition",
            {"text": text[:end], "selectionStart": end, "selectionEnd": end},
        )
    keyboard.send("Input.insertText", {"text": text})
    keyboard.detach()


def pasted(page, text):
    page.evaluate(
        "text => document.execCommand('insertText', false, text)", text
    )  # one input without keys, as a paste or a spoken word is


WAYS = {
    "composed": composed,
    "put in at once": lambda page, text: page.keyboard.insert_text(text),
    "pasted": pasted,
    "filled in": lambda page, text: page.locator(FIELD).fill(text),
    "typed quickly": lambda page, text: page.keyboard.type(text, delay=15),
}


def test_every_text_field_of_the_app_is_walked_below():
    assert with_fields() == set(screens())


@pytest.mark.parametrize("file", sorted(screens()))
def test_text_in_a_field_is_never_also_a_scan(fang, file):
    for way in screens()[file]:
        for name, put in WAYS.items():
            field = reach(fang, *way)
            heard(fang)
            put(fang.page, "no BA-8327")
            fang.page.wait_for_timeout(PAUSE_MS)
            assert field.input_value() == "no BA-8327", (way, name)
            assert heard(fang) == [], (way, name)
            expect(fang.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("file", sorted(screens()))
def test_a_scan_into_a_field_is_a_scan_and_no_text(fang, file):
    for way in screens()[file]:
        reach(fang, *way)
        fang.page.keyboard.insert_text("half a word")
        heard(fang)
        fang.type_fast("XX-0815")
        if file == "Enrol.svelte":
            # It keeps no journal before it is anything's device.
            expect(fang.page.get_by_role("alert")).to_be_visible()
        else:
            fang.page.wait_for_function("window.journal.length > 0")
            fang.page.wait_for_timeout(PAUSE_MS)
            assert heard(fang) == ["XX-0815"], way
        texts = fang.page.locator(FIELD).evaluate_all("fields => fields.map(field => field.value)")
        # Look up searches for what it does not know.
        assert [text for text in texts if text not in ("", "half a word", "XX-0815")] == [], way
        fang.go("")


def counted(factory):
    (count,) = sent(factory, "count")
    return {line["key"]["item"]: line["quantity"] for line in count["did"]["lines"]}


def test_a_code_that_a_phone_keyboard_put_in_is_counted_once(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("count/01-A-01")
    zhao.says("plain", "01-A-01")
    zhao.key("Type code").click()
    composed(zhao.page, "BA-8327")
    zhao.key("Set").click()
    zhao.says("done", "BA-8327")
    zhao.scan("BINCARD:DONE")
    zhao.says("done", "01-A-01")
    zhao.unsent(0)
    assert counted(factory) == {"BA-8327": 1}


def test_a_lot_that_is_typed_keeps_the_goods_in_the_hand(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3978")
    zhao.says("plain", "PO-3978")
    zhao.scan("PA-529S")
    zhao.key("Type the lot").click()
    composed(zhao.page, "B8899")
    zhao.page.wait_for_timeout(PAUSE_MS)
    zhao.key("Set").click()
    zhao.sees("B8899", "PA-529S")
    expect(zhao.page.locator("body")).not_to_contain_text("unknown")


def test_what_was_looked_up_by_a_composed_word_opens(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("look-up")
    zhao.page.get_by_role("searchbox").click()
    composed(zhao.page, "paint")
    zhao.page.locator("main .card button").first.click()
    zhao.page.wait_for_url("**/#/item/*")


def test_a_label_typed_as_it_is_printed_is_received_without_a_question(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3978")
    zhao.says("plain", "PO-3978")
    for code in (
        "(01)02000000004945(17)281119(10)K1120(30)10",
        "(01) 02000000004945 (17) 281119 (10) K1122 (30) 12",
    ):
        zhao.key("Type code").click()
        zhao.page.keyboard.insert_text(code)
        zhao.key("Set").click()
        zhao.says("done", "PA-529S", code.replace(" ", "").partition("(30)")[2])
