"""First in first out, by the vectors that the phone reads too."""

import json
from pathlib import Path

import msgspec
import pytest

from sync.fifo import Candidate, rank

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "fifo.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_the_oldest_pickable_lot_comes_first(case):
    """[F1] [F2]"""
    lots = [msgspec.convert(lot, Candidate) for lot in case["lots"]]
    assert [list(ranked) for ranked in rank(lots, dated=case["dated"])] == case["ranked"]
