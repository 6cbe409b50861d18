"""Each situation as people meet it: the verdict on the handheld, and the row on the desk.

The tables of tests/ledger say what the rules do; here a few of their lines go through the doors of
the server, and the desk reads what it is asked: severity, both readings, what to do, who.
"""

import json

import msgspec
import pytest
from msgspec.structs import replace

from server.people import roster
from server.settings import token_key
from sync.messages import Conflict, Pushed
from sync.records import Item, Location, Person, Site, Unit, Variance
from tests.ledger.test_papers import reserve
from tests.ledger.test_trouble import decide, send
from tests.world.lines import clock, parse
from tests.world.warehouse import ROWS, SITE, Warehouse

PIN = "639274"


class Door:
    """The book as a handheld reaches it: over HTTP."""

    def __init__(self, plant):
        self.plant = plant
        self.read = plant.book.read

    async def push(self, device, message, now):
        self.plant.clock.ms = now
        answer = await self.plant.client.post(
            "/sync/push", content=msgspec.json.encode(message),
            headers=self.plant.device(device, SITE),
        )  # fmt: skip
        kind = {200: Pushed, 409: Conflict}[answer.status_code]
        return msgspec.json.decode(answer.content, type=kind)


class Reached(Warehouse):
    """The warehouse of the text tables, behind the doors."""

    def __init__(self, plant):
        self.plant = plant
        self.key = token_key(plant.settings.token_key_file)
        self.now = clock("06:00")
        self.devices, self.ids, self.answer = {}, {}, None
        self.book = Door(plant)

    async def desk(self):
        """Sign the supervisor in, and return what the desk lists as open."""
        headers = self.plant.device("H", SITE)
        person = {"person": "fang", "pin": PIN}
        signed = await self.plant.client.post("/api/sign-in", json=person, headers=headers)
        self.device("H").signed = signed.json()
        headers["X-Bincard-Session"] = signed.json()["session"]
        answer = await self.plant.client.get(
            "/api/discrepancies", params={"limit": 200}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def reached(plant):
    """A second site on the server: the one of the tables."""
    plant.clock.ms = clock("06:00")
    await plant.book.accept_clock()  # the day of the tables lies before the plant's own (T7)
    stamp = await roster.set_pin(plant.book, SITE, "fang", PIN, "supervisor")
    rows = [
        replace(row, pin_stamp=stamp) if isinstance(row, Person) and row.person == "fang" else row
        for row in ROWS
    ]
    more = [
        Site(site=SITE, name="Test plant", over_receipt_percent=10, adjust_limit=10),
        Location(location="B4", warehouse="W", capacity=9, walk=4),
        Location(location="B5", warehouse="W", blocked=True, walk=5),
        Item(item="DB", name="DB", lots=True, serials=True),
    ]
    await plant.book.change(SITE, "test", rows, "set up")
    await plant.book.change(SITE, "test", more, "limits")
    return Reached(plant)


RECEIVING = """
    08:00 A receive 5 BE/L1 for PO-9/1              | flagged ORDER_CLOSED
    08:10 A receive 120 BE/L2 for PO-1/1            | flagged OVER_RECEIPT
    08:20 A receive 1 DB/L1#S1 to B1                | posted
    08:40 B receive 1 DB/L1#S1 to B2                | flagged DUPLICATE_SERIAL
    09:00 A receive 5 PT/L1@2027-01-31              | posted
    09:20 A receive 5 PT/L1@2027-02-28              | flagged LOT_CONFLICT
    09:40 A receive 5 XX to B1                      | flagged UNKNOWN_CODE
    10:00 A receive 3 CA/L3 to B1 by gone           | flagged ACTOR_NOT_ALLOWED
    10:10 A receive 12 NU to B4                     | flagged LOCATION_RULE
    10:20 A receive 2 NU to B5                      | flagged LOCATION_BLOCKED
    10:30 A reverse nobody-knows                    | parked TARGET_UNKNOWN
"""
PICKING = """
    08:00 A receive 30 BE/L1 to B1                  | posted
    08:10 A receive 4 CA/L1!hold to B1              | posted
    08:20 A receive 1 DB/L1#S1 to B1                | posted
    09:00 B pick 1 BE/L1 from B1 for SO-2           | flagged PICK_NOT_NEEDED
    09:10 B issue 25 BE/L1 from B1 for WO-1         | flagged OVER_ISSUE
    09:20 B pick 1 CA/L1!hold from B1 for SO-1      | flagged LOT_BLOCKED
    09:30 B pick 2 BE/L3 from B1 assumed lot        | flagged KEY_DOUBT NEGATIVE
    09:40 B pick 1 DB/L1#S1 from B1                 | posted
    10:00 C pick 1 DB/L1#S1 from B1                 | flagged SERIAL_TWICE
    10:20 C return 3 BE/L1 from customer/C1 to DOCK for SO-7 | flagged RETURN_UNMATCHED
    10:40 C move =P1 to B1                          | posted
    11:00:00 B move =P1 from B1 to B2               | posted
    11:00:00 C move =P1 from B1 to B3               | flagged LOCATION_DOUBT
"""
COUNTING = """
    08:00 A receive 10 BE/L1 to B1                  | posted
    08:10 A receive 10 BE/L2 to B2                  | posted
    08:20 A receive 10 CA/L1 to B3                  | posted
    09:00 B count B1: BE/L1=8                       | posted
    08:59:40 A pick 2 BE/L1 from B1                 | flagged COUNT_AMBIGUOUS
    09:10 B count B2: BE/L2=8                       | posted
    10:00 A count B2: BE/L2=9                       | flagged COUNT_DISAGREE
    10:10 A count B2: CA/L1=3                       | flagged FOUND_ELSEWHERE
    10:20 A count B3: CA/L1=10 seen                 | flagged NOT_BLIND
    10:30 A adjust 11 CA/L1 B3 found                | flagged OVER_LIMIT
    11:00 A receive 8 CA/L2 to B4                   | posted
    12:00 B adjust -2 CA/L2 B4 missing              | posted
    11:30 C pick 2 CA/L2 from B4                    | flagged DOUBLE_CORRECTION FIFO_UNKNOWABLE
"""


@pytest.mark.parametrize("table", [RECEIVING, PICKING, COUNTING])
async def test_what_the_handheld_is_told_the_desk_is_asked(reached, table):
    """[D1] [R6] [R7] [R12] to [R17] [R20] [R22] [R23] [R25] [R31] to [R34] and more."""
    lines = [line.strip() for line in table.strip().splitlines()]
    expected = [" ".join(line.split()) for line in lines]
    assert [" ".join(line.split()) for line in await reached.play(table)] == expected
    told = {word for line in expected for word in line.rpartition("| ")[2].split()[1:]}
    await is_asked(reached, told)


async def is_asked(reached, told):
    """Whether the desk lists these codes, each with what a person needs to decide it."""
    page = await reached.desk()
    rows = {row["code"]: row for row in page["discrepancies"]}
    assert told <= rows.keys()
    for code in sorted(told):
        review = page["reviews"][rows[code]["discrepancy"]]
        assert review["facts"], code
        assert review["readings"] == [f"{code}.1", f"{code}.2"]
        assert review["default"] in review["actions"], code
        assert (review["owner"] == "nobody") == (rows[code]["severity"] == "I"), code


async def test_what_depends_on_promises_units_and_consent_reaches_the_desk_too(
    reached, monkeypatch
):
    """[R24] [R33] [R38] [R42] [R44]"""
    sizes = [Item(item="CA", name="CA", lots=True, units=(Unit("CS", n),)) for n in (12, 20)]
    for size in sizes:
        await reached.plant.book.change(SITE, "test", [size], "packed")
    await reached.desk()  # who decides is known to be there
    await reached.play("""
        07:00 A receive 6 BE/L1 to B1
        07:01 A receive 9 BE/L5!quality to B2
    """)
    assert await reserve(reached, 5) == "accepted"
    await reached.play("""
        07:10 B count B1: BE/L1=6
        07:20 A issue 6 BE/L1 from B1 for WO-1
    """)
    receive, _ = parse("receive 36 CA/L1 to B3", reached.now, {})
    entered = {"quantity": "3", "unit": "CS", "factor": 12, "unit_version": 1}
    await send(reached, "A", receive | {"entered": entered})
    urgent, _ = parse("issue 1 BE/L5!quality from B2 for WO-1", reached.now, {})
    await send(reached, "B", urgent, consent={"actor": "fang", "at": reached.now})
    monkeypatch.setattr("sync.state.BALANCE_MAX", 50)
    await reached.play("08:10 A receive 60 NU to B1")
    await is_asked(reached, {"UNIT_CHANGED", "RESERVED_USED", "OPEN_TASK", "UNRELEASED_USED",
                             "INVARIANT"})  # fmt: skip


async def test_a_time_that_may_lie_on_either_side_of_a_count_comes_to_the_desk(reached):
    """[R8] The clock stepped twice before anybody was asked for the time."""
    await reached.play("""
        07:00 E receive 10 BE/L1 to B1
        08:00 B count B1: BE/L1=9
    """)
    handheld = reached.device("E")
    handheld.segment, handheld.offset = "s2", 5 * 3_600_000
    move, _ = parse("move 2 BE/L1 from B1 to B2", clock("12:30"), {})
    handheld.envelope(move, clock("07:30"))
    handheld.segment, handheld.offset = "s3", 0
    (told,) = (await reached.push("E", clock("09:00"))).verdicts
    assert "TIME_UNCERTAIN" in [flag["code"] for flag in json.loads(bytes(told))["flags"]]
    await is_asked(reached, {"TIME_UNCERTAIN"})


async def test_what_nobody_understands_delays_nothing_and_comes_to_the_desk(reached):
    """[R2] [R5] The operations before and after it are posted in the same push."""
    handheld, at = reached.device("A"), clock("08:00")
    receive, _ = parse("receive 5 BE/L1 to B1", at, {})
    name = handheld.envelope(receive, at)
    handheld.envelope({"verb": "teleport"}, at)
    handheld.envelope({**receive, "quantity": 6}, at, id_=name)
    handheld.envelope(receive, at)
    verdicts = [json.loads(bytes(told)) for told in (await reached.push("A", at)).verdicts]
    outcomes = [verdict["outcome"] for verdict in verdicts]
    assert outcomes == ["posted", "parked", "parked", "posted"]
    rows = (await reached.desk())["discrepancies"]
    assert {(row["code"], row["severity"]) for row in rows} == {
        ("NOT_UNDERSTOOD", "R"), ("OPERATION_ID_CONFLICT", "U"),
    }  # fmt: skip


async def test_a_decision_over_old_figures_is_refused_with_the_new_ones(reached):
    """[R29] [R35] The desk reads the line as it stands, and decides it then."""
    await reached.play("""
        08:00 A receive 10 BE/L1 to B1
        09:00 A count B1: BE/L1=8
    """)
    await reached.desk()  # who decides is known to be there
    (old,) = await reached.rows("variance", Variance)
    await reached.play("08:30 C pick 1 BE/L1 from B1")
    told = await decide(reached, "approve", old)
    assert (told["outcome"], told["reason"]) == ("refused", "stale")
    assert [(line["counted"], line["expected"]) for line in told["fresh"]] == [(8, 9)]
    (fresh,) = await reached.rows("variance", Variance)
    assert (await decide(reached, "approve", fresh))["outcome"] == "accepted"
    played = await reached.play("08:40 C pick 1 BE/L1 from B1")
    assert played[0].endswith("flagged COUNT_EXPLAINED")
    assert (await reached.stock())["B1", "BE/L1"] == 8
