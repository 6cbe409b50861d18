"""What the desk asks: documents and their progress, stock, and what waits for a decision."""

import anyio
import msgspec
import pytest

from server.documents import progress, requests
from server.documents.requests import DocumentRequest
from server.refusals import Code, Refusal
from sync.records import Line
from tests.server.conftest import SITE
from tests.server.handheld import Handheld

ORDER = {
    "document": "PO-127",
    "kind": "purchase",
    "partner": "1580",
    "due": "2026-11-30",
    "lines": [{"item": "BE-2908", "quantity": 324}],
}


async def push(plant, handheld, device="d1", start=0):
    answer = await plant.client.post(
        "/sync/push", content=handheld.push(start), headers=plant.device(device)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_order_is_created_listed_and_read(plant):
    supervisor = await plant.signed_in("2001")
    made = await plant.client.post("/api/documents", json=ORDER, headers=supervisor)
    assert made.status_code == 201, made.text
    worker = await plant.signed_in("1001")
    listed = (await plant.client.get("/api/documents?kind=purchase", headers=worker)).json()
    (row,) = listed["documents"]
    assert (row["document"], row["lines"], row["lines_done"]) == ("PO-127", 1, 0)
    read = (await plant.client.get("/api/documents/PO-127", headers=worker)).json()
    assert read["lines"] == [
        {
            "line": 1,
            "role": "asked",
            "item": "BE-2908",
            "quantity": 324,
            "done": 0,
            "rejected": 0,
            "returned": 0,
            "out": 0,
            "place": None,
            "state": "open",
        }
    ]
    closed = (await plant.client.get("/api/documents?state=closed", headers=worker)).json()
    assert closed["documents"] == []


async def test_a_work_order_is_finished_when_what_it_makes_is_made(plant):
    """[L10] What it makes is its line 0; its heading still says it, too."""
    supervisor = await plant.signed_in("2001")
    order = {
        "document": "WO-1", "kind": "work", "item": "BE-2908", "quantity": 2,
        "lines": [{"item": "BE-2908", "quantity": 5}],
    }  # fmt: skip
    made = await plant.client.post("/api/documents", json=order, headers=supervisor)
    assert made.status_code == 201, made.text

    async def told():
        read = (await plant.client.get("/api/documents/WO-1", headers=supervisor)).json()
        listed = (await plant.client.get("/api/documents?kind=work", headers=supervisor)).json()
        (row,) = listed["documents"]
        lines = [(line["line"], line["role"], line["done"]) for line in read["lines"]]
        return lines, read["finished"], row["finished"], (row["lines_done"], row["lines"])

    assert await told() == ([(0, "made", 0), (1, "used", 0)], False, False, (0, 2))
    product = Line(document="WO-1", line=0, role="made", item="BE-2908", quantity=2, done=2)
    await plant.book.change(SITE, "test", [product], "as if it were made")
    assert await told() == ([(0, "made", 2), (1, "used", 0)], True, True, (1, 2))


async def test_documents_come_in_pages(plant):
    supervisor = await plant.signed_in("2001")
    for number in range(5):
        order = {**ORDER, "document": f"PO-{number}"}
        await plant.client.post("/api/documents", json=order, headers=supervisor)
    seen, start = [], ""
    while start is not None:
        page = (
            await plant.client.get(
                "/api/documents",
                params={"limit": 2} | ({"start": start} if start else {}),
                headers=supervisor,
            )
        ).json()
        seen += [row["document"] for row in page["documents"]]
        start = page["next"]
    assert seen == [f"PO-{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": []}, 400, "lines_missing"),
        ({"lines": [{"item": "NO-1", "quantity": 1}]}, 400, "item_unknown"),
        ({"lines": [{"item": "BE-2908"}]}, 400, "line_incomplete"),
        ({"lines": [{"item": "BE-2908", "quantity": -1}]}, 400, "invalid"),
        ({"lines": [{"item": "BE-2908", "quantity": 10**12}]}, 400, "invalid"),
        ({"partner": "nobody"}, 400, "partner_unknown"),
        ({"kind": "count", "lines": [{"place": "99-Z-99"}]}, 400, "place_unknown"),
        ({"kind": "work"}, 400, "line_incomplete"),
        ({"kind": "gift"}, 400, "invalid"),
        ({"document": "PO  127"}, 400, "invalid"),
    ],
    ids=str,
)
async def test_an_order_that_the_floor_could_not_work_on_is_refused(plant, change, status, code):
    supervisor = await plant.signed_in("2001")
    answer = await plant.client.post("/api/documents", json={**ORDER, **change}, headers=supervisor)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_number_is_given_once(plant):
    supervisor = await plant.signed_in("2001")
    await plant.client.post("/api/documents", json=ORDER, headers=supervisor)
    other = ORDER | {"note": "another order"}
    answer = await plant.client.post("/api/documents", json=other, headers=supervisor)
    assert answer.status_code == 409
    assert answer.json()["detail"] == ("There already is a document PO-127. Use another number.")


