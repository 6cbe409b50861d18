"""Numbers of other systems fit, a repeated request is no second one, and no query is guessed."""

import asyncio

from server.api.names import MARK
from tests.server.conftest import PINS, SITE
from tests.server.handheld import Handheld
from tests.world.postgres import on_both

NUMBERS = ["WH/IN/00012", "PO 17", "S/2026/11/0042", "A" * 64, "采购/11-28", "50%", "a+b", "x?y#z"]


def order(number, **more):
    line = {"item": "BE-2908", "quantity": 5, "cost": 1900}
    return {
        "document": number, "kind": "purchase", "partner": "1580", "lines": [line], **more,
    }  # fmt: skip


def encoded(name):
    return "".join(f"%{byte:02X}" for byte in name.encode())


@on_both("plant")
async def test_an_order_has_the_number_that_its_own_system_gave_it(plant):
    office = await plant.signed_in("2001")
    for number in NUMBERS:
        made = await plant.client.post("/api/documents", json=order(number), headers=office)
        assert (made.status_code, made.json()["document"]) == (201, number), made.text
        read = await plant.client.get(f"/api/documents/{encoded(number)}", headers=office)
        assert read.json() == made.json()
    plain = await plant.client.get("/api/documents/WH/IN/00012", headers=office)
    assert plain.json()["document"] == "WH/IN/00012"


async def test_a_number_that_no_label_can_carry_is_refused(plant):
    office = await plant.signed_in("2001")
    for number in ("", " PO", "PO ", "P  O", "P\tO", "P\x1dO", "A" * 65):
        made = await plant.client.post("/api/documents", json=order(number), headers=office)
        assert (made.status_code, made.json()["code"]) == (400, "invalid"), number


async def test_a_number_that_scans_as_another_one_is_refused_with_that_one(plant):
    office = await plant.signed_in("2001")
    made = await plant.client.post("/api/documents", json=order("ＰＯ－１７"), headers=office)
    assert (made.status_code, made.json()["code"]) == (400, "name_unreadable")
    assert made.json()["detail"] == ("A scanner would read ＰＯ－１７ as PO-17. Write it that way.")


async def test_everything_with_a_slash_in_its_name_is_found(plant):
    office = await plant.signed_in("2001")
    (founding,) = await plant.book.read(
        lambda book: book.exec_driver_sql("SELECT id FROM log WHERE seq = 1").scalars().all()
    )
    assert founding == "change/1"
    for path, code in (
        (f"operations/{founding}", 200),
        ("operations/change%2F1", 200),
        ("operations/change/2222", 404),
        ("containers/P/1", 200),
        ("containers/P%2F1/", 200),
        ("serials/A%2F12/S/1", 200),
        ("valuation/A/12", 404),
        ("devices/d%2F2/revoke", 405),
    ):
        answer = await plant.client.get(f"/api/{path}", headers=office)
        assert answer.status_code == code, f"{path}: {answer.text}"
    serial = await plant.client.get("/api/serials/A%2F12/S/1", headers=office)
    assert MARK not in serial.text


async def test_a_slash_that_is_encoded_twice_is_no_slash(plant):
    office = await plant.signed_in("2001")
    await plant.client.post("/api/documents", json=order("A%2FB"), headers=office)
    assert (await plant.client.get("/api/documents/A%2FB", headers=office)).status_code == 404
    assert (await plant.client.get("/api/documents/A%252FB", headers=office)).status_code == 200


@on_both("plant")
async def test_the_same_request_again_answers_its_document(plant):
    office = await plant.signed_in("2001")

    def post(body, **headers):
        return plant.client.post("/api/documents", json=body, headers={**office, **headers})

    made = await post(order("WH/IN/1"))
    again = await post(order("WH/IN/1"))
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == made.json()
    other = await post(order("WH/IN/1", note="urgent"))
    assert (other.status_code, other.json()["code"]) == (409, "document_exists")
    key = {"Idempotency-Key": "erp-7781"}
    statuses = [(await post(order("WH/IN/2"), **key)).status_code for _ in range(3)]
    assert statuses == [201, 200, 200]
    used = await post(order("WH/IN/3"), **key)
    assert (used.status_code, used.json()["code"]) == (409, "idempotency_key_used")
    assert used.json()["detail"] == (
        "This Idempotency-Key was sent before with another content, for document WH/IN/2. "
        "Use a new key for a new request."
    )
    listed = (await plant.client.get("/api/documents", headers=office)).json()["documents"]
    assert [row["document"] for row in listed] == ["WH/IN/1", "WH/IN/2"]
    prices = await plant.book.read(
        lambda book: book.exec_driver_sql("SELECT document, cost FROM price").all()
    )
    assert sorted(map(tuple, prices)) == [("WH/IN/1", 1900), ("WH/IN/2", 1900)]


