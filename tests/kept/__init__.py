"""Databases as earlier programs left them, with work in them: what every later one must upgrade.

`make keep` adds one with the tables of today; README.md says when.
"""

import lzma
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
EVERY: Final = sorted(HERE.glob("factory-*.db.xz"))
"""One for each step that is kept, named by it, the oldest first."""

FACTORY: Final = EVERY[0]
KEY: Final = b"the key of a kept database, 32 B"
"""Its token key, which seals its verdicts and names its devices; it protects nothing."""

DEVICES: Final = ("A", "B", "H")
"""Two handhelds and the desk, by the letters of the script."""


def unpack(data: Path, packed: Path = FACTORY) -> str:
    """Put a database and its key into a data folder; return the address of the database."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "bincard.db"
    file.write_bytes(lzma.decompress(packed.read_bytes()))
    (data / "token.key").write_bytes(KEY)
    (data / "token.key").chmod(0o600)
    return f"sqlite:///{file}"
