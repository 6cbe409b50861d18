"""What a hostile device says, kind by kind. `x` is the device, `victim` another one or empty."""

import json

from sync.hashing import sha256_hex
from sync.proofs import Session, payload_of, proof_of
from tests.simulation.client.outbox import body_bytes
from tests.simulation.scheduler import DAY, HOUR
from tests.simulation.site import BINS, DESK, DEVICES, GOODS, HOSTILE, SITE, START

FAR = 2**40
YEARS = 3_650 * DAY
ODD = (
    None,
    True,
    [],
    {},
    [[]],
    {"a": {"b": []}},
    "x" * 97,
    "a\0b",
    "\ud800",
    -1,
    0.5,
    2**63,
    1e308,
)
CUTS = (b"", b"{", b"null", b"[" * 5_000, b"\xff\xfe\0", b'{"v":1}', b"\x1f\x8b garbage")


def goods(dice, status="ok"):
    lot = {"code": f"X{dice.randint(1, 2)}", "expires": None}
    return {"item": GOODS, "lot": lot, "serial": None, "status": status}


def receives(dice, quantity=5):
    return {"verb": "receive", "key": goods(dice), "quantity": quantity,
            "from": {"location": "supplier/V1"}, "to": {"location": dice.choice(BINS)}}  # fmt: skip


def fresh(dice):
    return dice.randbytes(16).hex()


# --- another one's name ------------------------------------------------------------------------


def impersonate(x, victim, dice):
    """The next number of another one's replica, behind its head."""
    replica = x.replica_of(victim)
    if replica:
        texts = x.chain([x.body(receives(dice), actor=f"worker-{victim}")], replica)
        x.push(texts, replica, written=x.head(replica)[0] + 1)


def silence(x, victim, _dice):
    """Another one's replica says nothing, vouches for all and leaves."""
    replica = x.replica_of(victim)
    if replica:
        x.push([], replica, echo=x.now, leaving=True)


def carry(x, victim, dice):
    """A rescue of what nobody did: without marks, with invented ones, with marks of its own."""
    replica = x.replica_of(victim) if dice.random() < 0.5 else fresh(dice)
    if not replica:
        return
    texts = x.chain([x.body(receives(dice), actor=f"worker-{victim}")], replica)
    seq = x.head(replica)[0] + 1
    marks = dice.choice(([], [None], [[replica, seq, "0" * 24]], [x.mark(replica, texts[0], seq)]))
    x.push(texts, replica, carrier=x.replica_of(HOSTILE) or fresh(dice), device=victim, marks=marks)


def smuggle(x, _victim, dice):
    """A rescue of nobody knows whom, with something that others did and a word changed in it."""
    bodies = [x.body(receives(dice))]
    for told in dice.sample(x.honest(), min(3, len(x.honest()))):
        body = json.loads(told["payload"])["body"]
        bodies.append(json.dumps({**body, "actor": "worker-X"}).encode())
    replica = fresh(dice)
    x.push(x.chain(bodies, replica), replica, carrier=fresh(dice), device=None)


def former(x, victim, dice):
    """Its lost storage is said to be another one's."""
    replica = x.replica_of(victim)
    if replica:
        x.push([], fresh(dice), former={"replica": replica, "seq": dice.choice((0, 1, FAR))})


def lost(x, _victim, dice):
    """Everything is lost, up to a number that nobody has written."""
    through = x.head(x.replica_of(HOSTILE) or "")[0] + dice.choice((50, 99_000, FAR))
    x.does({"verb": "lost", "through_seq": through, "reason": "evicted"}, receives(dice))


def twist(x, _victim, dice):
    """The id of what another one did, with other content."""
    known = dice.sample(x.honest(), min(3, len(x.honest())))
    x.push(x.chain([x.body(receives(dice, 7), id=told["id"]) for told in known]))


def repeat(x, _victim, dice):
    """What another one did, word by word, as its own."""
    known = dice.sample(x.honest(), min(3, len(x.honest())))
    x.push(x.chain([bytes(told["payload"]).partition(b',"body":')[2][:-1] for told in known]))


def squat(x, victim, dice):
    """With the rescue file of another one: its ids taken first, word for word or for others."""
    device = x.world.devices.get(victim)
    rows = [*device.disk.stores["outbox"].values()][:3] if device else []
    is_copy = dice.random() < 0.5
    bodies = [body_bytes(row.text) if is_copy else x.body(receives(dice), id=row.id)
              for row in rows]  # fmt: skip
    x.push(x.chain(bodies))


def spy(x, victim, _dice):
    """It asks how far another one's replica has come."""
    replica = x.replica_of(victim)
    if replica:
        x.world.network.ask(
            HOSTILE, "snapshot", {"replica": replica}, lambda told: _hears_nothing(x, told)
        )


def _hears_nothing(x, told):
    try:
        acks = json.loads(told[1])["acks"] if told and told[0] == 200 else {}
    except ValueError:
        return  # cut off on its way
    if any(ack != [0, None] for ack in acks.values()):
        x.world.watch.lied(f"{HOSTILE} was told of another one's replica: {acks}")


