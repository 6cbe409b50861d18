"""Stock once more, as a plain fold of what was accepted: slow, simple, written without sync/ledger.

Movements add, approved counts set, "all" takes what is there, reversed operations are left out.
Nothing in it knows in which order anything arrived, so equality with it is promise S7.
"""

import json
from collections import defaultdict
from functools import partial

import msgspec

from sync.ends import left, reached
from sync.stock import Key, Place, is_virtual, key_text
from tests.simulation import things

MOVING = {"receive", "putaway", "move", "pick", "issue", "ship", "return"}


def fold(log, reversed_, approved, aliases, asked=(), whole=()):
    """Return {(place, key): quantity} of every real place. `log` are facts that were posted.

    `whole` has the place of each count that looked at all of it: what it does not list was absent.
    `asked` are counted lines; what stood there just before each comes back beside it.
    """
    events, chains, whole = [], defaultdict(list), dict(whole)
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
        absent = row.line < 0 and whole.get(row.operation) == row.place
        if row.line < 0 and not absent and row.counted == row.expected:
            continue
        if things.thing(row.key):
            chains[things.thing(row.key)].append(things.counted(row, absent))
            continue
        at = (row.at, row.replica, row.seq, row.line)
        what, value = ("gone", row.first) if absent else ("set", row.counted)
        events.append((at, 0, what, (row.place, row.key), value, None))
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
        source, target = _named(did, aliases)
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


def _named(did, aliases):
    """Return both ends; a virtual one that the verb may not name is a place that nobody knows."""
    source, target = (_place(did[end], aliases) for end in ("from", "to"))
    counted = did["quantity"] is not None
    return left(did["verb"], source, counted=counted), reached(did["verb"], target, counted=counted)


def _place(said, aliases):
    text = msgspec.convert(said, Place).text
    return aliases.get(text.removeprefix("unidentified/"), text)


def _run(events):
    """Play the events in time. What an "all" took arrives at its own later moment."""
    stock, moved = defaultdict(int), defaultdict(list)
    due = sorted(events, key=lambda event: (event[0], event[1]))
    while due:
        at, _, what, name, amount, then = due.pop(0)
        if is_virtual(name[0]):
            continue
        if what == "look":
            then[amount.operation, amount.line] = stock[name]
        elif what == "add":
            stock[name] += amount
            moved[name].append((at[0], amount))
        elif what == "empty":
            _leaves(stock, moved, name[0], at[0])
        elif what == "gone":
            stock[name] -= _least(stock[name], moved[name], amount)
        elif what == "set":
            stock[name] = amount
        else:
            taken = max(stock[name], 0)
            stock[name] -= taken
            moved[name].append((at[0], -taken))
            arrival = (then, 1, "add", amount, taken, None)
            place = next((n for n, e in enumerate(due) if (e[0], e[1]) > (then, 1)), len(due))
            due.insert(place, arrival)
    return {name: quantity for name, quantity in stock.items() if quantity}


def _least(held, moved, opened):
    """Return the least that was held since a time, told backwards; none where it changed sign."""
    balances = [held]
    for _, amount in reversed([one for one in moved if one[0] > opened]):
        balances.append(balances[-1] - amount)
    if all(one > 0 for one in balances):
        return min(balances)
    return max(balances) if all(one < 0 for one in balances) else 0


def _leaves(stock, moved, box, at):
    """What a container holds leaves with it; what it was short of came from nobody knows where."""
    for place, name in [held for held in stock if held[0] == box and not things.thing(held[1])]:
        held = stock.pop((place, name))
        moved[place, name].append((at, -max(held, 0)))
        short = min(held, 0)
        if short:
            stock[f"unidentified/{box}", name] += short
