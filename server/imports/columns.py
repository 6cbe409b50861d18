"""Which columns an import knows, by what headers people give them, and how their cells are read.

One table per kind of file. Headers are compared without case, spaces and underscores.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from server.imports.opening import Stock
from sync import records
from sync.stock import QUANTITY_MAX, is_virtual

Kind = Literal["items", "locations", "partners", "people", "stock"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

DAMAGED: Final = re.compile(r"^\d+([.,]\d+)?[eE]\+?\d+$")
CODE_MAX: Final = 96


class CellError(ValueError):
    """A cell that cannot be read; the text is a code of PROBLEMS."""


@dataclass(frozen=True)
class Column:
    """One field: its accepted headers, how it is read, and whether a row needs it."""

    field: str
    headers: tuple[str, ...]
    read: Callable[[str], object]
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A kind of file: the struct of its rows, the fields of their key, its columns."""

    row: type[records.Row] | type[Stock]
    key: tuple[str, ...]
    columns: tuple[Column, ...]


def code(text: str) -> str:
    """Read a code as it stands; one that a spreadsheet took for a number is no code any more."""
    if DAMAGED.match(text) or re.fullmatch(r"\d+\.0+", text):
        raise CellError("code_damaged")
    if len(text) > CODE_MAX:
        raise CellError("code_too_long")
    return text


def place(text: str) -> str:
    """Read the code of a location: what stands at a virtual place is never counted or found."""
    if is_virtual(text) or text.split("/", 1)[0] in {"container", "unidentified"}:
        raise CellError("place_reserved")
    return code(text)


def words(text: str) -> str:
    return text


def codes(text: str) -> tuple[str, ...]:
    return tuple(code(part) for part in re.split(r"[;；|\s]+", text) if part)


def quantity(text: str) -> int:
    number = whole(text)
    if number < 0:
        raise CellError("quantity_negative")
    if number > QUANTITY_MAX:
        raise CellError("quantity_huge")
    return number


def whole(text: str) -> int:
    """Read a whole number; `1,200` and `12.00` are whole, `1.5` is not."""
    plain = re.sub(r"[,，\s]", "", text)
    if not re.fullmatch(r"[+-]?\d{1,18}(\.0+)?", plain):
        raise CellError("not_whole")
    return int(plain.split(".")[0])


def day(text: str) -> str:
    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?", text)
    try:
        return str(date(*map(int, found.groups()))) if found else str(date.fromisoformat(text))
    except ValueError as error:
        raise CellError("not_a_day") from error


def choice(**spellings: str) -> Callable[[str], str]:
    """Accept each value in English and in the Chinese spellings given, separated by spaces."""
    values = {word: value for value, every in spellings.items() for word in every.split()}

    def read(text: str) -> str:
        value = text.lower() if text.lower() in spellings else values.get(text)
        if value is None:
            raise CellError("not_a_choice")
        return value

    return read


def flag(text: str) -> bool:
    return _YES_NO(text) == "yes"


_YES_NO: Final = choice(yes="1 y Y true TRUE 是 有", no="0 n N false FALSE 否 无")

ITEM: Final = ("item", "item code", "物料编码", "物料", "商品编码", "料号")
PLACE: Final = ("location", "place", "bin", "库位", "货位", "仓位", "储位")
NAME: Final = ("name", "名称")

TABLES: Final[Mapping[Kind, Table]] = {
    "items": Table(
        records.Item,
        ("item",),
        (
            Column("item", ITEM, code, required=True),
            Column("name", (*NAME, "物料名称", "商品名称"), words, required=True),
            Column("name_zh", ("name zh", "中文名称"), words),
            Column("spec", ("spec", "规格型号", "规格"), words),
            Column("unit", ("unit", "单位", "基本单位"), code),
            Column(
                "kind",
                ("kind", "类别", "物料类别"),
                choice(raw="原材料 外购", made="半成品 自制", finished="成品 产成品"),
            ),
            Column("lots", ("lots", "批次管理"), flag),
            Column("dated", ("dated", "有效期管理", "保质期管理"), flag),
            Column(
                "fifo",
                ("fifo", "先进先出"),
                choice(hint="提示", reason="填原因", consent="主管授权", block="禁止"),
            ),
            Column("count_tolerance", ("count_tolerance", "盘点允差"), quantity),
            Column("count_tolerance_percent", ("count_tolerance_percent", "盘点允差%"), quantity),
            Column("aliases", ("aliases", "barcode", "gtin", "条码"), codes),
        ),
    ),
    "locations": Table(
        records.Location,
        ("location",),
        (
            Column("location", PLACE, place, required=True),
            Column("warehouse", ("warehouse", "仓库", "仓库编码"), code, required=True),
            Column(
                "kind",
                ("kind", "类别", "库位类别"),
                choice(
                    bin="库位 货位 仓位 储位",
                    dock="收货暂存区",
                    stage="发货暂存区",
                    quality="待检区",
                    line="线边仓",
                    returns="退货区",
                ),
            ),
            Column("walk", ("walk", "path", "拣货顺序"), quantity),
            Column("blocked", ("blocked", "停用"), flag),
        ),
    ),
    "partners": Table(
        records.Partner,
        ("partner",),
        (
            Column("partner", ("partner", "code", "编码", "往来单位编码"), code, required=True),
            Column("kind", ("kind", "类别"), choice(supplier="供应商", customer="客户"), True),  # noqa: FBT003
            Column("name", NAME, words, required=True),
        ),
    ),
    "people": Table(
        records.Person,
        ("person",),
        (
            Column("person", ("person", "number", "工号"), code, required=True),
            Column("name", (*NAME, "姓名"), words, required=True),
            Column("role", ("role", "角色"), choice(worker="工人 员工", supervisor="主管"), True),  # noqa: FBT003
            Column("badge", ("badge", "工牌"), code, required=True),
            Column("language", ("language", "语言"), choice(zh="中文 简体中文", en="英文")),
        ),
    ),
    "stock": Table(
        Stock,
        ("place", "item", "lot", "expires"),
        (
            Column("item", ITEM, code, required=True),
            Column("place", PLACE, code, required=True),
            Column("quantity", ("quantity", "数量", "现存量", "库存数量"), quantity, required=True),
            Column("lot", ("lot", "批号", "批次"), code),
            Column("expires", ("expires", "expiry", "有效期至"), day),
            Column("fifo_date", ("fifo date", "received", "入库日期", "收货日期"), day),
        ),
    ),
}


def column_of(table: Table, header: str) -> Column | None:
    wanted = _plain(header)
    return next(
        (
            column
            for column in table.columns
            if wanted in {_plain(name) for name in (column.field, *column.headers)}
        ),
        None,
    )


def _plain(header: str) -> str:
    return re.sub(r"[\s_]", "", header).lower()
