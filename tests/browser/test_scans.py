"""Scans as they come: faster than a hand, all kept, and each applied once."""

import json
from contextlib import suppress

import pytest
from playwright.sync_api import Error

from tests.browser.handheld import LIU_MEI, PAINT, ZHAO_LIN

pytestmark = pytest.mark.browser

TEN = [
    "AR-5381", "BE-2908", "CR-9981", "AR-5381", "KW-4091",
    "LN-9080", "AR-5381", "LR-8520", "BE-2908", "AR-5381",
]  # fmt: skip


def sent(factory, verb):
    """The bodies of the handhelds' operations of one verb, as they were scanned."""
    rows = factory.rows(
        "SELECT payload FROM log WHERE verb = ? AND device NOT IN ('', 'opening') ORDER BY seq",
        verb,
    )
    return [json.loads(payload)["body"] for (payload,) in rows]


def test_ten_scans_within_a_second_are_all_counted_in_their_order(handhelds, factory):
    liu = handhelds("H1", LIU_MEI)
    liu.start("count")
    liu.scan("01-A-01")
    liu.says("plain", "01-A-01")
    for code in TEN:
        liu.type_fast(code)
    liu.says("done", "AR-5381", "4")
    liu.scan("BINCARD:DONE")
    liu.says("done", "01-A-01")
    liu.unsent(0)
    (count,) = sent(factory, "count")
    scans = count["scans"]
    assert [scan["raw"] for scan in scans] == ["01-A-01", *TEN]
    assert scans[-1]["wall"] - scans[1]["wall"] < 1_000
    assert {line["key"]["item"]: line["quantity"] for line in count["did"]["lines"]} == {
        code: TEN.count(code) for code in TEN
    }


def test_an_answer_that_is_lost_after_the_commit_changes_nothing(handhelds, factory):
    zhao = handhelds("H1", ZHAO_LIN)
    lost = []

    def lose(route):
        lost.append(route.fetch().json())
        with suppress(Error):  # nobody may wait for it any more
            route.abort()

    zhao.page.route("**/sync/push", lose)
    zhao.start("receive")
    zhao.scan("PO-3978")
    zhao.says("plain", "PO-3978")
    with zhao.page.expect_event("requestfailed", lambda _: any(push["verdicts"] for push in lost)):
        zhao.scan(PAINT)
    zhao.says("done", "60", "PA-529S")
    zhao.unsent(1)
    assert len(sent(factory, "receive")) == 1
    zhao.shows_stock("DOCK-1", [("PA-529S", "K1120", "60")])
    zhao.page.unroute("**/sync/push")
    zhao.asks_for_the_latest()
    zhao.unsent(0)
    zhao.shows_stock("DOCK-1", [("PA-529S", "K1120", "60")])
    assert len(sent(factory, "receive")) == 1
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "60")]
    assert len({json.dumps(pushed["verdicts"]) for pushed in lost if pushed["verdicts"]}) == 1
    assert factory.verifies()


def test_a_name_written_in_chinese_is_searched_for_and_is_no_scan(handhelds):
    liu = handhelds("H1", LIU_MEI)
    liu.go("look-up")
    liu.page.get_by_role("searchbox").click()
    liu.page.keyboard.insert_text("轴承钢珠")
    liu.sees("BA-8327")
    liu.page.get_by_role("searchbox").fill("ball")
    liu.sees("BE-2908")


def test_a_scan_on_the_heels_of_done_opens_its_thing(handhelds):
    liu = handhelds("H1", LIU_MEI)
    liu.start("count")
    liu.scans("BINCARD:DONE", "06-B-10")
    liu.sees("BE-2908", "K1009")
    liu.unsent(0)
