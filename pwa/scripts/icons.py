"""Draws the badge of the product, the card itself, as the PNG files that an installed app needs.

`icon.svg` is the source; run this again when it changes. The picture keeps within the middle
four fifths, so that the same file serves where the system cuts a circle out of it.
"""

# ruff: noqa: INP001 - a script beside the app, no package

from pathlib import Path

from playwright.sync_api import sync_playwright

PUBLIC = Path(__file__).parents[1] / "public"
SIZES = (192, 512)


def draw() -> None:
    picture = (PUBLIC / "icon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{picture}")
            page.screenshot(path=PUBLIC / f"icon-{size}.png")
        browser.close()


if __name__ == "__main__":
    draw()
