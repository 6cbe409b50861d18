"""A handheld as a worker holds it: scans come as fast keys, and the screen answers."""

import os
import re
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, expect

CHROMIUM = "/usr/bin/chromium-headless-shell"
"""Chromium's pages, workers, storage and network without the windows around them: it starts in a
third of the time, and there are some hundred starts."""

WHOLE = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
GS = "\x1d"
PAINT = f"01020000000049451728111910K1120{GS}3060"
"""A supplier's label of PA-529S: lot K1120, good until 2028-11-19, 60 cans."""

WAIT_MS = 30_000
WEDGE = """keys => {
  for (const key of keys) {
    for (const type of ["keydown", "keyup"]) {
      const target = document.activeElement ?? document.body;
      target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    }
  }
}"""

expect.set_options(timeout=WAIT_MS)

PHONE, DESK = (360, 640), (1280, 800)


def keep(routes):
    """Hold requests back in a list: Playwright wants a function of our own for it."""

    def hold(route):
        routes.append(route)

    return hold


@dataclass(frozen=True)
class Worker:
    """Somebody of the demo with a badge and a PIN."""

    name: str
    badge: str
    pin: str


LIU_MEI = Worker("Liu Mei", "B1001", "7305")
WANG_QIANG = Worker("Wang Qiang", "B1002", "6194")
ZHAO_LIN = Worker("Zhao Lin", "B1003", "8527")
FANG_PING = Worker("Fang Ping", "B2001", "639274")


class Handheld:
    """A browser with a profile on disk; the same profile comes back after it was killed."""

    def __init__(self, playwright, profile: Path, origin, size=PHONE, **look):
        self.scheme, self.arguments = look.get("scheme", "light"), look.get("arguments", ())
        self.chromium = look.get("chromium", CHROMIUM)
        self.playwright, self.profile, self.origin = playwright, profile, origin
        self.size = size
        self.cable = None  # when there is one, it is pulled with the network
        self.is_offline = False
        self.faults = []
        self.context = self.page = None

    def open(self, path=""):
        """Start the browser at an address of the app."""
        width, height = self.size
        self._plug()
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile, executable_path=self.chromium, args=[*ARGUMENTS, *self.arguments],
            locale="en-US", viewport={"width": width, "height": height},
            has_touch=self.size == PHONE, color_scheme=self.scheme, reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.pages[0]
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.context.set_offline(self.is_offline)
        self.go(path)
        return self

    def go(self, path):
        self.page.goto(f"{self.origin}/#/{path}")

    def close(self):
        if self.context is not None:
            with suppress(Error):
                self.context.close()
            self.context = None

    def restart(self, path=""):
        """End the browser in good order and start it again."""
        self.close()
        return self.open(path)

    def kill(self):
        """End the browser and all its processes at once, as when the battery is pulled."""
        closed = self.context
        for process in self._processes():
            os.killpg(process, signal.SIGKILL)
        with suppress(Error):
            closed.close()
        self.context = None

    def _processes(self):
        mark = f"--user-data-dir={self.profile}"
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                arguments = (folder / "cmdline").read_text().split("\0")
                if mark in arguments and not any(word.startswith("--type=") for word in arguments):
                    number = int(folder.name)
                    if os.getpgid(number) == number:
                        yield number

    def network(self, *, on):
        self.is_offline = not on
        self._plug()
        self.context.set_offline(not on)

    def _plug(self):
        if self.cable is not None:
            self.cable.plug(on=not self.is_offline)

    def enrol(self, code):
        self.open(f"enrol/{code}")
        expect(self.page.get_by_text("Scan your badge")).to_be_visible(timeout=WAIT_MS)
        return self

    def start(self, task):
        """Open a task from its tile on Home."""
        self.tile(task).click()
        expect(self.band).to_be_visible()

    def sign_in(self, worker):
        """Badge, PIN, and the first picture of the stock."""
        self.try_to_sign_in(worker.badge, worker.pin)
        expect(self.page.locator(".strip .who").first).to_contain_text(worker.name)
        expect(self.tile("receive")).to_be_visible()
        return self

    def try_to_sign_in(self, badge, pin, key="Sign in|登录"):
        self.scan(f"BADGE:{badge}")
        self.type_pin(pin, key)

    def type_pin(self, pin, key="Sign in|登录"):
        expect(self.page.locator(".typed[aria-label]")).to_be_visible()
        for digit in pin:
            self.page.get_by_role("button", name=digit, exact=True).click()
        self.page.get_by_role("button", name=re.compile(f"^({key})$")).click()

    def has_stock(self):
        """Wait until the device has its picture of the site, and the app for the next start."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        expect(self.page.locator(".strip .cell").nth(3)).to_contain_text(
            re.compile("now|刚刚|min|分钟")
        )

    def tile(self, name):
        words = {
            "receive": "Receive|收货", "putaway": "Put away|上架", "pick": "Pick|拣货",
            "issue": "Issue|发料", "count": "Count|盘点", "outbox": "Outbox|未上传",
        }  # fmt: skip
        return self.page.locator(".rack button, nav button, button").filter(
            has_text=re.compile(f"(^|\\d)\\s*({words[name]})")
        ).first  # fmt: skip

    def scan(self, code):
        """As a keyboard wedge does it: faster than any hand, F8 for the separator, then Enter.

        The keys are made in the page: how fast a wedge is must not depend on a busy test machine.
        """
        keys = ["F8" if key == GS else key for key in code]
        self.page.evaluate(WEDGE, [*keys, "Enter"])

    def type_fast(self, code):
        """The same by real key strokes of the browser."""
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")

    def scans(self, *codes):
        for code in codes:
            self.scan(code)

    def finish(self, scans=1):
        """Scan the card "done" until the task is left."""
        for _ in range(scans):
            self.scan("BINCARD:DONE")
        expect(self.tile("receive")).to_be_visible()

    @property
    def band(self):
        return self.page.locator("div[data-signal]")

    def says(self, signal, *texts):
        """Wait for the verdict band to say this."""
        expect(self.band).to_have_attribute("data-signal", signal)
        for text in texts:
            expect(self.band).to_contain_text(text)

    def key(self, words):
        return self.page.get_by_role("button", name=words)

    def until(self, happened):
        """Wait for something that this test sees by itself, such as a request that was held."""
        end = time.monotonic() + WAIT_MS / 1_000
        while not happened():
            assert time.monotonic() < end
            self.page.wait_for_timeout(20)

    def asks_for_the_latest(self):
        """Speak with the server now, as the key of the outbox does it."""
        self.go("outbox")
        with self.page.expect_response("**/sync/push"):
            self.key(re.compile("Try now|立即上传")).click()

    def unsent(self, number):
        """Wait for the strip to show how many are unsent."""
        strip = self.page.locator(".strip")
        expect(strip).to_contain_text(re.compile(rf"(^|\D){number} (unsent|未上传)"))

    def sees(self, *texts):
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text)

    def shows_stock(self, place, rows):
        """Wait for the bin's page to show these lines of codes and quantity, and no others."""
        self.go(f"bin/{place}")
        expect(self.page.locator("main .card .head")).to_contain_text(place)
        lines = self.page.locator("main .card button")
        expect(lines).to_have_count(len(rows))
        for *codes, quantity in rows:
            line = lines.filter(has_text=re.compile(rf"(?<![\d−]){quantity}\s*$"))
            for code in codes:
                line = line.filter(has_text=code)
            expect(line).to_have_count(1)
