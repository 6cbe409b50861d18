"""`make torture`: every way to die, as often as asked; the seed says it all again."""

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.torture import failover, rounds
from tests.torture.scanning import Scanner
from tests.world.postgres import Postgres

ROUNDS_PER_BOOK = 20
"""Then a new book is begun: each check replays the whole ledger."""
DURABLE = {"fsync": "on", "full_page_writes": "on"}

BROWSER_ROUNDS = 100
OTHERS = ("browser", "failover")
PARTS = {
    "server": (200, False, [rounds.the_server]),
    "server-postgres": (200, True, [rounds.the_server]),
    "disk": (20, False, [rounds.the_disk]),
    "database": (40, True, [rounds.connections, rounds.the_database]),
}
"""How often, on PostgreSQL or on SQLite, and how it dies in turn."""


def torture(part, seed, count, folder):
    """Play the rounds of one part, a new book now and then; print what it was."""
    _, on_postgres, deaths = PARTS[part]
    with contextlib.ExitStack() as until:
        postgres = None
        if on_postgres:
            postgres = Postgres(**DURABLE)
            until.callback(postgres.remove)
        founding = rounds.Founding(folder, postgres)
        operations, began = 0, time.monotonic()
        for first in range(0, count, ROUNDS_PER_BOOK):
            with founding.chamber(f"{seed}-{first}") as chamber:
                for number in range(first, min(first + ROUNDS_PER_BOOK, count)):
                    try:
                        chamber.play(deaths[number % len(deaths)])
                    except BaseException:
                        print(f"{part}: round {number} of SEED={seed} failed")
                        raise
                    done, answers = operations + len(chamber.fleet.done), chamber.fleet.answers
                    seconds = time.monotonic() - began
                    print(f"{part} {number + 1}: {done} operations, lost 0, doubled 0, "
                          f"{seconds:.0f} s, {dict(answers)}", flush=True)  # fmt: skip
            operations = done


def torture_browser(seed, count, folder):
    """Kill Chromium while it scans; print how many beeps there were."""
    founding = rounds.Founding(folder)
    with sync_playwright() as playwright:
        for first in range(0, count, ROUNDS_PER_BOOK):
            with founding.chamber(f"{seed}-{first}") as chamber:
                scanner = Scanner(playwright, folder / f"{first}", chamber.factory, seed + first)
                for number in range(first, min(first + ROUNDS_PER_BOOK, count)):
                    scanner.play()
                    print(f"browser {number + 1}: {len(scanner.beeped)} beeps since {first}, "
                          "lost 0, doubled 0", flush=True)  # fmt: skip
                scanner.handheld.close()


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join([*PARTS, *OTHERS])}")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--rounds", type=int, help="of each part")
    told = parser.parse_args()
    print(f"SEED={told.seed}")
    for part in told.parts or [*PARTS, *OTHERS]:
        with tempfile.TemporaryDirectory(prefix="bincard-torture-") as folder:
            if part == "browser":
                torture_browser(told.seed, told.rounds or BROWSER_ROUNDS, Path(folder))
            elif part == "failover":
                failover.torture(told.seed, told.rounds or failover.ROUNDS, Path(folder))
            else:
                torture(part, told.seed, told.rounds or PARTS[part][0], Path(folder))


if __name__ == "__main__":
    main()
