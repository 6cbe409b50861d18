"""A share of the fuzz: `make fuzz SEED=… ROUNDS=…` does as much as wanted."""

import json
from pathlib import Path
from zlib import crc32

import pytest

from sync import limits
from tests.fuzz import driver
from tests.fuzz.driver import Fuzz
from tests.fuzz.mutations import smaller
from tests.simulation.runs import commit

ROUNDS = 250


@pytest.fixture
def folder():
    with driver.folder_of_its_own() as folder:
        yield Path(folder)


async def test_hostile_pushes_make_no_fault_no_untrue_ledger_and_no_heap(folder):
    seed = crc32(commit().encode())
    print(f"make fuzz SEED={seed} ROUNDS={ROUNDS}")
    outcomes = await Fuzz(folder, seed).run(ROUNDS)
    assert {200, 400, "posted", "flagged", "parked"} <= outcomes.keys()


async def test_a_case_that_fails_is_told_as_the_one_push_that_does_it(folder, monkeypatch):
    """The checker checked: a fault put into the rules is found, and made small."""
    hold = limits.hold

    def fails(case, asked):
        if case.verb == "adjust" and case.did.quantity > 50:
            raise ZeroDivisionError("a fault of ours")
        return hold(case, asked)

    monkeypatch.setattr(limits, "hold", fails)
    monkeypatch.setattr(driver, "TRIES", 0)
    with pytest.raises(driver.FoundError, match="ZeroDivisionError") as told:
        await Fuzz(folder, 1).run(200)
    operations = json.loads(told.value.sent.content)["operations"]
    assert "adjust" in [one["body"]["did"]["verb"] for one in operations]
    assert "SEED=1, round" in str(told.value)


async def test_whatever_may_be_left_out_of_a_failing_push_is_left_out():
    async def fails(sent):
        tree = json.loads(sent.content)
        return any(one.get("quantity") == 99 for one in tree.get("operations", []))

    whole = {"v": 1, "exchanges": [{}], "operations": [{"id": 1}, {"id": 2, "quantity": 99}]}
    sent = await driver.minimised(driver.Sent("A", 1, json.dumps(whole).encode()), fails)
    assert json.loads(sent.content) == {"operations": [{"quantity": 99}]}


def test_what_is_made_smaller_loses_one_thing_at_a_time():
    assert list(smaller({"a": [1], "b": 2})) == [{"b": 2}, {"a": [1]}, {"a": [], "b": 2}]
