"""Layers of cost: what stock is worth, whichever way the facts arrived."""

import itertools

import pytest

from sync.valuation import Flow, value


def flow(time, *rest):
    return Flow((time, "a", time, 0), *rest)


# time, operation, lot, far end, quantity, cost
MORNING = [
    flow(1, "r1", "", "L1", "supplier/V1", 10, 100),
    flow(2, "r2", "", "L2", "supplier/V1", 10, 300),
    flow(3, "i1", "", "L2", "production/W", -4, None),
    flow(4, "i2", "", "L1", "production/W", -12, None),
]


def test_goods_carry_the_cost_of_their_own_lot_while_it_lasts():
    """[R27]"""
    found = value(MORNING)
    assert [(one.flow.operation, one.value, one.differs) for one in found.used] == [
        ("i1", 1_200, False), ("i2", 10 * 100 + 2 * 300, True),
    ]  # fmt: skip
    assert (found.quantity, found.value, found.unvalued) == (4, 1_200, 0)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_changes_no_value(order):
    """[R27]"""
    assert value([MORNING[index] for index in order]) == value(MORNING)


def test_goods_that_left_before_their_receipt_take_its_cost():
    """[R27] Until it comes they are owed."""
    early = flow(1, "i", "", "L1", "customer/C", -5, None)
    assert (value([early]).quantity, value([early]).used[0].owed) == (-5, 5)
    found = value([early, flow(2, "r", "", "L1", "supplier/V", 8, 70)])
    assert (found.used[0].value, found.used[0].owed, found.value) == (350, 0, 210)


def test_what_was_found_costs_what_its_lot_cost_last():
    """[R27] A surplus of a count has no price of its own; what nobody priced says so."""
    found = value([
        flow(1, "a", "", "L0", "count", 2, None), *MORNING[:2],
        flow(3, "c", "", "L1", "count", 1, None),
    ])  # fmt: skip
    assert [(one.lot, one.cost) for one in found.layers] == [
        ("L0", None), ("L1", 100), ("L2", 300), ("L1", 100),
    ]  # fmt: skip
    assert found.unvalued == 2
