"""`make bench`: everything that is measured, one after the other."""

import tempfile
from pathlib import Path

from tests.bench import push

with tempfile.TemporaryDirectory(prefix="bincard-bench-", dir=Path.cwd()) as folder:
    push.run(Path(folder))
