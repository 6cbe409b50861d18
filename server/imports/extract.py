"""Makes the compact extract in `factory/` from the AdventureWorks tables; run by hand.

    python -m server.imports.extract SOURCE_DIR [TARGET_DIR]

Everything that the source does not know (lots, packs, customers …) follows from the data by fixed
rules, without dice, so that the same source always gives the same bytes. NOTICE lists these rules.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from server.imports import tsv
from server.imports.extract_items import Products, item_row
from server.imports.extract_papers import papers
from server.imports.tsv import Record

FACTORY = Path(__file__).parent / "factory"
WEEKS_LATER = 640
"""All dates move on by whole weeks: orders of August 2014 fall due in November 2026."""

ORDERS_REOPENED = 60
LINE_FIELDS = (
    "document", "kind", "partner", "due", "order_item", "order_quantity",
    "line", "item", "quantity", "place",
)  # fmt: skip
FLOOR = "FL"
WAREHOUSES_ZH = {
    1: "工具间", 2: "板材货架", 3: "油漆间", 4: "油漆库", 5: "金属材料仓", 6: "综合仓", 7: "成品仓",
    10: "车架成型", 20: "车架焊接", 30: "去毛刺抛光", 40: "喷漆", 45: "特种喷漆", 50: "部件装配",
    60: "总装",
}  # fmt: skip
AREAS_BESIDE = (
    {"location": "DOCK-1", "warehouse": "06", "kind": "dock"},
    {"location": "DOCK-2", "warehouse": "06", "kind": "dock"},
    {"location": "QC-1", "warehouse": "06", "kind": "quality"},
    {"location": "STAGE-1", "warehouse": "07", "kind": "stage"},
)
TWO_LOTS_IN_ONE_BIN = {
    ("BE-2908", "06"): 198, ("PB-6109", "06"): 150, ("RA-2345", "06"): 120, ("SK-9283", "06"): 144,
}  # fmt: skip
"""Rows whose quantity is two lots in one bin: this many are of the other lot."""


def later(text: str) -> str:
    """Move a date of the source into the demo's year."""
    return str(date.fromisoformat(text[:10]) + timedelta(weeks=WEEKS_LATER))


class Source:
    """The tables of the source with the look-ups that several rules share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.locations = self.table("Location")
        self.stock = self.table("ProductInventory")
        self.vendors = self.table("Vendor")
        self.orders = self._orders_latest()
        self.order_lines = tsv.grouped(self.table("PurchaseOrderDetail"), "PurchaseOrderId")
        self.components = [
            row | {"ProductAssemblyId": row["ProductAssemblyId"].split(".")[0]}
            for row in self.table("BillOfMaterials")
            if not row["EndDate"] and row["ProductAssemblyId"]
        ]
        self.products = Products(
            rows={row["ProductId"]: row for row in self.table("Product")},
            components=frozenset(row["ComponentId"] for row in self.components),
            terms={row["term"]: row["name_zh"] for row in tsv.read(FACTORY / "names_zh.tsv")},
        )
        self.receipts = self._receipts()
        self.lanes = self._lanes()

    def table(self, name: str) -> list[Record]:
        return tsv.read(self.folder / f"{name}.tsv")

    def _orders_latest(self) -> list[Record]:
        every = self.table("PurchaseOrderHeader")
        every.sort(key=lambda order: (order["OrderDate"], int(order["PurchaseOrderId"])))
        return every[-ORDERS_REOPENED:]

    def _receipts(self) -> dict[str, list[str]]:
        """Days on which each product came in, oldest first, without the re-opened orders."""
        reopened = {order["PurchaseOrderId"] for order in self.orders}
        opening = min(order["OrderDate"] for order in self.orders)[:10]
        days: dict[str, set[str]] = {}
        for order in self.table("PurchaseOrderHeader"):
            number = order["PurchaseOrderId"]
            if number in reopened or order["ShipDate"][:10] > opening:
                continue
            for line in self.order_lines[number]:
                days.setdefault(line["ProductId"], set()).add(later(order["ShipDate"]))
        return {product: sorted(found) for product, found in days.items()}

    def _lanes(self) -> dict[tuple[str, str], int]:
        """Number the floor lanes of each area: goods without a shelf stand by product model."""
        models: dict[str, set[float]] = {}
        for row in self.stock:
            if not row["Shelf"]:
                models.setdefault(row["LocationId"], set()).add(self.model_of(row))
        return {
            (area, str(model)): lane
            for area, found in models.items()
            for lane, model in enumerate(sorted(found), start=1)
        }

    def model_of(self, row: Record) -> float:
        return float(self.products.rows[row["ProductId"]]["ProductModelId"] or 0)

    def place_of(self, row: Record) -> str:
        """Give the code of a stock row's place: area, shelf, bin; or area, floor, lane."""
        area = f"{int(row['LocationId']):02}"
        if row["Shelf"]:
            return f"{area}-{row['Shelf']}-{int(row['Bin']):02}"
        lane = self.lanes[row["LocationId"], str(self.model_of(row))]
        return f"{area}-{FLOOR}-{lane:02}"


def warehouses(source: Source) -> list[dict[str, object]]:
    return [
        {
            "warehouse": f"{int(row['LocationId']):02}",
            "name": row["Name"],
            "name_zh": WAREHOUSES_ZH[int(row["LocationId"])],
        }
        for row in source.locations
    ]


