"""GS1 element strings, check digits and dates, driven by one table.

The table is also what the phone's parser is generated from. It holds the application identifiers
that a warehouse meets; an unknown one makes a code "not GS1", so that it stays raw.

A scanner that swallows separators glues a value of open length to what follows it. `readings`
finds all that such a string can have been; which one it was is not for this module to say.
"""

import calendar
import re
from typing import Final, NamedTuple

from msgspec import Struct

GS: Final = "\x1d"

TABLE: Final = """
00 n18c
01-03 n14c
10 x..20
11-13 n6d
15-17 n6d
20 n2
21 x..20
22 x..20
235 x..28
240-241 x..30
242 n..6
243 x..20
250-251 x..30
253 n13c+x..17
254 x..20
255 n13c+n..12
30 n..8
310*-316* n6
320*-337* n6
340*-357* n6
360*-369* n6
37 n..8
390* n..15
391* n3+n..15
392* n..15
393* n3+n..15
3940-3943 n4
400-401 x..30
402 n17c
403 x..30
410-417 n13c
420 x..20
421 n3+x..9
422 n3
423 n3+n..12
424 n3
425 n3+n..12
426 n3
427 x..3
7001 n13
7002 x..30
7003 n10
7004 n..4
7005 x..12
7006 n6
7020-7022 x..20
7023 x..30
710-716 x..20
8001 n14
8002 x..20
8003 n14c+x..16
8004 x..30
8005 n6
8006 n14c+n4
8007 x..34
8008 n8+n..4
8010 x..30
8011 n..12
8012 x..20
8013 x..25
8017-8018 n18c
8020 x..25
8026 n14c+n4
8200 x..70
90 x..30
91-99 x..90
""".strip()
"""One line: identifiers (`*` stands for 0 to 5), then parts: n digits, x characters,
a length or `..` and the longest; `c` ends in a check digit, `d` is a day YYMMDD."""

SELF_DELIMITING: Final = frozenset({
    "00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "31", "32", "33", "34", "35", "36", "41",
})  # fmt: skip
"""First two digits after which no separator is needed: the length is known."""

_CHARACTERS: Final = r"[!-\"%-?A-Z_a-z]"
READINGS_MAX: Final = 12
STEPS_MAX: Final = 4_000
"""How far it is looked for what a string can say: a hostile label keeps nobody waiting."""

_CENTURY: Final = 100
_HALF: Final = 50


class Shape(NamedTuple):
    """What may follow an identifier, and what is to be checked in it."""

    pattern: re.Pattern[str]
    longest: int
    check: int
    day: bool
    digits: bool


class Element(Struct, frozen=True, array_like=True):
    """One identifier with its data, and whether its check digit or its day is right."""

    ai: str
    value: str
    right: bool = True


def check_digit_is_right(digits: str) -> bool:
    """Say whether a GTIN, SSCC or GLN ends in the digit that the rest asks for."""
    weighted = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
    return weighted % 10 == 0


def gtin14(text: str) -> str | None:
    """Return a GTIN-8, 12, 13 or 14 with a right check digit as GTIN-14, None for anything else."""
    is_gtin = re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", text) is not None
    return text.zfill(14) if is_gtin and check_digit_is_right(text) else None


def upc_e(text: str) -> str | None:
    """Return the GTIN-14 of a UPC-E of eight digits, None when its check digit is not right."""
    match = re.fullmatch(r"([01])([0-9]{6})([0-9])", text)
    if not match:
        return None
    system, body, check = match.groups()
    last = int(body[5])
    if last <= 2:  # noqa: PLR2004  (the last digit says where zeros were left out)
        long = f"{body[:2]}{body[5]}0000{body[2:5]}"
    elif last in {3, 4}:
        long = f"{body[:last]}00000{body[last:5]}"
    else:
        long = f"{body[:5]}0000{body[5]}"
    return gtin14(f"{system}{long}{check}")


