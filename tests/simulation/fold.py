"""Stock once more, as a plain fold of what was accepted: slow, simple, written without sync/ledger.

Movements add, approved counts set, "all" takes what is there, reversed operations are left out.
Nothing in it knows in which order anything arrived, so equality with it is promise S7.
"""

import json
from collections import defaultdict
from functools import partial

import msgspec

from sync.stock import Key, Place, is_virtual, key_text
from tests.simulation import things

MOVING = {"receive", "putaway", "move", "pick", "issue", "ship", "return"}


def fold(log, reversed_, approved, aliases, asked=()):
    """Return {(place, key): quantity} of every real place. `log` are facts that were posted.

    `asked` are counted lines; what stood there just before each comes back beside it.
    """
    events, chains = [], defaultdict(list)
    for entry in log:
        if entry["kind"] != "fact" or entry["outcome"] == "parked" or entry["id"] in reversed_:
            continue
        body = json.loads(entry["payload"])["body"]
        times = json.loads(entry["verdict"])["times"]
        did = body["did"]
        one = things.of_movement(did, partial(_place, aliases=aliases))
        if one is None:
            events += _events(entry, did, times, aliases)
        else:
            seen = things.moving(did, *one, (entry["replica"], entry["rseq"], 0), times)
            chains[things.thing(seen.key)].append(seen)
    for row in approved:
        if things.thing(row.key):
            chains[things.thing(row.key)].append(things.counted(row))
            continue
        at = (row.at, row.replica, row.seq, row.line)
        events.append((at, 0, "set", (row.place, row.key), row.counted, None))
    events += things.events(chains)
    seen = {}
    for row in asked:
        at = (row.at, row.replica, row.seq, row.line)
        events.append((at, -1, "look", (row.place, row.key), row, seen))
    return _run(events), seen


def _events(entry, did, times, aliases):
    own, taken = times["own"], times.get("taken", times["own"])
    at = (entry["replica"], entry["rseq"], 0)
    if did["verb"] == "produce":
        did = {**did, "from": {"location": "production"}}
    if did["verb"] in {*MOVING, "produce"}:
        name = key_text(msgspec.convert(did["key"], Key))
        source, target = (_place(did[end], aliases) for end in ("from", "to"))
        flow = (target, name)
        if did["quantity"] is None:
            yield (taken, *at), 0, "all", (source, name), flow, (own, *at)
        else:
            yield (taken, *at), 0, "add", (source, name), -did["quantity"], None
            yield (own, *at), 1, "add", (target, name), did["quantity"], None
    elif did["verb"] == "status":
        name = key_text(msgspec.convert(did["key"], Key))
        place = _place(did["place"], aliases)
        other = (place, key_text(msgspec.convert({**did["key"], "status": did["to_status"]}, Key)))
        if did["quantity"] is None:
            yield (own, *at), 0, "all", (place, name), other, (own, *at)
        else:
            yield (own, *at), 0, "add", (place, name), -did["quantity"], None
            yield (own, *at), 1, "add", other, did["quantity"], None
    elif did["verb"] == "adjust":
        name = key_text(msgspec.convert(did["key"], Key))
        yield (own, *at), 0, "add", (_place(did["place"], aliases), name), did["quantity"], None


def _place(said, aliases):
    text = msgspec.convert(said, Place).text
    return aliases.get(text.removeprefix("unidentified/"), text)


def _run(events):
    """Play the events in time. What an "all" took arrives at its own later moment."""
    stock = defaultdict(int)
    due = sorted(events, key=lambda event: (event[0], event[1]))
    while due:
        _, _, what, name, amount, then = due.pop(0)
        if is_virtual(name[0]):
            continue
        if what == "look":
            then[amount.operation, amount.line] = stock[name]
        elif what == "add":
            stock[name] += amount
        elif what == "empty":
            _leaves(stock, name[0])
        elif what == "set":
            stock[name] = amount
        else:
            taken = max(stock[name], 0)
            stock[name] -= taken
            arrival = (then, 1, "add", amount, taken, None)
            place = next((n for n, e in enumerate(due) if (e[0], e[1]) > (then, 1)), len(due))
            due.insert(place, arrival)
    return {name: quantity for name, quantity in stock.items() if quantity}


def _leaves(stock, box):
    """What a container holds leaves with it; what it was short of came from nobody knows where."""
    for place, name in [held for held in stock if held[0] == box and not things.thing(held[1])]:
        short = min(stock.pop((place, name)), 0)
        if short:
            stock[f"unidentified/{box}", name] += short
