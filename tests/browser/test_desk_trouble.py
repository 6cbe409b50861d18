"""What is odd, as the supervisor sees it: both readings, and one key that settles it."""

import pytest

from tests.browser.handheld import ZHAO_LIN

pytestmark = pytest.mark.browser


def receive_unknown(handheld):
    handheld.go("receive/PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan("ZZZ-999")
    handheld.says("look", "ZZZ-999")
    handheld.scan("BINCARD:DONE")
    handheld.key("Quantity").click()
    handheld.key("5").click()
    handheld.key("Set").click()
    handheld.says("done", "5", "ZZZ-999")
    handheld.unsent(0)


def test_the_supervisor_reads_what_it_may_mean_and_settles_it(handhelds, desk, factory):
    receive_unknown(handhelds("H1", ZHAO_LIN))
    desk.go("outbox")
    desk.key("English").click()
    desk.go("desk/discrepancies")
    desk.sees(
        "Either: A thing that we have, under a code that nobody entered.",
        "Or: A wrong or foreign label.",
        "Zhao Lin",
        "scanned ZZZ-999",
        "waits for a record",
    )
    desk.key("Other ways").click()
    desk.key("Keep as it is").click()
    desk.sees("the goods are still there")
    assert len(factory.ask("discrepancies", state="open")["discrepancies"]) == 1
