"""What of people leaves the server, how a sign-in ends, and what guessing costs."""

import gzip
import json

import pytest
import sqlalchemy as sa

from server.people import pins, roster, tries
from server.refusals import Code, Refusal
from server.tables import Credential
from sync.proofs import proof_of
from sync.records import Device
from tests.server.conftest import PINS, SITE
from tests.server.handheld import Handheld

SUPERVISOR = "639274"


async def stored(plant, query):
    return await plant.book.read(lambda connection: connection.exec_driver_sql(query).all())


async def test_a_device_gets_the_verifiers_of_workers_by_one_door_and_of_nobody_else(plant):
    answer = await plant.client.get("/sync/roster", headers=plant.device())
    assert answer.headers["cache-control"] == "no-store"
    ((person, stamp, verifier),) = answer.json()["workers"]
    assert (person, verifier.split("$")[:2]) == ("1001", ["pbkdf2-sha256", "600000"])
    row = await stored(plant, "SELECT pin_stamp FROM person WHERE person = '1001'")
    assert row == [(stamp,)]


async def test_no_verifier_old_or_new_is_in_any_byte_that_a_device_may_fetch(plant):
    supervisor = await plant.signed_in("2001", "d2")
    before = await stored(plant, "SELECT verifier FROM credential WHERE person = '1001'")
    body = {"person": "1001", "pin": "5283"}
    assert (
        await plant.client.post("/api/people", json=body, headers=supervisor)
    ).status_code == 200
    after = await stored(plant, "SELECT verifier FROM credential WHERE person = '1001'")
    assert before != after
    await plant.sign_in("1001", "5283")
    await plant.client.get("/sync/snapshot", headers=plant.device())
    kept = [row[0] for row in await stored(plant, "SELECT payload FROM feed")]
    kept += [row[0] for row in await stored(plant, "SELECT payload FROM log")]
    kept += [gzip.decompress(row[0]) for row in await stored(plant, "SELECT data FROM chunk")]
    assert not any(b"pbkdf2" in (data or b"") for data in kept)
    roster_now = (await plant.client.get("/sync/roster", headers=plant.device())).text
    assert before[0][0] not in roster_now
    assert after[0][0] in roster_now


async def test_what_a_device_keeps_for_offline_is_its_own_and_ends_with_the_pin(plant):
    first = (await plant.sign_in("2001", SUPERVISOR, "d1")).json()
    again = (await plant.sign_in("2001", SUPERVISOR, "d1")).json()
    other = (await plant.sign_in("2001", SUPERVISOR, "d2")).json()
    assert first["secret"] == again["secret"] != other["secret"]
    assert (await plant.sign_in("1001", PINS["1001"])).json()["secret"] == ""
    await roster.renew_pin(plant.book, SITE, "2001", "830562")
    renewed = (await plant.sign_in("2001", "830562", "d1")).json()
    assert renewed["secret"] != first["secret"]
    assert renewed["stamp"] != first["stamp"]


async def test_what_a_session_proves_is_decided_and_after_the_sign_out_no_more(plant):
    """[E8] A decision made before the sign-out and sent after it waits for the next sign-in."""
    signed = (await plant.sign_in("2001", SUPERVISOR, "d2")).json()
    desk = Handheld(SITE, "2001", plant.clock)

    async def decide(name):
        did = {"verb": "settle", "discrepancy": name, "action": "keep"}
        desk.prove(desk.did(did, class_="intent"), signed)
        answer = await plant.client.post(
            "/sync/push", content=desk.push(), headers=plant.device("d2")
        )
        return answer.json()["verdicts"][-1]

    first = await decide("NOTHING/1")
    assert (first["outcome"], first["reason"]) == ("refused", "discrepancy_unknown")
    body = {"session": signed["session"]}
    done = await plant.client.post("/api/sign-out", json=body, headers=plant.device("d2"))
    assert done.json() == {"ended": True}
    after = await decide("NOTHING/2")
    assert (after["outcome"], after["flags"][0]["code"]) == ("parked", "NOT_PROVED")
    headers = {**plant.device("d2"), "X-Bincard-Session": signed["session"]}
    assert (await plant.client.get("/api/me", headers=headers)).status_code == 401


