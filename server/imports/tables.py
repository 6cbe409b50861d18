"""Reads a file of another system row by row, with a reason for each row that is not taken.

Bytes become rows of cells, headings become columns, cells become values, and values are decided
on beside what the site has. Nothing is written here; what comes out holds only what is new or
changed, and with stock the sum of the file's readable quantities, by line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from server.imports.cells import How, check_no_error
from server.imports.columns import TABLES, Column, Kind, Table, column_of, says_last_day, some
from server.imports.deciding import Decided, Values, decider
from server.imports.headings import plain
from server.imports.opening import Stock
from server.imports.problems import FILE, CellError, FileError, Problem
from server.imports.reading import Asked, Row, Sheet, read
from server.imports.standing import Known
from server.imports.workbook import Cell
from sync import records

_SHOWN_MAX: Final = 60


@dataclass
class Preview:
    """What an import would do. `lines` are those of the rows, `pieces` what those of stock hold."""

    kind: Kind
    decided: Decided = field(default_factory=Decided)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    pieces: dict[int, int] = field(default_factory=dict)
    items: dict[int, str] = field(default_factory=dict)

    @property
    def is_unreadable(self) -> bool:
        """Say whether nothing of the file can be taken at all."""
        return any(problem.code in FILE for problem in self.problems)

    @property
    def refused(self) -> list[int]:
        """The lines that are not taken."""
        return sorted({problem.line for problem in self.problems})


@dataclass(frozen=True)
class Heading:
    """One column of the file: its heading as it stands, and what it means."""

    text: str
    column: Column | None
    verbatim: bool = False
    last_day: bool = False


def preview(kind: Kind, data: bytes, known: Known, asked: Asked) -> Preview:
    """Hold a file against what the site has."""
    found = Preview(kind)
    try:
        sheet = read(data, asked)
        found.notes += sheet.notes
        first = sheet.rows[0].cells if sheet.rows else []
        headings = _headings(TABLES[kind], [str(cell).strip() for cell in first], asked, found)
    except FileError as error:
        found.problems.append(error.problem)
        return found
    if not found.is_unreadable:
        _Reader(TABLES[kind], headings, known, asked, sheet, found).take_all(sheet.rows[1:])
    return found


def _headings(table: Table, texts: Sequence[str], asked: Asked, found: Preview) -> list[Heading]:
    headings = []
    for text in texts:
        column = column_of(table, text)
        names = {plain(text), plain(column.field if column else "")} - {""}
        headings.append(
            Heading(
                text, column,
                verbatim=any(plain(name) in names for name in asked.verbatim),
                last_day=says_last_day(text) or any(plain(n) in names for n in asked.last_day),
            )
        )  # fmt: skip
    _check_headings(table, headings, asked, found)
    return headings


def _check_headings(
    table: Table, headings: Sequence[Heading], asked: Asked, found: Preview
) -> None:
    seen: dict[str, str] = {}
    for heading in headings:
        if heading.column is None:
            continue
        name = heading.column.field
        if name in seen:
            problem = Problem(1, "column_twice", name, seen[name], more=heading.text)
            found.problems.append(problem)
        seen[name] = heading.text
    for column in table.columns:
        if column.required and column.field not in seen:
            more = some(column.known_as)
            found.problems.append(Problem(1, "column_missing", column.field, more=more))
    texts = {plain(heading.text) for heading in headings} | {plain(name) for name in seen}
    for name in (*asked.verbatim, *asked.last_day):
        if plain(name) not in texts:
            more = some((heading.text for heading in headings), _SHOWN_MAX)
            found.problems.append(Problem(1, "column_unknown", value=name, more=more))
    ignored = [heading.text for heading in headings if heading.text and not heading.column]
    if ignored:
        more = some((c.field for c in table.columns if c.field not in seen), _SHOWN_MAX)
        found.notes.append(Problem(1, "ignored", value=some(ignored, _SHOWN_MAX), more=more))


class _Reader:
    """Takes row after row of one file."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of one reading
        self, table: Table, headings: list[Heading], known: Known, asked: Asked, sheet: Sheet,
        found: Preview,
    ) -> None:  # fmt: skip
        self.table = table
        self.headings = headings
        self.known = known
        self.asked = asked
        self.found = found
        self.asks_commas = sheet.separator == ";"
        self.decider = decider(table, known)
        self.zeroed = self._zeroed(sheet)
        self.lengths = {len(code) for code in self.zeroed}

    def take_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.found.lines.append(row.line)
            self.found.problems += self._take(row)
        self.decider.finish()
        self.found.decided = self.decider.found
        self.found.problems += self.decider.found.problems
        self.found.problems.sort(key=lambda problem: problem.line)
        self.found.notes += self.decider.found.notes

    def _take(self, row: Row) -> list[Problem]:
        values, problems = self._values(row)
        if isinstance(quantity := values.get("quantity"), int):
            self.found.pieces[row.line] = quantity * self.decider.factor(values)
            self.found.items[row.line] = str(values.get("item", ""))
        return problems or self._lost_zeros(row, values) or self.decider.take(row.line, values)

    def _values(self, row: Row) -> tuple[Values, list[Problem]]:
        values: Values = {}
        problems = [self._longer(row)] if any(row.cells[len(self.headings) :]) else []
        given = [*row.cells, *[""] * len(self.headings)]
        for heading, cell in zip(self.headings, given, strict=False):
            if heading.column is None:
                continue
            try:
                value = self._value(heading, heading.column, cell, row)
            except CellError as error:
                name, text = heading.column.field, str(cell).strip()
                value = text if error.value is None else error.value
                problem = Problem(row.line, error.code, name, value, row.end, error.more)
                problems.append(problem)
            else:
                if value is not None:
                    values[heading.column.field] = value
        return values, problems

    def _value(self, heading: Heading, column: Column, cell: Cell, row: Row) -> object:
        text = str(cell).strip()
        if not text:
            if column.required:
                raise CellError("cell_missing")
            return None
        check_no_error(cell)
        if not column.reader.is_list and ("\n" in text or "\r" in text):
            raise CellError("line_break")
        how = How(
            self.asked.today, self.asked.decimal, self.asks_commas, heading.verbatim,
            heading.last_day,
        )  # fmt: skip
        value = column.reader.read(cell, how)
        if value == "":
            # Nothing was left of it: unseen signs, or an empty formula.
            return self._value(heading, column, "", row)
        for before in how.cleaned:
            told = " · ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            self.found.notes.append(Problem(row.line, "cleaned", column.field, told, more=before))
        return value

    def _longer(self, row: Row) -> Problem:
        more = some((str(cell) for cell in row.cells[len(self.headings) :] if cell), 3)
        return Problem(row.line, "row_longer", value=more)

    # --- zeros that a spreadsheet dropped --------------------------------------------------------

    def _zeroed(self, sheet: Sheet) -> set[str]:
        """Collect the codes that start with zero, in the file and in the book."""
        if self.table.row is Stock:
            every = self.known.codes(records.Item) | self.known.codes(records.Location)
        else:
            name = self.table.key[0]
            fields = [heading.column.field if heading.column else "" for heading in self.headings]
            at = fields.index(name)
            told = (str(row.cells[at]).strip() for row in sheet.rows[1:] if at < len(row.cells))
            every = self.known.codes(self.table.row) | set(told)
        return {code for code in every if code.startswith("0") and code.isdigit()}

    def _lost_zeros(self, row: Row, values: Values) -> list[Problem]:
        taken = {h.column.field for h in self.headings if h.column and h.verbatim}
        for name in self.table.key:
            text = str(values[name])
            if name not in taken and self._seems_cut(text):
                return [Problem(row.line, "zeros_lost", name, text)]
        return []

    def _seems_cut(self, text: str) -> bool:
        """Suspect a number that with zeros before it is a code, or as long as the zeroed codes."""
        if not text.isdigit() or text.startswith("0"):
            return False
        return any(text.zfill(length) in self.zeroed for length in self.lengths) or (
            len(self.lengths) == 1 and len(text) < min(self.lengths)
        )