@on_both("plant")
async def test_of_many_that_send_one_request_at_once_one_creates(plant):
    office = await plant.signed_in("2001")
    body, key = order("WH/IN/9"), {**office, "Idempotency-Key": "k"}
    answers = await asyncio.gather(
        *(plant.client.post("/api/documents", json=body, headers=key) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]


async def test_a_key_that_is_none_is_refused(plant):
    office = {k: v.encode() for k, v in (await plant.signed_in("2001")).items()}
    for key in ("", "a b", "x" * 256, "é"):
        headers = {**office, "Idempotency-Key": key.encode()}
        answer = await plant.client.post("/api/documents", json=order("PO-1"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), key


GETS = [
    ("/api/documents", "kind, state, limit, start"), ("/api/holdings", "item, place, limit, start"),
    ("/api/documents/PO-1", "-"), ("/sync/pull", "cursor, limit, replica"),
    ("/sync/snapshot", "replica"), ("/api/me", "-"), ("/health", "-"), ("/ready", "-"),
]  # fmt: skip


async def test_a_query_that_is_not_known_is_refused_with_those_that_are(plant):
    office = await plant.signed_in("2001")
    for path, known in GETS:
        answer = await plant.client.get(f"{path}?kindd=sales", headers=office)
        assert (answer.status_code, answer.json()["code"]) == (400, "query_unknown")
        assert answer.json()["detail"] == (
            f"There is no query parameter kindd here. This address knows: {known}."
        )
    chinese = {**office, "Accept-Language": "zh"}
    answer = await plant.client.get("/api/documents?kindd=sales", headers=chinese)
    assert answer.json()["detail"].startswith("该地址没有查询参数 kindd")


async def test_a_post_with_a_query_is_refused_and_does_nothing(plant):
    office = await plant.signed_in("2001")
    answer = await plant.client.post("/api/documents?dry_run=1", json=order("PO-1"), headers=office)
    assert (answer.status_code, answer.json()["code"]) == (400, "query_unknown")
    assert (await plant.client.get("/api/documents/PO-1", headers=office)).status_code == 404


async def test_a_parameter_that_is_given_twice_is_refused(plant):
    office = await plant.signed_in("2001")
    answer = await plant.client.get("/api/documents?limit=1&limit=2", headers=office)
    assert answer.json()["detail"].endswith("`limit` is given twice.")


async def test_a_link_to_the_web_app_may_have_any_query(plant):
    answer = await plant.client.get("/?utm=x", headers={"Accept": "text/html"})
    assert answer.status_code == 200


async def test_an_operation_whose_id_is_as_long_as_one_may_be_is_settled(plant):
    """[D1] The name of its discrepancy is longer still."""
    handheld = Handheld(SITE, "2001", plant.clock)
    signed = (await plant.sign_in("2001", PINS["2001"])).json()
    handheld.did(
        {"verb": "move", "key": {"item": "BE-2908", "lot": {"code": "L"}}, "quantity": 1,
         "from": {"location": "06-B-10"}, "to": {"code": "WH/IN/OUT 1"}},
        id_="a" * 64,
    )  # fmt: skip
    (moved,) = (await push(plant, handheld))["verdicts"]
    (flag, *_) = [one for one in moved["flags"] if one["code"] == "UNKNOWN_CODE"]
    assert len(flag["discrepancy"]) > 64
    settle = {"verb": "settle", "discrepancy": flag["discrepancy"], "action": "accept"}
    handheld.prove(handheld.did(settle, class_="intent"), signed)
    (settled,) = (await push(plant, handheld, 1))["verdicts"]
    assert settled["outcome"] != "parked", settled


async def push(plant, handheld, start=0):
    answer = await plant.client.post(
        "/sync/push", content=handheld.push(start), headers=plant.device()
    )
    return answer.raise_for_status().json()
