"""`python -m tests.fuzz --seed 7 --rounds 20000`: hostile pushes to the real application."""

import argparse
import asyncio
import time
from pathlib import Path

from tests.fuzz.driver import Fuzz, folder_of_its_own

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--rounds", type=int, default=20_000)
    asked = parser.parse_args()
    print(f"SEED={asked.seed} ROUNDS={asked.rounds}", flush=True)
    with folder_of_its_own() as folder:
        fuzz = Fuzz(Path(folder), asked.seed, lambda line: print(line, flush=True))
        outcomes = asyncio.run(fuzz.run(asked.rounds))
        refused = dict.fromkeys(fuzz.stage.refusals)
    print(f"No fault, and the ledger is true: {outcomes}")
    for words in refused:
        print(f"taken back: {words[:200]}")
