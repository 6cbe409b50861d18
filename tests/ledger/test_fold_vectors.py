"""[S5] What the phone shows before the server answered is what the server then posts."""

import json
from pathlib import Path

import msgspec
import pytest

from sync.papers import COUNTER_NAMES
from sync.records import Device, Document, Holding, Item, Line, Location, Person, Site
from sync.stock import Key, is_virtual, key_of, key_text
from tests.world.warehouse import Warehouse

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "fold.json").read_text())


def rows_of(case):
    """Return a site in which the case can happen."""
    names = [*case["stock"], *case["shown"]]
    places = {place for place, _, _ in names} | {"A", "B", "C", "DOCK", "STAGE"}
    items = {key_of(key).item for _, key, _ in names} | {"BE-2908", "PA-529S"}
    yield Site(site="S", name="S")
    yield from (Item(item=item, name=item) for item in items)
    yield from (
        Location(location=place, warehouse="W")
        for place in places
        if not place.startswith(("container/", "unidentified/"))
    )
    yield Person(person="worker", name="w", role="worker", badge="W")
    yield from (Device(device=name, name=name) for name in "AB")
    for document, kind, line, role, item, place in case["papers"]:
        yield Document(document=document, kind=kind)
        yield Line(document=document, line=line, role=role, item=item, place=place, quantity=100)


async def push_all(world, name, operations):
    for operation in operations:
        world.device(name).envelope(
            operation["did"], world.now, id_=operation["id"], task=operation.get("task")
        )
    await world.push(name)


def before(case):
    """Return what stood there before the operations that the server has already."""
    stock = {(place, key): quantity for place, key, quantity in case["stock"]}
    for operation in case["known"].values():
        did = operation["did"]
        name = key_text(msgspec.convert(did["key"], Key))
        for end, sign in (("from", 1), ("to", -1)):
            place = did[end]["location"]
            stock[place, name] = stock.get((place, name), 0) + sign * did["quantity"]
    return {name: quantity for name, quantity in stock.items() if not is_virtual(name[0])}


def opening(stock):
    """Return the operations that put goods where the case begins."""
    for n, ((place, name), quantity) in enumerate(stock.items()):
        key = msgspec.to_builtins(key_of(name))
        if quantity > 0:
            did = {"verb": "receive", "key": key, "quantity": quantity,
                   "from": {"location": "adjust/opening"}, "to": {"location": place}}  # fmt: skip
        else:
            did = {"verb": "adjust", "key": key, "quantity": quantity, "reason": "opening",
                   "place": {"location": place}}  # fmt: skip
        yield {"id": f"begin-{n}", "did": did}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_the_server_posts_what_the_phone_shows(tmp_path, case):
    """[S5] [K1] [L10]"""
    world = Warehouse(tmp_path / "book.db")
    await world.set_up([*rows_of(case)])
    await push_all(world, "B", [*opening(before(case)), *case["known"].values()])
    earlier = {(row.document, row.line): row for row in await world.rows("line", Line)}
    world.now += 1_000
    await push_all(world, "A", case["pending"])
    got = {(row.place, row.key): row.quantity for row in await world.rows("holding", Holding)}
    for place, key, quantity in case["shown"]:
        assert got.get((place, key), 0) == quantity, f"{key} at {place}"
    moved = {
        (row.document, row.line, counter): getattr(row, counter) - getattr(was, counter)
        for row in await world.rows("line", Line)
        if (was := earlier.get((row.document, row.line))) is not None
        for counter in COUNTER_NAMES
    }
    told = {(*name, counter): amount for *name, counter, amount in case["counters"]}
    assert {name: amount for name, amount in moved.items() if amount} == told
    assert world.book.verify(None) == []
    world.close()
