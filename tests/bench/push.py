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


class Case(NamedTuple):
    """So many operations, in pushes of so many, by so many handhelds."""

    name: str
    verbs: tuple
    per_request: int
    devices: int
    operations: int


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


def run(scene, rounds=ROUNDS, cases=CASES):
    """Measure and print one database."""
    pushed = {case: [] for case in cases}
    raw = {part: [] for part in RAW}
    bare = []
    for _ in range(rounds):
        scene.renew()
        with Server(scene) as server:
            for case in cases:
                pushed[case].append(_pushed(scene, server, case))
            memory = server.memory()
        raw_of = raw_limit(scene, RAW)
        for part, speed in raw_of.items():
            raw[part].append(speed)
        with Server(scene, "tests.bench.bare") as server:
            bare.append(_pushed(scene, server, BARE))
    _print(scene.store.name, pushed, raw, bare)
    print(f"{'memory of the server, MB: now, at most':52}{memory[0]:8,}{memory[1]:8,}")


def _pushed(scene, server, case):
    each = case.operations // case.devices
    scene.look()
    queues = [queue_of(scene, device, case.verbs, case.per_request, each)
              for device in DEVICES[: case.devices]]  # fmt: skip
    return send_all(server.port, queues)


def _print(store, pushed, raw, bare):
    limits = {per: [n / seconds for seconds in found] for (per, n), found in raw.items()}
    print(f"\n{store + ', operations per second':52}{'median':>8}{'spread':>16}"
          f"{'of limit':>10}{'p50 ms':>8}{'p95 ms':>8}")  # fmt: skip
    for per, speeds in limits.items():
        _line(f"raw: the same rows, {per} per transaction", speeds, None, ())
    alone = [BARE.operations / sent.seconds for sent in bare]
    _line("framework: decoded and answered, 1 per request, 16", alone, None, bare)
    for case, found in pushed.items():
        speeds = [case.operations / sent.seconds for sent in found]
        name = f"push, {case.name}, {case.per_request} per request, {case.devices} devices"
        singles = case.per_request == 1 and case.devices == BARE.devices
        _line(name, speeds, limits[case.per_request], found)
        if singles:
            _line("    the same, of the framework by itself", speeds, alone, ())


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
