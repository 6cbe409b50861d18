"""The main job: a morning's work by two handhelds without a network, and what became of it."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import GS, LIU_MEI, PAINT, ZHAO_LIN
from tests.world.postgres import on_both

pytestmark = pytest.mark.browser


def bearings(lot, quantity):
    """A label of BE-2908."""
    return f"010200000000004610{lot}{GS}30{quantity}"


def receive_and_put_away(handheld):
    handheld.start("receive")
    handheld.scan("PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan(PAINT)
    handheld.says("done", "60", "PA-529S")
    handheld.finish(2)
    handheld.start("putaway")
    handheld.scan(PAINT)
    handheld.says("plain", "PA-529S")
    handheld.scan("01-C-35")
    handheld.says("done", "60", "01-C-35")
    handheld.finish()


def pick_the_last_gloves(handheld, order):
    handheld.scan(order)
    handheld.says("plain", "07-FL-04")
    handheld.scans("07-FL-04", "GL-H102-L")
    handheld.says("done", "36")
    handheld.finish(2)


def issue_the_younger_lot(handheld):
    handheld.scan("WO-71774")
    handheld.says("plain")
    handheld.scan("06-B-10")
    handheld.says("plain", "06-B-10")
    handheld.scan(bearings("K1102", 24))
    handheld.says("look", "更早批次")
    handheld.key("仍用此批：填原因").click()
    handheld.key("通道被挡").click()
    handheld.says("done", "24", "K1102")


def count_until_the_battery_is_pulled(handheld):
    handheld.scan("CT-1")
    handheld.says("plain", "06-B-03")
    handheld.scan("06-B-10")
    handheld.says("plain", "06-B-10")
    handheld.scan(bearings("K1009", 224))
    handheld.says("done", "224")
    handheld.kill()


def go_on_counting(handheld):
    handheld.open("count")
    handheld.sees("06-B-10", "K1009", "224")
    handheld.scan(bearings("K1102", 170))
    handheld.says("done", "170")
    handheld.scan("BINCARD:DONE")
    handheld.says("done", "06-B-10")


def verdicts(factory):
    """What the ledger answered to the handhelds: verb, outcome and flags, as they arrived."""
    operations = factory.rows(
        "SELECT verb, outcome, verdict FROM log WHERE device NOT IN ('', 'opening') ORDER BY seq"
    )
    return [
        (verb, outcome, [flag["code"] for flag in json.loads(verdict)["flags"]])
        for verb, outcome, verdict in operations
    ]


def postings(factory):
    """Goods as the ledger moved them, without the opening stock."""
    return factory.rows(
        "SELECT posting.kind, item, quantity, place_from, place_to FROM posting"
        " JOIN log USING (site, seq) WHERE device NOT IN ('', 'opening') ORDER BY posting.seq, n"
    )


ARRIVED = [
    ("receive", "posted", []),
    ("putaway", "posted", []),
    ("pick", "posted", []),
    ("count", "posted", []),
    ("pick", "flagged", ["NEGATIVE"]),
    ("issue", "flagged", ["FIFO_DEVIATION"]),
    ("approve", "accepted", []),  # the server's own, of the lot that was counted right
]
DECIDED = [
    ("reverse", "posted", []),
    ("approve", "refused", []),
    ("approve", "accepted", []),
]
POSTED = [
    ("move", "PA-529S", 60, "supplier/1584", "DOCK-1"),
    ("move", "PA-529S", 60, "DOCK-1", "01-C-35"),
    ("move", "GL-H102-L", 36, "07-FL-04", "STAGE-1"),
    ("move", "GL-H102-L", 36, "07-FL-04", "STAGE-1"),
    ("move", "BE-2908", 24, "06-B-10", "production/WO-71774"),
    ("count", "BE-2908", 0, "06-B-10", "count"),
    ("reverse", "BE-2908", 24, "production/WO-71774", "06-B-10"),
    ("count", "BE-2908", 28, "06-B-10", "count"),
]


def the_count_arrives_before_the_issue_that_it_follows(zhao, liu, desk):
    """It seems to lack what was issued; nobody can approve that before the data are complete."""
    zhao.network(on=True)
    zhao.unsent(0)
    desk.go("desk")
    desk.sees("06-B-10", "−28")
    expect(desk.key("审核通过 −28")).to_be_disabled()
    liu.network(on=True)
    liu.unsent(0)
    desk.asks_for_the_latest()
    desk.go("desk")
    expect(desk.key("审核通过 −4")).to_be_enabled()


def a_decision_on_what_is_no_longer_so_is_refused(liu, desk):
    """The issue is undone while the desk approves; the next decision is about what is."""
    desk.network(on=False)
    desk.key("审核通过 −4").click()
    desk.unsent(1)
    liu.scan("BINCARD:UNDO")
    liu.says("look", "BE-2908")
    liu.scan("BINCARD:DONE")
    liu.says("done")
    liu.unsent(0)
    desk.network(on=True)
    desk.unsent(0)
    desk.go("outbox")
    desk.sees("未通过")
    desk.go("desk")
    desk.key("审核通过 −28").click()
    desk.sees("没有待审差异")


@on_both("factory")
def test_a_morning_without_a_network_is_settled_when_the_network_is_back(handhelds, factory, desk):
    zhao = handhelds("H1", ZHAO_LIN)
    liu = handhelds("H2", LIU_MEI)
    zhao.network(on=False)
    liu.network(on=False)

    receive_and_put_away(zhao)
    pick_the_last_gloves(zhao, "SO-75111")
    pick_the_last_gloves(liu, "SO-75112")
    issue_the_younger_lot(liu)
    count_until_the_battery_is_pulled(zhao)
    go_on_counting(zhao)
    zhao.unsent(4)
    liu.unsent(2)

    the_count_arrives_before_the_issue_that_it_follows(zhao, liu, desk)
    assert verdicts(factory) == ARRIVED
    a_decision_on_what_is_no_longer_so_is_refused(liu, desk)
    assert verdicts(factory) == ARRIVED + DECIDED
    assert postings(factory) == POSTED

    assert [
        (row["expected"], row["counted"], row["state"])
        for row in factory.ask("variances")["variances"]
    ] == [(224, 224, "approved"), (198, 170, "approved")]
    odd = factory.ask("discrepancies", state="open")["discrepancies"]
    assert [(row["code"], row["severity"], row["place"]) for row in odd] == [
        ("NEGATIVE", "U", "07-FL-04")
    ]
    for place in ("06-B-10", "07-FL-04", "01-C-35", "STAGE-1"):
        zhao.shows_stock(place, factory.stock(place))
        liu.shows_stock(place, factory.stock(place))
    assert factory.verifies()
