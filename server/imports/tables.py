"""Reads files of other systems into rows, with a preview and a report of every problem row.

Nothing is written here: the preview holds what is new or changed, so that the same file a second
time is a preview with nothing in it. A problem row is never half taken.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from server.imports.columns import TABLES, CellError, Column, Kind, Table, column_of
from server.imports.opening import Stock
from sync import records

PROBLEMS: Final[Mapping[str, tuple[str, str]]] = {
    "column_missing": ("The column {field} is missing.", "缺少列 {field}。"),
    "cell_missing": ("{field} is empty.", "{field} 为空。"),
    "code_damaged": (
        "A spreadsheet has damaged the code {value}: format the column as text and export again.",
        "编码 {value} 已被电子表格破坏：请将该列设为文本后重新导出。",
    ),
    "code_too_long": ("The code is longer than 96 characters.", "编码超过 96 个字符。"),
    "zeros_lost": (
        "{value} seems to have lost its leading zeros: format the column as text and export again.",
        "{value} 可能丢失了前导零：请将该列设为文本后重新导出。",
    ),
    "duplicate": ("{value} stands in line {line} already.", "{value} 与第 {line} 行重复。"),
    "quantity_negative": ("The quantity {value} is below zero.", "数量 {value} 小于零。"),
    "quantity_huge": ("The quantity {value} is above a thousand million.", "数量 {value} 过大。"),
    "not_whole": ("{value} is not a whole number.", "{value} 不是整数。"),
    "not_a_day": ("{value} is not a date such as 2026-11-21.", "{value} 不是日期。"),
    "not_a_choice": ("{field} does not know {value}.", "{field} 不能是 {value}。"),
    "unknown_item": ("The item {value} is not known.", "物料 {value} 不存在。"),
    "unknown_place": ("The location {value} is not known.", "库位 {value} 不存在。"),
    "lot_missing": ("The item {value} is kept by lot.", "物料 {value} 需要批号。"),
    "expiry_missing": ("The item {value} needs an expiry date.", "物料 {value} 需要有效期。"),
    "place_reserved": (
        "Locations whose name begins like {value} only balance the books: give it another code.",
        "以 {value} 开头的库位编码仅用于账务平衡，请换一个编码。",
    ),
    "badge_taken": (
        "Somebody else has the badge or number {value}.",
        "工牌或工号 {value} 已属于他人。",
    ),
    "line_break": (
        "The cell runs over several lines: is a quotation mark not closed?",
        "单元格跨越多行：引号可能没有闭合。",
    ),
    "not_text": ("The file is neither UTF-8 nor GB18030 text.", "文件不是 UTF-8 或 GB18030 文本。"),
}
"""Every problem in English and 简体中文; the sentence says what to do where that is not plain."""


@dataclass(frozen=True)
class Problem:
    """One row that is not taken, and why; `line` counts from the header as 1."""

    line: int
    code: str
    field: str = ""
    value: str = ""
    other: int = 0

    def sentence(self, language: str = "en") -> str:
        english, chinese = PROBLEMS[self.code]
        text = chinese if language == "zh" else english
        return text.format(field=self.field, value=self.value, line=self.other)


@dataclass
class Preview:
    """What an import would do: rows to write, stock to post, rows that stay, problem rows."""

    kind: Kind
    rows: list[records.Row] = field(default_factory=list)
    stock: list[Stock] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


class OpenQuoteError(ValueError):
    """The row that begins at a line never ends."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} never ends")
        self.line = line


class Known:
    """The rows of the site that a file is held against."""

    def __init__(self, rows: Iterable[records.Row]) -> None:
        self._rows: dict[type, dict[tuple[object, ...], records.Row]] = {}
        for row in rows:
            kind = type(row)
            key = next((t.key for t in TABLES.values() if t.row is kind), ())
            self._rows.setdefault(kind, {})[tuple(getattr(row, k) for k in key)] = row

    def find(self, kind: type, *key: object) -> records.Row | None:
        return self._rows.get(kind, {}).get(key)

    def item(self, code: str) -> records.Item | None:
        found = self.find(records.Item, code)
        return found if isinstance(found, records.Item) else None

    def people(self) -> Iterable[records.Person]:
        rows = self._rows.get(records.Person, {}).values()
        return (row for row in rows if isinstance(row, records.Person))

    def codes(self, kind: type) -> set[str]:
        return {str(key[0]) for key in self._rows.get(kind, {}) if key}


def preview(kind: Kind, data: bytes, known: Iterable[records.Row]) -> Preview:
    """Read a CSV or TSV file with a header against what the site has."""
    found = Preview(kind)
    try:
        lines = cells(data)
    except UnicodeDecodeError:
        found.problems.append(Problem(1, "not_text"))
        return found
    except OpenQuoteError as error:
        found.problems.append(Problem(error.line, "line_break"))
        return found
    if not lines:
        lines = [(1, [])]
    table, header = TABLES[kind], [name.strip() for name in lines[0][1]]
    columns = [column_of(table, name) for name in header]
    found.ignored = [name for name, column in zip(header, columns, strict=True) if not column]
    missing = [c for c in table.columns if c.required and c not in columns]
    if missing:
        found.problems = [Problem(1, "column_missing", column.field) for column in missing]
        return found
    reader = _Reader(table, columns, Known(known), found)
    reader.learn(row for _, row in lines[1:])
    for number, row in lines[1:]:
        reader.take(number, row)
    return found


