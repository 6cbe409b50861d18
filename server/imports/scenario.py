"""A morning's work in the demo as a sheet of codes: badges, papers, bins and labelled goods."""

from typing import Final

from labels.sheet import Group, Symbol, sheet
from server.imports.factory import DEMO_PEOPLE, factory_rows
from sync import records

COMMANDS: Final = ("UNDO", "DONE", "SKIP", "SHORT", "PRINT", "HELP")
DOCUMENTS: Final = ("PO-3978", "PO-3957", "SO-75104", "SO-75111", "WO-71774", "CT-1")
PLACES: Final = (
    "DOCK-1", "STAGE-1", "06-B-10", "01-A-06", "01-A-01", "50-A-11", "01-C-35", "06-M-08",
    "04-A-01", "07-FL-01",
)  # fmt: skip
ITEMS_PLAIN: Final = ("FW-1000", "BE-2349", "HL-U509-B")
GOODS: Final = (
    ("BE-2908", "K1009", "", 24),
    ("BE-2908", "K1102", "", 24),
    ("AR-5381", "K1009", "", 3),
    ("PA-529S", "K1120", "2028-11-19", 12),
    ("PA-187B", "K1120", "2028-11-19", 12),
)
"""Item, lot, expiry and quantity of labels as a supplier or our own station would print them."""


def demo_sheet(enrol_url: str = "") -> str:
    """Draw the sheet of the demo site, with the QR that enrols a phone when there is one."""
    items = {row.item: row for row in factory_rows() if isinstance(row, records.Item)}
    return sheet(
        "Bincard · Bothell plant 博塞尔厂区",
        [
            *enrolment(enrol_url),
            Group(
                "Badges 工牌",
                tuple(
                    Symbol(f"{who.name} · PIN {who.pin}", f"BADGE:{who.badge}")
                    for who in DEMO_PEOPLE
                ),
            ),
            Group("Documents 单据", tuple(Symbol("", number) for number in DOCUMENTS)),
            Group("Bins 库位", tuple(Symbol("", place) for place in PLACES)),
            Group(
                "Items 物料",
                tuple(Symbol(words(items[code]), code) for code in ITEMS_PLAIN),
            ),
            Group("Labels with lot 批次标签", tuple(goods(items, *label) for label in GOODS)),
            Group(
                "Commands 指令码",
                tuple(Symbol("", f"BINCARD:{command}") for command in COMMANDS),
            ),
        ],
    )


def enrolment(url: str) -> list[Group]:
    return [Group("Enrol 绑定设备", (Symbol("", url, "qr"),))] if url else []


def words(item: records.Item) -> str:
    return f"{item.name} {item.name_zh}"


def goods(
    items: dict[str, records.Item], code: str, lot: str, expires: str, quantity: int
) -> Symbol:
    """Label goods by GS1: the fields of fixed length first, the lot ended by GS."""
    item = items[code]
    day = f"17{expires.replace('-', '')[2:]}" if expires else ""
    label = item.aliases[0] if item.aliases else ""
    beneath = f"{code} · {lot} · {quantity} {item.unit}" + (f" · {expires}" if expires else "")
    if not label:
        return Symbol(words(item), code, beneath=beneath)
    text = f"01{label}{day}10{lot}\x1d30{quantity}"
    return Symbol(words(item), text, "gs1", beneath)
