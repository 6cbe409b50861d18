"""What is odd, as the supervisor sees it: both readings, and one key that settles it."""

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import LIU_MEI, PAINT, ZHAO_LIN

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


def receive_paint(handheld):
    handheld.go("receive/PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan(PAINT)
    handheld.says("done", "60")


def test_two_people_who_received_the_same_goods_are_told_apart_at_the_desk(
    handhelds, desk, factory
):
    """[R13] [D1] One of them had no network; the supervisor takes one receipt back."""
    zhao, liu = handhelds("H1", ZHAO_LIN), handhelds("H2", LIU_MEI)
    liu.network(on=False)
    receive_paint(liu)
    receive_paint(zhao)
    zhao.unsent(0)
    liu.network(on=True)
    liu.unsent(0)
    desk.go("outbox")
    desk.key("English").click()
    desk.go("desk/discrepancies")
    desk.sees("more than ordered", "ordered 60, received 120", "Or: Two people received the same",
              "also Zhao Lin")  # fmt: skip
    desk.key("Other ways").click()
    desk.key("Take it back").click()
    desk.sees("Nothing odd waits for you.")
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "60")]


def test_the_desk_says_that_the_newest_copy_of_the_database_is_no_backup(desk, factory):
    factory.spoil("UPDATE line SET done = 7 WHERE document = 'PO-4002'")
    assert not factory.back_up(check=False)
    desk.go("desk")
    desk.page.reload()
    alarm = desk.page.get_by_role("alert")
    expect(alarm).to_contain_text("回放有 2 处不符")
    desk.go("outbox")
    desk.key("English").click()
    desk.go("desk/floor")
    expect(alarm).to_contain_text("does not replay (2 differences)")
