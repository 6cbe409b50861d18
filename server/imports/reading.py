"""From bytes to rows of cells: CSV and TSV in any encoding that is certain, and workbooks."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from server.imports import workbook
from server.imports.encoding import decode
from server.imports.problems import FileError, Problem
from server.imports.workbook import Cell

_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Asked:
    """What the operator said of a file that it does not say itself.

    `verbatim` and `last_day` name columns, by their header or their field; `decimal` is "." or
    ",". `today` judges years.
    """

    today: date
    encoding: str | None = None
    sheet: str | None = None
    decimal: str | None = None
    verbatim: tuple[str, ...] = ()
    last_day: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """The cells of one row; `line` is where it begins, `end` where it ends."""

    line: int
    end: int
    cells: list[Cell]


@dataclass(frozen=True)
class Sheet:
    """Rows that are not blank, the header first; `separator` is "" for a workbook."""

    rows: list[Row]
    separator: str = ""
    notes: list[Problem] = field(default_factory=list)


def read(data: bytes, asked: Asked) -> Sheet:
    """Return the rows of a file. Raises `FileError` when nothing of it can be taken."""
    if data.startswith(workbook.BEGINS):
        page = workbook.read(data, asked.sheet)
        return Sheet([Row(n, n, cells) for n, cells in page.rows if any(cells)], "", page.notes)
    if data.startswith(_OLD_WORKBOOK):
        raise FileError("old_workbook")
    text, notes = decode(data, asked.encoding)
    separator = max("\t,;", key=text.lstrip().split("\n", 1)[0].count)
    rows = [row for row in _rows(text, separator) if any(str(c).strip() for c in row.cells)]
    return Sheet(rows, separator, notes)


def _rows(text: str, separator: str) -> Iterator[Row]:
    # Strict: a quotation mark that is not closed would swallow the rows behind it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileError("open_quote", line=begins) from error
        yield Row(begins, reader.line_num, list(cells))
        begins = reader.line_num + 1
