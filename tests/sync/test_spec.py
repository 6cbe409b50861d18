"""Every rule of SPEC.md is shown by a test that cites it, those marked ° excepted."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "sync" / "SPEC.md").read_text(encoding="utf-8")


def complete_rules():
    yield from re.findall(r"^- \*\*([A-Z]\d+)\*\*", SPEC, flags=re.MULTILINE)
    for cells in re.findall(r"^\| (R\d[^|]*)\|", SPEC, flags=re.MULTILINE):
        if "°" not in cells:
            yield from re.findall(r"R\d+", cells)


def cited():
    sources = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("pwa/tests/**/*.ts"),
               *ROOT.glob("pwa/src/**/*.test.ts")]  # fmt: skip
    return {
        rule
        for source in sources
        for group in re.findall(
            r"\[([A-Z]\d+(?:, [A-Z]\d+)*)\]", source.read_text(encoding="utf-8")
        )
        for rule in group.split(", ")
    }


def test_every_complete_rule_is_cited_by_a_test():
    assert [rule for rule in complete_rules() if rule not in cited()] == []


def test_no_test_cites_a_rule_that_is_not_there():
    known = set(re.findall(r"\b([A-Z]\d+)\b", SPEC))
    assert {rule for rule in cited() if rule not in known} == set()