async def test_a_number_that_two_give_at_once_is_given_once(plant):
    """A button pressed twice, or an order sent again because nobody answered in time."""
    outcomes = []

    async def create(note):
        order = msgspec.convert(ORDER | {"note": note}, DocumentRequest)
        try:
            await requests.create(plant.book, SITE, "2001", order)
            outcomes.append(note)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    async with anyio.create_task_group() as tasks:
        for note in ("from one desk", "from another desk"):
            tasks.start_soon(create, note)
    (given,) = set(outcomes) - {Code.DOCUMENT_EXISTS}
    kept = await plant.book.read(lambda book: progress.document(book, SITE, "PO-127"))
    assert kept.note == given


async def test_the_bin_card_shows_each_step_with_what_was_left(plant):
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive(324)
    plant.clock.wait(minutes=1)
    handheld.put_away(300)
    plant.clock.wait(minutes=1)
    await push(plant, handheld)
    headers = await plant.signed_in()
    asked = {"place": "DOCK", "item": "BE-2908", "limit": 1}
    newest = (await plant.client.get("/api/bin-card", params=asked, headers=headers)).json()
    assert newest["balance"] == 24
    assert [(s["verb"], s["quantity"], s["balance"]) for s in newest["steps"]] == [
        ("putaway", -300, 24)
    ]
    asked["start"] = newest["earlier"]
    older = (await plant.client.get("/api/bin-card", params=asked, headers=headers)).json()
    assert [(s["verb"], s["quantity"], s["balance"]) for s in older["steps"]] == [
        ("receive", 324, 324)
    ]
    assert older["earlier"] is None
    (step,) = older["steps"]
    assert (step["actor"], step["device"], step["lot"]) == ("1001", "d1", "K0902")
    assert step["recorded_at"] == plant.clock.ms
    assert (step["at"] < step["recorded_at"], step["u"] > 0, step["trust"]) == (True, True, "low")


async def test_the_story_of_a_variance_tells_each_step_before_the_count(plant):
    handheld = Handheld(SITE, "1001", plant.clock)
    for act in (lambda: handheld.receive(50), lambda: handheld.put_away(40)):
        act()
        plant.clock.wait(minutes=5)
    counted = handheld.count(28)
    plant.clock.wait(minutes=5)
    handheld.put_away(10)
    plant.clock.wait(minutes=1)
    await push(plant, handheld)
    supervisor = await plant.signed_in("2001", "d2")
    found = (await plant.client.get("/api/variances?state=open", headers=supervisor)).json()
    (variance,) = found["variances"]
    assert (variance["operation"], variance["counted"], variance["expected"]) == (counted, 28, 40)
    path = f"/api/variances/{counted}/{variance['line']}"
    story = (await plant.client.get(path, headers=supervisor)).json()
    assert story["opening"] == 0
    assert [(s["verb"], s["quantity"], s["balance_key"]) for s in story["before"]] == [
        ("putaway", 40, 40)
    ]
    assert [(s["verb"], s["quantity"]) for s in story["after"]] == [("putaway", 10)]
    assert (await plant.client.get("/api/variances/none/1", headers=supervisor)).status_code == 404


