"""The first picture of 200,000 holdings in Chromium, beside the same bytes raw and through Dexie.

All parts are in the page's memory before it begins, so no network is in any figure; the profile
is on the disk, where a phone has it. Each round measures everything once.
"""

import asyncio
import mimetypes
import statistics
import subprocess
from pathlib import Path

from playwright.sync_api import sync_playwright

from server.book import Book
from server.imports import factory
from sync.records import Holding
from sync.stock import Key, Lot, key_text
from tests.bench.scene import DEVICES, Server, now
from tests.browser.handheld import ARGUMENTS, CHROMIUM

PWA = Path(__file__).parents[2] / "pwa"
HOLDINGS = 200_000
PER_CHANGE = 5_000
AT_A_PLACE = 10
ITEMS = 5_000
ROUNDS = 3
WAIT_MS = 300_000

ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""Only an isolated page may ask how much memory it has."""

WAYS = {
    "app": "bench.app()",
    "again": "bench.again()",
    "raw": "bench.raw(1)",
    "eights": "bench.raw(8)",
    "dexie": "bench.dexie('[place+key]')",
    "indexed": "bench.dexie('[place+key], place, item')",
}
TITLES = {
    "raw": "the parts as they came, written raw",
    "eights": "    eight in a transaction, as the app writes its own",
    "app": "bootstrap by the app: read, checked, kept, asked",
    "again": "the next start: the picture from the disk",
    "dexie": "Dexie's bulkPut of the same rows",
    "indexed": "    with indexes on place and item",
}


def run(scene, holdings=HOLDINGS, rounds=ROUNDS):
    """Measure and print."""
    scene.renew()
    asyncio.run(_stocked(scene, holdings))
    pages = scene.folder / "page"
    build = ["npx", "vite", "build", "--config", "bench/vite.config.ts", "--logLevel", "warn"]
    subprocess.run([*build, "--outDir", str(pages)], cwd=PWA, check=True)
    with Server(scene) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            scene.folder / "profile", executable_path=CHROMIUM,
            args=[*ARGUMENTS, "--enable-blink-features=ForceEagerMeasureMemory"],
        )  # fmt: skip
        browser.set_default_timeout(WAIT_MS)
        try:
            _measured(browser, pages, server, scene.token(DEVICES[0]), rounds)
        finally:
            browser.close()


def _measured(browser, pages, server, token, rounds):
    page = browser.pages[0]
    page.route("**/bench/**", lambda route: _give(route, pages))
    page.goto(f"http://127.0.0.1:{server.port}/bench/index.html")
    before = page.evaluate("bench.memory()")
    told = page.evaluate("token => bench.prepare(token)", token)
    session = browser.new_cdp_session(page)
    session.send("Performance.enable")
    found = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            busy = _busy_ms(session)
            ms = page.evaluate(way)
            found[name].append((ms, _busy_ms(session) - busy))
    rows = page.evaluate("bench.rows()")
    _print(found, rows, told)
    memory = (page.evaluate("bench.memory()") - before) / 1e6
    print(f"{'    memory of the picture in the page, MB':52}{memory:8.1f}")


def _busy_ms(session):
    """Return how long the page's main thread has worked until now."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in metrics}["TaskDuration"] * 1_000


def _give(route, pages):
    file = pages / route.request.url.rpartition("/bench/")[2]
    kind = mimetypes.guess_type(file.name)[0]
    route.fulfill(body=file.read_bytes(), headers={**ISOLATED, "Content-Type": kind})


def _print(found, rows, told):
    print(f"\n{f'bootstrap of {rows:,} holdings in Chromium':52}{'ms':>8}{'spread':>16}"
          f"{'main ms':>10}{'of raw':>8}{'Dexie':>8}   (aims: 1.5, 15)")  # fmt: skip
    for name, title in TITLES.items():
        times = [ms for ms, _ in found[name]]
        spread = f"{min(times):,.0f}-{max(times):,.0f}"
        print(
            f"{title:52}{statistics.median(times):8,.0f}{spread:>16}"
            f"{statistics.median(busy for _, busy in found[name]):10,.0f}"
            f"{_ratio(found, name, 'raw'):8.2f}{_ratio(found, 'dexie', name):8.1f}"
        )
    print(f"{'    parts; MB of them, unpacked':52}{told['parts']:8,}{told['bytes'] / 1e6:8.1f}")


def _ratio(found, one, other):
    """Ratios are those of each round."""
    pairs = zip(found[one], found[other], strict=True)
    return statistics.median(a / b for (a, _), (b, _) in pairs)


async def _stocked(scene, holdings):
    """Ten keys at each place; each lot lies at two places."""
    book = Book(scene.store.url, scene.key, now)
    book.start()
    for first in range(0, holdings, PER_CHANGE):
        rows = [_holding(n) for n in range(first, min(first + PER_CHANGE, holdings))]
        await book.change(factory.SITE, "bench", rows, "stock")
    book.close()


def _holding(n):
    place = n // AT_A_PLACE
    lot = n // 2 // AT_A_PLACE * AT_A_PLACE + n % AT_A_PLACE
    item = f"BE-{lot * 7 % ITEMS:04}"
    key = key_text(Key(item=item, lot=Lot(code=f"K{lot:06}", expires="2028-11-19")))
    where = f"{place // 2_000:02}-{place // 50 % 40:02}-{place % 50:02}"
    return Holding(place=where, key=key, item=item, quantity=1 + n % 480)
