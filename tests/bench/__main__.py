"""`make bench`: everything that is measured, one after the other; PART names some of it."""

import argparse
import tempfile
from pathlib import Path

from tests.bench import fleet, lag, machine, push, size, tone
from tests.bench.scene import Scene, SQLite

# Beside the code and not in the system's folder, which may be memory: durability must cost.
RESULTS = Path("test-results")
OF_A_STORE = {"push": push.run, "fleet": fleet.run, "lag": lag.run, "size": size.run}
PARTS = (*OF_A_STORE, "tone")


def main():
    """Measure what was asked for, else all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="what to measure")
    parts = parser.parse_args().parts or PARTS
    print(machine.described())
    asked = [run for name, run in OF_A_STORE.items() if name in parts]
    if asked:
        with _folder() as folder:
            scene = Scene(folder, SQLite(folder))
            scene.found()
            for run in asked:
                run(scene)
    if "tone" in parts:
        with _folder() as folder:
            tone.run(folder)


def _folder():
    RESULTS.mkdir(exist_ok=True)
    return _Absolute(prefix="bench-", dir=RESULTS)


class _Absolute(tempfile.TemporaryDirectory):
    def __enter__(self):
        return Path(super().__enter__()).absolute()


main()
