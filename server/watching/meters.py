"""What is counted while the server works, and shown to Prometheus when it asks.

Plain sums in memory, because a push is decided in tenths of a millisecond; the library writes
them down. They belong to one application, and several processes of one server are added up.
The names are an interface: deploy/alerts.yaml uses them, and a test holds it to them.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from server.book.laps import Group
from sync.messages import Conflict, Pushed

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PUSHES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
BEHIND: Final = (0.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)


class Kind(NamedTuple):
    """What a name means, what its labels are, and, for a histogram, its bounds."""

    words: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


KINDS: Final[dict[str, Kind]] = {
    "bincard_http_request_seconds": Kind(
        "Requests by route, until the answer was sent; streams until they began.",
        ("method", "route", "status"), SECONDS,
    ),
    "bincard_pushes": Kind(
        "Pushes that were answered: taken, later (beyond the day's budget), or the conflict.",
        ("result",),
    ),
    "bincard_operations": Kind(
        "Operations that were decided; repeats have no verb.", ("verb", "outcome")
    ),
    "bincard_discrepancies_opened": Kind("Discrepancies that pushes opened.", ("code",)),
    "bincard_group_pushes": Kind("Pushes that shared a transaction.", (), PUSHES),
    "bincard_groups_failed": Kind("Transactions of pushes that were rolled back."),
    "bincard_stage_seconds": Kind("Where the time of those transactions went.", ("stage",)),
    "bincard_commit_seconds": Kind("Commits, with the disk's part in it.", (), SECONDS),
    "bincard_queue_wait_seconds": Kind(
        "How long the first push of a transaction waited for its turn.", (), SECONDS
    ),
    "bincard_pull_rows": Kind("Rows of the feed that devices pulled."),
    "bincard_pull_behind": Kind(
        "Changes that a pull was behind; at least so many where more follow.", (), BEHIND
    ),
    "bincard_snapshots_built": Kind("Snapshots that were built."),
    "bincard_snapshot_bytes": Kind("Bytes of the snapshots that were built."),
}  # fmt: skip

Key = tuple[str, ...]
"""A name, then the values of its labels."""


class Spread(Struct):
    """How often a value fell below each bound, and the sum of all values."""

    counts: list[int]
    sum: float = 0.0


class Tally(Struct):
    """All sums of one process."""

    counts: dict[str, float]
    spreads: dict[str, Spread]


class Meters:
    """Counts what happens. It never waits, and no label holds what a user can make up.

    Requests are counted on one thread; transactions and snapshots on several, in turn.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[Key, float] = defaultdict(float)
        self._spreads: dict[Key, Spread] = {}
        self._lock = threading.Lock()
        for name, kind in KINDS.items():
            if not kind.labels and kind.bounds:
                self._spread((name,))
            elif not kind.labels:
                self._counts[name,] = 0.0

    def answered(self, method: str, route: str, status: str, seconds: float) -> None:
        """Count a request."""
        self._observe(("bincard_http_request_seconds", method, route, status), seconds, SECONDS)

    def group_done(self, group: Group) -> None:
        """Count a transaction of pushes and everything in it."""
        with self._lock:
            self._group_done(group)

    def _group_done(self, group: Group) -> None:
        counts = self._counts
        if group.fault is not None:
            counts["bincard_groups_failed",] += 1
            return
        self._observe(("bincard_group_pushes",), len(group.asked), PUSHES)
        self._observe(("bincard_queue_wait_seconds",), group.began - group.asked[0][0], SECONDS)
        repeated = 0
        for answer in group.answers:
            if isinstance(answer, Conflict):
                counts["bincard_pushes", answer.code] += 1
            elif isinstance(answer, Pushed):
                counts["bincard_pushes", "taken"] += 1
                repeated += len(answer.verdicts)
            else:
                counts["bincard_pushes", "later"] += 1
        for (verb, outcome), number in group.logged.items():
            counts["bincard_operations", verb, outcome] += number
            repeated -= number
        if repeated > 0:
            counts["bincard_operations", "", "repeat"] += repeated
        for code, number in group.opened.items():
            counts["bincard_discrepancies_opened", code] += number
        before = group.began
        for stage, at in group.laps:
            counts["bincard_stage_seconds", stage] += at - before
            if stage == "commit":
                self._observe(("bincard_commit_seconds",), at - before, SECONDS)
            before = at

    def snapshot_built(self, size: int) -> None:
        """Count a snapshot of so many bytes."""
        with self._lock:
            self._counts["bincard_snapshots_built",] += 1
            self._counts["bincard_snapshot_bytes",] += size

    def pulled(self, rows: int, behind: int) -> None:
        """Count a pull."""
        self._counts["bincard_pull_rows",] += rows
        self._observe(("bincard_pull_behind",), behind, BEHIND)

    def _observe(self, key: Key, value: float, bounds: tuple[float, ...]) -> None:
        spread = self._spreads.get(key)
        if spread is None:
            spread = self._spread(key)
        spread.counts[bisect_left(bounds, value)] += 1
        spread.sum += value

    def _spread(self, key: Key) -> Spread:
        found = self._spreads[key] = Spread([0] * (len(KINDS[key[0]].bounds) + 1))
        return found

    def tally(self) -> Tally:
        """Return all sums as they are now, to be added to those of other processes."""
        return Tally(
            {_text(key): value for key, value in list(self._counts.items())},
            {
                _text(key): Spread(list(spread.counts), spread.sum)
                for key, spread in list(self._spreads.items())
            },
        )


def added(tallies: Iterable[Tally]) -> Tally:
    """Add up the sums of several processes."""
    total = Tally({}, {})
    for tally in tallies:
        for key, value in tally.counts.items():
            total.counts[key] = total.counts.get(key, 0.0) + value
        for key, spread in tally.spreads.items():
            have = total.spreads.setdefault(key, Spread([0] * len(spread.counts)))
            have.counts = [a + b for a, b in zip(have.counts, spread.counts, strict=True)]
            have.sum += spread.sum
    return total


def shown(tally: Tally) -> Iterator[Metric]:
    """Write sums as families of metrics."""
    families: dict[str, Metric] = {}
    for text, value in tally.counts.items():
        name, *labels = _key(text)
        kind = KINDS[name]
        counter = families.setdefault(
            name, CounterMetricFamily(name, kind.words, None, kind.labels)
        )
        counter.add_metric(labels, value)  # type: ignore[attr-defined]  # a counter
    for text, spread in tally.spreads.items():
        name, *labels = _key(text)
        kind = KINDS[name]
        histogram = families.setdefault(
            name, HistogramMetricFamily(name, kind.words, labels=kind.labels)
        )
        histogram.add_metric(labels, _buckets(kind.bounds, spread), spread.sum)  # type: ignore[attr-defined]  # a histogram
    return iter(families.values())


def _buckets(bounds: tuple[float, ...], spread: Spread) -> list[tuple[str, float]]:
    """Return how many values are at most each bound, as Prometheus counts them."""
    found, below = [], 0
    for bound, count in zip((*bounds, float("inf")), spread.counts, strict=True):
        below += count
        found.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
    return found


def _text(key: Key) -> str:
    return msgspec.json.encode(key).decode()


def _key(text: str) -> list[str]:
    return msgspec.json.decode(text, type=list[str])
