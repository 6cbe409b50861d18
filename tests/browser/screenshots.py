"""Takes the pictures of the documentation from the real app: a server, the demo, a morning's scans.

Run by `make screenshots`; writes docs/screenshots.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.factory import ROOT, Factory, load_demo
from tests.browser.handheld import DESK, FANG_PING, GS, LIU_MEI, PHONE, ZHAO_LIN, Handheld

PICTURES = ROOT / "docs" / "screenshots"
PAINT = f"01020000000049451728111910K1120{GS}3060"


def bearings(lot, quantity):
    return f"010200000000004610{lot}{GS}30{quantity}"


def take(handheld, name):
    """At twice the size, so that it is sharp beside text."""
    page = handheld.page
    page.wait_for_timeout(300)
    width, height = handheld.size
    session = page.context.new_cdp_session(page)
    metrics = {"width": width, "height": height, "deviceScaleFactor": 2}
    session.send("Emulation.setDeviceMetricsOverride", {**metrics, "mobile": width == PHONE[0]})
    page.screenshot(path=PICTURES / f"{name}.png")
    session.detach()
    print(f"docs/screenshots/{name}.png")


def rested(handheld):
    """Wait until the verdict lies at the foot of the screen."""
    handheld.page.locator("section[data-signal]").wait_for(state="detached")


def receive(handheld):
    handheld.go("receive/PO-3978")
    handheld.says("plain", "PO-3978")
    handheld.scan(PAINT)
    handheld.says("done", "60")
    take(handheld, "done")
    rested(handheld)
    take(handheld, "receive")


def issue(handheld):
    handheld.go("issue/WO-71774")
    handheld.says("plain")
    take(handheld, "issue")
    handheld.scan("06-B-10")
    handheld.says("plain", "06-B-10")
    handheld.scan(bearings("K1102", 24))
    handheld.says("look")
    take(handheld, "older-lot")


def pick_wrong(handheld):
    handheld.go("pick/SO-75101")
    handheld.says("plain")
    handheld.scan(bearings("K1102", 24))
    handheld.says("wrong")
    take(handheld, "wrong")


def count(handheld):
    handheld.go("count/CT-1")
    handheld.says("plain")
    handheld.scan("06-B-10")
    handheld.says("plain", "06-B-10")
    for _ in range(13):
        handheld.scan(bearings("K1009", 1))
    handheld.says("done", "K1009")
    take(handheld, "count")
    handheld.scan(bearings("K1009", 199))
    handheld.scan(bearings("K1102", 198))
    handheld.says("done", "K1102")
    handheld.scan("BINCARD:DONE")
    handheld.says("done", "06-B-10")


def look_about(handheld):
    handheld.go("bin/06-B-10/BE-2908")
    handheld.page.locator(".lines").wait_for()
    take(handheld, "bin-card")
    handheld.network(on=False)
    issue(handheld)
    handheld.key("Use this lot: say why").click()
    handheld.key("The way is blocked").click()
    handheld.says("done", "24")
    handheld.go("outbox")
    take(handheld, "outbox")
    handheld.go("")
    handheld.tile("receive").wait_for()
    take(handheld, "home")


def decide(desk):
    desk.go("outbox")
    desk.page.get_by_role("button", name="English").click()
    desk.go("desk")
    desk.page.locator(".chart").wait_for()
    take(desk, "desk")


def enrolled(factory, playwright, folder, worker, **look):
    handheld = Handheld(playwright, folder / worker.badge, factory.origin, **look)
    handheld.enrol(factory.enrolment_code(worker.name))
    handheld.sign_in(worker)
    handheld.has_stock()
    return handheld


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        factory = Factory(folder / "demo", folder / "data", load_demo(folder / "demo"))
        factory.start()
        try:
            zhao = enrolled(factory, playwright, folder, ZHAO_LIN)
            liu = enrolled(factory, playwright, folder, LIU_MEI, scheme="dark")
            desk = enrolled(factory, playwright, folder, FANG_PING, size=DESK)
            receive(zhao)
            pick_wrong(zhao)
            count(liu)
            liu.unsent(0)
            decide(desk)
            look_about(zhao)
            for handheld in (liu, zhao, desk):
                handheld.close()
        finally:
            factory.stop()


if __name__ == "__main__":
    main()
