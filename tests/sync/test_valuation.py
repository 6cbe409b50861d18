"""Layers of cost: what stock is worth, whichever way the facts arrived."""

import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.valuation import Flow, Valuation, value

FRAME, BIKE = "FRAME", "BIKE"


def flow(time, operation, *rest, item=FRAME, **told):
    return Flow((time, "a", time, 0), operation, "", item, *rest, **told)


def folded(flows, item=FRAME, planned=None):
    return value(flows, planned).get(item, Valuation())


# time, operation, lot, far end, quantity, what all of it cost
MORNING = [
    flow(1, "r1", "L1", "supplier/V1", 10, 1_000),
    flow(2, "r2", "L2", "supplier/V1", 10, 3_000),
    flow(3, "i1", "L2", "cost/W", -4),
    flow(4, "i2", "L1", "cost/W", -12),
]


def test_goods_carry_the_cost_of_their_own_lot_while_it_lasts():
    """[R27]"""
    found = folded(MORNING)
    assert [(one.flow.operation, one.value, one.differs) for one in found.used] == [
        ("i1", 1_200, False), ("i2", 10 * 100 + 2 * 300, True),
    ]  # fmt: skip
    assert (found.quantity, found.value, found.unvalued) == (4, 1_200, 0)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_changes_no_value(order):
    """[R27]"""
    assert value([MORNING[index] for index in order]) == value(MORNING)


def test_goods_that_left_before_their_receipt_take_its_cost():
    """[R27] Until it comes they are owed; where nobody said any cost, they are worth nothing."""
    early = flow(1, "i", "L1", "customer/C", -5)
    assert (folded([early]).quantity, folded([early]).value) == (-5, 0)
    assert folded([early]).used[0].owed == 5
    found = folded([early, flow(2, "r", "L1", "supplier/V", 8, 560)])
    assert (found.used[0].value, found.used[0].owed, found.value) == (350, 0, 210)


def test_what_is_owed_is_worth_the_newest_known_cost_until_it_is_covered():
    """[R27] Two of five came at 300 each, three are owed: books and cost of sales both show it."""
    sold = [flow(1, "r", "L1", "supplier/V", 2, 600), flow(2, "i", "L1", "customer/C", -5)]
    found = folded(sold)
    assert (found.quantity, found.value, found.used[0].value) == (-3, -900, 1_500)
    covered = folded([*sold, flow(3, "r2", "L1", "supplier/V", 4, 400)])
    assert (covered.quantity, covered.value, covered.used[0].value) == (1, 100, 900)


def test_what_was_found_costs_what_its_lot_cost_last():
    """[R27] A surplus of a count has no price of its own; what nobody priced says so."""
    found = folded([
        flow(1, "a", "L0", "count", 2), *MORNING[:2], flow(3, "c", "L1", "count", 1),
    ])  # fmt: skip
    assert [(one.lot, one.cost) for one in found.layers] == [
        ("L0", None), ("L1", 100), ("L2", 300), ("L1", 100),
    ]  # fmt: skip
    assert found.unvalued == 2


def test_what_a_customer_sends_back_comes_at_the_cost_at_which_it_left():
    """[R27] Not at the price of the goods that were bought since."""
    found = folded([
        flow(1, "r1", "L1", "supplier/V", 10, 1_000),
        flow(2, "s", "L1", "customer/C", -10),
        flow(3, "r2", "L1", "supplier/V", 10, 7_000),
        flow(4, "b", "L1", "customer/C", 3),
    ])  # fmt: skip
    assert [(one.operation, one.left, one.worth) for one in found.layers] == [
        ("r1", 0, 0), ("r2", 10, 7_000), ("b", 3, 300),
    ]  # fmt: skip


def test_a_return_on_an_order_takes_the_cost_of_what_that_order_was_sent():
    """[R27] The same customer had the same goods on another order before, and cheaper."""
    found = folded([
        flow(1, "r1", "", "supplier/V", 1, 100),
        flow(2, "s1", "", "customer/C", -1, paper="SO-1/1"),
        flow(3, "r2", "", "supplier/V", 1, 900),
        flow(4, "s2", "", "customer/C", -1, paper="SO-2/1"),
        flow(5, "b", "", "customer/C", 1, paper="SO-2/1"),
    ])  # fmt: skip
    assert found.value == 900


