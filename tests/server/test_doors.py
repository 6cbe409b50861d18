"""Every door has a guard, and says to whom it keeps out what to do; who: `test_authorisation`."""

from server.api.guards import GUARDS
from tests.server.conftest import SITE
from tests.server.test_authorisation import handlers

PUBLIC = ["/", "/{path:path}", "/api/enrol", "/api/enrol/look", "/health", "/ready"]


async def test_every_door_names_a_guard_or_is_marked_as_public(plant):
    public = set()
    for path, handler in handlers(plant.client.app):
        guards = [guard for guard in handler.resolve_guards() if guard in GUARDS]
        marked = handler.opt.get("public") is True
        assert bool(guards) != marked, f"{path} has {guards} and is marked {marked}"
        if marked and not path.startswith("/schema"):
            public.add(path)
    assert sorted(public) == sorted(PUBLIC)


async def test_a_token_of_another_site_opens_nothing_here(plant):
    stranger = plant.device("d1", site="ELSEWHERE")
    assert (await plant.client.get("/sync/pull", headers=stranger)).status_code == 401
    body = {
        "v": 1, "site": SITE, "replica": "0" * 32, "epoch": 1, "sent": 1, "segment": "s",
    }  # fmt: skip
    answer = await plant.client.post("/sync/push", json=body, headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_site")
    assert answer.json()["detail"] == ("This device belongs to the site ELSEWHERE, not to PLANT.")


async def test_a_revoked_device_reads_nothing_but_what_it_still_has_is_taken(plant):
    supervisor = await plant.signed_in("2001", "d2")
    worker = await plant.signed_in("1001", "d1")
    done = await plant.client.post("/api/devices/d1/revoke", headers=supervisor)
    assert done.json() == {"device": "d1", "revoked": True}
    for headers, path in ((plant.device("d1"), "/sync/pull"), (worker, "/api/me")):
        answer = await plant.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")
    assert (await plant.sign_in("1001", "7305", "d1")).status_code == 403
    body = {
        "v": 1, "site": SITE, "replica": "0" * 32, "epoch": 1, "sent": 1, "segment": "s",
    }  # fmt: skip
    assert (
        await plant.client.post("/sync/push", json=body, headers=plant.device("d1"))
    ).status_code == 200
    # A rescue stays whole until a device brings it that may.
    carried = await plant.client.post(
        "/sync/push", json=body | {"carrier": "1" * 32}, headers=plant.device("d1")
    )
    assert (carried.status_code, carried.json()["code"]) == (403, "device_revoked")


async def test_a_code_enrols_one_device_once_and_for_fifteen_minutes(plant):
    supervisor = await plant.signed_in("2001")
    issued = (
        await plant.client.post("/api/devices/codes", json={"name": "PDA-9"}, headers=supervisor)
    ).json()
    assert issued["url"] == f"http://127.0.0.1:8000/#/enrol/{issued['code']}"
    assert issued["expires"] == plant.clock.ms + 15 * 60_000
    typed = {"code": issued["code"].lower().replace("-", " "), "agent": "Android 9"}
    made = await plant.client.post("/api/enrol", json=typed)
    assert made.json()["name"] == "PDA-9"
    assert (made.json()["site"], made.json()["site_name"]) == (SITE, "Plant")
    token = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await plant.client.get("/sync/snapshot", headers=token)).status_code == 200
    again = await plant.client.post("/api/enrol", json=typed)
    assert (again.status_code, again.json()["code"]) == (403, "code_invalid")


async def test_a_code_that_is_older_than_fifteen_minutes_is_refused(plant):
    supervisor = await plant.signed_in("2001")
    issued = (
        await plant.client.post("/api/devices/codes", json={"name": "PDA-9"}, headers=supervisor)
    ).json()
    plant.clock.wait(minutes=15)
    late = await plant.client.post("/api/enrol", json={"code": issued["code"]})
    assert late.json()["detail"] == (
        "This code is wrong, was used, or is older than 15 minutes. Ask for a new one."
    )


async def test_codes_are_not_kept_as_they_are(plant):
    supervisor = await plant.signed_in("2001")
    issued = (
        await plant.client.post("/api/devices/codes", json={"name": "PDA-9"}, headers=supervisor)
    ).json()
    rows = await plant.book.read(
        lambda connection: str(connection.exec_driver_sql("SELECT * FROM enrolment").all())
    )
    assert "PDA-9" in rows
    assert issued["code"].replace("-", "") not in rows


async def test_guessing_codes_is_slowed_down(strict_plant):
    codes = [
        (await strict_plant.client.post("/api/enrol", json={"code": "ABCDE-FGHJK"})).status_code
        for _ in range(3)
    ]
    assert codes == [403, 403, 429]


async def test_sign_ins_from_one_address_are_slowed_down(strict_plant):
    for _ in range(2):
        assert (await strict_plant.sign_in("1001", "9999")).status_code == 401
    slowed = await strict_plant.sign_in("1001", "9999")
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_many")
    assert int(slowed.headers["retry-after"]) > 0


async def test_every_refusal_and_page_carries_the_security_headers(plant):
    for path in ("/", "/api/me", "/nothing/here"):
        headers = (await plant.client.get(path)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; script-src 'self' ")
        assert "unsafe-inline" not in policy.split("style-src-attr")[0]
        assert headers["x-content-type-options"] == "nosniff"
    assert (await plant.client.get("/api/me")).headers["cache-control"] == "no-store"


async def test_a_supervisor_takes_a_device_off_the_floor_and_puts_it_back(plant):
    """[T6]"""
    supervisor = await plant.signed_in("2001", "d2")
    body = {"on": False}
    floor = await plant.client.post("/api/devices/d1/floor", json=body, headers=supervisor)
    (row,) = [row for row in floor.json()["devices"] if row["device"] == "d1"]
    assert (row["out"], row["out_since"] > 0) == ("off_floor", True)
    listed = await plant.client.get("/api/devices", headers=supervisor)
    assert listed.json()["devices"] == floor.json()["devices"]
    back = await plant.client.post("/api/devices/d1/floor", json={"on": True}, headers=supervisor)
    (row,) = [row for row in back.json()["devices"] if row["device"] == "d1"]
    assert row["out"] != "off_floor"
    unknown = await plant.client.post("/api/devices/dX/floor", json=body, headers=supervisor)
    assert unknown.status_code == 404
