"""[R11] The server's disk is thrown away; the devices bring the lost work back by themselves."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import LIU_MEI, PAINT, ZHAO_LIN
from tests.browser.test_morning import bearings, pick_the_last_gloves, receive_and_put_away

pytestmark = pytest.mark.browser

AGAIN_MS = 60_000
"""A device that has lost its server tries again after a minute at the latest."""

PLACES = ("06-B-10", "07-FL-04", "01-C-35", "STAGE-1", "DOCK-1")


def count_short(handheld):
    handheld.start("count")
    handheld.scan("CT-1")
    handheld.says("plain", "06-B-03")
    handheld.scan("06-B-10")
    handheld.says("plain", "06-B-10")
    handheld.scan(bearings("K1009", 224))
    handheld.says("done", "224")
    handheld.scan(bearings("K1102", 170))
    handheld.says("done", "170")
    handheld.scan("BINCARD:DONE")
    handheld.says("done", "06-B-10")
    handheld.go("outbox")


def approve(desk, *devices):
    """The desk approves the shortage, once every device has reported up to it."""
    for device in (*devices, desk):
        device.asks_for_the_latest()
    desk.asks_for_the_latest()
    desk.go("desk")
    desk.key("审核通过 −28").click()
    desk.sees("没有待审差异")
    desk.unsent(0)


def moved(factory):
    """Goods as the ledger moved them, without the opening stock, in no order.

    An approval that comes back before the facts that it rests on is done in an entry of its own,
    and may set what it finds as counted: such a posting moves nothing.
    """
    return sorted(
        factory.rows(
            "SELECT posting.kind, item, quantity, place_from, place_to FROM posting"
            " JOIN log USING (site, seq) WHERE device NOT IN ('', 'opening')"
            " AND quantity > 0"
        )
    )


def decided(factory):
    return [
        (row["item"], row["expected"], row["counted"], row["state"])
        for row in factory.ask("variances")["variances"]
    ]


def has_sent_again(device, records):
    note = device.page.get_by_role("status").filter(
        has_text=re.compile(f"(has sent|已重新上传) {records} ")
    )
    expect(note).to_be_visible(timeout=AGAIN_MS)


def test_the_lost_work_comes_back_by_itself(handhelds, factory, desk, tmp_path):
    zhao = handhelds("H1", ZHAO_LIN)
    liu = handhelds("H2", LIU_MEI)
    receive_and_put_away(zhao)
    zhao.unsent(0)
    pick_on(liu, "SO-75112")
    factory.back_up(tmp_path / "backups")

    receive_more(zhao)
    count_short(liu)
    liu.unsent(0)
    approve(desk, zhao, liu)
    zhao.go("")
    before = {place: factory.stock(place) for place in PLACES}, moved(factory), decided(factory)
    assert ("BE-2908", 198, 170, "approved") in before[2]

    factory.lose_the_disk()
    said = factory.restore(tmp_path / "backups")
    assert "Site FACTORY begins epoch 2." in said
    assert factory.rows("SELECT state FROM variance") == []
    factory.start()
    has_sent_again(zhao, 1)
    has_sent_again(liu, 1)
    has_sent_again(desk, 1)

    for device in (zhao, liu, desk):
        device.asks_for_the_latest()
        device.unsent(0)
    after = {place: factory.stock(place) for place in PLACES}, moved(factory), decided(factory)
    assert after == before
    ((state, detail),) = factory.rows(
        "SELECT state, detail FROM discrepancy WHERE code = 'RESTORE_GAP'"
    )
    gap = json.loads(detail)
    assert (state, gap["waiting"], gap["lost"]) == ("evidence", {}, {})
    assert sorted(gap["heard"]) == ["Desk browser", "H1", "H2"]
    assert factory.verifies()
    for place, rows in before[0].items():
        zhao.shows_stock(place, rows)
        liu.shows_stock(place, rows)


def receive_more(handheld):
    handheld.start("receive")
    handheld.scan("PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan(PAINT.replace("4945", "4921"))
    handheld.says("done", "60", "PA-187B")
    handheld.finish(2)
    handheld.unsent(0)


def pick_on(handheld, order):
    handheld.start("pick")
    pick_the_last_gloves(handheld, order)
    handheld.unsent(0)
