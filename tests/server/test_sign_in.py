"""Who may sign in, what a wrong PIN costs, and when a session ends."""

import base64

import sqlalchemy as sa
from anyio import create_task_group

from server.people import enrolment, pins, roster
from server.refusals import Code, Refusal
from server.tables import Credential
from tests.server.conftest import PINS, SITE


async def test_a_worker_signs_in_with_a_badge_or_a_number_and_the_pin(plant):
    for who in ({"person": "1001"}, {"badge": "B1001"}, {"badge": "BADGE:B1001"}):
        body = {**who, "pin": "7305"}
        answer = await plant.client.post("/api/sign-in", json=body, headers=plant.device())
        assert answer.status_code == 200
        assert answer.json()["person"] == "1001"
        assert answer.json()["role"] == "worker"


async def test_each_wrong_pin_names_the_tries_left_and_the_fifth_locks_for_five_minutes(plant):
    for left in (4, 3, 2, 1):
        answer = await plant.sign_in("1001", "9999")
        assert answer.status_code == 401
        assert answer.json()["code"] == "pin_wrong"
        assert f"Tries left: {left}." in answer.json()["detail"]
    fifth = await plant.sign_in("1001", "9999")
    assert (fifth.status_code, fifth.headers["retry-after"]) == (429, "300")
    assert fifth.json()["detail"] == (
        "Too many wrong PINs. Try again in 5 min, or ask a supervisor."
    )
    plant.clock.wait(minutes=3)
    right = await plant.sign_in("1001", PINS["1001"])
    assert (right.status_code, right.headers["retry-after"]) == (429, "120")
    plant.clock.wait(minutes=2)
    assert (await plant.sign_in("1001", PINS["1001"])).status_code == 200


async def test_a_person_who_is_locked_on_one_device_signs_in_on_another(plant):
    for _ in range(5):
        await plant.sign_in("1001", "9999", "d1")
    assert (await plant.sign_in("1001", PINS["1001"], "d2")).status_code == 200


async def test_the_right_pin_gives_all_tries_back(plant):
    for _ in range(4):
        await plant.sign_in("1001", "9999")
    await plant.sign_in("1001", PINS["1001"])
    assert "Tries left: 4." in (await plant.sign_in("1001", "9999")).json()["detail"]


async def test_nobody_learns_whether_a_number_exists(plant):
    known = await plant.sign_in("1001", "9999")
    unknown = await plant.sign_in("7777", "9999")
    assert known.json() == unknown.json()


async def test_a_wrong_pin_is_explained_in_chinese_to_who_reads_it(plant):
    answer = await plant.client.post(
        "/api/sign-in",
        json={"person": "1001", "pin": "9999"},
        headers={**plant.device(), "Accept-Language": "zh-CN"},
    )
    assert answer.json()["detail"] == "工牌、工号或 PIN 码有误，还可尝试 4 次。"


async def test_the_server_remembers_that_a_supervisor_proved_the_pin_on_this_device(plant):
    await plant.signed_in("2001", "d2")
    query = sa.text("SELECT device, person, proved_at FROM sign_in WHERE proved_at IS NOT NULL")
    rows = await plant.book.read(lambda connection: connection.execute(query).all())
    assert [tuple(row) for row in rows] == [("d2", "2001", plant.clock.ms)]


async def test_a_session_ends_after_twelve_hours(plant):
    headers = await plant.signed_in()
    plant.clock.wait(hours=11)
    assert (await plant.client.get("/api/me", headers=headers)).json()["person"] == "1001"
    plant.clock.wait(hours=1)
    late = await plant.client.get("/api/me", headers=headers)
    assert (late.status_code, late.json()["code"]) == (401, "sign_in")


async def test_a_session_is_worth_nothing_on_another_device(plant):
    headers = await plant.signed_in("1001", "d1")
    moved = await plant.client.get("/api/me", headers={**headers, **plant.device("d2")})
    assert moved.status_code == 401


async def test_a_session_that_was_touched_is_no_session(plant):
    headers = await plant.signed_in("1001")
    kind, payload, mac = headers["X-Bincard-Session"].split(".")
    text = base64.urlsafe_b64decode(payload + "==").replace(b"1001", b"2001")
    forged = f"{kind}.{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{mac}"
    for session in (forged, "", "bs1", "bs1..", "bs1.é.é", "x" * 5_000):
        sent = {**plant.device(), "X-Bincard-Session": session.encode()}
        answer = await plant.client.get("/api/me", headers=sent)
        assert answer.status_code == 401


