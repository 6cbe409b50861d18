"""A device that cannot send: its records leave it by a file or by codes, and count once."""

import json
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.handheld import PAINT, ZHAO_LIN

pytestmark = pytest.mark.browser

TYRE = PAINT.replace("4945", "4921")  # PA-187B


def receive(handheld, *codes):
    handheld.go("receive/PO-3978")
    handheld.page.locator("main .card").get_by_text("DOCK-1").first.wait_for()
    for code in codes:
        handheld.scan(code)
        handheld.says("done")


def lone(handheld, *codes):
    """Work without a network, and leave one scan that became nothing."""
    handheld.network(on=False)
    receive(handheld, *codes)
    handheld.unsent(len(codes))


def saved(handheld, folder):
    """Save the rescue file as a person does; return where it lies."""
    handheld.go("rescue")
    with handheld.page.expect_download() as download:
        handheld.key("Save a file").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def opened(handheld, file):
    handheld.go("rescue")
    with handheld.page.expect_file_chooser() as chooser:
        handheld.key("Open a file").click()
    chooser.value.set_files(file)


def rescued(handheld):
    return handheld.page.locator("section[data-rescue]")


def dismissals(handheld):
    return rescued(handheld).get_by_role("button", name="Not needed")


def receipts(factory):
    return factory.rows(
        "SELECT device.name, outcome, carrier != '' FROM log JOIN device USING (site, device)"
        " WHERE verb = 'receive' AND log.device != 'opening' ORDER BY rseq"
    )


def test_a_file_brings_the_records_of_a_device_that_cannot_send(handhelds, factory, tmp_path):
    broken, whole = handhelds("H1", ZHAO_LIN), handhelds("H2", ZHAO_LIN)
    lone(broken, PAINT, TYRE)
    file = saved(broken, tmp_path)
    broken.sees("Saved as a file")
    broken.kill()
    opened(whole, file)
    whole.sees("Records brought in: 2", "H1")
    expected = rescued(whole)
    whole.sees("Records: 2 · not sent yet: 0")
    assert "PA-529S" in expected.inner_text()
    whole.unsent(0)
    assert receipts(factory) == [("H1", "posted", 1), ("H1", "posted", 1)]
    opened(whole, file)
    whole.sees("All of it was here already")
    assert len(factory.stock("DOCK-1")) == 2
    assert factory.verifies()


def test_the_device_that_was_rescued_comes_back_and_is_just_acknowledged(
    handhelds, factory, tmp_path
):
    broken, whole = handhelds("H1", ZHAO_LIN), handhelds("H2", ZHAO_LIN)
    lone(broken, PAINT)
    opened(whole, saved(broken, tmp_path))
    whole.sees("Records brought in: 1")
    whole.sees("Records: 1 · not sent yet: 0")
    broken.network(on=True)
    broken.unsent(0)
    receive(broken, TYRE)
    broken.unsent(0)
    assert factory.ask("discrepancies", state="open")["discrepancies"] == []
    assert [row[2] for row in receipts(factory)] == [1, 0]
    assert factory.verifies()


def test_codes_on_the_screen_are_read_by_another_device_in_any_order(handhelds, factory, tmp_path):
    broken, whole = handhelds("H1", ZHAO_LIN), handhelds("H2", ZHAO_LIN)
    lone(broken, *(f"{PAINT[:-2]}{quantity}" for quantity in range(1, 9)))
    broken.go("rescue-codes")
    code = broken.page.locator("svg[data-code]")
    code.wait_for()
    total = int(re.search(r"of (\d+)", code.get_attribute("aria-label")).group(1))
    assert total > 1
    read = []
    for number in range(1, total + 1):
        broken.sees(f"{number} of {total}")
        broken.page.screenshot(path=tmp_path / "code.png")
        (found,) = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"))
        assert found.text == code.get_attribute("data-code")
        read.append(found.text)
        broken.key("Next").click()
    broken.sees(f"1 of {total}")
    broken.key("One by one").click()
    broken.sees(f"2 of {total}")
    # Scanned where no task is open, it leads to the rescue by itself.
    whole.go("")
    whole.scan(read[-1])
    missing = ", ".join(map(str, range(1, total)))
    whole.sees(f"of {total} codes scanned", f"still missing: {missing}")
    whole.scan(read[0][:-3])
    whole.sees("It was not read whole")
    for text in reversed(read[:-1]):
        whole.scan(text)
    whole.sees("Records brought in: 8")
    whole.sees("Records: 8 · not sent yet: 0")
    assert receipts(factory) == [("H1", "posted", 1)] * 8
    assert factory.verifies()


def test_what_was_scanned_and_not_used_is_for_a_person_on_the_other_device(handhelds, tmp_path):
    broken, whole = handhelds("H1", ZHAO_LIN), handhelds("H2", ZHAO_LIN)
    lone(broken, PAINT)
    broken.go("issue/WO-71774")
    broken.says("plain")
    broken.scan("ZZZ-777")
    broken.says("wrong")
    file = saved(broken, tmp_path)
    captures = json.loads(file.read_text())["bundles"][0]["captures"]
    assert "ZZZ-777" in [capture["raw"] for capture in captures]
    opened(whole, file)
    rescued(whole).get_by_text("ZZZ-777").wait_for()
    for left in reversed(range(len(captures))):
        dismissals(whole).first.click()
        expect(dismissals(whole)).to_have_count(left)
    whole.restart("rescue")
    whole.sees("Records: 1")
    expect(dismissals(whole)).to_have_count(0)


def test_a_file_that_was_cut_brings_nothing_in(handhelds, tmp_path):
    broken, whole = handhelds("H1", ZHAO_LIN), handhelds("H2", ZHAO_LIN)
    lone(broken, PAINT)
    file = saved(broken, tmp_path)
    file.write_text(file.read_text()[:-40])
    opened(whole, file)
    whole.sees("It was not read whole. Nothing was brought in")
    assert rescued(whole).count() == 0


def test_the_records_of_a_revoked_device_are_parked_when_they_are_rescued(
    handhelds, factory, tmp_path
):
    """[R7]"""
    broken, whole = handhelds("H1", ZHAO_LIN), handhelds("H2", ZHAO_LIN)
    lone(broken, PAINT)
    file = saved(broken, tmp_path)
    devices = factory.ask("devices")["devices"]
    (lost,) = [device["device"] for device in devices if device["name"] == "H1"]
    factory.tell(f"devices/{lost}/revoke")
    opened(whole, file)
    whole.sees("Records brought in: 1", "Parked whole, not in stock yet")
    assert [row[1] for row in receipts(factory)] == ["parked"]
