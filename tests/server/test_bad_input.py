"""Bad input gets an answer that says what is wrong, and never a fault of the server."""

import gzip
import json
import zlib

import pytest

from server.api.sentences import SENTENCES
from server.book import BusyError, StorageFullError
from server.refusals import Code
from sync.messages import PUSH_BYTES_MAX
from tests.server.conftest import SITE
from tests.world.postgres import on_both

PUSH = {"v": 1, "site": SITE, "replica": "0" * 32, "epoch": 1, "sent": 1, "segment": "s"}
GZIP = {"Content-Encoding": "gzip"}


async def push(plant, content, **headers):
    return await plant.client.post(
        "/sync/push",
        content=content,
        headers={**plant.device(), "Content-Type": "application/json", **headers},
    )


@pytest.mark.parametrize(
    ("content", "status", "detail"),
    [
        pytest.param(
            b"", 400, "The body is not readable JSON: Input data was truncated.", id="empty"
        ),
        pytest.param(
            b"{", 400, "The body is not readable JSON: Input data was truncated.", id="cut"
        ),
        pytest.param(
            b"\xff\xfe", 400,
            "The body is not readable JSON: JSON is malformed: invalid character (byte 0).",
            id="no text",
        ),
        pytest.param(
            b"[]", 400,
            "Something in the request is not as documented: Expected `object`, got `array`.",
            id="list",
        ),
        pytest.param(
            json.dumps({**PUSH, "replica": "x"}).encode(), 400,
            "Something in the request is not as documented: "
            "Expected `str` matching regex '^[0-9a-f]{32}$' - at `$.replica`.",
            id="replica",
        ),
        pytest.param(
            json.dumps({**PUSH, "sent": -1}).encode(), 400,
            "Something in the request is not as documented: Expected `int` >= 0 - at `$.sent`.",
            id="negative time",
        ),
        pytest.param(
            json.dumps({**PUSH, "sent": 2**70}).encode(), 400,
            "Something in the request is not as documented: "
            "Expected `int` <= 9007199254740991 - at `$.sent`.",
            id="huge number",
        ),
        pytest.param(
            json.dumps({**PUSH, "epoch": -1}).encode(), 400,
            "Something in the request is not as documented: Expected `int` >= 0 - at `$.epoch`.",
            id="an epoch before the first",
        ),
        pytest.param(
            json.dumps({**PUSH, "operations": [{}] * 101}).encode(), 400,
            "Something in the request is not as documented: "
            "Expected `array` of length <= 100 - at `$.operations`.",
            id="too many",
        ),
        pytest.param(
            b'{"operations":' + b"[" * 100_000, 400,
            "The body is not readable JSON: it is nested too deeply.",
            id="deep",
        ),
        pytest.param(
            b'{"later":' + b'{"a":' * 100_000, 400,
            "The body is not readable JSON: it is nested too deeply.",
            id="deep in an unknown field",
        ),
    ],
)  # fmt: skip
async def test_a_push_that_cannot_be_read_is_told_why(plant, content, status, detail):
    answer = await push(plant, content)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


async def test_a_push_with_fields_of_a_later_version_is_taken(plant):
    answer = await push(plant, json.dumps({**PUSH, "weather": "fog"}).encode())
    assert answer.status_code == 200


async def test_a_compressed_push_is_taken(plant):
    answer = await push(plant, gzip.compress(json.dumps(PUSH).encode()), **GZIP)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{}", id="plain"),
        pytest.param(b"", id="empty"),
        pytest.param(gzip.compress(json.dumps(PUSH).encode())[:-9], id="cut"),
        pytest.param(gzip.compress(json.dumps(PUSH).encode()) + b"more", id="with a tail"),
        pytest.param(zlib.compress(json.dumps(PUSH).encode()), id="zlib"),
    ],
)
async def test_a_push_that_only_says_it_is_compressed_is_told_so(plant, content):
    answer = await push(plant, content, **GZIP)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_gzip")
    assert answer.json()["detail"] == (
        "The body is not whole gzip, though it says so. Send it again."
    )


async def test_a_small_file_that_unpacks_to_a_huge_one_is_stopped_on_the_way(plant):
    bomb = gzip.compress(b" " * (PUSH_BYTES_MAX + 1))
    assert len(bomb) < 10_000
    answer = await push(plant, bomb, **GZIP)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["detail"] == "The request is too large. Send less at once."


