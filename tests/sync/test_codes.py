"""What codes mean, by the vectors that the phone's parser reads too; biip is the second opinion."""

import json
from pathlib import Path

import msgspec
import pytest
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

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
            if text in {*names, *(gs1.gtin14(name) for name in names)}
        ]

    def folded(self, text):
        return [
            named for named, names in self.named if text.lower() in {name.lower() for name in names}
        ]

    def lots(self, code):
        return [of for of in self.of if of.lot.code == code]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in VECTORS["cases"]])
def test_a_code_means(case):
    """[G1] [G2] [G11] [G12]"""
    meant = meaning(
        case["raw"],
        case["symbology"],
        Site(VECTORS["known"]),
        VECTORS["year"],
        case.get("separators", ""),
    )
    assert json.loads(msgspec.json.encode(meant)) == case["meaning"]


@pytest.mark.parametrize(("raw", "text"), TEXTS)
def test_a_code_has_one_spelling_stored_and_scanned(raw, text):
    """[G10]"""
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
