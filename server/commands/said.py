"""What a command says: a text, in columns where it is a list, and an exit code."""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What a command prints, and its exit code."""

    text: str
    exit_code: int = 0


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return rows in columns, as wide as their widest word."""
    texts = [head, *[tuple("" if cell is None else str(cell) for cell in row) for row in rows]]
    widths = [max(_width(row[column]) for row in texts) for column in range(len(head))]
    lines = (
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True))
        for row in texts
    )
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    """A Chinese sign is as wide as two letters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
