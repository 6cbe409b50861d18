"""Single things by a plain fold: each sighting moves a serial or a container from where it stood.

Written without sync/sightings and sync/containers, so that equality with them says something.
"""

from collections import defaultdict
from typing import NamedTuple

from sync.stock import CONTAINER, Key, is_virtual, key_of, key_text

SETS = {"receive", "produce", "return", "status"}
INSIDE = "container/"


class Seen(NamedTuple):
    """One thing seen: where, by when; `only_from` if it moves only what stands there since then."""

    moment: tuple
    taken: int
    place: str
    source: str
    key: str
    sets: bool
    only_from: str | None = None
    only_key: str | None = None
    since: int = 0


class Flow(NamedTuple):
    """What a sighting moves."""

    seen: Seen
    source: str
    key_from: str
    place: str
    key: str


def thing(name):
    key = key_of(name)
    return (key.item, key.serial) if key.serial is not None else None


def moving(did, key, source, target, at, times):
    """Return what one operation saw of a thing."""
    own = times["own"]
    return Seen((own, *at), min(times.get("taken", own), own), target, source,
                key_text(key), did["verb"] in SETS)  # fmt: skip


def counted(row, absent):
    """Return what an approved line saw: the thing, or its absence since the count was opened."""
    at = (row.at, row.replica, row.seq, row.line)
    if row.counted and not absent:
        return Seen(at, row.at, row.place, "count", row.key, sets=True)
    since = row.first if absent else row.at
    return Seen(at, row.at, "count", "count", row.key, False, row.place, row.key, since)


def flows(chain):
    """Yield what each sighting of a thing moves, in the order of time."""
    stands, since = None, 0
    for seen in sorted(chain):
        if seen.only_from is not None:
            if stands is None or stands.place != seen.only_from or since > seen.since:
                continue
            if seen.only_key not in {None, stands.key}:
                continue
        was, came = stands, seen.moment[0]
        if stands is None:
            stands = Flow(seen, _origin(seen), seen.key, seen.place, seen.key)
        else:
            key = seen.key if seen.sets else stands.key
            stands = Flow(seen, stands.place, stands.key, seen.place, key)
        stays = was and (was.place, was.key) == (stands.place, stands.key) and seen.taken == came
        since = since if stays else came
        yield stands


def _origin(seen):
    key = key_of(seen.key)
    if key.item == CONTAINER or is_virtual(seen.source):
        return "transit"
    return f"unidentified/{key.item} {key.serial}"


def events(chains):
    """Yield what all things do to stock, and where containers leave the books with contents."""
    boxes = {name: [*flows(chain)] for name, chain in chains.items() if name[0] == CONTAINER}
    rest = {name: [*chain] for name, chain in chains.items() if name[0] != CONTAINER}
    for flow in sorted(flow for chain in boxes.values() for flow in chain):
        if not is_virtual(flow.place) or flow.place == "count":
            continue
        for code in _inside(boxes, key_of(flow.key).serial, flow.seen.moment):
            yield flow.seen.moment, 2, "empty", (INSIDE + code, ""), None, None
            for chain in rest.values():
                chain.append(flow.seen._replace(
                    moment=(*flow.seen.moment, 1), taken=flow.seen.moment[0],
                    only_from=INSIDE + code, since=flow.seen.moment[0]))  # fmt: skip
    told = [*boxes.values(), *(flows(chain) for chain in rest.values())]
    for flow in (flow for chain in told for flow in chain):
        own, *at = flow.seen.moment
        yield (flow.seen.taken, *at), 0, "add", (flow.source, flow.key_from), -1, None
        yield (own, *at), 1, "add", (flow.place, flow.key), 1, None


def _inside(boxes, code, moment):
    """Return a container and all that stood in it just then, and was in nobody's hands."""
    stood = defaultdict(set)
    for (_, other), chain in boxes.items():
        before = [flow for flow in chain if flow.seen.moment < moment]
        after = [flow.seen for flow in chain if flow.seen.moment > moment][:1]
        if before and not any((seen.taken, *seen.moment[1:]) < moment for seen in after):
            stood[before[-1].place].add(other)
    found, new = set(), {code}
    while new:
        found |= new
        new = {other for one in new for other in stood[INSIDE + one]} - found
    return found


def of_movement(did, place):
    """Return key, source and target of what an operation does to a single thing, else None."""
    if did.get("container"):
        source = place(did["from"]) if did.get("from") else "transit"
        return Key(CONTAINER, serial=did["container"]), source, place(did["to"])
    if did.get("key", {}).get("serial") is None:
        return None
    told = {name: did["key"][name] for name in ("item", "serial", "status")}
    if did["verb"] == "status":
        return Key(**{**told, "status": did["to_status"]}), *(place(did["place"]),) * 2
    if did["verb"] == "adjust":
        here, other = place(did["place"]), "adjust"
        return Key(**told), *((here, other) if did["quantity"] < 0 else (other, here))
    source = place(did["from"]) if "from" in did else "production"
    return Key(**told), source, place(did["to"])
