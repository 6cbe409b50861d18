"""A database as an earlier program left it, with work in it: what every later one must upgrade."""

import lzma
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
FACTORY: Final = HERE / "factory-0001.db.xz"
KEY: Final = b"the key of a kept database, 32 B"
"""Its token key, which seals its verdicts and names its devices; it protects nothing."""

DEVICES: Final = ("A", "B", "H")
"""Two handhelds and the desk, by the letters of the script."""


def unpack(data: Path) -> str:
    """Put the database and its key into a data folder; return the address of the database."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "bincard.db"
    file.write_bytes(lzma.decompress(FACTORY.read_bytes()))
    (data / "token.key").write_bytes(KEY)
    (data / "token.key").chmod(0o600)
    return f"sqlite:///{file}"
