"""What must be true after every death, read from the database beside the server."""

from collections import Counter

from server.book.engine import make_engine
from server.book.verify import verify_site
from tests.browser.factory import SITE
from tests.torture.fleet import ITEM

LOGGED = """
    SELECT replica, rseq, id, outcome FROM log
    WHERE device <> 'opening' AND replica IS NOT NULL
"""
STOCK = "SELECT place, quantity FROM holding WHERE item = ?"
EFFECTS = """
    SELECT log.id, posting.place_from, posting.place_to, posting.quantity
    FROM posting JOIN log ON log.site = posting.site AND log.seq = posting.seq
    WHERE log.device <> 'opening' AND log.replica IS NOT NULL
"""


def stock(factory):
    """What stands where of the item that the fleet works with."""
    held = Counter()
    for place, quantity in factory.rows(STOCK, ITEM):
        held[place] += quantity
    return held


def nothing_acknowledged_is_missing(factory, fleet):
    """Before anybody repeats anything: what was promised is there."""
    found = {(replica, rseq): outcome for replica, rseq, _, outcome in factory.rows(LOGGED)}
    lost = [
        (device.replica, rseq)
        for device in fleet.devices
        for rseq in range(1, device.acked + 1)
        if (device.replica, rseq) not in found
    ]
    assert lost == [], f"{len(lost)} acknowledged operations are lost: {lost[:5]}"
    outcomes = {id_: outcome for _, _, id_, outcome in factory.rows(LOGGED)}
    changed = [
        (id_, outcome, outcomes.get(id_))
        for device in fleet.devices
        for id_, outcome in device.told.items()
        if outcomes.get(id_) != outcome
    ]
    assert changed == [], f"verdicts that were told are not those in the log: {changed[:5]}"


def everything_is_there_once(factory, fleet, opening):
    """After all was repeated: each operation once in the log, once in the ledger, once in stock."""
    assert fleet.faults == [], fleet.faults[:3]
    logged = factory.rows(LOGGED)
    done = fleet.done
    times = Counter(id_ for _, _, id_, _ in logged)
    assert sorted(done.keys() - times.keys()) == [], "lost"
    assert [id_ for id_, number in times.items() if number != 1] == [], "doubled"
    assert sorted(times.keys() - done.keys()) == [], "done by nobody"
    assert {outcome for *_, outcome in logged} <= {"posted", "flagged"}
    effects = Counter(tuple(row) for row in factory.rows(EFFECTS))
    once = Counter(
        (id_, did["from"]["location"], did["to"]["location"], did["quantity"])
        for id_, did in done.items()
    )
    assert [*(effects - once), *(once - effects)] == [], "not once in the ledger"
    expected = Counter(opening)
    for did in done.values():
        expected[did["from"]["location"]] -= did["quantity"]
        expected[did["to"]["location"]] += did["quantity"]
    found = stock(factory)
    assert {place: found[place] for place in expected} == dict(expected)
    assert differences(factory) == []


def differences(factory):
    """What `bincard verify` says, without the second that the command needs to begin."""
    url = factory.database or f"sqlite:///{factory.data / 'bincard.db'}"
    engine = make_engine(url, writes=False, patient=True)
    with engine.begin() as connection:
        found = verify_site(connection, SITE)
    engine.dispose()
    return [*found]
