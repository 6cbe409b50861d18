"""Who is at a device: the lock, the sign-out, decisions without a network, and a revoked device."""

import re
import sqlite3

import pytest
from playwright.sync_api import expect

from server.people import pins
from tests.browser.handheld import DESK, FANG_PING, PAINT, WANG_QIANG, ZHAO_LIN
from tests.browser.test_desk_hands import count_as_empty
from tests.browser.test_rescue import lone, receive

pytestmark = pytest.mark.browser

LEFT_FOR_LUNCH = "localStorage.setItem('bincard-touched', String(Date.now() - 16 * 60_000))"
EVERYTHING = """async () => {
  const told = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
    });
    for (const store of database.objectStoreNames) {
      const rows = await new Promise((done) => {
        const asked = database.transaction(store).objectStore(store).getAllKeys();
        asked.onsuccess = () => done(asked.result);
      });
      told.push(...rows.map((key) => `${name}/${store}/${key}`));
    }
    database.close();
  }
  return told;
}"""


def kept(handheld):
    """What of a plant lies on a device, by the names of its rows; a fresh outbox is no trace."""
    rows = handheld.page.evaluate(EVERYTHING)
    fresh = re.compile(r"/meta/(chain|capture|lots|heard|exchanges|stepsBack|locked|roster)$")
    return [row for row in rows if not fresh.search(row)]


def test_an_idle_handheld_locks_itself_and_its_worker_goes_on_with_the_task(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.go("receive/PO-3978")
    zhao.scan(f"{PAINT[:-2]}1")
    zhao.says("done")
    zhao.page.add_init_script(LEFT_FOR_LUNCH)
    zhao.network(on=False)
    zhao.page.reload()
    zhao.sees("Locked", "Zhao Lin")
    zhao.go("bin/DOCK-1")
    zhao.sees("Locked")
    zhao.go("receive/PO-3978")
    zhao.type_pin("000000", "Go on")
    zhao.sees("Wrong PIN")
    zhao.type_pin(ZHAO_LIN.pin, "Go on")
    zhao.sees("PO-3978", "K1120")
    zhao.network(on=True)
    zhao.unsent(0)
    assert factory.verifies()


def test_another_worker_behind_the_lock_finds_the_task_where_it_was_left(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    receive(zhao, f"{PAINT[:-2]}1")
    zhao.page.add_init_script(LEFT_FOR_LUNCH)
    zhao.page.reload()
    zhao.sees("Locked")
    zhao.try_to_sign_in(WANG_QIANG.badge, WANG_QIANG.pin, "Go on|继续")
    expect(zhao.page.locator(".strip .who").first).to_contain_text("Wang Qiang")


def test_after_a_sign_out_the_server_knows_the_session_no_more(handhelds, factory):
    desk = handhelds("Office", FANG_PING, size=DESK)
    desk.go("hand-in")
    desk.key(re.compile("Sign out|退出")).click()
    desk.sees("请扫工牌")
    desk.until(lambda: factory.rows("SELECT count(*) FROM session_end")[0][0] == 1)


def test_a_decision_without_a_network_waits_for_its_sign_in_and_facts_pass_it(
    handhelds, factory, desk
):
    """[R49] What she decides while she is signed in offline is done when she signs in again."""
    count_as_empty(handhelds("H1", ZHAO_LIN), "06-B-10")
    desk.asks_for_the_latest()
    desk.network(on=False)
    desk.go("hand-in")
    desk.key(re.compile("Sign out|退出")).click()
    desk.try_to_sign_in(FANG_PING.badge, FANG_PING.pin)
    desk.go("desk")
    desk.key("退回复盘（换人）").click()
    desk.go("outbox")
    desk.sees("待本人联网登录后生效")
    desk.network(on=True)
    desk.until(lambda: decided(factory) == [("recount", "parked")])
    desk.go("sign-in")
    desk.try_to_sign_in(FANG_PING.badge, FANG_PING.pin)
    desk.until(lambda: [row[1] for row in decided(factory)] == ["parked", "accepted"])
    desk.go("outbox")
    expect(desk.page.locator("main")).not_to_contain_text("待本人联网登录后生效")
    assert factory.verifies()


def decided(factory):
    return factory.rows("SELECT verb, outcome FROM log WHERE kind = 'intent' AND actor = '2001'")


def test_a_revoked_device_sends_its_work_and_forgets_the_plant(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    lone(zhao, f"{PAINT[:-2]}1")
    zhao.network(on=False)
    (device,) = [row for row in factory.ask("devices")["devices"] if row["name"] == "H1"]
    factory.tell(f"devices/{device['device']}/revoke")
    zhao.network(on=True)
    zhao.sees("H1 was revoked and is wiped")
    zhao.until(lambda: kept(zhao) == [])
    odd = [row["code"] for row in factory.ask("discrepancies", state="open")["discrepancies"]]
    assert odd == ["ACTOR_NOT_ALLOWED"]
    zhao.go(f"enrol/{factory.enrolment_code('H1 again')}")
    zhao.sees("Scan your badge")
    zhao.sign_in(ZHAO_LIN)
    zhao.has_stock()
    odd = [row["code"] for row in factory.ask("discrepancies", state="open")["discrepancies"]]
    assert odd == ["ACTOR_NOT_ALLOWED"]


def test_what_a_revoked_device_could_not_send_is_offered_as_a_file_first(handhelds, factory):
    """Scans of a count that was never finished are evidence, and no server has them."""
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.start("count")
    zhao.scan("06-B-10")
    zhao.says("plain", "06-B-10")
    (device,) = [row for row in factory.ask("devices")["devices"] if row["name"] == "H1"]
    factory.tell(f"devices/{device['device']}/revoke")
    zhao.page.reload()
    zhao.sees("Device revoked", "Save them as a rescue file")
    with zhao.page.expect_download() as saved:
        zhao.key("Save the file").click()
    assert "06-B-10" in saved.value.path().read_text()
    zhao.key("Wipe the rest").click()
    zhao.sees("H1 was revoked and is wiped")
    zhao.until(lambda: kept(zhao) == [])


def test_a_supervisor_with_a_short_pin_of_before_chooses_a_new_one(handhelds, factory):
    fang = handhelds("H1")
    factory.kill()
    with sqlite3.connect(factory.data / "bincard.db") as book:
        book.execute(
            "UPDATE credential SET pin_hash = ? WHERE person = '2001'", [pins.hash_pin("7412")]
        )
    book.close()
    factory.start()
    fang.try_to_sign_in(FANG_PING.badge, "7412")
    fang.sees("no longer enough", "A new PIN, at least 6 digits")
    fang.type_pin("830562", "Set")
    fang.sees("once more")
    fang.type_pin("830563", "Set")
    fang.sees("The two differ")
    for _ in range(2):
        fang.type_pin("830562", "Set")
    expect(fang.page.locator(".strip .who").first).to_contain_text("Fang Ping")
