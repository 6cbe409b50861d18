"""Every screen in both languages, themes and all widths: nothing cut off or untranslated."""

import pytest

from tests.browser.handheld import FANG_PING, PAINT

pytestmark = pytest.mark.browser

SCREENS = [
    "", "receive/PO-3978", "putaway", "pick/SO-75104", "issue/WO-71774", "issue", "count/CT-1",
    "count/06-B-10", "move", "look-up", "item/BE-2908", "bin/06-B-10", "bin/06-B-10/BE-2908",
    "document/PO-3978", "document/WO-71774", "outbox", "rescue", "rescue-codes", "hand-in",
    "help/receive", "help/desk", "help/rescue", "desk", "desk/discrepancies", "desk/floor",
]  # fmt: skip
SIZES = [(320, 568), (360, 640), (640, 360), (1280, 800)]
SEEN = r"""async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  const outside = [], untranslated = [];
  // A line that is cut on purpose goes on behind its edge.
  const isShortened = (element) => element !== document.body
    && (getComputedStyle(element).overflowX === "clip" || isShortened(element.parentElement));
  for (const element of document.querySelectorAll("body *")) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || element.closest("svg, [aria-hidden]")) continue;
    const isOutside = box.right > innerWidth + 1 || box.left < -1;
    if (isOutside && !isShortened(element)) outside.push(element.outerHTML.slice(0, 160));
    for (const node of element.childNodes) {
      const text = node.nodeType === Node.TEXT_NODE ? node.textContent.trim() : "";
      if (/^[a-z]+\.[a-z_.]+$/.test(text) || /\{[a-z_]+\}/.test(text)) untranslated.push(text);
    }
  }
  return { outside, untranslated };
}"""


def work_a_little(desk):
    """A receipt and a count that differs, so that no screen is empty."""
    desk.go("receive/PO-3978")
    desk.says("plain", "PO-3978")
    desk.scan(PAINT)
    desk.says("done", "60")
    desk.go("count/01-A-01")
    desk.says("plain", "01-A-01")
    desk.scan("AR-5381")
    desk.says("done", "AR-5381")
    desk.scan("BINCARD:DONE")
    desk.says("done", "01-A-01")
    desk.unsent(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_fits_and_speaks_in_both_languages(handhelds, scheme):
    desk = handhelds("H1", FANG_PING, scheme=scheme)
    work_a_little(desk)
    found = {}
    for language in ("zh-CN", "en"):
        if desk.page.locator("html").get_attribute("lang") != language:
            desk.go("outbox")
            desk.key("English").click()
        for screen in SCREENS:
            desk.go(screen)
            desk.page.wait_for_selector("main, .desk")
            for width, height in SIZES:
                desk.page.set_viewport_size({"width": width, "height": height})
                seen = desk.page.evaluate(SEEN)
                if seen["outside"] or seen["untranslated"]:
                    found[screen, width, language] = seen
    assert found == {}
