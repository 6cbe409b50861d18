"""An enrolment code on a handheld that works already: it asks, and takes no work along."""

import re

import pytest

from tests.browser.factory import _run
from tests.browser.handheld import PAINT, ZHAO_LIN
from tests.browser.test_devices import block_pushes
from tests.browser.test_rescue import receive

pytestmark = pytest.mark.browser

OTHER = "NORTH"


def code_elsewhere(factory):
    """A code of another site on the same server."""
    _run(factory.data, "site", "add", OTHER, "--name", "North plant")
    shown = _run(factory.data, "device", "enrol", "--site", OTHER, "--name", "N1").stdout
    return re.search(r"enrol/([0-9A-Z]{5}-[0-9A-Z]{5})", shown).group(1)


def test_a_code_of_another_site_moves_nothing_that_is_unsent_and_leaves_nothing_behind(
    handhelds, factory
):
    """[S11]"""
    zhao = handhelds("H1", ZHAO_LIN)
    code = code_elsewhere(factory)
    block_pushes(zhao)
    receive(zhao, f"{PAINT[:-2]}1")
    zhao.unsent(1)
    zhao.go(f"enrol/{code}")
    zhao.sees("Move this device to another site?", "H1, site FACTORY", f"N1, site {OTHER}")
    zhao.sees("Not now: 1 record or scan is not sent")
    assert zhao.key("Move it").count() == 0
    zhao.key("Keep as is").click()
    zhao.unsent(1)
    zhao.page.unroute("**/sync/push")
    zhao.asks_for_the_latest()
    zhao.unsent(0)
    zhao.go(f"enrol/{code}")
    zhao.key("Move it").click()
    zhao.sees("Scan your badge")
    zhao.page.wait_for_function(
        "indexedDB.databases().then((all) => all.some(({ name }) => name === 'bincard'))"
    )
    kept = zhao.page.evaluate(KEPT)
    assert [row for row in kept if "FACTORY" in row] == []
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "1")]
    sites = factory.rows("SELECT DISTINCT site FROM log WHERE replica IS NOT NULL")
    assert sites == [("FACTORY",)]
    assert factory.ask("discrepancies", state="open")["discrepancies"] == []
    assert factory.verifies()


KEPT = """() => new Promise((told) => {
  const asked = indexedDB.open("bincard");
  asked.onsuccess = () => {
    const tx = asked.result.transaction(["outbox", "sent", "journal", "flow"]);
    const rows = [];
    for (const name of tx.objectStoreNames) {
      tx.objectStore(name).getAll().onsuccess = (got) => rows.push(...got.target.result);
    }
    tx.oncomplete = () => (asked.result.close(), told(rows.map((row) => JSON.stringify(row))));
  };
})"""


def out_of(factory):
    """Why each device is not waited for, by its name."""
    return {one["name"]: one.get("out") for one in factory.ask("devices")["devices"]}


def test_the_same_phone_enrolled_again_is_a_hand_over_and_nobody_is_alarmed(handhelds, factory):
    """[S10] What it had unsent goes first, as what it was; then it goes on as what it is."""
    zhao = handhelds("H1", ZHAO_LIN)
    receive(zhao, f"{PAINT[:-2]}1")
    zhao.unsent(0)
    block_pushes(zhao)
    receive(zhao, f"{PAINT[:-2]}2")
    zhao.unsent(1)
    zhao.go(f"enrol/{factory.enrolment_code('H1 again')}")
    zhao.sees("Enrol this device again?", "H1, site FACTORY", "H1 again, site FACTORY")
    zhao.key("Enrol again").click()
    zhao.sees("Scan your badge")
    zhao.unsent(1)
    receive(zhao, f"{PAINT[:-2]}4")
    zhao.unsent(2)
    zhao.page.unroute("**/sync/push")
    zhao.asks_for_the_latest()
    zhao.unsent(0)
    # Its last push as what it was says so; what is written after that is of what it is.
    while out_of(factory)["H1"] != "handed_in":
        zhao.asks_for_the_latest()
    zhao.asks_for_the_latest()
    receive(zhao, f"{PAINT[:-2]}8")
    zhao.unsent(0)
    rows = factory.rows(
        "SELECT device.name, log.replica FROM log JOIN device ON device.device = log.device "
        "WHERE log.verb = 'receive' AND log.actor = '1003' ORDER BY log.seq"
    )
    assert [name for name, _ in rows] == ["H1", "H1", "H1", "H1 again"]
    assert len({replica for _, replica in rows}) == 2
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "15")]
    assert factory.ask("discrepancies", state="open")["discrepancies"] == []
    waiting = out_of(factory)
    assert (waiting["H1"], waiting["H1 again"]) == ("handed_in", None)
    assert factory.verifies()
