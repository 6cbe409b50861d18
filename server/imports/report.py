"""What became of a file, in words: every row is in the book, or is named.

With stock the sum of the file is the sum of the book and of the rows that are not in it; the book
is asked, and nothing is taken for granted because it was sent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.imports.deciding import Group
from server.imports.standing import Opened
from server.imports.tables import Preview

SHOWN_MAX: Final = 50


@dataclass(frozen=True)
class Sums:
    """Pieces of a stock file: in it, in the book, and in its rows that are not in the book."""

    file: int
    book: int
    outside: int


def lines_of(found: Preview) -> list[str]:
    """Return problems and notes, one line each."""
    shown = [f"line {one.line}: {one.sentence()}" for one in found.problems[:SHOWN_MAX]]
    if len(found.problems) > SHOWN_MAX:
        shown.append(f"… and {len(found.problems) - SHOWN_MAX} more problems")
    shown += [f"line {one.line}: note: {one.sentence()}" for one in found.notes[:SHOWN_MAX]]
    if len(found.notes) > SHOWN_MAX:
        shown.append(f"… and {len(found.notes) - SHOWN_MAX} more notes")
    return shown


def rows_told(found: Preview, *, written: bool) -> list[str]:
    """Say what becomes of the rows of a file of master data."""
    decided, verb = found.decided, "written" if written else "to be written"
    told = [
        f"File: {_rows(len(found.lines))}.",
        f"{len(decided.rows)} new or changed ({verb}), {decided.unchanged} as they are.",
    ]
    return [*told, *_outside(found)]


def _outside(found: Preview) -> list[str]:
    if found.is_unreadable:
        return ["Nothing of the file was read."]
    lines = found.refused
    return [f"Not in the book: {_rows(len(lines))}, {named(lines)}."] if lines else []


def stock_told(found: Preview, site: str, opened: Mapping[str, Opened] | None) -> list[str]:
    """Say what becomes of the rows of a stock file; `opened` is the book after it was written."""
    if found.is_unreadable:
        return _outside(found)
    told = [f"File: {_rows(len(found.lines))}, {_pieces(sum(found.pieces.values()))}."]
    if opened is None:
        told.append(f"To be posted: {_groups(found.decided.groups)}.")
    else:
        told += _fates(found.decided.groups, site, opened)
    if found.decided.already:
        told.append(f"There already: {_groups(found.decided.already)}.")
    zero = [line for line, pieces in found.pieces.items() if not pieces]
    if empty := sorted(set(zero) - set(found.refused)):
        told.append(f"Of nothing: {_rows(len(empty))}, {named(empty)}.")
    told += _refused(found)
    if opened is not None:
        told += _balance(found, site, opened)
    return told


def _fates(groups: Sequence[Group], site: str, opened: Mapping[str, Opened]) -> list[str]:
    by_fate: dict[str, list[Group]] = {}
    for group in groups:
        fate = opened.get(group.stock.operation(site))
        by_fate.setdefault(_fate(fate), []).append(group)
    return [
        f"{fate}: {_groups(some)}" + ("." if fate == _POSTED else f", {_lines(some)}.")
        for fate, some in sorted(by_fate.items())
    ]


_POSTED: Final = "Posted"


def _fate(opened: Opened | None) -> str:
    if opened is None:
        return "Not taken by the book"
    if not opened.is_posted:
        return f"Parked and not in the book ({', '.join(opened.flags)})"
    return f"Posted, to be looked at ({', '.join(opened.flags)})" if opened.flags else _POSTED


def _refused(found: Preview) -> list[str]:
    """Name the rows that are not taken, with their pieces where a number could be read."""
    lines = found.refused
    if not lines:
        return []
    pieces = sum(found.pieces.get(line, 0) for line in lines)
    unread = [line for line in lines if line not in found.pieces]
    said = f"Not in the book: {_rows(len(lines))}, {_pieces(pieces)}, {named(lines)}."
    if unread:
        said += f" No quantity could be read in {named(unread)}."
    return [said]


def sums(found: Preview, site: str, opened: Mapping[str, Opened]) -> Sums:
    """Add up the file, what of it is in the book, and what its other rows hold."""
    book, outside = 0, sum(found.pieces.get(line, 0) for line in found.refused)
    for group in (*found.decided.groups, *found.decided.already):
        stands = opened.get(group.stock.operation(site))
        if stands is not None and stands.is_posted:
            book += stands.quantity
        else:
            outside += group.stock.quantity
    return Sums(sum(found.pieces.values()), book, outside)


def _balance(found: Preview, site: str, opened: Mapping[str, Opened]) -> list[str]:
    added = sums(found, site, opened)
    outside = f" + {added.outside:,} not in it" if added.outside else ""
    if added.file == added.book + added.outside:
        return [f"File {added.file:,} = book {added.book:,}{outside}."]
    items = Counter(found.items[line] for line in found.pieces)
    names = ", ".join(sorted(items)[:SHOWN_MAX])
    return [f"File {added.file:,} is NOT book {added.book:,}{outside}; items of the file: {names}."]


def is_whole(found: Preview, site: str, opened: Mapping[str, Opened]) -> bool:
    """Say whether all of the file is in the book, to the piece."""
    added = sums(found, site, opened)
    return added.outside == 0 and added.file == added.book


def named(lines: Sequence[int]) -> str:
    """Return line numbers as a sentence takes them: 3-5, 9."""
    parts: list[list[int]] = []
    for line in sorted(set(lines)):
        if parts and line == parts[-1][-1] + 1:
            parts[-1].append(line)
        else:
            parts.append([line])
    texts = [str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts]
    return ("line " if len(texts) == 1 and len(parts[0]) == 1 else "lines ") + ", ".join(texts)


def _lines(groups: Sequence[Group]) -> str:
    return named([line for group in groups for line in group.lines])


def _groups(groups: Sequence[Group]) -> str:
    lines = {line for group in groups for line in group.lines}
    return f"{_rows(len(lines))}, {_pieces(sum(group.stock.quantity for group in groups))}"


def _rows(number: int) -> str:
    return f"{number:,} row" if number == 1 else f"{number:,} rows"


def _pieces(number: int) -> str:
    return f"{number:,} piece" if number == 1 else f"{number:,} pieces"
