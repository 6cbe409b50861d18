"""What honest devices say: every verb, intents, lost storage, rescues, old seals and contacts."""

import hashlib
import json

from sync.feed import feed_key
from tests.world.handheld import proof
from tests.world.lines import key

SITE = "S"
ITEMS = ["BE/L1", "BE/L2", "CA/L1", "PT/L1@2027-01-31", "NU", "BE/L1!hold", "DB/L3#S1", "DB/L3#S2"]
BINS = ["B1", "B2", "B3", "B4", "DOCK", "STAGE"]
PAPERS = [
    ("PO-1", 1), ("PO-1", 2), ("PO-9", 1), ("SO-1", 1), ("SO-2", 1), ("WO-1", 1), ("CT-1", 1),
    ("PO-1", None), ("NOBODYS", 1),
]  # fmt: skip
TASKS_OF_COUNTS = [("CT-1", 1), ("RC-B1", 1), ("NOBODYS", 1)]
DAY_MS = 86_400_000


class Known:
    """What has been said so far, for what refers to it."""

    def __init__(self):
        self.ids = ["nobody-knows"]
        self.variances = []
        self.doubts = []
        self.versions = {}


def place(dice):
    roll = dice.random()
    if roll < 0.85:
        return {"location": dice.choice(BINS)}
    return {"container": f"P{dice.randrange(3)}"} if roll < 0.95 else {"code": f"RAW{roll:.3f}"}


def goods(dice):
    return key(dice.choice(ITEMS))


def quantity(dice, key_):
    return 1 if key_["serial"] else dice.randint(1, 40)


def fact(dice, now, known):
    """Return the verb of a fact."""
    what = goods(dice)
    much, here, there = quantity(dice, what), place(dice), place(dice)
    taken = {"taken_wall": now - dice.randrange(90_000)} if dice.random() < 0.3 else {}
    moving = {"key": what, "quantity": much, "from": here, "to": there, **taken}
    made = {
        "receive": {**moving, "from": {"location": "supplier/V1"}},
        "putaway": moving,
        "move": moving | dice.choice([{}, {}, {"quantity": None}]),
        "box": {"verb": "move", "container": f"P{dice.randrange(3)}", "to": {"location": "B1"}},
        "pick": {**moving, "shown": {"rank": 2, "older": {"lot": "L1", "place": "B1"}}},
        "ship": {**moving, "to": {"location": "customer/C1"}},
        "issue": {**moving, "to": {"location": "production/WO-1"}},
        "produce": {"key": what, "quantity": much, "to": there},
        "return": {**moving, "from": {"location": "customer/C1"}, "reason": "wrong"},
        "status": {"place": here, "key": what, "quantity": much, "to_status": "quality",
                   "reason": "test"},
        "count": count(dice, now, known),
        "adjust": {"place": here, "key": what, "quantity": dice.choice([-3, 4, 99]),
                   "reason": "found"},
        "reverse": {"target": dice.choice(known.ids), "reason": ""},
    }  # fmt: skip
    verb = dice.choice(list(made))
    return {"verb": verb, **made[verb]}


def count(dice, now, known):
    lines = [
        {"key": goods(dice), "quantity": dice.randrange(40), "first_wall": now - 30_000,
         "last_wall": now - 9_000, "segment": "s1"}
        for _ in range(dice.randrange(4))
    ]  # fmt: skip
    return {
        "place": {"location": dice.choice(BINS[:4])}, "scope": dice.choice(["place", "line"]),
        "count_id": dice.choice([*known.ids[-3:], f"c{now}"]), "opened_wall": now - 60_000,
        "lines": lines, "blind": dice.random() < 0.8,
    }  # fmt: skip


def intent(dice, known):
    """Return the verb of a decision, about what waits for one."""
    verbs = ["close", "reserve", "edit"]
    verbs += ["approve", "approve", "recount", "reject"] * bool(known.variances)
    verbs += ["settle", "settle"] * bool(known.doubts)
    verb = dice.choice(verbs)
    if verb in {"approve", "recount", "reject"}:
        return {"verb": verb, **decision(dice, known)}
    document, line = dice.choice(PAPERS)
    return {"verb": verb, **{
        "settle": lambda: dict(zip(("discrepancy", "action"), dice.choice(known.doubts),
                                   strict=True)),
        "close": lambda: {"document": document, "line": line},
        "reserve": lambda: {"document": "SO-1", "line": 1, "key": key("BE/L1"), "quantity": 2,
                            "place": {"location": "B1"}},
        "edit": lambda: edit(dice, known),
    }[verb]()}  # fmt: skip


def decision(dice, known):
    name = dice.choice(known.variances)[0]
    rows = [row for row in known.variances if row[0] == name]
    lines = [
        {"key": key_of_text(row[3]), "counted": row[4], "expected": row[5],
         "of": {"operation": row[1], "line": row[2] if row[2] >= 0 else None}}
        for row in rows
    ]  # fmt: skip
    return {"count_id": name, "parts": sorted({row[1] for row in rows}), "lines": lines}


