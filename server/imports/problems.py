"""What an import says of a file: rows that are not taken, and what was done to those that are.

Every sentence in English and 简体中文; that of a problem says what to do where it is not plain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_QUOTE: Final = "is a quotation mark not closed?"

FILE: Final[Mapping[str, tuple[str, str]]] = {
    "not_text": (
        "The file is no text and no workbook that can be read.",
        "文件既不是文本，也不是可读取的工作簿。",
    ),
    "old_workbook": (
        "The file is a workbook of the old kind (.xls): save it as .xlsx or .csv.",
        "文件是旧式工作簿（.xls）：请另存为 .xlsx 或 .csv。",
    ),
    "workbook_broken": (
        "The workbook cannot be read ({value}): save it again as .xlsx or .csv.",
        "工作簿无法读取（{value}）：请重新另存为 .xlsx 或 .csv。",
    ),
    "workbook_huge": (
        "The workbook unpacks to more than {value} MB: save it as .csv.",
        "工作簿解压后超过 {value} MB：请另存为 .csv。",
    ),
    "sheet_unknown": (
        "There is no sheet {value}; there are: {more}.",
        "没有工作表 {value}；现有：{more}。",
    ),
    "encoding_unknown": (
        "The encoding {value} is not known; such as utf-8, gb18030, big5, cp1252 are.",
        "不认识编码 {value}；可用 utf-8、gb18030、big5、cp1252 等。",
    ),
    "encoding_wrong": ("The file is not written in {value}.", "文件不是 {value} 编码。"),
    "encoding_unclear": (
        ("The file does not say how it is encoded. As {value} it would hold: {more}. If that is "
        "right give --encoding {value}, else the right one, or save the file as UTF-8."),
        ("无法确定文件的编码。按 {value} 读取，内容会是：{more}。如正确请加 --encoding {value}，"
        "否则给出正确的编码，或将文件另存为 UTF-8。"),
    ),
    "open_quote": (
        f"The row that begins here never ends, or goes on after its quotation: {_QUOTE}",
        "从这里开始的行没有结束，或引号之后还有内容：引号可能没有闭合。",
    ),
    "column_missing": (
        "The column {field} is missing. It may be headed: {more}.",
        "缺少列 {field}。列名可以是：{more}。",
    ),
    "column_twice": (
        "The columns {value} and {more} would both be {field}: leave one out.",
        "列 {value} 和 {more} 都会成为 {field}：请去掉一列。",
    ),
    "column_unknown": (
        "No column of the file is {value}, which the command names; there are: {more}.",
        "文件中没有命令所指的列 {value}；现有：{more}。",
    ),
}  # fmt: skip
"""Of these one is enough: nothing of the file is taken."""

ROW: Final[Mapping[str, tuple[str, str]]] = {
    "row_longer": (
        "The row has more cells than the header ({value}): is a comma inside a cell not quoted?",
        "该行的单元格多于标题行（{value}）：单元格中的逗号是否没有加引号？",
    ),
    "cell_missing": ("{field} is empty.", "{field} 为空。"),
    "cell_error": (
        "{field} holds the error {value} of a spreadsheet.",
        "{field} 是电子表格的错误值 {value}。",
    ),
    "formula_empty": (
        "{field} is a formula without a result: open the workbook, save it, and try again.",
        "{field} 是没有计算结果的公式：请打开工作簿并保存后重试。",
    ),
    "line_break": (
        "{field} runs on to line {line}: is a quotation mark not closed?",
        "{field} 一直延续到第 {line} 行：引号可能没有闭合。",
    ),
    "unprintable": (
        "{field} holds signs that cannot be printed: {value}",
        "{field} 含有不可打印的字符：{value}",
    ),
    "code_damaged": (
        (
            "A spreadsheet has damaged the code {value}: make the column text and export again; "
            "if it is right as it stands, give --verbatim {field}."
        ),
        (
            "编码 {value} 已被电子表格破坏：请将该列设为文本后重新导出；"
            "如果编码确实如此，请加 --verbatim {field}。"
        ),
    ),
    "code_is_date": (
        (
            "A spreadsheet has made the date {value} of a code: make the column text and export "
            "again; if it is right as it stands, give --verbatim {field}."
        ),
        (
            "电子表格把编码变成了日期 {value}：请将该列设为文本后重新导出；"
            "如果编码确实如此，请加 --verbatim {field}。"
        ),
    ),
    "code_too_long": ("The code is longer than 96 characters.", "编码超过 96 个字符。"),
    "zeros_lost": (
        (
            "{value} seems to have lost its leading zeros: make the column text and export again; "
            "if it is right as it stands, give --verbatim {field}."
        ),
        (
            "{value} 可能丢失了前导零：请将该列设为文本后重新导出；"
            "如果编码确实如此，请加 --verbatim {field}。"
        ),
    ),
    "code_taken": (
        "The code {value} would mean two things: it is {more} already.",
        "编码 {value} 会有两种含义：它已经是 {more}。",
    ),
    "duplicate": ("{value} stands in line {line} already.", "{value} 与第 {line} 行重复。"),
    "quantity_negative": ("The quantity {value} is below zero.", "数量 {value} 小于零。"),
    "quantity_huge": ("The quantity {value} is above a thousand million.", "数量 {value} 过大。"),
    "not_whole": ("{value} is not a whole number.", "{value} 不是整数。"),
    "not_a_number": (
        "{value} is not a number such as 1200, 1,200 or 0.0125.",
        "{value} 不是 1200、1,200 或 0.0125 这样的数字。",
    ),
    "decimal_unclear": (
        "{value} can be read in two ways: give --decimal . or --decimal , as the file means it.",
        "{value} 有两种读法：请按文件的写法加 --decimal . 或 --decimal ,。",
    ),
    "cost_fine": (
        "The cost {value} has more than six decimals.",
        "单位成本 {value} 超过六位小数。",
    ),
    "cost_huge": ("The cost {value} is above a thousand million.", "单位成本 {value} 过大。"),
    "not_a_day": (
        "{value} is not a date such as 2026-11-21 or 20261121.",
        "{value} 不是 2026-11-21 或 20261121 这样的日期。",
    ),
    "day_with_time": ("{value} is a time of day, not a day.", "{value} 带有时刻，不是日期。"),
    "month_only": (
        "{value} names a month only. If its last day is meant, give --last-day {field}.",
        "{value} 只有月份。如果指当月最后一天，请加 --last-day {field}。",
    ),
    "year_odd": (
        "The year of {value} is hard to believe; if it is right, give --verbatim {field}.",
        "{value} 的年份不可信；如果正确，请加 --verbatim {field}。",
    ),
    "not_a_choice": (
        "{field} does not know {value}; it may be: {more}.",
        "{field} 不能是 {value}；可以是：{more}。",
    ),
    "not_a_pack": (
        "{value} is not a pack such as CASE=12 or CASE=12:614141007349.",
        "{value} 不是 CASE=12 或 CASE=12:614141007349 这样的包装。",
    ),
    "unknown_item": ("The item {value} is not known.", "物料 {value} 不存在。"),
    "unknown_place": ("The location {value} is not known.", "库位 {value} 不存在。"),
    "unknown_partner": ("The partner {value} is not known.", "往来单位 {value} 不存在。"),
    "lot_missing": ("The item {value} is kept by lot.", "物料 {value} 需要批号。"),
    "expiry_missing": ("The item {value} needs an expiry date.", "物料 {value} 需要有效期。"),
    "lot_needed": (
        "{field} {value} is kept with a lot only: give the lot, or leave {field} out.",
        "{field} {value} 只能随批号保存：请给出批号，或去掉 {field}。",
    ),
    "serial_missing": (
        "The item {value} is kept by serial: give one for each piece.",
        "物料 {value} 按序列号管理：请为每件给出序列号。",
    ),
    "serial_count": (
        "{value} pieces, but {more} serials: each piece has one.",
        "数量 {value}，但有 {more} 个序列号：每件一个。",
    ),
    "serial_twice": (
        "The serial {value} stands in line {line} already.",
        "序列号 {value} 已在第 {line} 行。",
    ),
    "serial_known": (
        "The serial {value} stands at {more} in the book.",
        "账上序列号 {value} 在 {more}。",
    ),
    "unknown_unit": (
        "The item has no unit {value}; it has: {more}. Give the quantity in one of them.",
        "该物料没有单位 {value}；现有：{more}。请用其中之一给出数量。",
    ),
    "cost_of_pack": (
        (
            "The row counts in {value}: does its cost mean one of these, or one {more}? "
            "Give the row in {more}."
        ),
        "该行按 {value} 计数：单价是指一{value}还是一{more}？请改用 {more}。",
    ),
    "cost_differs": (
        "Line {line} is the same stock at another unit cost: give both the same, or lots.",
        "第 {line} 行是同一库存但单位成本不同：请统一，或用批号区分。",
    ),
    "opened_differs": (
        (
            "The book opened this stock with {more}, the file says {value}: that stays. Count "
            "the place to change it."
        ),
        "账上该库存的期初为 {more}，文件为 {value}：保持不变。如需更改请盘点该库位。",
    ),
    "opened_parked": (
        "The book has parked this stock since it was imported: settle it at the desk.",
        "该库存导入后未入账、待处理：请在后台处理。",
    ),
    "opened_taken_back": (
        "The book opened this stock with {more}, which was taken back: count the place.",
        "账上该库存的期初 {more} 已被冲销：请盘点该库位。",
    ),
    "place_reserved": (
        "Locations whose name begins like {value} only balance the books: give it another code.",
        "以 {value} 开头的库位编码仅用于账务平衡，请换一个编码。",
    ),
    "badge_taken": (
        "Somebody else has the badge or number {value}.",
        "工牌或工号 {value} 已属于他人。",
    ),
    "last_supervisor": (
        "{value} is the last supervisor of the site.",
        "{value} 是该厂区最后一名主管。",
    ),
}
"""A row with one of these is not taken, and never half taken."""

NOTES: Final[Mapping[str, tuple[str, str]]] = {
    "cleaned": ("{field}: {more} was read as {value}.", "{field}：{more} 读作 {value}。"),
    "merged": (
        "The same stock as line {line}: added up to {value}.",
        "与第 {line} 行是同一库存：合计 {value}。",
    ),
    "expired": ("{field} {value} is over.", "{field} {value} 已过。"),
    "encoding": (
        "The file was read as {value}; it holds: {more}. If that is wrong give --encoding.",
        "文件按 {value} 读取，内容有：{more}。如果不对，请加 --encoding。",
    ),
    "sheet": (
        "The sheet {value} was read; these were not: {more}.",
        "读取了工作表 {value}；未读取：{more}。",
    ),
    "ignored": (
        "Columns that were not read: {value}. What would be: {more}.",
        "未读取的列：{value}。可以读取的列：{more}。",
    ),
}
"""What was done, said because nobody should have to guess it."""

SENTENCES: Final = {**FILE, **ROW, **NOTES}


@dataclass(frozen=True)
class Problem:
    """Why something is not taken, or what was done to it; `line` counts the header as 1."""

    line: int
    code: str
    field: str = ""
    value: str = ""
    other: int = 0
    more: str = ""

    def sentence(self, language: str = "en") -> str:
        english, chinese = SENTENCES[self.code]
        text = chinese if language == "zh" else english
        return text.format(field=self.field, value=self.value, line=self.other, more=self.more)


class FileError(ValueError):
    """A file of which nothing is taken, and why."""

    def __init__(self, code: str, value: str = "", more: str = "", line: int = 1) -> None:
        super().__init__(code)
        self.problem = Problem(line, code, value=value, more=more)


class CellError(ValueError):
    """A cell that cannot be read: a code of ROW, and what else there is to say."""

    def __init__(self, code: str, value: str | None = None, more: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.value = value
        self.more = more
