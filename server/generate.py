"""Writes the generated files, or says which of them are stale (`--check`).

They are committed, so that a reader sees them and a build needs no Python.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from server import protocol_page
from server.commands.settings import page
from server.imports.page import page as import_page
from sync.typescript import gs1_typescript, typescript

ROOT: Final = Path(__file__).parents[1]
FILES: Final[dict[str, Callable[[], str]]] = {
    "docs/import.md": import_page,
    "docs/protocol.md": protocol_page.page,
    "docs/settings.md": page,
    "pwa/src/core/types.gen.ts": typescript,
    "pwa/src/core/gs1.gen.ts": gs1_typescript,
}


def stale() -> list[Path]:
    """Return the generated files whose text on disk is not what would be written."""
    return [ROOT / name for name, text in FILES.items() if _text_of(ROOT / name) != text()]


def write() -> None:
    for name, text in FILES.items():
        (ROOT / name).write_text(text(), encoding="utf-8")


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    if not parser.parse_args().check:
        write()
        return 0
    names = [path.relative_to(ROOT).as_posix() for path in stale()]
    for name in names:
        print(f"{name} is stale: run `python -m server.generate`")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