async def test_an_oversized_push_is_told_to_send_less(plant):
    answer = await push(plant, b" " * (PUSH_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_another_compression_is_not_guessed(plant):
    answer = await push(plant, b"x", **{"Content-Encoding": "br"})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


async def test_a_body_of_the_api_with_an_unknown_field_names_it(plant):
    body = {"person": "1001", "pin": "7305", "rember": True}
    answer = await plant.client.post("/api/sign-in", json=body, headers=plant.device())
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "Something in the request is not as documented: Object contains unknown field `rember`."
    )


async def test_a_body_of_the_api_may_be_neither_broken_nor_deep_nor_huge(plant):
    for content, code in ((b"{", 400), (b"[" * 9_000, 400), (b" " * 20_000, 413)):
        answer = await plant.client.post(
            "/api/sign-in",
            content=content,
            headers={**plant.device(), "Content-Type": "application/json"},
        )
        assert answer.status_code == code, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_api_unpacks_what_the_web_app_compresses(plant):
    supervisor = await plant.signed_in("2001")
    order = {
        "document": "CT-1",
        "kind": "count",
        "lines": [{"place": "06-B-10"}] * 200,
    }
    packed = {**supervisor, **GZIP, "Content-Type": "application/json"}
    for content, status in (
        (gzip.compress(json.dumps(order).encode()), 201),
        (gzip.compress(b" " * 300_000), 413),
        (b"no gzip", 400),
    ):
        answer = await plant.client.post("/api/documents", content=content, headers=packed)
        assert answer.status_code == status, answer.text
    other = {**packed, "Content-Encoding": "br"}
    answer = await plant.client.post("/api/documents", content=b"x", headers=other)
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


async def test_a_query_with_an_impossible_value_names_it(plant):
    headers = await plant.signed_in()
    answer = await plant.client.get("/api/holdings?limit=0", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "Something in the request is not as documented: limit: Expected `int` >= 1."
    )
    answer = await plant.client.get("/api/holdings?start=%22x%22", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


PAGES = {
    "holdings": ['["a",5]', '[1,"a"]', f'["a",{2**63}]', '["a"]', "a"],
    "discrepancies": ['["a",5]', '["1","a"]', f'[{2**63},"a"]'],
    "variances": ["[1,2,3]", '[1,"a","2"]', f'[1,"a",{2**63}]'],
    "bin-card?place=DOCK&item=BE-2908": ['["a",1,2]', f"[1,{-(2**63) - 1},2]"],
}


@on_both("plant")
async def test_a_page_that_begins_nowhere_is_told_so(plant):
    headers = await plant.signed_in("2001")
    for path, starts in PAGES.items():
        for start in starts:
            sign = "&" if "?" in path else "?"
            answer = await plant.client.get(f"/api/{path}{sign}start={start}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), start


@on_both("plant")
async def test_a_text_with_nul_is_refused_before_a_database_is_asked(plant):
    """One takes it and the other does not: a copy from one to the other would fail over it."""
    supervisor = await plant.signed_in("2001")
    order = {"document": "CT-1", "kind": "count", "lines": [{"place": "06-B-10"}], "note": "a\0b"}
    for path, body in (
        ("people", {"person": "1002", "name": "a\0b", "pin": "6194"}),
        ("documents", order),
    ):
        answer = await plant.client.post(f"/api/{path}", json=body, headers=supervisor)
        assert (answer.status_code, answer.json()["detail"]) == (
            400, "Something in the request is not as documented: a text holds the character NUL.",
        )  # fmt: skip


async def test_an_unknown_address_of_the_api_is_a_problem_and_never_the_page(plant):
    answer = await plant.client.get("/api/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await plant.client.put("/sync/pull")).json()["code"] == "method"


async def test_a_full_disk_is_said_clearly_and_the_device_keeps_its_queue(plant, monkeypatch):
    async def full(*_, **__):
        raise StorageFullError

    monkeypatch.setattr(plant.book, "push", full)
    answer = await push(plant, json.dumps(PUSH).encode())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json()["detail"].startswith(
        "The server's disk is full, so nothing was recorded there. The device keeps its records"
    )


async def test_a_busy_server_says_when_to_come_back(plant, monkeypatch):
    async def busy(*_, **__):
        raise BusyError(1_500)

    monkeypatch.setattr(plant.book, "push", busy)
    answer = await push(plant, json.dumps(PUSH).encode())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_a_fault_of_ours_is_a_number_to_look_up_and_shows_no_insides(
    plant, monkeypatch, caplog
):
    async def broken(*_, **__):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(plant.book, "push", broken)
    answer = await push(plant, json.dumps(PUSH).encode())
    assert answer.status_code == 500
    assert "secret" not in answer.text
    reference = answer.json()["detail"].split("under ")[1].rstrip(".")
    assert reference in caplog.text


async def test_a_fault_names_the_route_and_nobody_writes_lines_of_their_own(
    plant, monkeypatch, caplog
):
    async def broken(*_, **__):
        raise RuntimeError

    headers = await plant.signed_in()
    monkeypatch.setattr(plant.book, "read", broken)
    await plant.client.get("/api/documents/PO-1%0A2026-11-22T03:00:00Z%20FAKE", headers=headers)
    (record,) = [one for one in caplog.records if one.name == "bincard.errors"]
    assert record.getMessage().endswith(" at GET /api/documents/{number}")


def test_every_code_has_a_sentence_in_both_languages():
    assert set(SENTENCES) == set(Code)
    for sentence in SENTENCES.values():
        assert all(sentence)
        assert not sentence.title_zh.isascii()
        assert not sentence.detail_zh.isascii()