# --- time --------------------------------------------------------------------------------------


def exchange(x, _victim, dice):
    """Answers that nobody gave, to date a fact of now long ago; mostly under a new name."""
    ago = dice.choice((YEARS, *[max(1, (x.now - START) // 2)] * 3))
    segment = f"0-{dice.randbytes(4).hex()}"
    replica = dice.choice((x.own, *[fresh(dice)] * 2))
    told = {"sent": x.now - 200, "received": x.now - 100, "server_now": x.now - ago,
            "segment": segment}  # fmt: skip
    known = x.answered.get("mac", "1." + "0" * 24)
    mac = dice.choice(("1." + "0" * 24, known, known, "", "٣." + "0" * 24))
    if x.answered and dice.random() < 0.3:  # a true answer, to another question
        told |= {"server_now": x.answered["server_now"], "sent": x.answered["sent"] + ago}
    x.push(x.chain([x.body(receives(dice), segment=segment)], replica), replica,
           segment=segment, exchanges=[{**told, "mac": mac}])  # fmt: skip


def backdate(x, _victim, dice):
    """Its own clock is said to be years behind, and the answers agree."""
    then = x.now - YEARS
    segment = f"0-{dice.randbytes(4).hex()}"
    told = {"sent": then - 200, "received": then - 100, "server_now": then - 150,
            "segment": segment, "mac": "1." + "f" * 24}  # fmt: skip
    x.push(x.chain([x.body(receives(dice), segment=segment, wall=then)]), segment=segment,
           sent=then, exchanges=[told])  # fmt: skip


def echo(x, _victim, dice):
    """It vouches for what is yet to come."""
    x.does(receives(dice), echo=x.now + dice.choice((HOUR, YEARS)), written=0)


def seal(x, _victim, dice):
    """It was dated long ago, before a restore, as a seal says that is none, or another one's."""
    body = x.body(receives(dice))
    told = dice.choice([*x.honest(), None])
    mac = json.loads(told["verdict"])["seal"] if told else "1." + "0" * 40
    dated = {"id": json.loads(body)["id"], "outcome": "posted", "times": {"own": x.now - YEARS},
             "u": 0, "trust": "high", "seal": mac}  # fmt: skip
    if told:
        dated["first"] = [told["replica"], told["rseq"]]
    x.push(x.chain([body]), dated=[dated])


# --- decisions ---------------------------------------------------------------------------------


def decide(x, _victim, dice):
    """What only a supervisor decides, in her name."""
    did = dice.choice((_approval, _settling, _editing))(x, dice)
    if did is None:
        return
    body = x.body(did, **{"class": "intent"}, actor="fang", signed="server")
    id_ = json.loads(body)["id"]
    proofs = dice.choice(([], _forged(x, id_, body), _of_another(x, id_)))
    x.push(x.chain([body]), proofs=proofs, signed=["fang", "worker-X"])


def _approval(x, dice):
    rows = x.ask("SELECT operation, line, count_id, key, counted, expected FROM variance"
                 " WHERE state = 'open' AND line >= 0 LIMIT 20")  # fmt: skip
    if not rows:
        return None
    operation, line, count_id, key, counted, expected = dice.choice(rows)
    item, lot, serial, status, owner = json.loads(key)
    code = {"code": lot[0], "expires": lot[1], "supplier": lot[2]} if lot else None
    key = {"item": item, "lot": code, "serial": serial, "status": status, "owner": owner}
    return {"verb": dice.choice(("approve", "reject", "recount")), "count_id": count_id,
            "parts": [operation],
            "lines": [{"key": key, "counted": counted, "expected": expected,
                       "of": {"operation": operation, "line": line}}]}  # fmt: skip


def _settling(x, dice):
    rows = x.ask("SELECT discrepancy FROM discrepancy WHERE state = 'open' LIMIT 20")
    if not rows:
        return None
    action = dice.choice(("seen", "is:B1", "approve", "reverse"))
    return {"verb": "settle", "discrepancy": dice.choice(rows)[0], "action": action}


def _editing(x, dice):
    place = dice.choice(BINS)
    (version,) = x.ask("SELECT version FROM location WHERE location = ?", place)[0]
    return {"verb": "edit", "kind": "location", "id": place, "base_version": version,
            "fields": {"blocked": True}}  # fmt: skip


def _forged(x, id_, body):
    """A session of hers as it would be here, by a key that is none."""
    session = payload_of(Session("fang", HOSTILE, SITE, x.now + DAY, ""))
    return [[id_, proof_of(x.token, session, sha256_hex(body))]]


def _of_another(x, id_):
    """What proved something else, at the desk."""
    seen = [one for job in x.world.watch.taken if job.device == DESK for one in job.push.proofs]
    return [[id_, seen[-1].proof]] if seen else []


# --- its own goods, and figures ----------------------------------------------------------------


def ends(x, _victim, dice):
    """Goods that come from nowhere and go nowhere: its own."""
    place = {"location": dice.choice(BINS)}
    key, much = goods(dice), dice.choice((1, 40, 10**9))
    virtual = [{"location": one} for one in (
        "adjust/x", "scrap", "count", "suspense", "status", "transit", "customer/C1", "cost/1",
    )]  # fmt: skip
    moves = [
        {
            "verb": verb,
            "key": key,
            "quantity": much,
            "from": place,
            "to": dice.choice(virtual),
            "reason": "",
        }
        for verb in ("move", "issue", "putaway")
    ]
    x.does(
        {"verb": "receive", "key": key, "quantity": much, "from": dice.choice(virtual),
         "to": place},
        {"verb": "adjust", "key": key, "quantity": dice.choice((-much, much)), "place": place,
         "reason": "found"},
        {"verb": "status", "key": key, "quantity": dice.choice((None, much)), "place": place,
         "to_status": "hold", "reason": "bad"},
        *moves,
        {"verb": "move", "key": key, "quantity": None, "from": place,
         "to": dice.choice(virtual), "reason": ""},
    )  # fmt: skip


def count(x, victim, dice):
    """A bin of honest goods, this one or any, holds what nobody believes."""
    place = victim or dice.choice(BINS)
    keys = [json.loads(key) for (key,) in x.ask("SELECT key FROM holding WHERE place = ?", place)]
    lines = [
        {"key": {"item": item, "lot": {"code": lot[0], "expires": lot[1]} if lot else None,
                 "serial": None, "status": status},
         "quantity": 900_000 + dice.randint(0, 99), "first_wall": x.now, "last_wall": x.now,
         "segment": "0-x"}
        for item, lot, serial, status, _ in keys if serial is None
    ]  # fmt: skip
    x.does({"verb": "count", "place": {"location": place}, "blind": True, "lines": lines,
            "scope": dice.choice(("place", "line")), "count_id": f"hostile-{x.now}",
            "opened_wall": x.now})  # fmt: skip


def task(x, _victim, dice):
    """Counts and goods that work off the lines of orders, and ask for others."""
    line = {"document": dice.choice(("PO-1", "SO-1", "WO-1")), "line": dice.randint(0, 3)}
    one = {"key": goods(dice), "quantity": 3, "first_wall": x.now, "last_wall": x.now,
           "segment": "0-x"}  # fmt: skip
    counted = {"verb": "count", "place": {"location": "STAGE"}, "blind": True, "lines": [one],
               "scope": "line", "count_id": f"hostile-{x.now}", "opened_wall": x.now}  # fmt: skip
    dids = (counted, receives(dice, 10**6))
    x.push(x.chain([x.body(did, task=line) for did in dids]))


# --- noise -------------------------------------------------------------------------------------


def garbage(x, _victim, dice):
    """What is no push, or none any more."""
    whole = x.frame(x.chain([x.body(receives(dice))]))
    cut = dice.randint(1, len(whole) - 1)
    for raw in (dice.choice(CUTS), whole[:cut], dice.randbytes(200),
                whole.replace(b"true", b"tru").replace(b'"', b"'", 3)):  # fmt: skip
        x.send(raw)


def mutate(x, _victim, dice):
    """A push, a body and an operation with one odd word each."""
    did = receives(dice)
    did[dice.choice(sorted(did))] = dice.choice(([], {}, True, [[]], None))
    body = json.loads(x.body(receives(dice)))
    body[dice.choice(sorted(set(body) - {"did"}))] = dice.choice(ODD)
    whole = json.loads(x.frame([]))
    whole[dice.choice(sorted(whole))] = dice.choice(ODD)
    x.does(did)
    x.push(x.chain([json.dumps(body).encode()]))
    x.send(json.dumps(whole).encode())
    x.push(x.chain([b'{"did":' + b"[" * 500 + b"]" * 500 + b"}"]))


def flood(x, _victim, dice):
    """More than anybody does, under many names, at one moment."""
    for _ in range(4):
        replica = fresh(dice)
        x.push(x.chain([x.body(receives(dice)) for _ in range(8)], replica), replica)


AGAINST = {
    "impersonate": impersonate, "silence": silence, "carry": carry, "former": former, "spy": spy,
    "squat": squat,
}  # fmt: skip
"""Kinds that name another device."""

ALONE = {
    "smuggle": smuggle, "lost": lost, "twist": twist, "repeat": repeat, "exchange": exchange,
    "backdate": backdate, "echo": echo, "seal": seal, "decide": decide, "ends": ends,
    "count": count, "task": task, "garbage": garbage, "mutate": mutate, "flood": flood,
}  # fmt: skip

KINDS = AGAINST | ALONE


def script_words(dice, devices=DEVICES):
    """Return the words of one line."""
    kind = dice.choice(sorted(AGAINST | ALONE))
    return f"hostile {kind} {dice.choice(devices)}" if kind in AGAINST else f"hostile {kind}"