def key_of_text(text):
    item, lot, serial, status, owner = json.loads(text)
    parts = dict(zip(("code", "expires", "supplier"), lot, strict=True)) if lot else None
    return {"item": item, "lot": parts, "serial": serial, "status": status, "owner": owner}


def edit(dice, known):
    kind, name, fields = dice.choice([
        ("item", "NU", {"name": "Nut"}), ("location", "B2", {"capacity": 500}),
        ("location", "B3", {"blocked": True}), ("line", "SO-1/1", {"state": "closed"}),
        ("site", SITE, {"adjust_limit": 20}), ("person", "other", {"adjust_limit": 5}),
        ("document", "PO-9", {"state": "open"}),
        ("lot", feed_key("BE", "L1", "", ""), {"recalled": True}),
    ])  # fmt: skip
    return {"kind": kind, "id": name, "fields": fields,
            "base_version": known.versions.get((kind, name), 1)}  # fmt: skip


class Handheld:
    """One storage of one device: it chains whatever it is given, and tells how far it was heard."""

    def __init__(self, device, number, actor):
        self.device, self.actor = device, actor
        self.replica = hashlib.sha256(f"{device}/{number}".encode()).hexdigest()[:32]
        self.seq, self.prev, self.queue = 0, None, []
        self.exchanges, self.echo, self.verdicts, self.proofs = [], 0, {}, []

    def add(self, body, **link):
        """Chain an envelope; `link` says otherwise where it stands."""
        self.seq += 1
        envelope = {"link": {"replica": self.replica, "seq": self.seq, "prev": self.prev} | link,
                    "body": body}  # fmt: skip
        text = json.dumps(envelope, separators=(",", ":"))
        self.prev = hashlib.sha256(text.encode()).hexdigest()
        self.queue.append((self.seq, text))
        whole = isinstance(body, dict) and all(
            # No session can be made in a name that is no text.
            isinstance(body.get(name), str) and "\ud800" not in body[name]
            for name in ("id", "actor", "site")
        )
        if whole and body.get("class") == "intent":
            self.proofs = [*self.proofs[-50:], proof(text.encode(), self.device)]

    def frame(self, now, epoch):
        return {
            "v": 1, "site": SITE, "replica": self.replica, "epoch": epoch, "cursor": 0, "sent": now,
            "segment": "s1", "unsent": 0, "written": self.seq, "echo": self.echo,
            "exchanges": self.exchanges, "signed": [self.actor], "proofs": self.proofs,
        }  # fmt: skip

    def heard(self, answer, now):
        self.queue = [one for one in self.queue if one[0] > answer["acked"][0]]
        self.echo = answer["server_now"]
        self.exchanges = [{"sent": now, "received": now, "server_now": self.echo, "segment": "s1",
                           "mac": answer["mac"]}]  # fmt: skip
        self.proofs = []
        for verdict in answer["verdicts"]:
            self.verdicts = {verdict["id"]: verdict}


def body_of(dice, handheld, now, known, number):
    """Return a whole body: a fact or a decision, sometimes with everything that may go with it."""
    decides = handheld.actor == "fang" and dice.random() < 0.6
    did = intent(dice, known) if decides else fact(dice, now, known)
    if did["verb"] == "box":
        did["verb"] = "move"
    body = {
        "v": 1, "class": "intent" if decides else "fact", "id": f"{handheld.device}-{number}",
        "site": SITE, "actor": handheld.actor, "wall": now - dice.randrange(600_000), "mono": 1.5,
        "segment": "s1", "did": did, "app": "fuzz",
    }  # fmt: skip
    if dice.random() < 0.5:
        papers = TASKS_OF_COUNTS if did["verb"] == "count" else PAPERS
        body["task"] = dict(zip(("document", "line"), dice.choice(papers), strict=True))
    if dice.random() < 0.2:
        body |= {
            "consent": {"actor": "fang", "at": now}, "assumed": ["lot"],
            "base": {"epoch": 1, "cursor": dice.randrange(50), "hash": None},
            "scans": [{"raw": "BE", "source": "wedge", "wall": now}],
        }  # fmt: skip
    return body


def more_of(dice, handheld, now):
    """Return what a frame may hold besides: lost storage, a rescue, what was kept for a restore."""
    verdict = next(iter(handheld.verdicts.values()), None)
    kept = {
        name: verdict[name] for name in ("id", "times", "u", "trust", "seal") if verdict
    } | {"outcome": "posted"}  # fmt: skip
    return dice.choice([
        {"former": {"replica": handheld.replica[::-1], "seq": dice.randrange(5)}},
        {"former": {"replica": None, "seq": 0}},
        {"carrier": "c" * 32, "device": dice.choice("ABCDG")},
        {"dated": [kept] if verdict else [], "had": dice.randrange(9)},
        {"decided": [{"id": f"server/1/{dice.randrange(90)}/{'0' * 24}", "count_id": "c1",
                      "lines": [["o1", 0, '["BE",null,null,"ok",null]', 1, 2]]}]},
        {"leaving": True},
        {"exchanges": [{"sent": now - 10 * 365 * DAY_MS, "received": now, "server_now": now,
                        "segment": "s1"}] * 3},
    ])  # fmt: skip
