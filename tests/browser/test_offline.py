"""Without a network: once loaded, the app opens, reloads and comes back from the dead."""

import pytest

from tests.browser.handheld import PAINT, WANG_QIANG, ZHAO_LIN

pytestmark = pytest.mark.browser


def test_the_app_starts_reloads_and_opens_an_order_without_a_network(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.network(on=False)
    zhao.restart("receive/PO-3978")
    zhao.says("plain", "PO-3978")
    zhao.scan(PAINT)
    zhao.says("done", "60")
    zhao.page.reload()
    zhao.sees("PO-3978", "60")
    zhao.unsent(1)
    zhao.kill()
    zhao.open("item/PA-529S")
    zhao.sees("PA-529S", "DOCK-1", "60")
    zhao.unsent(1)


def test_another_worker_signs_in_on_a_device_that_has_no_network(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    zhao.network(on=False)
    zhao.restart()
    zhao.key("Sign out").click()
    zhao.try_to_sign_in(WANG_QIANG.badge, "9999")
    zhao.sees("Wrong PIN. Try again.")
    zhao.type_pin(WANG_QIANG.pin)
    zhao.sees("Wang Qiang")


def test_a_second_tab_leaves_the_scans_to_the_first(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    tab = zhao.context.new_page()
    tab.goto(zhao.origin)
    tab.get_by_text("Scans are taken there").wait_for()
    tab.close()