async def test_what_is_told_of_a_site_lies_in_no_cache(plant):
    headers = await plant.signed_in()
    told = (await plant.client.get("/sync/snapshot", headers=headers)).json()
    paths = ["/sync/snapshot", "/sync/roster", "/api/me", "/api/discrepancies"]
    paths.append(f"/sync/pull?cursor={told['cursor']}")
    paths += [f"/sync/snapshot/{chunk['hash']}" for chunk in told["chunks"]]
    for path in paths:
        answer = await plant.client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path


async def test_another_device_cannot_end_a_session(plant):
    headers = await plant.signed_in("1001", "d1")
    body = {"session": headers["X-Bincard-Session"]}
    await plant.client.post("/api/sign-out", json=body, headers=plant.device("d2"))
    assert (await plant.client.get("/api/me", headers=headers)).status_code == 200


async def test_ended_sessions_are_forgotten_when_they_would_have_ended(plant):
    for hours in (0, 13):
        plant.clock.wait(hours=hours)
        headers = await plant.signed_in()
        body = {"session": headers["X-Bincard-Session"]}
        await plant.client.post("/api/sign-out", json=body, headers=plant.device())
    assert len(await stored(plant, "SELECT * FROM session_end")) == 1


async def test_a_consent_signs_nobody_in(plant):
    body = {"person": "2001", "pin": SUPERVISOR}
    answer = await plant.client.post("/api/consent", json=body, headers=plant.device())
    assert answer.json()["role"] == "supervisor"
    assert "session" not in answer.json()
    assert "key" not in answer.json()
    wrong = await plant.client.post(
        "/api/consent", json={**body, "pin": "111111"}, headers=plant.device()
    )
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    "pin",
    ["1212", "123123", "0852", "9630", "1990", "2005", "0512", "3112", "900214", "140290",
     "19900214", "147258", "135790", "520520", "2468", "9876", "777777"],
)  # fmt: skip
def test_a_pin_that_is_tried_first_is_refused(pin):
    with pytest.raises(Refusal) as refused:
        pins.check_pin_is_usable(pin)
    assert refused.value.code is Code.PIN_WEAK


@pytest.mark.parametrize("pin", ["7305", "8527", "6194", "639274", "4079163"])
def test_other_pins_are_taken(pin):
    pins.check_pin_is_usable(pin)


async def test_a_supervisor_needs_six_digits(plant):
    headers = await plant.signed_in("2001")
    body = {"person": "2002", "name": "Chen", "role": "supervisor", "pin": "7305"}
    short = await plant.client.post("/api/people", json=body, headers=headers)
    assert (short.status_code, short.json()["code"]) == (400, "pin_short")
    promoted = await plant.client.post(
        "/api/people", json={"person": "1001", "role": "supervisor"}, headers=headers
    )
    assert (promoted.status_code, promoted.json()["code"]) == (400, "pin_of_worker")
    body = {"person": "1001", "role": "supervisor", "pin": "830562"}
    assert (await plant.client.post("/api/people", json=body, headers=headers)).status_code == 200
    answer = await plant.client.get("/sync/roster", headers=plant.device())
    assert answer.json()["workers"] == []


async def shorten(plant, pin):
    """As a supervisor of an older program had it."""
    short = sa.update(Credential).where(Credential.person == "2001")
    values = {"pin_hash": pins.hash_pin(pin), "verifier": ""}
    await plant.book.write(lambda connection: connection.execute(short.values(values)))


async def test_a_short_pin_of_before_opens_only_the_choice_of_a_new_one(plant):
    await shorten(plant, "7412")
    asked = await plant.sign_in("2001", "7412")
    assert (asked.status_code, asked.json()["code"]) == (403, "pin_renew")
    body = {"person": "2001", "pin": "7412", "new_pin": "5283"}
    short = await plant.client.post("/api/sign-in", json=body, headers=plant.device())
    assert (short.status_code, short.json()["code"]) == (400, "pin_short")
    body["new_pin"] = "830562"
    done = await plant.client.post("/api/sign-in", json=body, headers=plant.device())
    assert done.status_code == 200
    headers = {**plant.device(), "X-Bincard-Session": done.json()["session"]}
    assert (await plant.client.get("/api/people", headers=headers)).status_code == 200
    assert (await plant.sign_in("2001", "7412", "d2")).status_code == 401
    assert (await plant.sign_in("2001", "830562", "d2")).status_code == 200