async def test_a_new_pin_ends_the_sessions_under_the_old_one(plant):
    worker, supervisor = await plant.signed_in("1001"), await plant.signed_in("2001", "d2")
    changed = await plant.client.post(
        "/api/people", json={"person": "1001", "pin": "5283"}, headers=supervisor
    )
    assert changed.status_code == 200
    assert (await plant.client.get("/api/me", headers=worker)).status_code == 401
    assert (await plant.sign_in("1001", "5283")).status_code == 200


async def test_who_left_the_plant_is_out_at_once(plant):
    worker, supervisor = await plant.signed_in("1001"), await plant.signed_in("2001", "d2")
    gone = {"person": "1001", "active": False}
    await plant.client.post("/api/people", json=gone, headers=supervisor)
    assert (await plant.client.get("/api/me", headers=worker)).status_code == 401
    assert (await plant.sign_in("1001", PINS["1001"])).status_code == 401


async def test_the_last_supervisor_stays_one(plant):
    supervisor = await plant.signed_in("2001")
    for change in ({"role": "worker"}, {"active": False}):
        body = {"person": "2001", **change}
        answer = await plant.client.post("/api/people", json=body, headers=supervisor)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_supervisor")


async def test_two_people_never_wear_one_badge(plant):
    supervisor = await plant.signed_in("2001")
    for badge in ("B1001", "1001"):
        body = {"person": "1002", "name": "Wang Qiang", "badge": badge, "pin": "6194"}
        answer = await plant.client.post("/api/people", json=body, headers=supervisor)
        assert (answer.status_code, answer.json()["code"]) == (409, "badge_taken")


async def test_of_two_who_are_given_one_badge_at_once_one_gets_it(plant):
    refused = []

    async def add(number):
        change = roster.PersonChange(person=number, badge="B7", pin="6194")
        try:
            await roster.change_person(plant.book, SITE, "2001", change)
        except Refusal as refusal:
            refused.append((refusal.code, number))

    async with create_task_group() as tasks:
        for number in ("1002", "1003"):
            tasks.start_soon(add, number)
    ((code, other),) = refused
    assert code is Code.BADGE_TAKEN
    # Nothing is left of the other one, no PIN either.
    query = sa.select(Credential.person).where(Credential.person == other)
    assert await plant.book.read(lambda book: book.execute(query).all()) == []


async def test_a_pin_that_everybody_would_try_is_refused(plant):
    supervisor = await plant.signed_in("2001")
    for pin in ("1111", "1234", "9876", "123", "12a4", "１２３５"):
        body = {"person": "1002", "name": "Wang", "pin": pin}
        answer = await plant.client.post("/api/people", json=body, headers=supervisor)
        assert (answer.status_code, answer.json()["code"]) == (400, "pin_weak")


async def test_the_list_of_people_holds_no_verifier(plant):
    answer = await plant.client.get("/api/people", headers=await plant.signed_in("2001"))
    assert [row["person"] for row in answer.json()["people"]] == ["1001", "2001"]
    assert "pbkdf2" not in answer.text


def test_the_verifier_is_the_pbkdf2_that_a_browser_computes():
    text = pins.verifier("2580", salt=b"0123456789abcdef", iterations=1_000)
    assert text == (
        "pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg==$FW5/B4dM4mDft/2Bxip8C66spqFO/eexP1brA4dwbqc="
    )


async def test_a_sign_in_takes_as_long_for_somebody_unknown(plant, monkeypatch):
    checked = []
    verify = type(pins._hasher).verify
    monkeypatch.setattr(
        type(pins._hasher), "verify", lambda *a, **k: checked.append(1) or verify(*a, **k)
    )
    await plant.sign_in("7777", "7305")
    assert checked == [1]


async def test_tries_at_the_same_time_are_all_counted(plant):
    answers = []

    async def attempt():
        answers.append((await plant.sign_in("1001", "9999")).status_code)

    async with create_task_group() as group:
        for _ in range(8):
            group.start_soon(attempt)
    assert sorted(answers) == [401] * 4 + [429] * 4
    assert (await enrolment.site_name(plant.book, SITE)) == "Plant"
