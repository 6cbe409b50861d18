"""[T7] A server whose clock stands wrong: phones keep what they scan, and the desk is told."""

import pytest

from tests.browser.factory import _run
from tests.browser.handheld import PHONE, ZHAO_LIN
from tests.browser.test_desk_trouble import receive_paint

pytestmark = pytest.mark.browser

DAY_MS = 86_400_000


def test_the_desk_is_told_and_phones_keep_what_they_scan_until_the_clock_is_right(
    handhelds, desk, factory
):
    phone = handhelds("H1", ZHAO_LIN)
    factory.spoil(f"UPDATE site SET clock = clock + {9 * DAY_MS}")
    phone.until(lambda: "h behind" in factory._desk.get("/ready").json().get("detail", ""))
    receive_paint(phone)
    phone.unsent(1)
    desk.go("outbox")
    desk.go("desk/variances")
    desk.sees("服务器时钟慢了")
    desk.sees("校准之前暂停入账")
    desk.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    desk.sees("校准之前暂停入账")
    desk.go("outbox")
    desk.key("English").click()
    desk.go("desk/variances")
    desk.sees("The server's clock is", "behind. Ask for it to be set.", "Until then nothing is")
    desk.page.set_viewport_size({"width": 1280, "height": 800})
    accepted = _run(factory.data, "clock", "accept")
    assert "that is right from now on" in accepted.stdout
    phone.unsent(0)
    assert factory._desk.get("/ready").json() == {"status": "ready"}
    assert factory.verifies()
