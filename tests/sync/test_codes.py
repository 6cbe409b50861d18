"""What codes mean, by the vectors that the phone's parser reads too; biip is the second opinion."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.upc import Upc

from sync import gs1
from sync.code_text import code_text
from sync.codes import LotOf, Named, meaning
from sync.stock import Lot

FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS = json.loads((FOLDER / "codes.json").read_text(encoding="utf-8"))
TEXTS = json.loads((FOLDER / "code_text.json").read_text(encoding="utf-8"))


class Site:
    """What a small site knows."""

    def __init__(self, known):
        self.named = [
            *((Named("item", code), [code, *more]) for code, more in known["items"].items()),
            *((Named("item", item, *pack), codes) for item, *pack, codes in known["packs"]),
            *((Named("location", code), [code]) for code in known["locations"]),
            *((Named("document", code), [code]) for code in known["documents"]),
            *((Named("partner", code), [code]) for code in known["partners"]),
        ]
        self.of = [LotOf(item, msgspec.convert(lot, Lot)) for item, lot in known["lots"]]

    def exact(self, text):
        return [
            named
            for named, names in self.named
            if text in {*names, *map(gs1.gtin14, names), *map(gs1.upc_e, names)}
        ]

    def folded(self, text):
        return [
            named for named, names in self.named if text.lower() in {name.lower() for name in names}
        ]

    def lots(self, code):
        return [of for of in self.of if of.lot.code == code]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["cases"]])
def test_a_code_means(case):
    """[G1] [G2] [G3]"""
    meant = meaning(
        case["raw"],
        case["symbology"],
        Site(VECTORS["known"]),
        VECTORS["year"],
        case.get("separators", ""),
        case.get("scanner", "new"),
    )
    assert json.loads(msgspec.json.encode(meant)) == case["meaning"]


@pytest.mark.parametrize(("raw", "text"), TEXTS)
def test_a_code_has_one_spelling_stored_and_scanned(raw, text):
    """[G10] [G12]"""
    assert code_text(raw) == code_text(code_text(raw)) == text
    meant = meaning(raw, None, Site(VECTORS["known"]), VECTORS["year"])
    assert getattr(meant, "raw", text) == text


@pytest.mark.parametrize("ai", sorted(gs1._SHAPES))
def test_every_identifier_of_the_table_is_one_that_biip_knows(ai):
    theirs = GS1ApplicationIdentifier.extract(ai)
    assert theirs.ai == ai
    assert theirs.separator_required == (ai[:2] not in gs1.SELF_DELIMITING)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("240229", "2024-02-29"),
        ("250229", None),
        ("270900", "2027-09-30"),
        ("761231", "2076-12-31"),
        ("770101", "1977-01-01"),
    ],
)
def test_a_day_of_six_digits_is_near_today(text, day):
    assert gs1.iso_day(text, 2026) == day


@pytest.mark.parametrize("last", "0123456789")
def test_a_upc_e_is_the_upc_a_that_it_was_made_of(last):
    """[G2] biip expands it too."""
    short = Upc.parse(f"0{425260 + int(last)}{_check(last)}")
    assert gs1.upc_e(short.value) == f"00{short.as_upc_a()}"


def _check(last):
    """Find the one check digit that biip takes."""
    for digit in "0123456789":
        with contextlib.suppress(ParseError):
            return Upc.parse(f"0{425260 + int(last)}{digit}").check_digit
    raise AssertionError(last)


def test_a_label_that_could_be_read_in_a_thousand_ways_keeps_nobody_waiting():
    assert len(gs1.readings("0102000000009414" + "10" + "2A30240B37" * 8, 2026)) <= 12
    assert gs1.readings("21" + "".join(f"{ai}A" for ai in range(10, 99)) * 40 + "#", 2026) == []
