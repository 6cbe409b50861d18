"""A device that opens doubts by the hundred is one line at the desk, which may be put aside."""

from sync.vocabulary import Code
from tests.server.conftest import SITE
from tests.server.handheld import Handheld
from tests.server.test_review import intend, push
from tests.world.postgres import on_both

pytestmark = on_both("plant")


async def ask(plant, path, person="2001"):
    headers = await plant.signed_in(person, "d2")
    answer = await plant.client.get(f"/api/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def odd(handheld, number):
    """Something that no server of today understands: it is parked, and a person must look."""
    for _ in range(number):
        handheld.did({"verb": "later"})


async def flooded(plant):
    """130 doubts of one device, three of another, and one more urgent than all of them."""
    flood, other = (Handheld(SITE, "1001", plant.clock) for _ in range(2))
    odd(flood, 130)
    for start in (0, 100):
        body = flood.push(start, start + 100)
        answer = await plant.client.post("/sync/push", content=body, headers=plant.device("d1"))
        assert answer.status_code == 200
    odd(other, 3)
    first = other.receive(1)
    other.did({"verb": "later"}, id_=first)
    await push(plant, other, "d2")
    return flood


async def test_a_flood_is_one_line_and_what_others_opened_stands_above_none_of_it(plant):
    """[D5]"""
    await flooded(plant)
    desk = await ask(plant, "desk")
    assert desk["discrepancies"] == 4
    assert [(one["device"], one["name"], one["open"]) for one in desk["floods"]] == [
        ("d1", "PDA-01", 130)
    ]
    assert desk["parked"] == []
    page = await ask(plant, "discrepancies?state=open&shelf=table")
    codes = [row["code"] for row in page["discrepancies"]]
    assert codes == [Code.OPERATION_ID_CONFLICT, *[Code.NOT_UNDERSTOOD] * 3]
    looked = await ask(plant, "discrepancies?state=open&shelf=table&device=d1&limit=1000")
    assert len(looked["discrepancies"]) == 130


async def test_pages_of_what_is_odd_miss_none_and_repeat_none(plant):
    await flooded(plant)
    seen, start = [], ""
    while start is not None:
        page = await ask(plant, f"discrepancies?state=open&limit=40{start}")
        seen += page["discrepancies"]
        start = page["next"] and f"&start={page['next']}"
    assert len({row["discrepancy"] for row in seen}) == len(seen) == 134
    assert [row["severity"] for row in seen] == ["U"] + ["R"] * 133
    oldest = [row["opened_seq"] for row in seen[1:]]
    assert oldest == sorted(oldest)


async def test_what_is_put_aside_stays_open_names_who_did_it_and_comes_back(plant):
    """[D5] [E7] One decision for all; what comes later is seen again."""
    flood = await flooded(plant)
    (line,) = (await ask(plant, "desk"))["floods"]
    edit = {"verb": "edit", "kind": "device", "id": "d1", "base_version": line["version"]}
    aside = {**edit, "fields": {"parked": line["through"]}}
    assert (await intend(plant, aside))["outcome"] == "accepted"
    desk = await ask(plant, "desk")
    assert (desk["discrepancies"], desk["floods"]) == (4, [])
    (shelf,) = desk["parked"]
    assert (shelf["device"], shelf["open"], shelf["by"]) == ("d1", 130, "2001")
    assert len((await ask(plant, "discrepancies?state=open&limit=1000"))["discrepancies"]) == 134
    parked = await ask(plant, "discrepancies?state=open&shelf=parked&limit=1000")
    assert len(parked["discrepancies"]) == 130
    odd(flood, 1)
    await push(plant, flood, "d1", 130)
    assert (await ask(plant, "desk"))["discrepancies"] == 5
    # Who had not seen that it was put aside is told.
    assert (await intend(plant, aside))["reason"] == "stale"
    back = {**edit, "base_version": shelf["version"], "fields": {"parked": None}}
    assert (await intend(plant, back))["outcome"] == "accepted"
    desk = await ask(plant, "desk")
    assert (desk["discrepancies"], desk["floods"][0]["open"], desk["parked"]) == (4, 131, [])
    assert plant.book.verify(SITE) == []


async def test_nobody_puts_aside_what_has_not_come_yet(plant):
    """[D5]"""
    await flooded(plant)
    (line,) = (await ask(plant, "desk"))["floods"]
    edit = {"verb": "edit", "kind": "device", "id": "d1", "base_version": line["version"],
            "fields": {"parked": 10_000_000}}  # fmt: skip
    assert (await intend(plant, edit))["reason"] == "field_invalid"
