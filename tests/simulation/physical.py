"""[S6] The ledger against the floor: where they differ, something says why.

What the oracle itself put into the world (a slip of a worker, a storage that was evicted, a clock
that nobody can vouch for) explains a difference too, and so does what "all" carried on from there.
Nothing that a hostile device said explains one, and only its own goods are not compared.
"""

import json
from collections import defaultdict
from itertools import combinations

from sync.records import Discrepancy, Variance
from sync.stock import CONTAINER, container_key, is_virtual, key_text
from tests.simulation import things
from tests.simulation.client.outbox import body_of
from tests.simulation.floor import name_of_key
from tests.simulation.hostile import is_own
from tests.simulation.oracle import holdings, rows
from tests.simulation.site import BOXES, HOSTILE
from tests.simulation.watch import Broken

DECIDED_BY_A_PERSON = {"open", "rejected", "recount"}


def check_world(world):
    server = world.server
    ledger = holdings(server)
    true = {name: quantity for name, quantity in world.floor.stock.items() if quantity}
    differ = [
        name for name in sorted(ledger.keys() | true.keys())
        if ledger.get(name, 0) != true.get(name, 0) and not name[0].startswith("unidentified/")
        and not is_own(name)
    ]  # fmt: skip
    explained = explanations(world) if differ else set()
    for name in differ:
        if not {name, _thing(name), _box(name[0])} & explained:
            raise Broken(
                "S6",
                f"{name}: the ledger has {ledger.get(name, 0)}, there are "
                f"{true.get(name, 0)}, and nothing says why",
            )


def explanations(world):
    """Return the keys at places where the ledger may be wrong, with what follows from them."""
    doubts = rows(world.server, "discrepancy", Discrepancy)
    lies = world.watch.lies
    found = {(row.place, row.key) for row in doubts
             if row.state == "open" and row.operation not in lies}  # fmt: skip
    found |= {
        (row.place, row.key)
        for row in rows(world.server, "variance", Variance)
        if row.device != HOSTILE
        and (row.state in DECIDED_BY_A_PERSON or row.ambiguous or row.line < 0)
    }
    facts = [entry for entry in world.watch.log
             if entry["kind"] == "fact" and entry["device"] != HOSTILE]  # fmt: skip
    found |= world.floor.slips.keys() | _unheard(world) | _undatable(world, facts)
    return _carried_on(found | {_thing(name) for name in found if all(name)}, facts)


def _did(entry):
    return json.loads(entry["payload"])["body"]["did"]


def _place(end):
    kind, text = next((kind, text) for kind, text in end.items() if text)
    return f"container/{text}" if kind == "container" else text


def _thing(name):
    """A serial or a container is one thing, wherever it is: what is doubted, is everywhere."""
    one = things.thing(name[1]) if all(name) else None
    return ("", " ".join(one)) if one else name


def _box(place):
    """Return the thing that a container is, for what stands in it."""
    inside = place.startswith(things.INSIDE)
    return ("", f"{CONTAINER} {place.removeprefix(things.INSIDE)}") if inside else None


def touched(did):
    if did["verb"] == "count":
        place = _place(did["place"])
        return {_thing((place, name_of_key(line["key"]))) for line in did["lines"]}
    return {_thing(end) for end, _ in ends_of(did)}


def ends_of(did):
    """Return what a fact takes from and brings to: (place, key), and whether it is the source."""
    if did.get("container"):
        box = key_text(container_key(did["container"]))
        return [((_place(did[end]), box), end == "from") for end in ("from", "to") if end in did]
    if "key" not in did:
        return []
    name = name_of_key(did["key"])
    if "place" not in did:
        return [((_place(did[end]), name), end == "from") for end in ("from", "to") if end in did]
    place = _place(did["place"])
    if did["verb"] != "status":
        return [((place, name), True)]
    other = name_of_key({**did["key"], "status": did["to_status"]})
    return [((place, name), True), ((place, other), False)]


def _unheard(world):
    """What was lost with a storage, as predicted."""
    found = set()
    for id_ in world.watch.lost & world.watch.shown.keys():
        found |= touched(body_of(world.watch.shown[id_])["did"])
    return found


def _undatable(world, facts):
    """Keys of what is not to be relied on in time, or came nearer than its error bar can tell."""
    found, ends = set(), defaultdict(list)
    for entry in facts:
        did, verdict = _did(entry), json.loads(entry["verdict"])
        if verdict["trust"] == "low":
            found |= touched(did)
        for name, end in _ends(did, verdict["times"], world.watch.truths.get(entry["id"])):
            ends[name].append(end)
    for name, there in ends.items():
        for one, two in combinations(there, 2):
            if (one[2] or two[2]) and (one[0] < two[0]) != (one[1] < two[1]):
                found.add(name)
    return found


def _ends(did, times, truth):
    """Yield (place, key), (true time, dated, whether the order matters) of each end of a fact."""
    if not truth:
        return
    if did["verb"] == "count":
        for line, true, at in zip(
            did["lines"], truth["lines"], times.get("lines", ()), strict=True
        ):
            yield _thing((_place(did["place"]), name_of_key(line["key"]))), (true, at, True)
        return
    taken = truth.get("taken") or truth["own"]
    source = (taken, times.get("taken", times["own"]), did.get("quantity", 1) is None)
    own = (truth["own"], times["own"])
    if did.get("container") and is_virtual(_place(did["to"])):
        for code in BOXES:  # whatever stood in it left with it
            yield ("", f"{CONTAINER} {code}"), (*own, True)
    for name, is_source in ends_of(did):
        if things.thing(name[1]):
            yield _thing(name), (*own, True)
        else:
            yield name, source if is_source else (*own, False)
        if _box(name[0]):
            yield _box(name[0]), (*own, False)


def _carried_on(found, facts):
    """Whoever moved all from a place where the ledger may be wrong carried the doubt on."""
    flows = []
    for entry in facts:
        did = _did(entry)
        for end, _ in ends_of(did):
            if _box(end[0]):
                flows.append((_box(end[0]), _thing(end)))
        if "key" in did and did.get("quantity", 1) is None:
            (source, _), (target, _) = ends_of(did)
            flows.append((source, target))
    grown = True
    while grown:
        more = {target for source, target in flows if source in found} - found
        found |= more
        grown = bool(more)
    return {name for name in found if name[0] is not None and not is_virtual(name[0])}
