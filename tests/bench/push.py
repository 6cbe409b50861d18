"""Operations per second through POST /sync/push beside the raw limit, in alternating rounds."""

import os
import platform
import sqlite3
import statistics
import sys
from typing import NamedTuple

from tests.bench.raw import raw_limit
from tests.bench.scene import DEVICES, Scene, Server
from tests.bench.work import MORNING, MOVES, requests_of, send_all

ROUNDS = 3


class Case(NamedTuple):
    """So many operations, in pushes of so many, by so many handhelds."""

    name: str
    verbs: tuple
    per_request: int
    devices: int
    operations: int


CASES = (
    Case("moves", MOVES, 100, 8, 16_000),
    Case("moves", MOVES, 100, 1, 4_000),
    Case("moves", MOVES, 1, 8, 1_600),
    Case("moves", MOVES, 1, 1, 400),
    Case("a morning", MORNING, 100, 8, 8_000),
)
RAW = ((100, 16_000), (1, 1_000))
"""Operations per transaction, and how many in all."""


def run(folder, rounds=ROUNDS, cases=CASES):
    """Measure and print; every round starts from the same database."""
    print(machine())
    scene = Scene(folder)
    scene.found()
    pushed = {case: [] for case in cases}
    raw = {part: [] for part in RAW}
    for number in range(rounds):
        scene.renew()
        with Server(scene) as server:
            for case in cases:
                pushed[case].append(_pushed(scene, server, case, number))
        for per_transaction, operations in RAW:
            scratch = folder / "raw.db"
            speed = raw_limit(scene.founded, scene.worked, scratch, per_transaction, operations)
            raw[per_transaction, operations].append(speed)
    _print(pushed, raw)


def machine():
    """Say on what it was measured."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"
    )


def _pushed(scene, server, case, seed):
    queues = [
        requests_of(device, scene.token(device), scene.head(), case, f"{seed}{n}")
        for n, device in enumerate(DEVICES[: case.devices])
    ]
    return case.operations / send_all(server.port, queues)


def _print(pushed, raw):
    limits = {key[0]: speeds for key, speeds in raw.items()}
    print(f"\n{'operations per second':44}{'median':>8}{'spread':>16}{'of raw':>9}")
    for per_transaction, speeds in limits.items():
        _line(f"raw sqlite3, {per_transaction} per transaction", speeds, speeds)
    for case, speeds in pushed.items():
        devices = "1 device" if case.devices == 1 else f"{case.devices} devices"
        name = f"push, {case.name}, {case.per_request} per request, {devices}"
        _line(name, speeds, limits[case.per_request])


def _line(name, speeds, limit):
    """Ratios are those of each round, so that a slow minute of the machine hits both sides."""
    ratio = statistics.median(a / b for a, b in zip(speeds, limit, strict=True))
    spread = f"{min(speeds):,.0f}-{max(speeds):,.0f}"
    print(f"{name:44}{statistics.median(speeds):8,.0f}{spread:>16}{ratio:9.0%}")
