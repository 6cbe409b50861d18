"""`make bench`: everything that is measured, one after the other."""

import tempfile
from pathlib import Path

from tests.bench import push, tone

# Beside the code and not in the system's folder, which may be memory: durability must cost.
RESULTS = Path("test-results")

RESULTS.mkdir(exist_ok=True)
with tempfile.TemporaryDirectory(prefix="bench-", dir=RESULTS) as folder:
    push.run(Path(folder).absolute())
with tempfile.TemporaryDirectory(prefix="bench-", dir=RESULTS) as folder:
    tone.run(Path(folder).absolute())
