"""Workbooks (.xlsx): what a cell holds, never how it looks, except for zeros that it shows.

Numbers stay numbers, so that a reader of codes can tell them from text; days are told as ISO with
a time, which no code has. openpyxl reads them: alive, pure Python, MIT.
"""

import re
import warnings
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from server.imports.problems import FileError, Problem

Cell = str | Decimal

BEGINS: Final = b"PK\x03\x04"
UNPACKED_MAX_MB: Final = 500
NO_RESULT: Final = "#FORMULA"
"""Stands for a formula whose result was never stored."""


class Page(NamedTuple):
    """The rows of a sheet with their numbers, and what is to be said of the others."""

    rows: list[tuple[int, list[Cell]]]
    notes: list[Problem]


def read(data: bytes, sheet: str | None) -> Page:
    """Return the rows of the named or first visible sheet. Raises `FileError`."""
    try:
        _check_size(data)
        with warnings.catch_warnings():
            # What it cannot keep when writing (drawings, rules) is nothing to a reader.
            warnings.simplefilter("ignore")
            return _read(data, sheet)
    except FileError:
        raise
    except BadZipFile as error:
        raise FileError("workbook_broken", "no zip archive") from error
    except Exception as error:
        # A hostile or broken archive fails in many ways; none of them is ours.
        raise FileError("workbook_broken", type(error).__name__) from error


def _check_size(data: bytes) -> None:
    with ZipFile(BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > UNPACKED_MAX_MB << 20:
            raise FileError("workbook_huge", str(UNPACKED_MAX_MB))


def _read(data: bytes, asked: str | None) -> Page:
    results = load_workbook(BytesIO(data), read_only=True, data_only=True)
    formulas = load_workbook(BytesIO(data), read_only=True)
    try:
        names = [page.title for page in results.worksheets if page.sheet_state == "visible"]
        if not names or (asked is not None and asked not in names):
            raise FileError("sheet_unknown", asked or "", ", ".join(names))
        name = asked or names[0]
        pairs = zip(_rows(results[name]), _rows(formulas[name]), strict=True)
        rows = [
            (number, [_cell(*both) for both in zip(shown, written, strict=True)])
            for number, (shown, written) in enumerate(pairs, start=1)
        ]
        others = [other for other in names if other != name]
        told = [Problem(1, "sheet", value=name, more=", ".join(others))] if others else []
        return Page(rows, told)
    finally:
        results.close()
        formulas.close()


def _rows(page: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - openpyxl has no types
    # What a writer noted as the size of its sheet may leave rows out.
    page.reset_dimensions()
    return iter(page.iter_rows())


def _cell(shown: Any, written: Any) -> Cell:  # noqa: ANN401 - as above
    value = shown.value
    if value is None:
        return NO_RESULT if written.value is not None else ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(Decimal(repr(value)), shown.number_format or "")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, time | timedelta):
        return f"T{value}"
    return str(value)


def _number(value: Decimal, shape: str) -> Cell:
    """Return a number, or the text that its format of zeros shows: 00123."""
    if re.fullmatch("0+", shape) and value == value.to_integral_value() and value >= 0:
        return str(int(value)).zfill(len(shape))
    return value
