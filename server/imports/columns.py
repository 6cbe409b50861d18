"""Which columns an import knows, and how their cells are read: one table per kind of file.

The page of the documents and the help of the command are made from these tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from server.imports import cells
from server.imports.cells import Reader, choice
from server.imports.headings import HEADINGS, LAST_DAY, plain
from server.imports.opening import Stock
from sync import records

Kind = Literal["items", "locations", "partners", "people", "stock"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Column:
    """One field: how it is read, whether a row needs it, and by what headings it is known."""

    field: str
    reader: Reader
    required: bool = False
    headings: str = ""
    help: str = ""

    @property
    def known_as(self) -> tuple[str, ...]:
        # What says the opposite of its field has a name of its own.
        own = self.headings if self.reader is cells.NOT else self.field
        return tuple(dict.fromkeys((own, *HEADINGS[self.headings or self.field])))


@dataclass(frozen=True)
class Table:
    """A kind of file: the struct of its rows, the fields of their key, its columns."""

    row: type[records.Row] | type[Stock]
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_STATUS: Final = choice(
    ok="合格 可用 正常 良品 unrestricted available", quality="待检 在检 qi inspection",
    hold="冻结 锁定 blocked restricted", reject="不合格 不良 不良品 rejected",
)  # fmt: skip
_NEEDED: Final = True

TABLES: Final[Mapping[Kind, Table]] = {
    "items": Table(
        records.Item,
        ("item",),
        (
            Column("item", cells.CODE, _NEEDED),
            Column("name", cells.WORDS, _NEEDED, "item.name"),
            Column("name_zh", cells.WORDS, help="the name on Chinese screens"),
            Column("spec", cells.WORDS, help="size, model, drawing number"),
            Column("unit", cells.CODE, help="the base unit; EA when left out"),
            Column(
                "kind",
                choice(raw="原材料 外购", made="半成品 自制", finished="成品 产成品"),
                headings="item.kind",
            ),
            Column("lots", cells.YES, help="a lot must be known"),
            Column("dated", cells.YES, help="an expiry must be known"),
            Column("serials", cells.YES, help="each piece has a serial"),
            Column(
                "fifo",
                choice(hint="提示", reason="填原因", consent="主管授权", block="禁止"),
                help="what a younger lot needs at issue",
            ),
            Column("count_tolerance", cells.QUANTITY, help="in pieces"),
            Column("count_tolerance_percent", cells.QUANTITY),
            Column("aliases", cells.CODES, help="barcodes and other codes of one piece"),
            Column("units", cells.PACKS, help="packs; the scan of a pack's code counts its pieces"),
            Column("receive_status", _STATUS, help="what fresh goods are held as"),
            Column("active", cells.YES, help="no hides the item from entry"),
            Column("active", cells.NOT, headings="inactive"),
        ),
    ),
    "locations": Table(
        records.Location,
        ("location",),
        (
            Column("location", cells.PLACE, _NEEDED),
            Column("warehouse", cells.CODE, _NEEDED),
            Column(
                "kind",
                choice(
                    bin="库位 货位 仓位 储位",
                    dock="收货暂存区",
                    stage="发货暂存区",
                    quality="待检区",
                    line="线边仓",
                    returns="退货区",
                ),
                headings="location.kind",
            ),
            Column("walk", cells.QUANTITY, help="its number on the picker's path"),
            Column("blocked", cells.YES),
            Column("capacity", cells.QUANTITY, help="in base units"),
        ),
    ),
    "partners": Table(
        records.Partner,
        ("partner",),
        (
            Column("partner", cells.CODE, _NEEDED),
            Column(
                "kind",
                choice(supplier="供应商 vendor s", customer="客户 c"),
                _NEEDED,
                "partner.kind",
            ),
            Column("name", cells.WORDS, _NEEDED, "partner.name"),
        ),
    ),
    "people": Table(
        records.Person,
        ("person",),
        (
            Column("person", cells.CODE, _NEEDED),
            Column("name", cells.WORDS, _NEEDED, "person.name"),
            Column("role", choice(worker="工人 员工", supervisor="主管"), _NEEDED),
            Column("badge", cells.CODE, _NEEDED),
            Column("language", choice(zh="中文 简体中文", en="英文")),
        ),
    ),
    "stock": Table(
        Stock,
        ("place", "item"),
        (
            Column("item", cells.CODE, _NEEDED),
            Column("place", cells.CODE, _NEEDED, "location"),
            Column("quantity", cells.QUANTITY, _NEEDED, help="in the row's unit"),
            Column("unit", cells.CODE, help="the base unit when left out, or a pack of the item"),
            Column("lot", cells.LOT),
            Column("expires", cells.EXPIRY, help="kept with a lot only"),
            Column("fifo_date", cells.PAST, help="when the goods first came in"),
            Column("serials", cells.CODES, headings="serials.stock", help="one for each piece"),
            Column("status", _STATUS, help="ok when left out"),
            Column("supplier", cells.CODE, help="of the lot: a part of its identity"),
            Column("owner", cells.CODE, help="whose goods they are, when not ours"),
            Column("unit_cost", cells.COST, help="never leaves the server"),
        ),
    ),
}


def column_of(table: Table, heading: str) -> Column | None:
    """Return the column that a heading means; `(last day)` behind it is not part of its name."""
    wanted = LAST_DAY.sub("", plain(heading))
    known = ((column, map(plain, column.known_as)) for column in table.columns)
    return next((column for column, names in known if wanted in names), None)


def says_last_day(heading: str) -> bool:
    return LAST_DAY.search(plain(heading)) is not None


def some(names: Iterable[str], most: int = 8) -> str:
    """Return the first names of a list, as a sentence takes them."""
    every = list(names)
    return ", ".join(every[:most]) + (", …" if len(every) > most else "")