async def test_a_discrepancy_is_listed_and_stands_beside_its_operation(plant):
    handheld = Handheld(SITE, "1001", plant.clock)
    taken = handheld.put_away(7)
    await push(plant, handheld)
    headers = await plant.signed_in()
    listed = (await plant.client.get("/api/discrepancies?state=open", headers=headers)).json()
    assert taken in {row["operation"] for row in listed["discrepancies"]}
    operation = (await plant.client.get(f"/api/operations/{taken}", headers=headers)).json()
    assert operation["discrepancies"]
    assert operation["envelope"]["body"]["id"] == taken
    assert (await plant.client.get("/api/operations/none", headers=headers)).status_code == 404


async def test_holdings_come_in_pages_and_leave_out_what_only_balances_the_books(plant):
    handheld = Handheld(SITE, "1001", plant.clock)
    for lot in ("A", "B", "C"):
        handheld.receive(5, lot=lot)
    await push(plant, handheld)
    headers = await plant.signed_in()
    first = (await plant.client.get("/api/holdings?limit=2", headers=headers)).json()
    rest = (
        await plant.client.get(
            "/api/holdings", params={"limit": 2, "start": first["next"]}, headers=headers
        )
    ).json()
    rows = first["holdings"] + rest["holdings"]
    assert [(row["place"], row["lot"], row["quantity"]) for row in rows] == [
        ("DOCK", "A", 5), ("DOCK", "B", 5), ("DOCK", "C", 5),
    ]  # fmt: skip
    assert rest["next"] is None


async def test_two_replicas_never_get_the_same_lot_numbers(plant):
    blocks = []
    for replica, device in (("a" * 32, "d1"), ("b" * 32, "d2"), ("a" * 32, "d1")):
        answer = await plant.client.post(
            "/sync/blocks", json={"replica": replica}, headers=plant.device(device)
        )
        blocks.append(answer.json())
    assert [block["first"] for block in blocks] == [1, 1001, 2001]
    assert {(block["prefix"], block["count"]) for block in blocks} == {("L1-", 1000)}
    stolen = await plant.client.post(
        "/sync/blocks", json={"replica": "a" * 32}, headers=plant.device("d2")
    )
    assert (stolen.status_code, stolen.json()["code"]) == (403, "other_device")


async def test_a_device_reads_a_snapshot_whose_parts_never_change(plant):
    device = plant.device()
    snapshot = (await plant.client.get("/sync/snapshot", headers=device)).json()
    for name in snapshot["chunks"]:
        path = f"/sync/snapshot/{name['hash']}"
        part = await plant.client.get(path, headers=device)
        assert part.json()["rows"] == name["rows"]
        assert part.headers["cache-control"] == "no-store"
    page = await plant.client.get(
        "/sync/pull", params={"cursor": snapshot["cursor"]}, headers=device
    )
    assert page.json()["rows"] == []


@pytest.mark.parametrize("cursor", ["1.2.3.4", "x", "é.é", "1.1.1.é", "...", "-1.0.0.0"])
async def test_a_cursor_that_is_none_of_ours_leads_to_a_snapshot(plant, cursor):
    answer = await plant.client.get("/sync/pull", params={"cursor": cursor}, headers=plant.device())
    assert answer.status_code == 410
    assert answer.json()["code"] == "diverged"
    assert answer.json()["snapshot"] == "/sync/snapshot"


async def test_a_disk_that_is_full_loses_nothing_and_says_so(plant):
    handheld = Handheld(SITE, "1001", plant.clock)
    for number in range(100):
        handheld.receive(1, lot=f"lot {number:04}")

    def limit(pages):
        return lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    used = await plant.book.read(
        lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar()
    )
    await plant.book.write(limit(used))
    full = await plant.client.post("/sync/push", content=handheld.push(), headers=plant.device())
    assert (full.status_code, full.json()["code"]) == (503, "storage_full")
    assert "The device keeps its records and sends them again." in full.json()["detail"]

    await plant.book.write(limit(1_000_000))
    answer = await push(plant, handheld)
    assert answer["acked"] == [100, handheld.prev]
    assert plant.book.verify(SITE) == []
