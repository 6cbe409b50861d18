"""Orders that the source lacks: sales, work and count tasks, made up from its goods and bills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from server.imports.extract_items import Products
from server.imports.tsv import Record, grouped

CUSTOMERS: Final = (
    ("C-101", "Harbour Street Cycles"),
    ("C-102", "Northgate Bike Shop"),
    ("C-103", "Lakeside Outdoor"),
    ("C-104", "Mill Creek Sports"),
    ("C-105", "Old Town Bicycles"),
    ("C-106", "Summit Rentals"),
)
FIRST_DUE: Final = date(2026, 11, 23)
SALES_ORDERS: Final = 10
SALES_FIRST: Final = 75101
LAST_UNITS: Final = "GL-H102-L"
"""Two more orders both ask for all that is left of this item: two pickers will meet."""

WORK_FIRST: Final = 71771
WORK_ORDERS: Final = (
    ("BE-2349", 12), ("SA-M687", 10), ("FK-9939", 8), ("HS-3479", 3), ("CS-9183", 6),
    ("HU-8998", 25), ("RD-2308", 10), ("FW-M928", 4), ("SA-R522", 15), ("BB-9108", 5),
    ("HS-0296", 6), ("BK-M82S-38", 2),
)  # fmt: skip
COUNTS: Final = {
    "CT-1": [f"06-B-{number:02}" for number in range(3, 11)],
    "CT-2": [f"01-A-{number:02}" for number in range(1, 5)],
}


@dataclass(frozen=True)
class Papers:
    customers: list[dict[str, object]]
    lines: list[dict[str, object]]


def papers(
    products: Products, bill: Sequence[Record], stock: Sequence[Mapping[str, object]]
) -> Papers:
    customers: list[dict[str, object]] = [
        {"partner": code, "kind": "customer", "name": name} for code, name in CUSTOMERS
    ]
    work = work_lines(products, bill)
    return Papers(customers, [*sales_lines(stock), *work, *count_lines()])


def due(number: int) -> str:
    return str(FIRST_DUE + timedelta(days=number // 2))


def sales_lines(stock: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Make ten orders of one to four things from the finished goods store, and two that collide."""
    shelf = [
        row
        for row in stock
        if str(row["place"]).startswith("07-") and row["quantity"] and row["item"] != LAST_UNITS
    ]
    found: list[dict[str, object]] = []
    for order in range(SALES_ORDERS):
        picks = [shelf[(order * 13 + line * 37) % len(shelf)] for line in range(1 + order % 4)]
        found.extend(
            sales_line(order, line, str(row["item"]), 1 + (order + 3 * line) % 6)
            for line, row in enumerate(picks, start=1)
        )
    left = sum(int(str(row["quantity"])) for row in stock if row["item"] == LAST_UNITS)
    return [*found, *(sales_line(SALES_ORDERS + twin, 1, LAST_UNITS, left) for twin in range(2))]


def sales_line(order: int, line: int, item: str, quantity: int) -> dict[str, object]:
    return {
        "document": f"SO-{SALES_FIRST + order}",
        "kind": "sales",
        "partner": CUSTOMERS[order % len(CUSTOMERS)][0],
        "due": due(order),
        "line": line,
        "item": item,
        "quantity": quantity,
    }


def work_lines(products: Products, bill: Sequence[Record]) -> list[dict[str, object]]:
    """List what each work order needs: its open bill of material, times the quantity ordered."""
    numbers = {products.code(product): product for product in products.rows}
    bills = grouped(bill, "ProductAssemblyId")
    return [
        {
            "document": f"WO-{WORK_FIRST + order}",
            "kind": "work",
            "partner": "",
            "due": due(order),
            "line": line,
            "item": products.code(row["ComponentId"]),
            "quantity": int(float(row["PerAssemblyQty"])) * quantity,
            "order_item": item,
            "order_quantity": quantity,
        }
        for order, (item, quantity) in enumerate(WORK_ORDERS)
        for line, row in enumerate(bills[numbers[item]], start=1)
    ]


def count_lines() -> list[dict[str, object]]:
    """List the bins of each count task; a line asks for one count of its place."""
    return [
        {
            "document": task,
            "kind": "count",
            "partner": "",
            "due": due(0),
            "line": line,
            "item": "",
            "quantity": 1,
            "place": place,
        }
        for task, places in COUNTS.items()
        for line, place in enumerate(places, start=1)
    ]
