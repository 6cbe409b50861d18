"""A sheet of scan codes as one SVG: a newcomer with a scanner tries the demo from a screen.

Only rectangles and text, so that any browser prints it and any test can paint it.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, Literal

import qrcode
from barcode.codex import Code128, Gs1_128
from msgspec import Struct

COLUMNS: Final = 2
WIDTH: Final = 210
CARD: Final = (95, 34)
"""Width and height of one card in millimetres."""

MARGIN: Final = 10
TITLE: Final = 14
QUIET: Final = 4
"""White around a symbol, in millimetres: wide enough for ten modules of the longest code."""

BARS: Final = 12
GS: Final = "\x1d"
_FNC1: Final = "\xf1"


class Symbol(Struct, frozen=True):
    """One code with the words that stand above it.

    A `gs1` text is an element string without its first FNC1; GS (U+001D) ends a field.
    """

    words: str
    text: str
    kind: Literal["code128", "gs1", "qr"] = "code128"
    beneath: str = ""

    @property
    def shown(self) -> str:
        return self.beneath or self.text.replace(GS, " ")


class Group(Struct, frozen=True):
    """Symbols under one heading."""

    heading: str
    symbols: tuple[Symbol, ...]


def sheet(title: str, groups: Sequence[Group]) -> str:
    """Draw the groups below each other, two cards to a row."""
    parts: list[str] = [_words(MARGIN, 12, title, size=6, bold=True)]
    top: float = TITLE + 4
    for group in groups:
        parts.append(_words(MARGIN, top + 6, group.heading, size=4.5, bold=True))
        top += 9
        for number, symbol in enumerate(group.symbols):
            left = MARGIN + (number % COLUMNS) * CARD[0]
            parts.extend(_card(symbol, left, top + (number // COLUMNS) * CARD[1]))
        top += -(-len(group.symbols) // COLUMNS) * CARD[1]
    height = top + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}mm" height="{height:g}mm" '
        f'viewBox="0 0 {WIDTH} {height:g}">'
        f'<rect width="{WIDTH}" height="{height:g}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _card(symbol: Symbol, left: float, top: float) -> Iterator[str]:
    yield _words(left, top + 4, symbol.words, size=3.6)
    if symbol.kind == "qr":
        yield from _squares(symbol.text, left, top + 6)
        yield _words(left + 28, top + 12, symbol.shown, size=3)
        return
    yield from _bars(bars(symbol), left, top + 6)
    yield _words(left, top + BARS + 11, symbol.shown, size=3.6)


def bars(symbol: Symbol) -> str:
    """Return the modules of a one-dimensional symbol, a letter each: 1 is black."""
    if symbol.kind == "gs1":
        drawn = Gs1_128(symbol.text.replace(GS, _FNC1)).build()
    else:
        drawn = Code128(symbol.text).build()
    return str(drawn[0])


def _bars(modules: str, left: float, top: float) -> Iterator[str]:
    """Draw each run of black modules; long codes get finer modules to fit their card."""
    width = min(0.4, (CARD[0] - 2 * QUIET) / len(modules))
    place = 0
    while (start := modules.find("1", place)) >= 0:
        place = modules.find("0", start)
        place = len(modules) if place < 0 else place
        yield _black(left + QUIET + start * width, top, (place - start) * width, BARS)


def _squares(text: str, left: float, top: float) -> Iterator[str]:
    code = qrcode.QRCode(border=0)
    code.add_data(text)
    code.make()
    matrix = code.get_matrix()
    size = 24 / len(matrix)
    for row, cells in enumerate(matrix):
        for column, black in enumerate(cells):
            if black:
                yield _black(left + column * size, top + row * size, size, size)


def _black(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:.4f}" y="{y:.4f}" width="{width:.4f}" height="{height:.4f}"/>'


def _words(x: float, y: float, text: str, *, size: float, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-family="sans-serif"{weight}>'
        f"{escape(text)}</text>"
    )
