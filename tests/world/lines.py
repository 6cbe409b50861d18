"""What happened in a warehouse, as lines of text.

A line says when it happened, on which device, and what:

    08:00 A receive 10 BE/L1 to B1          | posted
    08:05 B pick 3 BE/L1 from B1 for SO-1   | flagged NEGATIVE
"""

import re

DAY = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000


def clock(text):
    """Return the world time of `08:00`, `08:00:30` or `2d 08:00`."""
    days, _, hour = text.rpartition("d ")
    parts = [*map(int, hour.split(":")), 0][:3]
    return DAY + int(days or 0) * 86_400_000 + parts[0] * 3_600_000 + parts[1] * 60_000 \
        + parts[2] * 1_000  # fmt: skip


def key(text):
    """Return the key of `BE`, `BE/L1`, `PT/L1@2027-01-31` `BE#S1` or `BE/L1!hold`."""
    text, _, status = text.partition("!")
    text, _, serial = text.partition("#")
    item, _, lot = text.partition("/")
    code, _, expires = lot.partition("@")
    return {
        "item": item,
        "lot": {"code": code, "expires": expires or None} if code else None,
        "serial": serial or None,
        "status": status or "ok",
    }


def place(text):
    if text.startswith("="):
        return {"container": text[1:]}
    return {"code": text[1:]} if text.startswith("?") else {"location": text}


def split(text):
    """Return the name, time, device and words of a line."""
    name, _, rest = text.partition(": ") if re.match(r"^\w+: ", text) else ("", "", text)
    match = re.match(r"((?:\dd )?[\d:]+) (\w) (.*)", rest)
    return name, clock(match[1]), match[2], match[3]


def parse(words, wall, ids):
    """Return the verb and the rest of the envelope that a line of text means."""
    body = {}
    if match := re.search(r" by (\w+)$", words):
        body["actor"], words = match[1], words[: match.start()]
    if match := re.search(r" assumed (\w+)", words):
        body["assumed"], words = [match[1]], words[: match.start()] + words[match.end() :]
    if match := re.search(r" for ([\w-]+)(?:/(\d+))?", words):
        line = int(match[2]) if match[2] else None
        body["task"] = {"document": match[1], "line": line}
        words = words[: match.start()] + words[match.end() :]
    verb, _, rest = words.partition(" ")
    return VERBS[verb](rest, wall, ids), body


def _moving(verb, **fixed):
    def make(rest, wall, _ids):
        match = re.match(r"(\d+|all|=) ?(\S+)(?: from (\S+))?(?: to (\S+))?(.*)", rest)
        if match[1] == "=":
            did = {"verb": verb, "container": match[2], "to": place(match[4])}
            did |= {"from": place(match[3])} if match[3] else {}
            return did | _taken(match[5], wall)
        did = {"verb": verb, "key": key(match[2]), **fixed}
        did["quantity"] = None if match[1] == "all" else int(match[1])
        if match[3] or "from" not in did:
            did["from"] = place(match[3] or "supplier/V1")
        if match[4] or "to" not in did:
            did["to"] = place(match[4] or "DOCK")
        did |= _taken(match[5], wall)
        if fifo := re.search(r"fifo (\S+)", match[5]):
            did["fifo_date"] = fifo[1]
        if shown := re.search(r"shown (\d+)", match[5]):
            did["shown"] = {"rank": int(shown[1]), "older": None}
        return did

    return make


def _taken(rest, wall):
    taken = re.search(r"taken -(\d+)s", rest)
    return {"taken_wall": wall - int(taken[1]) * 1_000} if taken else {}


def _count(rest, wall, _ids):
    match = re.match(r"(\S+): ?(.*)", rest)
    scope = "line" if "line" in rest.split() else "place"
    lines = []
    for part in filter(None, re.sub("line|seen", "", match[2]).strip().split(", ")):
        what, _, quantity = part.partition("=")
        lines.append(
            {
                "key": key(what.strip()), "quantity": int(quantity), "first_wall": wall - 30_000,
                "last_wall": wall - 10_000, "segment": "s1",
            }
        )  # fmt: skip
    return {
        "verb": "count", "place": place(match[1]), "scope": scope, "count_id": f"c{wall}",
        "opened_wall": wall - 60_000, "lines": lines, "blind": "seen" not in rest.split(),
    }  # fmt: skip


def _reverse(rest, _wall, ids):
    return {"verb": "reverse", "target": ids.get(rest, rest), "reason": ""}


def _adjust(rest, _wall, _ids):
    quantity, what, where, reason = rest.split(" ")
    return {"verb": "adjust", "place": place(where), "key": key(what), "quantity": int(quantity),
            "reason": reason}  # fmt: skip


def _short(rest, _wall, _ids):
    match = re.match(r"(\d+) of (\d+) (\S+) at (\S+): (\w+)", rest)
    return {"verb": "short", "place": place(match[4]), "key": key(match[3]),
            "asked": int(match[2]), "taken": int(match[1]), "reason": match[5]}  # fmt: skip


def _status(rest, _wall, _ids):
    match = re.match(r"(\d+|all) (\S+) at (\S+) to (\w+)", rest)
    quantity = None if match[1] == "all" else int(match[1])
    return {"verb": "status", "place": place(match[3]), "key": key(match[2]), "quantity": quantity,
            "to_status": match[4], "reason": "test"}  # fmt: skip


VERBS = {
    "status": _status,
    "receive": _moving("receive", **{"from": {"location": "supplier/V1"}}),
    "putaway": _moving("putaway", **{"from": {"location": "DOCK"}}),
    "move": _moving("move"),
    "pick": _moving("pick", to={"location": "STAGE"}),
    "issue": _moving("issue", to={"location": "production/WO-1"}),
    "ship": _moving("ship", **{"from": {"location": "STAGE"}, "to": {"location": "customer/C1"}}),
    "return": _moving("return", reason="wrong"),
    "produce": _moving("produce", **{"from": None}),
    "count": _count,
    "reverse": _reverse,
    "adjust": _adjust,
    "short": _short,
}
