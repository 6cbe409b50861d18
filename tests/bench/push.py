"""Operations per second through POST /sync/push, beside the raw limit of the database.

Every round starts from the same database and measures everything once, the limits too: a slow
minute of the machine hits both sides of a ratio.
"""

import statistics
from typing import NamedTuple

from tests.bench.clients import send_all
from tests.bench.raw import raw_limit
from tests.bench.scene import DEVICES, Server
from tests.bench.work import MORNING, MOVES, queue_of

ROUNDS = 3
AIM = 0.85


class Case(NamedTuple):
    """So many operations, in pushes of so many, by so many handhelds."""

    name: str
    verbs: tuple
    per_request: int
    devices: int
    operations: int

    @property
    def title(self):
        return f"push, {self.name}, {self.per_request} per request, {self.devices} devices"

    def speeds(self, sent):
        """Return the operations per second of each round."""
        return [self.operations / one.seconds for one in sent]


CASES = (
    *(Case("moves", MOVES, 100, devices, 6_400) for devices in (1, 8, 32)),
    *(Case("moves", MOVES, 10, devices, 3_200) for devices in (1, 8, 32)),
    *(Case("moves", MOVES, 1, devices, count)
      for devices, count in ((1, 400), (8, 1_600), (16, 1_600), (32, 1_600))),
    Case("a morning", MORNING, 100, 8, 6_400),
)  # fmt: skip
RAW = ((100, 6_400), (10, 3_200), (1, 1_000))
"""Operations per transaction, and how many in all."""

BARE = Case("decoded and answered only", MOVES, 1, 16, 3_200)


class Found(NamedTuple):
    """What was measured of one database, round by round; memory as it was in the last one."""

    pushed: dict
    raw: dict
    bare: list
    memory: list


def run(scenes, rounds=ROUNDS, cases=CASES):
    """Measure and print every database, and the second beside the first."""
    found = [Found({case: [] for case in cases}, {part: [] for part in RAW}, [], [])
             for _ in scenes]  # fmt: skip
    for _ in range(rounds):
        for scene, one in zip(scenes, found, strict=True):
            _round(scene, one)
    for scene, one in zip(scenes, found, strict=True):
        _print(scene.store.name, one)
    if len(scenes) == 2:
        _compare(scenes, *found)


def _round(scene, found):
    scene.renew()
    with Server(scene) as server:
        for case, sent in found.pushed.items():
            sent.append(_pushed(scene, server, case))
        found.memory[:] = server.memory()
    for part, seconds in raw_limit(scene, RAW).items():
        found.raw[part].append(seconds)
    with Server(scene, "tests.bench.bare") as server:
        found.bare.append(_pushed(scene, server, BARE))


def _pushed(scene, server, case):
    each = case.operations // case.devices
    scene.look()
    queues = [queue_of(scene, device, case.verbs, case.per_request, each)
              for device in DEVICES[: case.devices]]  # fmt: skip
    return send_all(server.port, queues)


def _print(store, found):
    limits = {per: [n / seconds for seconds in times] for (per, n), times in found.raw.items()}
    print(f"\n{store + ', operations per second':52}{'median':>8}{'spread':>16}"
          f"{'of limit':>10}{'p50 ms':>8}{'p95 ms':>8}")  # fmt: skip
    for per, speeds in limits.items():
        _line(f"raw: the same rows, {per} per transaction", speeds, None, ())
    alone = [BARE.operations / sent.seconds for sent in found.bare]
    _line("framework: decoded and answered, 1 per request, 16", alone, None, found.bare)
    for case, sent in found.pushed.items():
        speeds = case.speeds(sent)
        _line(case.title, speeds, limits[case.per_request], sent)
        if case.per_request == 1 and case.devices == BARE.devices:
            _line("    the same, of the framework by itself", speeds, alone, ())
    now, most = found.memory
    print(f"{'memory of the server, MB: now, at most':52}{now:8,}{most:8,}")


def _compare(scenes, first, second):
    """Ratios are those of each round."""
    title = " beside ".join(scene.store.name for scene in reversed(scenes))
    print(f"\n{title:52}{'ratio':>8}   (aim: {AIM} at 100 per request with 8 devices)")
    for case in first.pushed:
        pairs = zip(case.speeds(second.pushed[case]), case.speeds(first.pushed[case]), strict=True)
        print(f"{case.title:52}{statistics.median(a / b for a, b in pairs):8.2f}")


def _line(name, speeds, limit, sent):
    """Ratios are those of each round."""
    spread = f"{min(speeds):,.0f}-{max(speeds):,.0f}"
    ratio = statistics.median(a / b for a, b in zip(speeds, limit, strict=True)) if limit else None
    print(
        f"{name:52}{statistics.median(speeds):8,.0f}{spread:>16}"
        + (f"{ratio:10.0%}" if ratio is not None else " " * 10)
        + "".join(f"{statistics.median(one.ms(share) for one in sent):8.1f}"
                  for share in (0.5, 0.95) if sent)
    )  # fmt: skip
