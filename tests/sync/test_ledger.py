"""The fold: whatever the order of arrival, postings reach what the facts give in time."""

import random

import pytest

from server.book.verify import fold
from sync.ledger import Posting, Track, time_at, track_of
from sync.records import Site
from sync.state import State

KEY = '["BE",null,null,"ok",null]'
PLACES = ("B1", "B2", "B3")


def facts(dice, many):
    """Return movements, counts and "all"s at different times of three bins."""
    for n in range(many):
        kind = dice.choice(["in", "out", "move", "move", "count", "all"])
        one, two = dice.sample(PLACES, 2)
        yield n, kind, dice.choice([t for t in range(1, 400) if t % many == n]), one, two, \
            dice.randint(0, 9)  # fmt: skip


def post(state, fact):
    """Post one fact as `movements.post` and `decisions.set_balance` do."""
    n, kind, time, one, two, quantity = fact
    source, target = {
        "in": ("supplier/V", one), "out": (one, "customer/C"), "count": (one, "count"),
    }.get(kind, (one, two))  # fmt: skip
    counted = None
    moment = (time, "a" * 32, n, 0)
    track = state.tracks.get((one, KEY))
    if kind == "all":
        quantity = max(track.before(moment), 0)
    if kind == "count":
        counted, change = quantity, quantity - track.before(moment)
        source, target = ("count", one) if change > 0 else (one, "count")
        quantity = abs(change)
    state.apply(
        Posting(
            of=n, line=0, kind={"count": "count", "all": "all"}.get(kind, "move"), item="BE",
            key=KEY, place_from=source, place_to=target, quantity=quantity,
            t_from=time_at(source, time), t_to=time_at(target, time), u=0, replica="a" * 32,
            rseq=n, counted=counted,
        )
    )  # fmt: skip
    state.run_forward((source, KEY), moment, -quantity)
    state.run_forward((target, KEY), moment, quantity)


def play(all_facts):
    state = State(Site(site="S", name="S"), 0)
    for place in (*PLACES, "supplier/V", "customer/C", "count"):
        state.holdings.load((place, KEY), None)
    for place in PLACES:
        state.tracks.load((place, KEY), Track(0))
    for fact in all_facts:
        post(state, fact)
    return state


def stock(state):
    return {row.place: row.quantity for row in state.holdings.all() if row.quantity}


@pytest.mark.parametrize("seed", range(200))
def test_the_same_facts_in_any_order_give_the_same_stock(seed):
    """[L3] [L4]"""
    dice = random.Random(seed)
    all_facts = list(facts(dice, 12))
    first = play(all_facts)
    for _ in range(4):
        dice.shuffle(all_facts)
        other = play(all_facts)
        assert stock(other) == stock(first), f"seed {seed}: {all_facts}"
        for place in PLACES:
            ends = [p for p in other.postings if place in (p.place_from, p.place_to)]
            folded = fold(track_of(0, 0, place, ends))
            assert folded == stock(other).get(place, 0), f"seed {seed} at {place}"


def test_every_item_sums_to_zero_over_all_places():
    dice = random.Random(7)
    state = play(list(facts(dice, 40)))
    assert sum(row.quantity for row in state.holdings.all()) == 0


def test_a_posting_that_was_taken_back_leaves_nothing_behind():
    state = play([])
    mark = state.mark()
    post(state, (1, "in", 5, "B1", "B2", 7))
    state.roll_back(mark)
    assert stock(state) == {}
    assert state.postings == []
    assert state.tracks.get(("B1", KEY)) == Track(0)


def test_holdings_that_were_never_loaded_are_a_bug_and_not_a_zero():
    state = State(Site(site="S", name="S"), 0)
    with pytest.raises(KeyError):
        post(state, (1, "in", 5, "B1", "B2", 7))
