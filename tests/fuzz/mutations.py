"""Changes to what is said: types, bounds, fields, numbers, texts, ids, places, bytes."""

import json

NUMBERS = [
    0, -1, 1, 2, 10**9, 10**9 + 1, -(10**9), 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64,
    -(2**63), 10**30, 0.5, -0.0, 1e308,
]  # fmt: skip
TEXTS = [
    "", " ", "\0", "a\0b", "a" * 96, "a" * 97, "a" * 5_000, "\ud800", "\U0001f469\u200d\U0001f3ed",
    "\u202egnp", "\u00e9", "e\u0301", "\uff22\uff25", "K1", "/", "a/b", "container/",
    "unidentified/", "'; DROP TABLE log; --", "%00", "../x", "{}", '["BE"', "~", "server/1/1/0",
    "2026-02-31", "9999-12-31", "0000-00-00", "null", "\r\n",
]  # fmt: skip
PLACES = [
    "supplier/V1", "supplier", "customer/C1", "customer", "production/WO-1", "production",
    "cost/1", "scrap", "adjust/x", "adjust/opening", "count", "status", "status/restated",
    "transit", "transit/container", "B1", "NOWHERE", "unidentified/X", "container/P1", "DOCK",
    "suspense",
]  # fmt: skip

WORDS = {
    "item": ["BE", "CA", "DB", "PT", "NU", "XX", "container/", "unidentified/XX"],
    "serial": [None, "S1", "S2", "P1"],
    "status": ["ok", "quality", "hold", "reject"],
    "to_status": ["ok", "quality", "hold", "reject"],
    "owner": [None, "C1"],
    "quantity": [None, 1, 2, 39, 10**9],
    "counted": [0, 1, 7],
    "expected": [0, 1, 7],
    "document": ["PO-1", "PO-9", "SO-1", "SO-2", "WO-1", "CT-1", "MV-B1", "RC-B1", "NONE"],
    "line": [None, 0, 1, 2, -1],
    "actor": ["worker", "other", "gone", "fang", "server", "nobody"],
    "expires": [None, "2027-01-31", "2020-01-01"],
    "supplier": [None, "V1"],
    "scope": ["place", "line"],
    "verb": ["receive", "move", "pick", "ship", "issue", "return", "putaway", "produce"],
    "class": ["fact", "intent"],
    "wall": [1, 1_790_000_000_000, 2**53 - 1],
    "segment": ["s1", "1-s2", "2-s3"],
}
"""What fields may well hold: such a change is understood, and goes as deep as the rules."""

ODD = [None, True, False, [], {}, [[]], {"a": {"b": []}}, "x"]


def paths(tree, path=()):
    """Return the path of every value in a tree."""
    yield path
    if isinstance(tree, dict | list):
        for step, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from paths(value, (*path, step))


def at(tree, path):
    for step in path:
        tree = tree[step]
    return tree


def with_value(tree, path, value):
    """Return a tree that differs in one place."""
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else [*tree]
    copy[path[0]] = with_value(copy[path[0]], path[1:], value)
    return copy


def without(tree, path):
    """Return a tree without one value."""
    if not path:
        return None
    copy = dict(tree) if isinstance(tree, dict) else [*tree]
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(copy[path[0]], path[1:])
    return copy


def mutate(dice, tree, known):
    """Return a tree with one thing changed."""
    found = [path for path in paths(tree) if path]
    if not found:
        return dice.choice(ODD)
    path = dice.choice(found)
    value = at(tree, path)
    roll = dice.random()
    if roll < 0.12:
        return without(tree, path)
    if roll < 0.2:
        return with_value(tree, path, at(tree, dice.choice(found)))
    if roll < 0.28:
        return with_value(tree, path, dice.choice(ODD))
    if roll < 0.33 and isinstance(value, dict):
        return with_value(tree, path, {**value, dice.choice(TEXTS): dice.choice(NUMBERS)})
    if path[-1] in WORDS and roll < 0.8:
        return with_value(tree, path, dice.choice(WORDS[path[-1]]))
    if path[-1] in {"location", "container"}:
        return with_value(tree, path, dice.choice(PLACES))
    return with_value(tree, path, _other(dice, value, known))


def _other(dice, value, known):
    """Return something of the same type that is odd, or that stands elsewhere."""
    if isinstance(value, bool) or value is None:
        return dice.choice([*NUMBERS, *TEXTS, True])
    if isinstance(value, int | float):
        return dice.choice([*NUMBERS, value + 1, value - 1, value * 1_000, -value, str(value)])
    if isinstance(value, str):
        return dice.choice([
            *TEXTS, value * 2, value[:-1], value.swapcase(), dice.choice(known.ids), 7,
        ])  # fmt: skip
    if isinstance(value, list):
        return dice.choice([value * 2, value * 120, value[::-1], value[1:], {}])
    return dice.choice(ODD)


def mutate_text(dice, text):
    """Change the bytes of a text of JSON."""
    cut = dice.randrange(len(text))
    return dice.choice([
        text[:cut], text[:cut] + text[cut + 1 :], f"{text[:cut]}\ud800{text[cut:]}",
        text[:cut] + text[cut:] * 2, text.replace('"', "'", 1), text.replace(":", "::", 1),
        text.replace("null", "NaN", 1), text.replace('"seq":', '"seq":1,"seq":', 1),
        text[:cut] + "\0" + text[cut:], text[:cut] + "[" * 5_000 + text[cut:], text + text,
    ])  # fmt: skip


def smaller(tree):
    """Yield trees with less in them, the smallest first."""
    for path in sorted(paths(tree), key=len):
        if path:
            yield without(tree, path)


def as_json(text):
    """Return the tree of a text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