def cells(data: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, with their line numbers."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    first = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        # A cell of more than 128 KB: it holds all the rows that follow.
        raise OpenQuoteError(rows[-1][0] + 1 if rows else 1) from error
    return rows


class _Reader:
    """Takes row after row of one file; remembers keys for duplicates and code lengths."""

    def __init__(
        self, table: Table, columns: list[Column | None], known: Known, found: Preview
    ) -> None:
        self.table = table
        self.columns = columns
        self.known = known
        self.found = found
        self.seen: dict[tuple[object, ...], int] = {}
        self.zeroed: set[str] = set()
        self.worn = {name: p.person for p in known.people() for name in (p.person, p.badge)}
        """What may be scanned or typed for somebody, and for whom: no two may share it."""

    def learn(self, rows: Iterable[list[str]]) -> None:
        """Collect the codes that start with zero, in the file and in the book."""
        if self.table.row is Stock:
            every = self.known.codes(records.Item) | self.known.codes(records.Location)
        else:
            every = self.known.codes(self.table.row)
            place = next(n for n, c in enumerate(self.columns) if c and c.field in self.table.key)
            every |= {row[place].strip() for row in rows if place < len(row)}
        self.zeroed = {code for code in every if code.startswith("0") and code.isdigit()}

    def take(self, number: int, row: list[str]) -> None:
        values, problems = self._values(number, row)
        if not problems:
            problems = self._doubts(number, values)
        if problems:
            self.found.problems.extend(problems)
            return
        self.seen[self._key(values)] = number
        made = msgspec.convert(values, self.table.row)
        if isinstance(made, records.Person):
            self.worn |= {made.person: made.person, made.badge: made.person}
        if isinstance(made, Stock):
            self.found.stock.append(made)
            return
        self._compare(made, values)

    def _values(self, number: int, row: list[str]) -> tuple[dict[str, object], list[Problem]]:
        values: dict[str, object] = {}
        problems: list[Problem] = []
        padded = [*row, *[""] * len(self.columns)]
        for column, cell in zip(self.columns, padded, strict=False):
            if column is None:
                continue
            text = cell.strip()
            if not text:
                if column.required:
                    problems.append(Problem(number, "cell_missing", column.field))
                continue
            if "\n" in text or "\r" in text:
                problems.append(Problem(number, "line_break", column.field))
                continue
            try:
                values[column.field] = column.read(text)
            except CellError as error:
                problems.append(Problem(number, str(error), column.field, text))
        return values, problems

    def _doubts(self, number: int, values: dict[str, object]) -> list[Problem]:
        """Look beyond the row: lost zeros, duplicates, and references of stock."""
        for name in self.table.key[:2]:
            text = str(values.get(name, ""))
            if self._lost_zeros(text):
                return [Problem(number, "zeros_lost", name, text)]
        before = self.seen.get(self._key(values))
        if before:
            text = " · ".join(str(part) for part in self._key(values) if part)
            return [Problem(number, "duplicate", self.table.key[0], text, before)]
        if self.table.row is records.Person:
            return self._badges(number, values)
        return self._references(number, values) if self.table.row is Stock else []

    def _badges(self, number: int, values: dict[str, object]) -> list[Problem]:
        person = values["person"]
        names = [str(values[name]) for name in ("person", "badge")]
        taken = next((name for name in names if self.worn.get(name, person) != person), None)
        return [Problem(number, "badge_taken", "badge", taken)] if taken else []

    def _lost_zeros(self, text: str) -> bool:
        """Suspect a number that with zeros before it is a code, or as long as the zeroed codes."""
        if not text.isdigit() or text.startswith("0"):
            return False
        lengths = {len(code) for code in self.zeroed}
        return any(text.zfill(length) in self.zeroed for length in lengths) or (
            len(lengths) == 1 and len(text) < min(lengths)
        )

    def _references(self, number: int, values: dict[str, object]) -> list[Problem]:
        code, place = str(values["item"]), str(values["place"])
        item = self.known.item(code)
        if item is None:
            return [Problem(number, "unknown_item", "item", code)]
        if self.known.find(records.Location, place) is None:
            return [Problem(number, "unknown_place", "place", place)]
        if item.lots and "lot" not in values:
            return [Problem(number, "lot_missing", "lot", code)]
        if item.dated and "expires" not in values:
            return [Problem(number, "expiry_missing", "expires", code)]
        return []

    def _compare(self, made: records.Row, values: dict[str, object]) -> None:
        """Keep what the file does not mention, and write only what differs."""
        before = self.known.find(self.table.row, *self._key(values))
        after = replace(before, **values) if before else made
        if before and asdict(before) == asdict(after):
            self.found.unchanged += 1
        else:
            self.found.rows.append(after)

    def _key(self, values: dict[str, object]) -> tuple[object, ...]:
        return tuple(values.get(name) for name in self.table.key)
