"""Tab-separated files with a header, read and written the one way the extract needs."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Record = dict[str, str]


def read(path: Path) -> list[Record]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows with Unix line ends, so that a digest is the same on every machine."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def grouped(rows: Iterable[Record], field: str) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for row in rows:
        groups.setdefault(row[field], []).append(row)
    return groups
