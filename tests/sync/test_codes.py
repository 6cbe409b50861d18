"""What codes mean, by the vectors that the phone's parser reads too; biip is the second opinion."""

import json
from pathlib import Path

import msgspec
import pytest
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

from sync import gs1
from sync.codes import LotOf, Named, meaning
from sync.stock import Lot

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "codes.json").read_text(encoding="utf-8")
)


class Site:
    """What a small site knows."""

    def __init__(self, known):
        self.named = [
            *(("item", code, [code, *aliases]) for code, aliases in known["items"].items()),
            *(("location", code, [code]) for code in known["locations"]),
            *(("document", code, [code]) for code in known["documents"]),
            *(("partner", code, [code]) for code in known["partners"]),
        ]
        self.of = [LotOf(item, msgspec.convert(lot, Lot)) for item, lot in known["lots"]]

    def exact(self, text):
        return [
            Named(kind, code)
            for kind, code, names in self.named
            if text in {*names, *(gs1.gtin14(name) for name in names)}
        ]

    def folded(self, text):
        return [
            Named(kind, code)
            for kind, code, names in self.named
            if text.lower() in {name.lower() for name in names}
        ]

    def lots(self, code):
        return [of for of in self.of if of.lot.code == code]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["cases"]])
def test_a_code_means(case):
    """[G1] [G2]"""
    meant = meaning(
        case["raw"],
        case["symbology"],
        Site(VECTORS["known"]),
        VECTORS["year"],
        case.get("separators", ""),
    )
    assert json.loads(msgspec.json.encode(meant)) == case["meaning"]


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
