"""From the last key of a scan to its tone on a slow phone, and how much script a first load is.

The time is what a worker waits: the strict write to the disk before the tone is in it.
"""

import statistics

from playwright.sync_api import sync_playwright

from tests.browser.factory import Factory, load_demo
from tests.browser.handheld import GS, LIU_MEI, Handheld

SLOWER = 4
SAMPLES = 100
LOOK_MS = 250
AIM_MS, AIM_KB = 50, 120

TIMED = """keys => new Promise((resolve, reject) => {
  let last = Infinity;
  const observer = new PerformanceObserver(list => {
    const tone = list.getEntriesByName("bincard-tone").find(mark => mark.startTime >= last);
    if (!tone) return;
    observer.disconnect();
    resolve(tone.startTime - last);
  });
  observer.observe({ type: "mark" });
  setTimeout(() => reject(new Error("no tone")), 15000);
  for (const key of keys) {
    if (key === "Enter") last = performance.now();
    const target = document.activeElement ?? document.body;
    for (const type of ["keydown", "keyup"]) {
      target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    }
  }
})"""
"""A scan as fast as a wedge can be; its answer is the time until the voice was asked to play."""


LOADED = """() => performance.getEntriesByType("resource")
  .filter(entry => new URL(entry.name).pathname.endsWith(".js"))
  .reduce((bytes, entry) => bytes + entry.encodedBodySize, 0)"""
"""What came over the network as compressed bytes; what the worker fetches ahead is not in it."""


def bearings(lot):
    return f"010200000000004610{lot}{GS}301"


SCANS = {
    "count a unit": ("count/CT-1", ["06-B-10"], [bearings("K1009"), bearings("K1102")]),
    "issue a unit": ("issue/WO-71774", ["06-B-10"], [bearings("K1009"), bearings("K1102")]),
    "look something up": ("look", [], ["BE-2908", "06-B-10", "PA-529S"]),
}


def run(folder, samples=SAMPLES):
    """Measure in a real browser against a real server, and print."""
    with sync_playwright() as playwright:
        template = folder / "template"
        token = load_demo(template)
        factory = Factory(template, folder / "data", token)
        factory.start()
        handheld = Handheld(playwright, folder / "profile", factory.origin)
        try:
            print(f"\n{'first load':44}{_first_load(handheld, factory):8,.0f} KB of script, gzipped"
                  f" (aim {AIM_KB})")  # fmt: skip
            handheld.sign_in(LIU_MEI)
            handheld.has_stock()
            _print({name: _timed(handheld, *how, samples) for name, how in SCANS.items()})
        finally:
            handheld.close()
            factory.stop()


def _first_load(handheld, factory):
    """Return the kilobytes of script that came before somebody could sign in."""
    handheld.enrol(factory.enrolment_code("Bench"))
    return handheld.page.evaluate(LOADED) / 1_024


def _timed(handheld, path, first, codes, samples):
    """Return the milliseconds of each scan, on a processor that is made slower."""
    handheld.go(path)
    for code in first:
        _scan(handheld, code)
    session = handheld.page.context.new_cdp_session(handheld.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    times = [_scan(handheld, codes[number % len(codes)]) for number in range(samples)]
    session.detach()
    return times


def _scan(handheld, code):
    """As after a look at the screen: nobody scans while the last answer is still drawn."""
    handheld.page.wait_for_timeout(LOOK_MS)
    keys = ["F8" if key == GS else key for key in code]
    return handheld.page.evaluate(TIMED, [*keys, "Enter"])


def _print(times):
    title = f"last key to tone, ms, {SLOWER} times slower"
    print(f"\n{title:44}{'p50':>8}{'p95':>8}{'p99':>8}   (aim: p95 {AIM_MS})")
    for name, found in times.items():
        cuts = statistics.quantiles(found, n=100)
        print(f"{name:44}{cuts[49]:8.1f}{cuts[94]:8.1f}{cuts[98]:8.1f}")