def locations(source: Source) -> list[dict[str, object]]:
    """Every bin on the picker's path: along one shelf, back along the next.

    A number that the source skips on a shelf is an empty bin: goods need somewhere to go.
    """
    last: dict[tuple[str, str], int] = {}
    used = {source.place_of(row) for row in source.stock}
    for place in used:
        area, shelf, number = place.split("-")
        last[area, shelf] = max(last.get((area, shelf), 0), int(number))
    path: list[str] = []
    for turn, (area, shelf) in enumerate(sorted(last)):
        codes = [f"{area}-{shelf}-{number:02}" for number in range(last[area, shelf] + 1)]
        codes = [code for code in codes if not code.endswith("-00") or code in used]
        path.extend(reversed(codes) if turn % 2 else codes)
    bins = [
        {"location": code, "warehouse": code[:2], "kind": "bin", "walk": walk}
        for walk, code in enumerate(path, start=len(AREAS_BESIDE))
    ]
    before, after = AREAS_BESIDE[:-1], AREAS_BESIDE[-1]
    front = [{**area, "walk": walk} for walk, area in enumerate(before, start=1)]
    return [*front, *bins, {**after, "walk": len(bins) + len(AREAS_BESIDE)}]


def partners(source: Source) -> list[dict[str, object]]:
    return [
        {"partner": row["BusinessEntityId"], "kind": "supplier", "name": row["Name"]}
        for row in source.vendors
    ]


def lots_of(source: Source, product: str, rows: int) -> list[str]:
    """Days of receipt of a product's lots, newest first: every fourth delivery, at most three."""
    days = source.receipts[product][::-4]
    return days[: min(rows, 1 + int(product) % 3)] if rows else days[:2]


def lot_code(day: str) -> str:
    """Spell a day as the stores stamp it on a lot: year letter, month, day: K0902."""
    year, month, number = day.split("-")
    return f"{chr(ord('A') + int(year) - 2016)}{month}{number}"


def expires_on(day: str, years: int) -> str:
    return str(date.fromisoformat(day) + timedelta(days=365 * years))


def made_on(product: str, row: int) -> str:
    """Give goods without receipts a day of production within the last 13 weeks of the source."""
    day = date(2014, 7, 28) - timedelta(days=(int(product) * 7 + row * 11) % 91)
    return later(str(day))


def stock_lines(source: Source, product: str, rows: list[Record]) -> list[dict[str, object]]:
    """Spread an item's lots over its bins; one bin of a few items holds two of them."""
    item = item_row(source.products, product)
    lots = lots_of(source, product, len(rows)) if item["lots"] else []
    found: list[dict[str, object]] = []
    for number, row in enumerate(rows):
        place, quantity = source.place_of(row), int(row["Quantity"])
        turn = number + int(product)
        day = lots[turn % len(lots)] if lots else made_on(product, number)
        other = TWO_LOTS_IN_ONE_BIN.get((str(item["item"]), place[:2]), 0)
        parts = [(day, quantity - other)]
        if other:
            pair = lots if len(lots) > 1 else lots_of(source, product, 0)
            parts.append((next(lot for lot in pair if lot != day), other))
        found.extend(
            {
                "item": item["item"],
                "place": place,
                "lot": lot_code(part_day) if lots else "",
                "expires": expires_on(part_day, 2) if item["dated"] else "",
                "fifo_date": part_day,
                "quantity": part,
            }
            for part_day, part in parts
        )
    return found


def stock(source: Source) -> list[dict[str, object]]:
    return [
        line
        for product, rows in tsv.grouped(source.stock, "ProductId").items()
        for line in stock_lines(source, product, rows)
    ]


def orders_reopened(source: Source) -> list[dict[str, object]]:
    """List the lines of the purchase orders as ordered: what came in the source is forgotten."""
    return [
        {
            "document": f"PO-{order['PurchaseOrderId']}",
            "kind": "purchase",
            "partner": order["VendorId"],
            "due": later(max(line["DueDate"] for line in lines)),
            "line": number,
            "item": source.products.code(line["ProductId"]),
            "quantity": int(line["OrderQty"]),
        }
        for order in source.orders
        for lines in [source.order_lines[order["PurchaseOrderId"]]]
        for number, line in enumerate(lines, start=1)
    ]


def extract(folder: Path, target: Path) -> None:
    """Write all tables and their digests."""
    source = Source(folder)
    tables: dict[str, Sequence[Mapping[str, object]]] = {
        "warehouses": warehouses(source),
        "locations": locations(source),
        "items": [item_row(source.products, product) for product in source.products.rows],
        "stock": stock(source),
    }
    made_up = papers(source.products, source.components, tables["stock"])
    tables["partners"] = [*partners(source), *made_up.customers]
    reopened = orders_reopened(source)
    tables["lines"] = [
        {field: row.get(field, "") for field in LINE_FIELDS} for row in [*reopened, *made_up.lines]
    ]
    for name, rows in tables.items():
        tsv.write(target / f"{name}.tsv", rows)
    digests(target)


def digests(target: Path) -> None:
    lines = [
        f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(target.glob("*.tsv"))
    ]
    (target / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    extract(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else FACTORY)  # noqa: PLR2004
