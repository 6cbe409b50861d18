"""What a camera sees: labels on film, before Chromium's fake device.

The device reads its film anew each time that the camera is opened, also when the page wakes up.
"""

import re

from PIL import Image
from playwright.sync_api import expect

from tests.world.photographs import Shot, dice_of, jpeg, photograph

FRAMES_A_SECOND = 30
SLEEP = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class Lens:
    """The camera of one handheld; `film` is its file."""

    def __init__(self, film):
        self.film = film
        self.handheld = None
        self.shows()

    @property
    def arguments(self):
        return (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={self.film}",
        )

    def shows(self, *sheets):
        """Put `(sheet, shot)` before the lens, and nothing else."""
        frame = jpeg(photograph([*sheets, _table()], dice_of(self.film.name)))
        self.plays((frame, 0.7))

    def plays(self, *scenes):
        """Show each JPEG for so many seconds, and then all of them again."""
        reel = b"".join(frame * round(FRAMES_A_SECOND * seconds) for frame, seconds in scenes)
        fresh = self.film.with_suffix(".new")
        fresh.write_bytes(reel)
        fresh.replace(self.film)

    def opens(self, handheld):
        self.handheld = handheld
        handheld.key(re.compile("^(Camera|相机)$")).click()
        self.is_on()

    def is_on(self):
        video = self.handheld.page.locator(".finder video")
        expect(video).to_be_visible()
        self.handheld.until(lambda: video.evaluate("video => video.videoWidth") > 0)

    def turns_to(self, *sheets):
        """The device sleeps, and wakes before something else."""
        self.handheld.page.evaluate(SLEEP, True)
        self.shows(*sheets)
        self.handheld.page.evaluate(SLEEP, False)


def _table():
    """Something is always in view; this one is no code."""
    return Image.new("L", (400, 60), 110), Shot(width=0.3, y=0.9)
