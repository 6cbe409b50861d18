"""The camera in a real browser: labels on film, read by the worker, written by the tasks."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.handheld import LIU_MEI, PAINT, WHOLE, ZHAO_LIN
from tests.browser.lens import Lens
from tests.browser.test_scans import sent
from tests.world import photographs
from tests.world.photographs import Shot, label

pytestmark = pytest.mark.browser

READER_LOADED = r"""() => performance.getEntriesByType("resource")
  .some(entry => /zxing|reader\.worker/.test(entry.name))"""
BAR = Shot(width=0.5)
SQUARE = Shot(width=0.18)
ORDER = (label(photographs.code128("PO-3978"), "Purchase order", "PO-3978"), BAR)
PAINT_LABEL = (
    label(
        photographs.gs1_data_matrix("(01)02000000004945(17)281119(10)K1120(30)60"), "Paint", ""
    ),
    SQUARE,
)  # fmt: skip


@pytest.fixture
def lens(tmp_path):
    return Lens(tmp_path / "film.mjpeg")


def bin_label(code):
    return label(photographs.code128(code), "", code), BAR


def lines(handheld):
    return handheld.page.locator("section[aria-label='Read by the camera'] .line")


FRAMES = """() => {
  if (window.looks === undefined) {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (...given) {
      window.looks += 1;
      post.apply(this, given);
    };
  }
  window.looks = 0;
}"""


def stays_away(handheld, milliseconds):
    """Nothing is before the lens for so long, and for the frames that it takes to be sure of it."""
    enough = 25 if milliseconds < 2_500 else 50
    handheld.page.evaluate(FRAMES)
    handheld.until(lambda: handheld.page.evaluate("window.looks") > enough)
    handheld.page.evaluate("ms => { window.time += ms }", milliseconds)


def test_an_order_is_received_by_camera_to_its_end(handhelds, factory, lens):
    """[G1] GS1 keeps its separators, and the operation says who read it."""
    zhao = handhelds("H1", ZHAO_LIN, arguments=lens.arguments)
    zhao.start("receive")
    lens.shows(ORDER)
    assert zhao.page.evaluate(READER_LOADED) is False
    # The reader lies on the device, for work without a network.
    zhao.network(on=False)
    lens.opens(zhao)
    zhao.says("plain", "PO-3978")
    lens.turns_to(PAINT_LABEL)
    zhao.says("done", "60", "PA-529S")
    expect(lines(zhao).last).to_contain_text("K1120")
    expect(lines(zhao).last).to_contain_text("+60")
    zhao.network(on=True)
    zhao.unsent(0)
    (receipt,) = sent(factory, "receive")
    scans = [(scan["raw"], scan["source"], scan["symbology"]) for scan in receipt["scans"]]
    assert scans == [("PO-3978", "camera", "]C0"), (PAINT, "camera", "]d2")]
    assert receipt["did"]["key"]["lot"]["code"] == "K1120"
    zhao.key("Camera off").click()
    expect(zhao.page.locator(".finder")).to_have_count(0)
    zhao.finish(2)
    assert factory.stock("DOCK-1") == [("PA-529S", "K1120", "60")]


def test_a_bin_is_counted_by_camera_and_the_same_label_twice_is_said(handhelds, factory, lens):
    liu = handhelds("H1", LIU_MEI, arguments=lens.arguments)
    liu.start("count")
    lens.shows(bin_label("01-A-01"))
    lens.opens(liu)
    liu.says("plain", "01-A-01")
    # The page's own clock is held, so that a busy test machine changes nothing.
    liu.page.evaluate("() => { window.time = 0; performance.now = () => window.time }")
    tilted = (label(photographs.code128("AR-5381"), "", "AR-5381"), Shot(width=0.42, roll=33))
    lens.turns_to(tilted)
    liu.says("done", "AR-5381", "1")
    lens.turns_to()
    stays_away(liu, 1_800)
    lens.turns_to(tilted)
    left_out = liu.page.locator(".line").filter(has_text="同一标签，未重复计")
    expect(left_out).to_have_count(1)
    liu.says("done", "AR-5381", "1")
    lens.turns_to()
    stays_away(liu, 6_000)
    lens.turns_to(tilted)
    liu.says("done", "AR-5381", "2")
    liu.key("关闭相机").click()
    liu.scan("BINCARD:DONE")
    liu.says("done", "01-A-01")
    liu.unsent(0)
    (count,) = sent(factory, "count")
    assert [line["quantity"] for line in count["did"]["lines"]] == [2]
    assert [scan["source"] for scan in count["scans"]] == ["camera"] * 3


def test_the_code_that_is_aimed_at_counts_and_zeros_in_front_stay(handhelds, factory, lens):
    factory.tell("documents", document="000123", kind="count", lines=[{"place": "06-B-10"}])
    zhao = handhelds("H1", ZHAO_LIN, arguments=lens.arguments)
    beside = (label(photographs.code128("06-B-03"), "", ""), Shot(width=0.2, x=0.05, y=-0.3))
    lens.shows((label(photographs.code128("000123"), "", ""), Shot(width=0.36)), beside)
    lens.opens(zhao)
    expect(zhao.page).to_have_url(re.compile("#/count/000123$"))
    zhao.says("plain", "06-B-10")
    # It goes on from screen to screen.
    lens.is_on()


def test_on_home_the_camera_opens_what_it_reads_and_comes_back_after_sleep(handhelds, lens):
    zhao = handhelds("H1", ZHAO_LIN, arguments=lens.arguments)
    lens.shows(bin_label("06-B-10"))
    lens.opens(zhao)
    expect(zhao.page).to_have_url(re.compile("#/bin/06-B-10$"))
    lens.turns_to((label(photographs.ean13("400638133393"), "", ""), Shot(width=0.4)))
    lens.is_on()
    # Two frames agree before an article number that nobody knows is believed.
    expect(zhao.page).to_have_url(re.compile("4006381333931"))


def test_the_camera_goes_with_whoever_held_it(handhelds, lens):
    zhao = handhelds("H1", ZHAO_LIN, arguments=lens.arguments)
    lens.opens(zhao)
    lost = zhao.page.evaluate_handle("document.querySelector('.finder video').srcObject")
    zhao.key("Sign out").click()
    zhao.sees("Scan your badge")
    zhao.until(lambda: lost.evaluate("(stream) => !stream.active"))
    zhao.sign_in(ZHAO_LIN)
    expect(zhao.page.locator(".finder video")).to_have_count(0)


def test_a_camera_that_is_not_allowed_says_what_to_do(handhelds):
    denied = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    liu = handhelds("H1", LIU_MEI, arguments=denied, chromium=WHOLE)
    liu.go("count")
    liu.key("相机").click()
    expect(liu.page.get_by_role("alert")).to_contain_text("允许相机")
    expect(liu.key("重试")).to_be_visible()
    # The scanner goes on as if nothing were.
    liu.scan("01-A-01")
    liu.says("plain", "01-A-01")
    liu.key("关闭相机").click()
    expect(liu.page.get_by_role("alert")).to_have_count(0)


BARE = {
    "no camera": """() => { navigator.mediaDevices.getUserMedia =
      () => Promise.reject(new DOMException("none", "NotFoundError")); }""",
    "https": """() => {
      Object.defineProperty(navigator, "mediaDevices", { value: undefined });
      Object.defineProperty(window, "isSecureContext", { value: false });
    }""",
}


def test_a_device_without_a_camera_or_a_page_without_https_says_so(handhelds):
    zhao = handhelds("H1", ZHAO_LIN)
    for words, made_so in BARE.items():
        zhao.page.evaluate(made_so)
        zhao.key("Camera").click()
        expect(zhao.page.get_by_role("alert")).to_contain_text(words)
        zhao.key("Camera off").click()


TORCH = """() => {
  window.asked = [];
  const track = MediaStreamTrack.prototype;
  track.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 4 } });
  track.applyConstraints = async ({ advanced }) => { window.asked.push(...advanced); };
}"""


def test_the_light_stays_on_when_the_device_wakes_up(handhelds, lens):
    """No fake device has a lamp: the page is told that this one does."""
    zhao = handhelds("H1", ZHAO_LIN, arguments=lens.arguments)
    zhao.page.evaluate(TORCH)
    lens.opens(zhao)
    zhao.key("Light").click()
    zhao.key("Near 2 ×").click()
    expect(zhao.key("Light on")).to_be_visible()
    lens.turns_to()
    lens.is_on()
    wishes = [{"torch": True}, {"zoom": 2}]
    zhao.until(lambda: zhao.page.evaluate("window.asked") == [*wishes, *wishes])
    expect(zhao.key("Light on")).to_be_visible()
    zhao.go("look-up")
    expect(zhao.key("Light on")).to_be_visible()
