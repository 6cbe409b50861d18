"""What the desk is told of a discrepancy, and how an intent over HTTP settles it."""

from server.book.rows import fetch, table
from sync.records import Document, Item, Line, Location, Site
from tests.server.conftest import PINS, SITE
from tests.server.handheld import Handheld
from tests.world.postgres import on_both

pytestmark = on_both("plant")


async def push(plant, handheld, device="d1", start=0):
    answer = await plant.client.post(
        "/sync/push", content=handheld.push(start), headers=plant.device(device)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def desk(plant, **asked):
    headers = await plant.signed_in("2001", "d2")
    answer = await plant.client.get("/api/discrepancies", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def intend(plant, did):
    """Push one intent of the supervisor from the desk, and return its verdict."""
    signed = (await plant.sign_in("2001", PINS["2001"], "d2")).json()
    handheld = Handheld(SITE, "2001", plant.clock)
    handheld.prove(handheld.did(did, class_="intent"), signed)
    return (await push(plant, handheld, "d2"))["verdicts"][0]


async def test_the_desk_is_told_what_happened_what_it_may_mean_and_what_can_be_done(plant):
    """[D1] The facts with who and what was scanned, both readings, a default, a deadline."""
    handheld = Handheld(SITE, "1001", plant.clock)
    scan = {"raw": "K0902", "source": "wedge", "wall": plant.clock()}
    taken = handheld.did(
        {
            "verb": "putaway", "key": {"item": "BE-2908", "lot": {"code": "K0902"}}, "quantity": 7,
            "from": {"location": "DOCK"}, "to": {"location": "06-B-10"},
        },
        scans=[scan],
    )  # fmt: skip
    await push(plant, handheld)
    page = await desk(plant, state="open", code="NEGATIVE")
    (row,) = page["discrepancies"]
    review = page["reviews"][row["discrepancy"]]
    (fact,) = review["facts"]
    assert (fact["operation"], fact["verb"], fact["actor"], fact["device"]) == (
        taken, "putaway", "1001", "d1",
    )  # fmt: skip
    assert [one["raw"] for one in fact["scans"]] == ["K0902"]
    assert review["readings"] == ["NEGATIVE.1", "NEGATIVE.2"]
    assert (review["missing"], review["owner"]) == ("covered", "nobody")
    assert (review["default"], review["actions"]) == ("count", ["count", "keep"])
    assert review["deadline"] == row["until"]


async def test_an_order_that_was_closed_is_opened_again_from_the_desk(plant):
    """[R12] [D1]"""
    paper = Document(document="PO-9", kind="purchase", partner="1580", state="closed")
    await plant.book.change(
        SITE, "x", [paper, Line(document="PO-9", line=1, item="BE-2908", quantity=50)], "order"
    )
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.did(
        {
            "verb": "receive", "key": {"item": "BE-2908", "lot": {"code": "K0902"}}, "quantity": 5,
            "from": {"location": "supplier/1580"}, "to": {"location": "DOCK"},
        },
        task={"document": "PO-9", "line": 1},
    )  # fmt: skip
    await push(plant, handheld)
    (row,) = (await desk(plant, state="open"))["discrepancies"]
    did = {"verb": "settle", "discrepancy": row["discrepancy"], "action": "reopen"}
    assert (await intend(plant, did))["outcome"] == "accepted"
    assert (await desk(plant, state="open"))["discrepancies"] == []
    supervisor = await plant.signed_in("2001", "d2")
    read = (await plant.client.get("/api/documents/PO-9", headers=supervisor)).json()
    assert read["state"] == "open"


async def test_the_day_of_account_of_a_late_fact_is_shown(plant):
    """[R9]"""
    day = Site(site=SITE, name="Plant", time_zone="Asia/Shanghai", closed_through="2099-12-31")
    await plant.book.change(SITE, "x", [day], "closed")
    handheld = Handheld(SITE, "1001", plant.clock)
    late = handheld.receive(5)
    await push(plant, handheld)
    headers = await plant.signed_in()
    shown = (await plant.client.get(f"/api/operations/{late}", headers=headers)).json()
    assert shown["accounted"] == "2100-01-01"
    assert [row["code"] for row in shown["discrepancies"]] == ["LATE_PERIOD"]


async def test_a_supervisor_changes_a_bin_over_the_same_push(plant):
    """[E7] [R16]"""
    rows = await plant.book.read(
        lambda book: fetch(book, "location", Location, table("location").c.location == "06-B-10")
    )
    row = rows[0]
    did = {"verb": "edit", "kind": "location", "id": "06-B-10", "base_version": row.version,
           "fields": {"blocked": True}}  # fmt: skip
    assert (await intend(plant, did))["outcome"] == "accepted"
    assert (await intend(plant, did))["reason"] == "stale"
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive(5)
    handheld.put_away(5)
    await push(plant, handheld)
    assert [row["code"] for row in (await desk(plant, state="open"))["discrepancies"]] == [
        "LOCATION_BLOCKED"
    ]


async def test_what_is_made_is_worth_what_went_into_it_and_a_return_what_it_left_at(plant):
    """[R27] Ten bearings at 300 make five assemblies; one is sold, and comes back."""
    supervisor = await plant.signed_in("2001")
    await plant.book.change(SITE, "2001", [Item(item="CR-7833", name="Crankset")], "item added")
    lines = [{"item": "BE-2908", "quantity": 10, "cost": 300}]
    orders = [
        {"document": "PO-1", "kind": "purchase", "partner": "1580", "lines": lines},
        {"document": "WO-1", "kind": "work", "item": "CR-7833", "quantity": 5,
         "lines": [{"item": "BE-2908", "quantity": 10}]},
    ]  # fmt: skip
    for order in orders:
        made = await plant.client.post("/api/documents", json=order, headers=supervisor)
        assert made.status_code == 201, made.text
    handheld = Handheld(SITE, "1001", plant.clock)
    dock, bike = {"location": "DOCK"}, {"item": "CR-7833"}
    line = {"document": "WO-1", "line": 1}
    acts = [
        ({"verb": "receive", "key": {"item": "BE-2908"}, "quantity": 10,
          "from": {"location": "supplier/1580"}, "to": dock}, {"document": "PO-1", "line": 1}),
        ({"verb": "issue", "key": {"item": "BE-2908"}, "quantity": 10, "from": dock,
          "to": {"location": "production/WO-1"}}, line),
        ({"verb": "produce", "key": bike, "quantity": 5, "to": dock}, {"document": "WO-1"}),
        ({"verb": "ship", "key": bike, "quantity": 1, "from": dock,
          "to": {"location": "customer/C1"}}, None),
        ({"verb": "return", "key": bike, "quantity": 1, "from": {"location": "customer/C1"},
          "to": dock, "reason": "too small"}, None),
    ]  # fmt: skip
    for did, task in acts:
        plant.clock.wait(minutes=1)
        handheld.did(did, task=task)
    await push(plant, handheld)

    async def worth(item):
        answer = await plant.client.get(f"/api/valuation/{item}", headers=supervisor)
        return answer.json()

    assert (await worth("BE-2908"))["value"] == 0
    assert [(row["left"], row["cost"]) for row in (await worth("CR-7833"))["layers"]] == [
        (4, 600), (1, 600),
    ]  # fmt: skip


async def test_stock_is_worth_what_was_paid_for_its_own_lot(plant):
    """[R27] The late receipt of an older, cheaper order changes the value by itself."""
    supervisor = await plant.signed_in("2001")
    for number, cost in (("PO-1", 300), ("PO-2", 100)):
        order = {"document": number, "kind": "purchase", "partner": "1580",
                 "lines": [{"item": "BE-2908", "quantity": 10, "cost": cost}]}  # fmt: skip
        made = await plant.client.post("/api/documents", json=order, headers=supervisor)
        assert made.status_code == 201, made.text
        assert "cost" not in made.text
    late, handheld = (Handheld(SITE, "1001", plant.clock) for _ in range(2))

    def receive(device, order, lot, quantity):
        device.did(
            {
                "verb": "receive", "key": {"item": "BE-2908", "lot": {"code": lot}},
                "quantity": quantity, "from": {"location": "supplier/1580"},
                "to": {"location": "DOCK"},
            },
            task={"document": order, "line": 1},
        )  # fmt: skip

    receive(late, "PO-2", "A", 10)
    plant.clock.wait(minutes=1)
    receive(handheld, "PO-1", "B", 5)
    issue = {
        "verb": "issue", "key": {"item": "BE-2908", "lot": {"code": "B"}}, "quantity": 7,
        "from": {"location": "DOCK"}, "to": {"location": "cost/4100"},
    }  # fmt: skip
    plant.clock.wait(minutes=1)
    used = handheld.did(issue)
    await push(plant, handheld)

    async def worth(item="BE-2908"):
        path = f"/api/valuation/{item}"
        return (await plant.client.get(path, headers=supervisor)).json()

    # Two are owed, at the newest cost that is known.
    assert ((await worth())["value"], (await worth())["used"][0]["owed"]) == (-2 * 300, 2)
    await push(plant, late, "d2")
    found = await worth()
    (row,) = found["used"]
    assert (row["operation"], row["value"], row["differs"]) == (used, 5 * 300 + 2 * 100, True)
    assert (found["quantity"], found["value"]) == (8, 800)
    page = (await plant.client.get("/api/valuation?limit=1", headers=supervisor)).json()
    assert page["items"] == [{"item": "BE-2908", "quantity": 8, "value": 800, "unvalued": 0}]
    worker = await plant.signed_in("1001")
    assert (await plant.client.get("/api/valuation", headers=worker)).status_code == 403
    assert (await worth("NO-1"))["code"] == "not_found"
