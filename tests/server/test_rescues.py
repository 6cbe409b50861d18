"""At the door: whose a rescue is, what an enrolment was before, and who hears of a replica."""

import json

from server.people import enrolment
from server.people.enrolment import Invitation
from server.people.rescues import mark_of
from tests.server.conftest import SITE
from tests.server.handheld import Handheld

CARRIER = "c" * 32


def token_of(plant, device):
    return plant.device(device)["Authorization"].removeprefix("Bearer ")


def rescue(plant, handheld, *, signed_by="d1", device="d1", **changed):
    """Return the push of a carrier; the marks are those that `signed_by` can make."""
    frame = json.loads(handheld.push())
    token = token_of(plant, signed_by) if signed_by else None
    marks = [
        [handheld.replica, seq, mark_of(token, handheld.replica, seq, body_of(text))]
        for seq, text in enumerate(handheld.envelopes, start=1)
    ] if token else []  # fmt: skip
    head = json.dumps({
        **frame, "carrier": CARRIER, "device": device, "marks": marks, "operations": [], **changed
    })  # fmt: skip
    return head.replace('"operations": []', f'"operations": [{",".join(handheld.envelopes)}]')


def body_of(text):
    return text.partition(',"body":')[2][:-1].encode()


async def carried(plant, content, by="d2"):
    answer = await plant.client.post("/sync/push", content=content, headers=plant.device(by))
    return answer.status_code, answer.json()


async def test_a_rescue_with_the_marks_of_its_device_is_taken(plant):
    """[S7] And tells by whom it was brought."""
    handheld = Handheld(SITE, "1001", plant.clock)
    operation = handheld.receive(5)
    handheld.receive(2)
    status, told = await carried(plant, rescue(plant, handheld))
    assert (status, [one["outcome"] for one in told["verdicts"]]) == (200, ["posted"] * 2)
    desk = await plant.signed_in("2001")
    shown = (await plant.client.get(f"/api/operations/{operation}", headers=desk)).json()
    assert (shown["device"], shown["carrier"]) == ("d1", "d2")
    card = await plant.client.get(
        "/api/bin-card", params={"place": "DOCK", "item": "BE-2908"}, headers=desk
    )
    assert [step["carrier"] for step in card.json()["steps"]] == ["d2"] * 2


async def test_a_rescue_that_its_device_did_not_sign_is_refused_and_stays_whole(plant):
    """[S7] Without marks, with those of another device, or of another body."""
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive(5)
    forged = rescue(plant, handheld).replace('"quantity":5', '"quantity":500')
    for content in (
        rescue(plant, handheld, signed_by=None), rescue(plant, handheld, signed_by="d2"),
        rescue(plant, handheld, device="d2"), rescue(plant, handheld, marks=[None]), forged,
    ):  # fmt: skip
        status, told = await carried(plant, content)
        assert (status, told["code"]) == (403, "rescue_unsigned")
    answer = await plant.client.post(
        "/sync/push", content=handheld.push(), headers=plant.device("d1")
    )
    assert answer.json()["acked"][0] == 1


async def test_a_mark_holds_for_its_place_in_its_replica_only(plant):
    """[S7]"""
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive(5)
    mark = mark_of(token_of(plant, "d1"), handheld.replica, 1, body_of(handheld.envelopes[0]))
    for place in ([handheld.replica, 2], ["e" * 32, 1]):
        status, told = await carried(plant, rescue(plant, handheld, marks=[[*place, mark]]))
        assert (status, told["code"]) == (403, "rescue_unsigned")


async def test_records_that_nothing_proves_go_to_the_supervisors(plant):
    """[S7] In a chain of the carrier's own."""
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive(5)
    status, told = await carried(plant, rescue(plant, handheld, signed_by=None, device=None))
    assert (status, told["verdicts"][0]["outcome"]) == (200, "parked")
    assert told["verdicts"][0]["flags"][0]["code"] == "RESCUE_UNSIGNED"


async def test_nobody_hears_how_far_another_device_was_acknowledged(plant):
    """[S7]"""
    cursor = (await plant.client.get("/sync/snapshot", headers=plant.device("d1"))).json()["cursor"]
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive()
    await plant.client.post("/sync/push", content=handheld.push(), headers=plant.device("d1"))
    asked = {"cursor": cursor, "replica": handheld.replica}
    told = [
        (await plant.client.get("/sync/pull", params=asked, headers=plant.device(name))).json()
        for name in ("d1", "d2")
    ]
    assert [page["acks"][handheld.replica][0] for page in told] == [1, 0]


async def code_for(plant, name, site=SITE):
    invitation = Invitation(site, name, "2001")
    return (await enrolment.issue_code(plant.book, invitation, "", plant.clock.ms)).code


async def test_what_a_code_is_for_can_be_asked_and_leaves_it_good(plant):
    """[S11]"""
    code = await code_for(plant, "H1")
    for _ in range(2):
        told = (await plant.client.post("/api/enrol/look", json={"code": code})).json()
        assert (told["name"], told["site"]) == ("H1", SITE)
    made = await plant.client.post("/api/enrol", json={"code": code})
    assert made.status_code == 200
    spent = await plant.client.post("/api/enrol/look", json={"code": code})
    assert spent.json()["code"] == "code_invalid"


async def test_a_phone_that_is_enrolled_again_goes_on_under_its_old_replica(plant):
    """[S10] It proves what it was by its old token; a forged one proves nothing."""
    handheld = Handheld(SITE, "1001", plant.clock)
    handheld.receive()
    await plant.client.post("/sync/push", content=handheld.push(), headers=plant.device("d1"))
    handheld.receive()
    outcomes = []
    for former in ("bc1.d1.FACTORY.forged", token_of(plant, "d1")):
        asked = {"code": await code_for(plant, "H1 again"), "former": former}
        made = (await plant.client.post("/api/enrol", json=asked)).json()
        headers = {"Authorization": f"Bearer {made['token']}"}
        answer = await plant.client.post("/sync/push", content=handheld.push(), headers=headers)
        outcomes.append(answer.status_code)
    assert outcomes == [409, 200]


def test_the_marks_are_those_that_the_phone_computes():
    """pwa/tests/rescue.test.ts has the same figures."""
    assert mark_of("bc1.d1.FACTORY.token", "a" * 32, 7, b'{"v":1}') == "bc61becffc0ce568e7f439d3"