async def test_a_cheap_verifier_of_before_is_made_anew_at_the_next_sign_in(plant):
    cheap = sa.update(Credential).where(Credential.person == "1001").values(verifier="")
    await plant.book.write(lambda connection: connection.execute(cheap))
    assert (await plant.client.get("/sync/roster", headers=plant.device())).json()["workers"] == []
    await plant.signed_in()
    assert (
        len((await plant.client.get("/sync/roster", headers=plant.device())).json()["workers"]) == 1
    )


# --- guessing ------------------------------------------------------------------------------------


async def guess(plant, device, times, person="1001"):
    return [(await plant.sign_in(person, "9999", device)).status_code for _ in range(times)]


async def notices(plant):
    rows = await stored(plant, "SELECT discrepancy, state, detail FROM discrepancy ORDER BY 1")
    return [(name, state, json.loads(detail)) for name, state, detail in rows]


async def test_each_lock_on_a_device_lasts_twice_as_long(plant):
    waits = []
    await plant.signed_in()
    for _ in range(5):
        answers = [await plant.sign_in("1001", "9999") for _ in range(5)]
        waits.append(int(answers[-1].headers["retry-after"]) // 60)
        plant.clock.wait(minutes=waits[-1])
    assert waits == [5, 10, 20, 40, 60]


async def test_guesses_from_many_devices_delay_each_other_but_not_the_persons_own(plant):
    await plant.book.change(SITE, "test", [Device(device="d3", name="PDA-03")], "enrolled")
    await plant.signed_in("1001", "d2")
    await guess(plant, "d1", 5)
    await guess(plant, "d2", 4)
    assert await guess(plant, "d3", 2) == [401, 429]
    assert (await plant.sign_in("1001", PINS["1001"], "d3")).status_code == 429
    assert (await plant.sign_in("1001", PINS["1001"], "d2")).status_code == 200
    assert (await plant.sign_in("1001", PINS["1001"], "d3")).status_code == 200


async def test_a_device_that_guesses_for_everybody_stops_itself_and_nobody_else(plant, monkeypatch):
    monkeypatch.setattr(tries, "TRIES_OF_DEVICE", 4)
    await guess(plant, "d1", 3, "7777")
    assert await guess(plant, "d1", 2, "8888") == [401, 429]
    assert (await plant.sign_in("1001", PINS["1001"], "d1")).status_code == 429
    assert (await plant.sign_in("1001", PINS["1001"], "d2")).status_code == 200
    plant.clock.wait(hours=3)
    assert (await plant.sign_in("1001", PINS["1001"], "d1")).status_code == 200


async def test_who_is_guessed_at_is_told_to_the_desk_which_closes_it(plant):
    """[R50]"""
    await guess(plant, "d1", 5)
    await guess(plant, "d2", 5)
    ((name, state, detail),) = await notices(plant)
    assert (name, state) == ("WRONG_PINS/1001", "open")
    assert (detail["wrong"], detail["devices"]) == (10, {"PDA-01": 5, "PDA-02": 5})
    plant.clock.wait(minutes=5)
    await plant.signed_in("1001", "d1")
    # It was tried elsewhere too, so somebody must look.
    assert [row[1] for row in await notices(plant)] == ["open"]


async def test_who_only_forgot_it_leaves_no_notice_open(plant):
    """[R50]"""
    await guess(plant, "d1", 5)
    plant.clock.wait(minutes=5)
    await plant.signed_in("1001", "d1")
    assert [row[:2] for row in await notices(plant)] == [("WRONG_PINS/1001", "evidence")]


def test_a_proof_is_what_a_browser_computes():
    """The twin of pwa/tests/people.test.ts."""
    told = proof_of("session-key", "payload", "0" * 64)
    assert told == "bp1.payload.zNO8-370QKFrm3xt1125sQ-vlUlHgUIy6DpozZWcoLg"
