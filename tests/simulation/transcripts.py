"""What phones of the fast tier were told, and what they then held: replayed by the phone's tests.

`python -m tests.simulation.transcripts` writes tests/vectors/transcripts.json, `--check` says
whether it is stale. pwa/tests/transcripts.test.ts plays it through the phone's own code.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from tests.simulation.client.screen import shown
from tests.simulation.swarm import FAULTS, script
from tests.simulation.world import World

PATH = Path(__file__).parents[1] / "vectors" / "transcripts.json"
SEEDS = {
    "power cuts and a restored server": (3, "C"),
    "a copied profile and a restored server": (7, "A"),
    "a lost storage and a desk that decides": (14, "B"),
}
ACTS = 14
STEADY = set(FAULTS) - {"crash", "full"}
"""Without what hangs on the number of statements: any change of the server made them stale."""


class Recorder:
    """Looks at one device after every step of a world; writes down what is new."""

    def __init__(self, world, label):
        self.world = world
        self.label = label
        self.texts = {}
        self.steps = []
        self._images = None
        self._seen = {}
        self._last = None

    def look(self):
        device = self.world.devices.get(self.label)
        if device is None or not device.is_up:
            return
        page = device.page
        operations = [[row.hash, row.acked, _number(row)] for row in page.outbox.operations]
        state = (page, page.feed.cursor, operations)
        if state == self._last or not page.feed.cursor:
            return
        self._last = state
        self.texts |= {row.hash: row.text.decode() for row in page.outbox.operations}
        self.steps.append({
            **self._told(page.feed),
            "cursor": ".".join(page.feed.cursor.split(".")[:2]),
            "covered": page.feed.position["covered"], "chain": page.outbox.chain.replica,
            "operations": operations, "scope": str(page.feed.scope),
            "shown": shown(page),
            "pending": [row.id for row in page.outbox.operations if not page.feed.covers(row)],
        })  # fmt: skip

    def _told(self, feed):
        """Return the rows that are new; all of them after a start, or after a snapshot."""
        anew = feed.images is not self._images
        if anew:
            self._images, self._seen = feed.images, {}
        rows = sorted(
            [*name, *image]
            for name, image in feed.images.items()
            if self._seen.get(name) != image and not (anew and image.payload is None)
        )
        self._seen = dict(feed.images)
        return {"anew": anew, "rows": rows}


def _number(row):
    return row.verdict["ledger_seq"] if row.verdict else None


def transcript(seed, label):
    world = World(script(seed, ACTS, STEADY))
    recorder = Recorder(world, label)
    look = world._look

    def both():
        look()
        recorder.look()

    world._look = both
    world.run()
    return {"texts": recorder.texts, "steps": recorder.steps}


def text():
    """Return the file, a step in each line."""
    told = []
    for name, (seed, label) in SEEDS.items():
        found = transcript(seed, label)
        steps = ",\n".join(json.dumps(step, separators=(",", ":")) for step in found["steps"])
        texts = ",\n".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in found["texts"].items())
        title = json.dumps(f"{name}: seed {seed}, device {label}")
        told.append(f'{{"name":{title},\n"texts":{{\n{texts}}},\n"steps":[\n{steps}]}}')
    return "[\n" + ",\n".join(told) + "\n]\n"


def main():
    assert os.environ.get("PYTHONHASHSEED") == "0", "start it with PYTHONHASHSEED=0"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether it is stale")
    if not parser.parse_args().check:
        PATH.write_text(text())
        return 0
    if PATH.read_text() == text():
        return 0
    print(f"{PATH.name} is stale: run `PYTHONHASHSEED=0 python -m tests.simulation.transcripts`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
