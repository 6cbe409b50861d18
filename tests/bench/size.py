"""What a push costs when the ledger is old: ten thousand, a million and ten million postings."""

import statistics

import msgspec
import sqlalchemy as sa

from server.book.engine import make_engine
from server.imports import factory
from tests.bench.clients import send_all
from tests.bench.scene import DEVICES, Server, now
from tests.bench.work import MOVES, queue_of

SIZES = (10_000, 1_000_000, 10_000_000)
PART = 100_000
YEAR_MS = 365 * 86_400_000

NUMBERS = """
WITH RECURSIVE number(n, at) AS (
    SELECT CAST(:first AS bigint), :began + CAST(:first AS bigint) * :step
    UNION ALL SELECT n + 1, at + :step FROM number WHERE n < :last
), model AS MATERIALIZED (
    SELECT * FROM {table} WHERE site = :site AND kind IN ('fact', 'move') ORDER BY seq LIMIT 1
)
"""
LOG = """
INSERT INTO log (site, seq, kind, id, verb, actor, device, carrier, replica, rseq, document, line,
    accounted, received_at, at, u, trust, outcome, payload, payload_hash, content_hash, verdict,
    link, scope)
SELECT m.site, n, m.kind, 'old-' || n, m.verb, m.actor, m.device, m.carrier, 'old', n, m.document,
    m.line, m.accounted, number.at, number.at, m.u, m.trust, m.outcome, m.payload, m.payload_hash,
    m.content_hash, m.verdict, m.link, m.scope
FROM model AS m CROSS JOIN number
"""
POSTING = """
INSERT INTO posting (site, seq, n, of, line, kind, item, key, place_from, place_to, quantity,
    t_from, t_to, u, replica, rseq)
SELECT m.site, number.n, 0, number.n, 0, 'move', k.item, k.key,
    CASE number.n / :keys % 2 WHEN 0 THEN k.place ELSE 'STAGE-1' END,
    CASE number.n / :keys % 2 WHEN 0 THEN 'STAGE-1' ELSE k.place END,
    1, number.at, number.at, 0, 'old', number.n
FROM model AS m CROSS JOIN number CROSS JOIN bench_key AS k WHERE k.n = number.n % :keys
"""
PUSHES, PER_REQUEST, DEVICES_AT_WORK = 32, 100, 8
ROUNDS = 5
AIM = 1.15


def run(scene, most=SIZES[-1]):
    """Measure and print one database, beside one that does the same work and never grows old.

    It grows as it goes, and ends as it was founded.
    """
    print(f"\n{scene.store.name + ', postings in the ledger':52}{'ms/push':>8}{'of young':>10}"
          f"   (aim: at most {AIM})")  # fmt: skip
    scene.renew()
    young, size = scene.twin(), 0
    _grow(young, SIZES[0])
    for wanted in (size for size in SIZES if size <= most):
        _grow(scene, wanted - size)
        size = wanted
        # The first round is not counted: what was just written is on its way to the disk.
        pairs = [(_cost(scene), _cost(young)) for _ in range(ROUNDS + 1)][1:]
        ratio = statistics.median(cost / beside for cost, beside in pairs)
        print(f"{wanted:52,}{statistics.median(cost for cost, _ in pairs):8.1f}{ratio:10.2f}")
    scene.renew()


def _cost(scene):
    scene.look()
    each = PUSHES // DEVICES_AT_WORK * PER_REQUEST
    queues = [queue_of(scene, device, MOVES, PER_REQUEST, each)
              for device in DEVICES[:DEVICES_AT_WORK]]  # fmt: skip
    with Server(scene) as server:
        return send_all(server.port, queues).seconds / PUSHES * 1_000


def _grow(scene, more):
    """Add years of work: a row of the log and a posting each; the feed of it is gone."""
    engine = make_engine(scene.store.url, writes=True)
    with engine.begin() as connection:
        first = connection.scalar(sa.text("SELECT max(seq) + 1 FROM log"))
        keys = _keys(connection)
    began = now() - 2 * YEAR_MS
    step = max(YEAR_MS // max(more, 1), 1)
    for start in range(first, first + more, PART):
        last = min(start + PART, first + more) - 1
        numbers = {"site": factory.SITE, "first": start, "last": last, "keys": keys,
                   "began": began - first * step, "step": step}  # fmt: skip
        with engine.begin() as connection:
            for table, statement in (("log", LOG), ("posting", POSTING)):
                connection.execute(sa.text(NUMBERS.format(table=table) + statement), numbers)
            connection.execute(sa.text("UPDATE site SET seq = :last"), numbers)
    engine.dispose()


def _keys(connection):
    """Keep the keys of the stock by number where the statements can join them; say how many."""
    connection.execute(sa.text("DROP TABLE IF EXISTS bench_key"))
    connection.execute(
        sa.text("CREATE TABLE bench_key (n integer PRIMARY KEY, item text, key text, place text)")
    )
    rows = [
        {"n": n, "item": one.item, "key": _key(one), "place": one.place}
        for n, one in enumerate(one for one in factory.factory_stock() if one.quantity)
    ]
    connection.execute(
        sa.text("INSERT INTO bench_key (n, item, key, place) VALUES (:n, :item, :key, :place)"),
        rows,
    )
    return len(rows)


def _key(stock):
    lot = [stock.lot, stock.expires or None, None] if stock.lot else None
    return msgspec.json.encode([stock.item, lot, None, "ok", None]).decode()