def iso_day(text: str, year: int) -> str | None:
    """Return YYMMDD as a date near `year`; day 00 is the last day of its month."""
    if not re.fullmatch(r"[0-9]{6}", text):
        return None
    short, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    distance = short - year % _CENTURY
    century = (
        year - year % _CENTURY - _CENTURY * (distance > _HALF) + _CENTURY * (distance < -_HALF + 1)
    )
    full = century + short
    if not 1 <= month <= 12:  # noqa: PLR2004  (months)
        return None
    last = calendar.monthrange(full, month)[1]
    day = day or last
    return f"{full:04}-{month:02}-{day:02}" if day <= last else None


def elements(text: str, year: int) -> list[Element] | None:
    """Split an element string as its separators say, or return None when it is not one."""
    rest = text.removeprefix(GS)
    found: list[Element] = []
    while rest:
        ai = _identifier(rest)
        if ai is None:
            return None
        rest = rest[len(ai) :]
        size = _SHAPES[ai].longest if ai[:2] in SELF_DELIMITING else rest.find(GS)
        value = rest if size < 0 else rest[:size]
        element = _element(ai, value, year)
        if element is None:
            return None
        rest = rest[len(value) :].removeprefix(GS)
        found.append(element)
    return found or None


def readings(text: str, year: int) -> list[list[Element]]:
    """Return all that an element string can say, as it stands first.

    With a separator in it there is one reading at most. Without any, a value of open length may
    end wherever the rest is an element string too: no identifier twice, all checks and days right.
    """
    plain = elements(text, year)
    rest = text.removeprefix(GS)
    if GS in rest:
        return [plain] if plain else []
    found: list[list[Element]] = [plain] if plain else []
    steps = STEPS_MAX

    def read(rest: str, before: list[Element]) -> None:
        nonlocal steps
        ai = _identifier(rest)
        if ai is None or any(ai == element.ai for element in before):
            return
        rest = rest[len(ai) :]
        longest = _SHAPES[ai].longest
        fixed = ai[:2] in SELF_DELIMITING
        for size in range(min(longest, len(rest)), longest - 1 if fixed else 0, -1):
            steps -= 1
            if steps < 0 or len(found) >= READINGS_MAX:
                return
            element = _element(ai, rest[:size], year)
            if element is None or not element.right:
                continue
            way = [*before, element]
            if size < len(rest):
                read(rest[size:], way)
            elif way != plain:
                found.append(way)

    read(rest, [])
    return found


def is_number(ai: str) -> bool:
    """Say whether an identifier takes digits only: then what follows it is seldom chance."""
    return _SHAPES[ai].digits


def _identifier(text: str) -> str | None:
    return next((text[:size] for size in (2, 3, 4) if text[:size] in _SHAPES), None)


def _element(ai: str, value: str, year: int) -> Element | None:
    shape = _SHAPES[ai]
    if not shape.pattern.fullmatch(value):
        return None
    return Element(ai, value, _is_right(shape, value, year))


def _is_right(shape: Shape, value: str, year: int) -> bool:
    if shape.day:
        return iso_day(value, year) is not None
    return not shape.check or check_digit_is_right(value[: shape.check])


def _shapes() -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for line in TABLE.splitlines():
        identifiers, parts = line.split(" ")
        first, _, last = identifiers.replace("*", "").partition("-")
        tails = "012345" if "*" in identifiers else [""]
        for number in range(int(first), int(last or first) + 1):
            shapes |= {f"{number:0{len(first)}}{tail}": _shape(parts) for tail in tails}
    return shapes


def _shape(parts: str) -> Shape:
    pattern, longest, check = "", 0, 0
    for kind, dots, size, mark in re.findall(r"([nx])(\.\.)?([0-9]+)([cd]?)", parts):
        letters = "[0-9]" if kind == "n" else _CHARACTERS
        pattern += f"{letters}{{1,{size}}}" if dots else f"{letters}{{{size}}}"
        longest += int(size)
        check = int(size) if mark == "c" else check
    return Shape(re.compile(pattern), longest, check, parts.endswith("d"), "x" not in parts)


_SHAPES: Final = _shapes()