def test_a_return_is_not_given_the_same_goods_twice():
    """[R27] What came back has come back; a second return takes what left next."""
    found = folded([
        flow(1, "r1", "", "supplier/V", 1, 100), flow(2, "s1", "", "customer/C", -1),
        flow(3, "b1", "", "customer/C", 1), flow(4, "s2", "", "customer/C", -1),
        flow(5, "r2", "", "supplier/V", 2, 900), flow(6, "s3", "", "customer/C", -2),
        flow(7, "b2", "", "customer/C", 1), flow(8, "b3", "", "customer/C", 1),
    ])  # fmt: skip
    assert [one.worth for one in found.layers if one.left] == [100, 450]


BUILT = [
    flow(1, "r", "", "supplier/V", 20, 2_000),
    flow(2, "i", "", "production/WO-1", -12),
    flow(3, "b", "", "production/WO-1", 2),
    flow(4, "p1", "", "production/WO-1", 4, item=BIKE, made=True),
    flow(5, "p2", "", "production/WO-1", 6, item=BIKE, made=True),
]


def test_what_is_made_costs_what_went_into_it():
    """[R27] Twelve frames at 100, two of them given back, make ten bikes; four come first."""
    found = value(BUILT, {"production/WO-1": 10})
    assert [(one.operation, one.worth) for one in found[BIKE].layers] == [("p1", 400), ("p2", 600)]
    assert (found[FRAME].quantity, found[FRAME].value) == (10, 1_000)


def test_what_is_made_of_goods_without_a_cost_has_none_either():
    """[R27] An unknown cost stays unknown, instead of a bike for the price of its screws."""
    gift = flow(0, "a", "", "count", 1, item="BELL")
    used = flow(2, "i2", "", "production/WO-1", -1, item="BELL")
    found = value([gift, used, *BUILT], {"production/WO-1": 10})[BIKE]
    assert (found.value, found.unvalued) == (0, 10)


def test_material_that_was_issued_before_its_receipt_makes_the_product_dearer_when_it_comes():
    """[R27] Issued at the newest cost, 100; the receipt that covers it says 150."""
    late = [
        flow(1, "r", "", "supplier/V", 2, 200),
        flow(2, "i", "", "production/WO-1", -4),
        flow(3, "r2", "", "supplier/V", 2, 300),
        flow(4, "p", "", "production/WO-1", 1, item=BIKE, made=True),
    ]
    assert folded([*late[:2], late[3]], BIKE).value == 400
    assert folded(late, BIKE).value == 500


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["L1", "L2", ""]),
            st.sampled_from(["supplier/V", "customer/C", "customer/D", "production/W", "count"]),
            st.integers(-9, 9),
            st.integers(0, 10_000),
        ),
        max_size=40,
    )
)
def test_no_coin_is_lost_between_what_came_what_went_and_what_is_left(acts):
    """[R27] Only goods with a price come in here, so what comes back has one too."""
    flows = [
        flow(time, str(time), lot, far, quantity, worth if quantity > 0 else None)
        for time, (lot, far, quantity, worth) in enumerate(acts)
    ]
    found = folded(flows)
    came = sum(one.worth for one in flows if one.quantity > 0)
    went = sum(part.worth for used in found.used for part in used.taken)
    assert came == went + sum(layer.worth for layer in found.layers)
    assert found.quantity == sum(one.quantity for one in flows)


def test_twice_the_goods_take_twice_the_steps():
    """[R27] Each layer is put into its queues once and leaves them once."""

    def steps(days):
        came = [flow(n, f"r{n}", "", "supplier/V", 1, 5) for n in range(days)]
        went = [flow(days + n, f"i{n}", "", "customer/C", -1) for n in range(days)]
        back = [flow(2 * days + n, f"b{n}", "", "customer/C", 1) for n in range(days)]
        calls = 0

        def count(*_):
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            folded([*came, *went, *back])
        finally:
            sys.setprofile(None)
        return calls

    assert steps(600) < 2.1 * steps(300)
