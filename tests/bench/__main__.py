"""`make bench`: everything that is measured, one after the other; parts name some of it."""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench import bootstrap, camera, fleet, lag, machine, push, size, tone
from tests.bench.scene import PostgreSQL, Scene, SQLite
from tests.world.postgres import DURABLE, Postgres

# Not the system's other folder, which may be memory: durability must cost. And one that the user
# of PostgreSQL may enter, so that both databases lie on the same disk.
DISK = "/var/tmp"
STORES = ("sqlite", "postgresql")

PARTS = ("push", "fleet", "lag", "size", "bootstrap", "tone", "camera")
WITHOUT_A_SITE = {"tone", "camera"}


def main():
    """Measure what was asked for, else all."""
    asked = _asked()
    print(machine.described())
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=DISK)))
        if {*asked.parts} - WITHOUT_A_SITE:
            scenes = [_scene(store, folder, ends) for store in asked.store or STORES]
            _on_scenes(scenes, asked)
        if "tone" in asked.parts:
            tone.run(folder / "tone")
        if "camera" in asked.parts:
            camera.run()


def _asked():
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--store", action="append", choices=STORES, help="both unless named")
    parser.add_argument("--rounds", type=int, default=push.ROUNDS, help="of push and bootstrap")
    parser.add_argument("--most", type=int, default=size.SIZES[-1], help="postings of size")
    asked = parser.parse_args()
    if unknown := {*asked.parts} - {*PARTS}:
        parser.error(f"no part {', '.join(sorted(unknown))}")
    asked.parts = asked.parts or PARTS
    return asked


def _scene(store, folder, ends):
    """Found the site in a database of its own."""
    own = folder / store
    own.mkdir()
    if store == "sqlite":
        scene = Scene(own, SQLite(own))
    else:
        server = Postgres(DISK, **DURABLE)
        ends.callback(server.remove)
        print(server.ask("SELECT version()")[0][0].partition(" on ")[0])
        scene = Scene(own, PostgreSQL(server))
    scene.found()
    return scene


def _on_scenes(scenes, asked):
    if "push" in asked.parts:
        push.run(scenes, asked.rounds)
    for scene in scenes:
        if "fleet" in asked.parts:
            fleet.run(scene)
        if "lag" in asked.parts:
            lag.run(scene)
        if "size" in asked.parts:
            size.run(scene, asked.most)
    if "bootstrap" in asked.parts:
        bootstrap.run(scenes[0], rounds=asked.rounds)


main()
