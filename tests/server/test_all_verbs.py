"""Every verb of the floor, from the handheld through a server that runs to what the desk reads."""

import httpx
import pytest

from tests.server.handheld import Handheld
from tests.server.running import SITE, enrolled
from tests.server.test_way_of_a_scan import now

PART = {"item": "BE-2908", "lot": {"code": "K0902"}}


def at(location):
    return {"location": location}


def inside(container):
    return {"container": container}


@pytest.fixture
def floor(founded):
    """A running site, a handheld, and a way to push and to ask."""
    device = enrolled(founded)
    founded.start()
    handheld = Handheld(SITE, "1001", now)
    with httpx.Client(base_url=founded.origin, headers=device) as http:
        signed = http.post("/api/sign-in", json={"badge": "1001", "pin": "7305"}).json()
        http.headers["X-Bincard-Session"] = signed["session"]

        def push():
            answer = http.post("/sync/push", content=handheld.push()).json()
            return [verdict["outcome"] for verdict in answer["verdicts"]]

        yield handheld, push, lambda path: http.get(f"/api/{path}").json()
    assert founded.stop() == 0
    verified = founded.run("verify")
    assert verified.returncode == 0, verified.stdout


def test_a_pallet_is_filled_moved_shipped_and_comes_back_empty(floor):
    """[L12] [R21]"""
    handheld, push, ask = floor
    for did in (
        {"verb": "receive", "key": PART, "quantity": 24, "from": at("supplier/1580"),
         "to": inside("P-1")},
        {"verb": "putaway", "container": "P-1", "to": at("06-B-10")},
        {"verb": "move", "container": "P-1", "from": at("06-B-10"), "to": at("DOCK")},
    ):  # fmt: skip
        handheld.did(did)
    assert "parked" not in push()
    there = ask("containers/P-1")
    assert there["place"] == "DOCK"
    assert [(content["item"], content["quantity"]) for content in there["contents"]] == [
        ("BE-2908", 24)
    ]
    assert [seen["place"] for seen in there["sightings"]] == ["06-B-10", "DOCK"]
    handheld.did({"verb": "ship", "container": "P-1", "to": at("customer/11000")})
    handheld.did({"verb": "move", "container": "P-1", "from": at("customer/11000"),
                  "to": at("DOCK")})  # fmt: skip
    assert "parked" not in push()
    assert ask("containers/P-1")["contents"] == []


def test_goods_are_produced_inspected_returned_and_adjusted(floor):
    handheld, push, ask = floor
    for did in (
        {"verb": "produce", "key": PART, "quantity": 10, "to": at("06-B-10")},
        {"verb": "status", "place": at("06-B-10"), "key": PART, "quantity": 4,
         "to_status": "quality", "reason": "sample"},
        {"verb": "ship", "key": PART, "quantity": 3, "from": at("06-B-10"),
         "to": at("customer/11000")},
        {"verb": "return", "key": PART, "quantity": 1, "from": at("customer/11000"),
         "to": at("DOCK"), "reason": "wrong size"},
        {"verb": "adjust", "place": at("06-B-10"), "key": PART, "quantity": -1,
         "reason": "broken"},
    ):  # fmt: skip
        handheld.did(did)
    assert "parked" not in push()
    held = {
        (row["place"], row["status"]): row["quantity"]
        for row in ask("holdings?item=BE-2908")["holdings"]
    }
    assert held == {("06-B-10", "ok"): 2, ("06-B-10", "quality"): 4, ("DOCK", "ok"): 1}


def test_a_serial_tells_every_place_where_it_was_seen(floor):
    """[L8]"""
    handheld, push, ask = floor
    for did in (
        {"verb": "receive", "key": PART | {"serial": "SN-1"}, "quantity": 1,
         "from": at("supplier/1580"), "to": at("DOCK")},
        {"verb": "move", "key": PART | {"serial": "SN-1"}, "quantity": 1, "from": at("DOCK"),
         "to": at("06-B-10")},
    ):  # fmt: skip
        handheld.did(did)
    assert push() == ["posted", "posted"]
    told = ask("serials/BE-2908/SN-1")
    assert told["place"] == "06-B-10"
    assert [(seen["left"], seen["place"]) for seen in told["sightings"]] == [
        ("supplier/1580", "DOCK"), ("DOCK", "06-B-10"),
    ]  # fmt: skip
