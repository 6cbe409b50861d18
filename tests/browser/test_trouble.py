"""What goes wrong in a warehouse, as the worker sees it; nothing is lost and nothing twice."""

import threading

import httpx
import pytest

from tests.browser.handheld import PAINT, ZHAO_LIN

pytestmark = pytest.mark.browser


def receive_paint(handheld):
    handheld.go("receive/PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan(PAINT)
    handheld.says("done", "60", "PA-529S")


def device_of(factory, name):
    devices = factory.ask("devices")["devices"]
    return next(device["device"] for device in devices if device["name"] == name)


def receipts(factory):
    """Outcomes of what was received by a handheld."""
    return factory.rows("SELECT outcome FROM log WHERE verb = 'receive' AND device != 'opening'")


def test_five_wrong_pins_lock_the_worker_out_and_say_for_how_long(handhelds):
    device = handhelds("H1")
    device.try_to_sign_in(ZHAO_LIN.badge, "9999")
    for left in (4, 3, 2, 1):
        device.sees(f"Badge, number or PIN is wrong. Tries left: {left}.")
        device.type_pin("9999")
    device.sees("Too many wrong PINs. Try again in 5 min, or ask a supervisor.")
    device.type_pin(ZHAO_LIN.pin)
    device.sees("Too many wrong PINs.")


def test_a_code_that_nobody_knows_is_asked_about_and_kept_as_it_is(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3978")
    zhao.says("plain", "PO-3978")
    zhao.scan("ZZZ-999")
    zhao.says("look", "ZZZ-999")
    zhao.scan("BINCARD:DONE")
    zhao.key("Quantity").click()
    zhao.key("5").click()
    zhao.key("Set").click()
    zhao.says("done", "5", "ZZZ-999")
    zhao.says("done", "Settled: code not known")
    odd = factory.ask("discrepancies", state="open")["discrepancies"]
    assert [(row["code"], row["detail"]["raw"]) for row in odd] == [("UNKNOWN_CODE", "ZZZ-999")]
    assert factory.stock("DOCK-1") == [("unidentified/ZZZ-999", "5")]


BREAK_STORAGE = """() => {
  const real = IDBDatabase.prototype.transaction;
  window.mend = () => { IDBDatabase.prototype.transaction = real; };
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (mode === "readwrite") throw new DOMException("no room", "UnknownError");
    return real.call(this, stores, mode, options);
  };
}"""


def test_a_scan_that_could_not_be_stored_says_so_on_the_whole_screen(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    receive_paint(zhao)
    zhao.unsent(0)
    zhao.page.evaluate(BREAK_STORAGE)
    zhao.scan(PAINT)
    zhao.sees("NOT RECORDED", "Scan it again")
    zhao.page.evaluate("() => window.mend()")
    zhao.key("Scan again").click()
    zhao.scan("BINCARD:DONE")
    zhao.unsent(0)
    assert receipts(factory) == [("posted",)]


def test_a_revoked_device_sends_its_queue_which_is_parked_and_is_wiped(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.network(on=False)
    receive_paint(zhao)
    factory.tell(f"devices/{device_of(factory, 'H1')}/revoke")
    zhao.unsent(1)
    zhao.network(on=True)
    zhao.sees("H1 was revoked and is wiped.")
    assert receipts(factory) == [("parked",)]


def test_a_device_that_the_server_no_longer_knows_keeps_its_queue_and_says_why(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.network(on=False)
    receive_paint(zhao)
    factory.kill()
    (factory.data / "token.key").unlink()
    factory.start()
    zhao.network(on=True)
    zhao.go("outbox")
    zhao.sees("This device is not enrolled here. Its records stay on it.")
    zhao.unsent(1)
    zhao.go("receive/PO-3978")
    zhao.scan(PAINT.replace("4945", "4921"))  # PA-187B
    zhao.unsent(2)


def test_a_server_killed_in_the_middle_of_a_push_gets_each_record_once(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.network(on=False)
    receive_paint(zhao)
    journal = factory.data / "bincard.db-wal"
    before = journal.stat().st_size

    def die_in_the_middle(route):
        request = route.request
        headers = {key: value for key, value in request.headers.items() if key != "content-length"}

        def push():
            with httpx.Client() as client:
                try:
                    client.post(request.url, headers=headers, content=request.post_data_buffer)
                except httpx.TransportError:
                    return

        pushing = threading.Thread(target=push)
        pushing.start()
        while journal.stat().st_size == before and pushing.is_alive():
            pass
        factory.kill()
        pushing.join()
        route.abort()

    zhao.page.route("**/sync/push", die_in_the_middle, times=1)
    with zhao.page.expect_event("requestfailed", lambda request: "push" in request.url):
        zhao.network(on=True)
    zhao.unsent(1)
    zhao.says("done", "60")
    factory.start()
    zhao.unsent(0)
    assert receipts(factory) == [("posted",)]
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "60")]
    assert factory.verifies()


def test_a_full_disk_on_the_server_is_said_and_the_device_keeps_its_queue(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.network(on=False)
    receive_paint(zhao)
    factory.kill()
    factory.start(file_bytes_max=64 * 1024)
    zhao.network(on=True)
    zhao.go("outbox")
    zhao.sees("The server's disk is full, so nothing was recorded there.")
    zhao.unsent(1)
    factory.kill()
    factory.start()
    zhao.asks_for_the_latest()
    zhao.unsent(0)
    assert receipts(factory) == [("posted",)]
    assert factory.verifies()
