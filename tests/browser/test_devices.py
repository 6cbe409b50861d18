"""What happens to a device with a full outbox: cleared, copied, shared, opened twice, updated."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.factory import ROOT
from tests.browser.handheld import PAINT, WANG_QIANG, ZHAO_LIN, Handheld
from tests.browser.test_rescue import TYRE, lone, opened, receipts, receive, saved

pytestmark = pytest.mark.browser

FORGET_WORK = """() => new Promise((done, failed) => {
  const asked = indexedDB.deleteDatabase("bincard");
  asked.onsuccess = () => done();
  asked.onerror = () => failed(asked.error);
})"""


def losses(factory):
    return [
        (row["severity"], row["detail"]["missing"])
        for row in factory.ask("discrepancies", state="open")["discrepancies"]
        if row["code"] == "OPERATIONS_LOST"
    ]


def evict(handheld):
    """As a browser does it when the disk is full: databases, caches and workers of the origin."""
    session = handheld.context.new_cdp_session(handheld.page)
    kinds = "indexeddb,cache_storage,service_workers"
    cleared = {"origin": handheld.origin, "storageTypes": kinds}
    handheld.page.goto("about:blank")
    session.send("Storage.clearDataForOrigin", cleared)


def sent(handheld, *codes):
    """Work that is seen to wait for the network, and to go when it is there."""
    lone(handheld, *codes)
    handheld.network(on=True)
    handheld.unsent(0)


def one_sent_two_not(handheld):
    receive(handheld, f"{PAINT[:-2]}1")
    handheld.unsent(0)
    lone(handheld, f"{PAINT[:-2]}2", f"{PAINT[:-2]}3")


def test_a_device_whose_work_was_wiped_says_what_is_lost_and_a_rescue_file_closes_it(
    handhelds, factory, tmp_path, desk
):
    """[R4] It is still enrolled: its identity lies apart from its work."""
    zhao = handhelds("H1", ZHAO_LIN)
    receive(zhao, f"{PAINT[:-2]}1")
    zhao.unsent(0)
    lone(zhao, f"{PAINT[:-2]}2")
    zhao.go("receive/PO-3978")
    zhao.scan(f"{PAINT[:-2]}3")
    zhao.unsent(2)
    file = saved(zhao, tmp_path)
    zhao.page.evaluate(FORGET_WORK)
    zhao.close()
    zhao.is_offline = False
    zhao.open()
    zhao.sees("Scan your badge")
    zhao.sign_in(ZHAO_LIN)
    zhao.unsent(0)
    zhao.has_stock()
    desk.go("desk/discrepancies")
    desk.sees("H1", "2–3")
    assert losses(factory) == [("U", [[2, 3]])]
    opened(zhao, file)
    zhao.sees("Records: 2 · not sent yet: 0")
    assert losses(factory) == []
    sent(zhao, f"{PAINT[:-2]}4")
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "10")]
    assert factory.verifies()


def test_a_device_that_its_browser_cleared_is_enrolled_anew_and_tells_of_the_old_one(
    handhelds, factory, desk
):
    """[R4]"""
    zhao = handhelds("H1", ZHAO_LIN)
    one_sent_two_not(zhao)
    zhao.restart()  # the browser keeps small things in memory for some seconds
    zhao.unsent(2)
    evict(zhao)
    zhao.is_offline = False
    zhao.restart()
    zhao.sees("H1", "its browser cleared it")
    zhao.go(f"enrol/{factory.enrolment_code('H1 again')}")
    zhao.sees("Scan your badge")
    zhao.sign_in(ZHAO_LIN)
    zhao.has_stock()
    desk.go("desk/discrepancies")
    desk.sees("2–3")
    assert losses(factory) == [("U", [[2, 3]])]


def test_two_copies_of_one_profile_both_go_on_and_nothing_is_lost_or_doubled(
    handhelds, factory, playwright, tmp_path
):
    """[R3]"""
    first = handhelds("H1", ZHAO_LIN)
    receive(first, f"{PAINT[:-2]}1")
    first.unsent(0)
    first.close()
    shutil.copytree(tmp_path / "H1", tmp_path / "copy", symlinks=True)
    second = Handheld(playwright, tmp_path / "copy", first.origin)
    try:
        first.open()
        second.open()
        lone(first, f"{PAINT[:-2]}2")
        lone(second, f"{PAINT[:-2]}4", f"{PAINT[:-2]}8")
        for device in (first, second):
            device.network(on=True)
            device.unsent(0)
        odd = factory.ask("discrepancies", state="open")["discrepancies"]
        assert [(row["code"], row["severity"]) for row in odd] == [("REPLICA_FORK", "U")]
        for device, quantity in ((first, 5), (second, 6)):
            sent(device, f"{PAINT[:-2]}{quantity}")
        assert len(factory.ask("discrepancies", state="open")["discrepancies"]) == 1
        assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "26")]
        assert len(receipts(factory)) == 6
        assert factory.verifies()
    finally:
        second.close()


def test_a_second_tab_takes_over_with_all_that_is_unsent(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    lone(zhao, f"{PAINT[:-2]}1")
    first = zhao.page
    zhao.page = zhao.context.new_page()
    zhao.go("")
    zhao.sees("Bincard is open in another tab")
    zhao.unsent(1)
    zhao.go("receive/PO-3978")
    zhao.scan(f"{PAINT[:-2]}2")
    zhao.sees("NOT RECORDED")
    zhao.go("")
    zhao.page.reload()
    zhao.key("Use it here").click()
    expect(zhao.page.get_by_text("Bincard is open in another tab")).to_have_count(0)
    zhao.unsent(1)
    receive(zhao, f"{PAINT[:-2]}4")
    zhao.unsent(2)
    first.goto(f"{zhao.origin}/#/")
    first.get_by_text("Bincard is open in another tab").wait_for()
    zhao.network(on=True)
    zhao.unsent(0)
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "5")]


def test_another_worker_signs_in_without_a_network_and_the_queue_stays(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    lone(zhao, f"{PAINT[:-2]}1", f"{PAINT[:-2]}2")
    zhao.go("hand-in")
    zhao.sees("2", "not sent yet")
    zhao.key("Sign out").click()
    zhao.sees("Scan your badge")
    zhao.restart("sign-in")
    zhao.sees("Scan your badge")
    zhao.try_to_sign_in(WANG_QIANG.badge, WANG_QIANG.pin)
    zhao.unsent(2)
    receive(zhao, f"{PAINT[:-2]}4")
    zhao.unsent(3)
    zhao.network(on=True)
    zhao.unsent(0)
    actors = factory.rows(
        "SELECT actor FROM log WHERE verb = 'receive' AND device != 'opening' ORDER BY rseq"
    )
    assert actors == [("1003",), ("1003",), ("1002",)]
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "7")]


def test_a_new_version_waits_until_the_worker_agrees_and_the_queue_stays(
    factory, handhelds, tmp_path
):
    web = tmp_path / "web"
    shutil.copytree(ROOT / "pwa" / "dist", web)
    factory.kill()
    factory.environment["BINCARD_WEB"] = str(web)
    factory.start()
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.page.reload()
    zhao.has_stock()
    block_pushes(zhao)
    receive(zhao, f"{PAINT[:-2]}1")
    zhao.unsent(1)
    worker = web / "sw.js"
    worker.write_text(worker.read_text() + "\n// a newer build\n")
    zhao.page.evaluate("navigator.serviceWorker.ready.then((all) => all.update())")
    receive(zhao, f"{PAINT[:-2]}2")
    zhao.unsent(2)
    zhao.go("")
    zhao.sees("A new version is ready.")
    assert is_waiting(zhao)
    with zhao.page.expect_navigation():
        zhao.key(re.compile("Update")).click()
    zhao.unsent(2)
    assert not is_waiting(zhao)
    zhao.page.unroute("**/sync/push")
    zhao.asks_for_the_latest()
    zhao.unsent(0)
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "3")]


def block_pushes(handheld):
    """The network is there and the server does not answer a push."""
    handheld.page.route("**/sync/push", lambda route: route.abort())


def is_waiting(handheld):
    return handheld.page.evaluate(
        "navigator.serviceWorker.ready.then((all) => all.waiting !== null)"
    )


def undo(handheld, row):
    handheld.go("outbox")
    chosen = handheld.page.locator(".row[data-operation]").nth(row)
    chosen.get_by_role("button", name="Undo").click()
    chosen.get_by_text("Are the goods back?").wait_for()
    chosen.get_by_role("button", name="Yes, undo").click()


def test_what_is_unsent_and_what_was_sent_can_be_undone_from_the_outbox(handhelds, factory):
    """[R40]"""
    zhao = handhelds("H1", ZHAO_LIN)
    receive(zhao, f"{PAINT[:-2]}1")
    zhao.unsent(0)
    lone(zhao, TYRE)
    undo(zhao, 0)
    zhao.unsent(2)
    undo(zhao, 2)
    zhao.unsent(3)
    assert zhao.page.get_by_role("button", name="Undo").count() == 0
    zhao.network(on=True)
    zhao.unsent(0)
    assert factory.stock("DOCK-1") == []
    assert factory.verifies()
