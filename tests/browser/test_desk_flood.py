"""A device that floods the desk, and a desk that has more to decide than a page holds."""

import time
from contextlib import closing

import httpx
import pytest

from tests.browser.factory import SITE
from tests.server.handheld import Handheld as Envelopes

pytestmark = pytest.mark.browser

ODD = 300
"""More of one device than the desk shows one by one."""

LINES = 150
"""More counted lines than one page of the desk."""


def now():
    return time.time_ns() // 1_000_000


class Stranger:
    """A client of its own, with the token of a device that was enrolled."""

    def __init__(self, factory, name):
        code = factory.enrolment_code(name)
        enrolled = httpx.post(f"{factory.origin}/api/enrol", json={"code": code}).json()
        token = {"Authorization": f"Bearer {enrolled['token']}"}
        self.http = httpx.Client(base_url=factory.origin, headers=token, timeout=60)
        self.envelopes = Envelopes(SITE, "1001", now)
        self.sent = 0

    def close(self):
        self.http.close()

    def floods(self, number):
        for _ in range(number):
            self.envelopes.did({"verb": "later"})
        self.push()

    def counts(self, place, lines):
        wall = now()
        self.envelopes.did({
            "verb": "count", "place": {"location": place}, "scope": "place",
            "count_id": f"{place}-{wall}", "opened_wall": wall,
            "lines": [
                {"key": {"item": "BE-2908", "lot": {"code": f"N{line}"}}, "quantity": 1 + line,
                 "first_wall": wall, "last_wall": wall, "segment": "s1"}
                for line in range(lines)
            ],
        })  # fmt: skip
        self.push()

    def push(self):
        while self.sent < len(self.envelopes.envelopes):
            body = self.envelopes.push(self.sent, self.sent + 100)
            answer = self.http.post("/sync/push", content=body).raise_for_status()
            self.sent = answer.json()["acked"][0]


def test_a_flood_is_one_line_which_is_put_aside_and_brought_back(desk, factory):
    """[D5]"""
    with closing(Stranger(factory, "PDA-66")) as stranger:
        stranger.floods(ODD)
        stranger.counts("06-B-10", LINES)
    desk.go("outbox")
    desk.key("English").click()
    desk.go("desk/discrepancies")
    desk.sees(f"PDA-66: {ODD:,} open", "Too many from one device")
    desk.key("Look through").click()
    desk.sees(f"1 to 100 of {ODD:,}")
    desk.key("Next").click()
    desk.sees(f"101 to 200 of {ODD:,}")
    desk.key("Back to all").click()
    desk.key("Park all").click()
    desk.sees(f"PDA-66: {ODD:,} put aside", "put aside by Fang Ping")
    assert factory.ask("desk")["floods"] == []
    desk.key("Bring back").click()
    desk.sees(f"PDA-66: {ODD:,} open")
    desk.go("desk")
    desk.sees("1 to 100 of")
    last = desk.page.locator(".list button", has_text="06-B-10")
    assert last.count() <= 100
    desk.key("Next").click()
    desk.sees("101 to ")
