"""Items of the extract: kinds, Chinese names, packs, policies and labels, all by rule."""

import re
from dataclasses import dataclass
from typing import Final

from server.imports.tsv import Record

DATED: Final = re.compile(r"^(Paint|Bike Wash)")
SMALL: Final = re.compile(r"Nut|Washer|Bolt|Ball|Nipple|Spokes|Decal|Ring$")
CHEAP: Final = re.compile(r"Nut|Washer")
SINGLE: Final = re.compile(r"Frame|Wheel|^(Mountain|Road|Touring)-\d")
"""Things that are too large to come in a case."""

WORD: Final = re.compile(r"[^\s,]+")


@dataclass(frozen=True)
class Products:
    """The product table, which of them go into others, and the dictionary of names."""

    rows: dict[str, Record]
    components: frozenset[str]
    terms: dict[str, str]

    def code(self, product: str) -> str:
        return self.rows[product]["ProductNumber"]

    def kind(self, product: str) -> str:
        """Sold things are finished even when bought; the rest is made here or raw material."""
        row = self.rows[product]
        if row["FinishedGoodsFlag"] == "1":
            return "finished"
        return "made" if row["MakeFlag"] == "1" else "raw"


def item_row(products: Products, product: str) -> dict[str, object]:
    row = products.rows[product]
    name, kind = row["Name"], products.kind(product)
    dated = bool(DATED.match(name))
    bought = row["MakeFlag"] == "0"
    return {
        "item": row["ProductNumber"],
        "name": name,
        "name_zh": chinese(name, products.terms),
        "spec": spec(row),
        "unit": "CAN" if name.startswith("Paint") else "EA",
        "kind": kind,
        "lots": int(dated or kind == "raw" or (bought and product in products.components)),
        "dated": int(dated),
        "fifo": policy(name, kind, dated=dated),
        "pack": pack(name),
        "gtin": "" if CHEAP.search(name) else gtin(int(product)),
    }


def spec(row: Record) -> str:
    """Size and weight, as far as the source knows them: `38 CM · 20.35 LB`."""
    size = f"{row['Size']} {row['SizeUnitMeasureCode']}".strip()
    weight = f"{row['Weight']} {row['WeightUnitMeasureCode']}" if row["Weight"] else ""
    return " · ".join(filter(None, [size, weight]))


def policy(name: str, kind: str, *, dated: bool) -> str:
    """How firmly first-in first-out is held: dated goods most, nuts and sold things least."""
    if dated:
        return "consent"
    return "reason" if kind == "raw" and not CHEAP.search(name) else "hint"


def pack(name: str) -> str:
    """Unit and factor of the pack: 100 small parts to a box, 12 of the others to a case."""
    if SINGLE.search(name):
        return ""
    return "BOX 100" if SMALL.search(name) else "CS 12"


def gtin(number: int) -> str:
    """Give a GTIN-14 of the range that GS1 leaves to a company's own use (prefix 2)."""
    digits = f"02{number:011d}"
    weighed = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return f"{digits}{-weighed % 10}"


def chinese(name: str, terms: dict[str, str]) -> str:
    """Translate a name term by term, the longest that fits first; what no term names stays."""
    found = ""
    rest = name
    while rest:
        fitting = [term for term in terms if re.match(re.escape(term) + r"(?![\w/-])", rest)]
        term = max(fitting, key=len) if fitting else ""
        word = WORD.match(rest)
        part = term or (word.group() if word else rest)
        rest = rest[len(part) :]
        gap = len(rest) - len(rest.lstrip(" ,-"))
        joint, rest = rest[:gap], rest[gap:]
        found += terms.get(part, part)
        if joint and rest:
            found += " " if joint.strip() else "\0"
    return spaced(found)


def spaced(text: str) -> str:
    """Set a space where Chinese meets Latin or digits, none between Chinese words."""
    text = re.sub(r"(?<=[ -~])\0|\0(?=[ -~])", " ", text)
    return text.replace("\0", "")
