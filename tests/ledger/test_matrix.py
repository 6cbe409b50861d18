"""[R44] Whatever a fact says, what `bincard verify` holds true stays true.

Every verb at every place with every kind of paper, and with every kind of goods, is pushed to the
real book: bins, docks, each virtual root, containers and codes that nobody knows; lines that fit,
that ask for something else and that are not there. Then it is taken back. Many go in one push; on
a fault the operation that made it is found and named.
"""

import itertools
from typing import NamedTuple

from server.book.verify import verify_site
from sync.records import Document, Item, Line
from tests.world.lines import key, place
from tests.world.warehouse import SITE, Warehouse

VERBS = ("receive", "putaway", "move", "pick", "ship", "issue", "produce", "return", "status",
         "adjust", "count")  # fmt: skip
PLACES = (
    "B1", "B2", "DOCK", "STAGE", "=T1", "=T9", "?X1", "NOWHERE", "unidentified/X1", "container/T1",
    "supplier/V1", "customer/C1", "production/WO-1", "cost/x", "scrap/x", "adjust/x", "count",
    "status/reject", "transit", "suspense",
)  # fmt: skip
TASKS = (
    None, ("PO-1", 1), ("PO-1", 2), ("PO-1", 7), ("SO-1", 1), ("SO-1", None), ("WO-1", 0),
    ("WO-1", 1), ("CT-1", 1), ("CT-7", 1), ("MV-B1", 1), ("XX-1", 1),
)  # fmt: skip
KEYS = ("NU", "BE/L1", "BE#S1", "CA/L1", "WHAT", "WHAT#S1", "BE/L1!reject", "container/#T1",
        "container/")  # fmt: skip
MORE = [
    Document(document="CT-7", kind="count"),
    Line(document="CT-7", line=1, place="B2", item="BE", quantity=1),
    Document(document="MV-B1", kind="move"),
    Line(document="MV-B1", line=1, place="B1", item="BE", quantity=5),
    Item(item="BIKE", name="Bike"),
]
AT_ONCE = 100
IN_ONE_BOOK = 400
LIMIT = 10


class Act(NamedTuple):
    """One fact of the matrix."""

    number: int
    verb: str
    at: str
    other: str
    task: tuple | None
    goods: str


def acts():
    """Return every act: with each verb, each pair of place, paper and goods is there."""
    return [Act(number, *what) for number, what in enumerate(_combined())]


def _combined():
    keys, others = itertools.cycle(KEYS), itertools.cycle(("B2", "B1", "STAGE", "=T1"))
    for verb, at, task in itertools.product(VERBS, PLACES, TASKS):
        yield verb, at, next(others), task, next(keys)
    places = itertools.cycle(PLACES)
    for verb, goods, task in itertools.product(VERBS, KEYS, TASKS):
        yield verb, next(others), next(places), task, goods
    for verb, goods, at in itertools.product(VERBS, KEYS, PLACES):
        yield verb, next(others), at, None, goods


def did_of(act, wall):
    """Return what was done; quantities on both sides of the limit, and all that stands there."""
    verb, number = act.verb, act.number
    what, quantity = goods_of(act.goods), (3, 40, None)[number % 3]
    if what["serial"]:
        quantity = 1
    if verb == "count":
        lines = [{"key": what, "quantity": quantity or 0, "first_wall": wall - 30_000,
                  "last_wall": wall - 10_000, "segment": "s1"}]  # fmt: skip
        return {"verb": verb, "place": place(act.at), "scope": ("place", "line")[number % 2],
                "count_id": f"c{number}", "opened_wall": wall - 60_000, "lines": lines}  # fmt: skip
    if verb == "adjust":
        sign = (-1, 1)[number % 2]
        return {"verb": verb, "place": place(act.at), "key": what, "reason": "found",
                "quantity": sign * (quantity or 7)}  # fmt: skip
    if verb == "status":
        return {"verb": verb, "place": place(act.at), "key": what, "quantity": quantity,
                "to_status": ("reject", "ok", "hold")[number % 3], "reason": "x"}  # fmt: skip
    ends = [place(act.at), place(act.other)][:: 1 if number % 2 else -1]
    did = {"verb": verb, "from": ends[0], "to": ends[1], "reason": "x"}
    if verb in {"putaway", "move", "ship"} and act.goods == "container/#T1":
        return did | {"container": "T1"}
    may_be_all = verb in {"putaway", "move", "pick", "ship", "issue"}
    return did | {"key": what, "quantity": quantity if may_be_all else quantity or 7}


def goods_of(text):
    if text.startswith("container/"):
        return {"item": "container/", "serial": text.partition("#")[2] or None}
    return key(text)


async def played(path, several):
    """Push operations to a fresh book, and take them back; return what is not true then."""
    world = Warehouse(path)
    await world.set_up()
    await world.book.change(SITE, "x", [world.site(adjust_limit=LIMIT), *MORE], "more")
    await world.play("""
        07:00 A receive 50 BE/L1 to B1   | posted
        07:01 A receive 50 NU to B2      | posted
        07:02 A receive 9 CA/L1 to =T1   | posted
        07:03 A move =T1 to DOCK         | posted
    """)
    for some in parts(several, AT_ONCE):
        await pushed(world, some)
    faults = await world.book.read(lambda connection: verify_site(connection, SITE))
    faults += [row for row in await world.open() if row.startswith("INVARIANT")]
    world.close()
    return faults


def parts(several, size):
    return [several[start : start + size] for start in range(0, len(several), size)]


async def pushed(world, some):
    """Push operations at once, and then what takes every other one back, the first one first."""
    device, ids = world.device("A"), []
    for act in some:
        world.now += 1_000
        paper = {"document": act.task[0], "line": act.task[1]} if act.task else None
        ids.append(device.envelope(did_of(act, world.now), world.now, task=paper))
    await world.push("A", world.now + 1_000)
    for target in ids[::2]:
        device.envelope({"verb": "reverse", "target": target}, world.now)
    await world.push("A", world.now + 1_000)


async def named(folder, several):
    """Return the fewest operations that break the book, and what is wrong then."""
    least, faults = several, ["?"]
    step = len(least) // 2
    while step:
        for start in range(0, len(least), step):
            fewer = least[:start] + least[start + step :]
            found = await played(folder / f"{len(least)}-{step}-{start}.db", fewer) if fewer else []
            if found:
                least, faults = fewer, found
                break
        else:
            step //= 2
        step = min(step, len(least) // 2)
    return f"{least}: {faults[:3]}"


async def test_nothing_that_a_fact_may_say_makes_the_book_untrue(tmp_path):
    """[R44] [R45] [R46] [L10]"""
    for several in parts(acts(), IN_ONE_BOOK):
        faults = await played(tmp_path / f"from-{several[0].number}.db", several)
        assert not faults, await named(tmp_path, several)
