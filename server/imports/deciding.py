"""Row by row: what a file's row is, beside what the book has and what the file said before.

One notion of identity for file and ledger: a row of master data is its key, a row of stock is the
place and the key that the ledger would keep, with lot, expiry, supplier, serial, status and owner.
"""

from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from msgspec.structs import asdict, replace

from server.imports.columns import Table
from server.imports.names import Names
from server.imports.opening import Stock
from server.imports.problems import Problem
from server.imports.standing import Known, Opened
from sync import records
from sync.stock import QUANTITY_MAX, key_text
from sync.units import factor_now, renewed

Values = dict[str, object]


@dataclass
class Group:
    """Rows of one identity: what they are together, and their lines."""

    stock: Stock
    lines: list[int]


@dataclass
class Decided:
    """What a file would change, and what it would not."""

    rows: list[records.Row] = field(default_factory=list)
    unchanged: int = 0
    groups: list[Group] = field(default_factory=list)
    already: list[Group] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


class Decider(Protocol):
    """Takes the rows of one file in turn."""

    found: Decided

    def factor(self, values: Values) -> int:
        """Return how many base units one of a row's quantity is."""

    def take(self, line: int, values: Values) -> list[Problem]:
        """Take a row; what is returned is why it is not taken."""

    def finish(self) -> None:
        """Look at what only all rows together say."""


def decider(table: Table, known: Known) -> Decider:
    """Return who decides on the rows of a table."""
    return Openings(known) if table.row is Stock else MasterData(table, known)


class MasterData:
    """Items, places, partners and people: new, changed, as they are, or in each other's way."""

    def __init__(self, table: Table, known: Known) -> None:
        self.found = Decided()
        self._table = table
        self._known = known
        self._names = Names(known.rows)
        self._seen: dict[object, int] = {}
        self._worn = {name: p.person for p in known.people for name in (p.person, p.badge)}
        self._supervisors = {p.person for p in known.people if _supervises(p)}

    def take(self, line: int, values: Values) -> list[Problem]:
        (name,) = self._table.key
        key = str(values[name])
        if key in self._seen:
            return [Problem(line, "duplicate", name, key, self._seen[key])]
        before = self._known.find(self._table.row, key)
        made = msgspec.convert(values, self._table.row)
        assert isinstance(made, records.Row)
        after = replace(before, **values) if before else made
        if isinstance(after, records.Item):
            after = renewed(before if isinstance(before, records.Item) else None, after)
        if problems := self._conflicts(line, name, after):
            return problems
        self._seen[key] = line
        self._names.learn(after)
        if before and asdict(before) == asdict(after):
            self.found.unchanged += 1
        else:
            self.found.rows.append(after)
        return []

    def factor(self, values: Values) -> int:  # noqa: ARG002 - only stock is counted
        return 1

    def finish(self) -> None:
        """All was said row by row."""

    def _conflicts(self, line: int, name: str, row: records.Row) -> list[Problem]:
        if isinstance(row, records.Person):
            return self._people(line, row)
        if found := self._names.taken(row):
            text, owner = found
            return [Problem(line, "code_taken", name, text, more=str(owner))]
        return []

    def _people(self, line: int, row: records.Person) -> list[Problem]:
        """Hold that no two may answer to one badge or number, and that somebody supervises."""
        names = (row.person, row.badge)
        taken = next((n for n in names if self._worn.get(n, row.person) != row.person), None)
        if taken:
            return [Problem(line, "badge_taken", "badge", taken)]
        left = self._supervisors - {row.person}
        if row.person in self._supervisors and not _supervises(row) and not left:
            return [Problem(line, "last_supervisor", "role", row.person)]
        self._worn |= dict.fromkeys(names, row.person)
        self._supervisors = left | ({row.person} if _supervises(row) else set())
        return []


def _supervises(person: records.Person) -> bool:
    return person.role == "supervisor" and person.active


class Openings:
    """Opening stock: each identity once, held against what the book was opened with."""

    def __init__(self, known: Known) -> None:
        self.found = Decided()
        self._known = known
        self._groups: dict[tuple[str, str], Group] = {}
        self._serials: dict[tuple[str, str], int] = {}

    def factor(self, values: Values) -> int:
        """Return the size of the unit that a row names; 1 for one that nobody knows."""
        item, unit = self._known.item(str(values.get("item"))), values.get("unit")
        known = factor_now(item, str(unit)) if item and unit else None
        return known or 1

    def take(self, line: int, values: Values) -> list[Problem]:
        serials, unit, factor = values.pop("serials", ()), values.get("unit"), self.factor(values)
        assert isinstance(serials, tuple)
        stock = msgspec.convert({k: v for k, v in values.items() if k != "unit"}, Stock)
        stock = replace(stock, quantity=stock.quantity * factor)
        problem = (
            self._refused(line, stock, serials)
            or self._unit_refused(line, stock, unit)
            or self._serials_refused(line, stock, serials)
        )
        if problem is None and stock.quantity:
            problem = self._added(line, stock, serials)
        if problem is None and stock.expires and stock.expires < self._known.today:
            self.found.notes.append(Problem(line, "expired", "expires", stock.expires))
        return [problem] if problem else []

    def _refused(self, line: int, stock: Stock, serials: tuple[str, ...]) -> Problem | None:
        item = self._known.item(stock.item)
        if item is None:
            return Problem(line, "unknown_item", "item", stock.item)
        if self._known.find(records.Location, stock.place) is None:
            return Problem(line, "unknown_place", "place", stock.place)
        for name in ("supplier", "owner"):
            partner = getattr(stock, name)
            if partner and self._known.find(records.Partner, partner) is None:
                return Problem(line, "unknown_partner", name, partner)
        if item.lots and not stock.lot:
            return Problem(line, "lot_missing", "lot", stock.item)
        for name in ("expires", "supplier"):
            if getattr(stock, name) and not stock.lot:
                return Problem(line, "lot_needed", name, getattr(stock, name))
        if item.dated and not stock.expires:
            return Problem(line, "expiry_missing", "expires", stock.item)
        if item.serials and stock.quantity and not serials:
            return Problem(line, "serial_missing", "serials", stock.item)
        return None

    def _unit_refused(self, line: int, stock: Stock, unit: object) -> Problem | None:
        """Hold that a row counts in a unit of its item; a cost is of the base unit alone."""
        item = self._known.item(stock.item)
        if item is None or unit is None:
            return None
        factor = factor_now(item, str(unit))
        if factor is None:
            known = ", ".join([item.unit, *(pack.code for pack in item.units)])
            return Problem(line, "unknown_unit", "unit", str(unit), more=known)
        if factor > 1 and stock.unit_cost is not None:
            return Problem(line, "cost_of_pack", "unit_cost", str(unit), more=item.unit)
        if stock.quantity > QUANTITY_MAX:
            return Problem(line, "quantity_huge", "quantity", str(stock.quantity))
        return None

    def _serials_refused(self, line: int, stock: Stock, serials: tuple[str, ...]) -> Problem | None:
        if serials and len(serials) != stock.quantity:
            count = str(stock.quantity)
            return Problem(line, "serial_count", "serials", count, more=str(len(serials)))
        for serial in serials:
            before = self._serials.get((stock.item, serial))
            if before:
                return Problem(line, "serial_twice", "serials", serial, before)
            place = self._known.serials.get((stock.item, serial))
            if place is not None and place != stock.place:
                return Problem(line, "serial_known", "serials", serial, more=place)
        return None

    def _added(self, line: int, stock: Stock, serials: tuple[str, ...]) -> Problem | None:
        for serial in serials:
            self._serials[stock.item, serial] = line
            one = replace(stock, serial=serial, quantity=1)
            self._groups[one.place, key_text(one.key)] = Group(one, [line])
        if serials:
            return None
        identity = (stock.place, key_text(stock.key))
        group = self._groups.get(identity)
        if group is None:
            self._groups[identity] = Group(stock, [line])
            return None
        if group.stock.unit_cost != stock.unit_cost:
            return Problem(line, "cost_differs", "unit_cost", other=group.lines[0])
        together = group.stock.quantity + stock.quantity
        if together > QUANTITY_MAX:
            return Problem(line, "quantity_huge", "quantity", str(together))
        days = [day for day in (group.stock.fifo_date, stock.fifo_date) if day]
        group.stock = replace(group.stock, quantity=together, fifo_date=min(days, default=None))
        note = Problem(line, "merged", "quantity", str(together), group.lines[0])
        self.found.notes.append(note)
        group.lines.append(line)
        return None

    def finish(self) -> None:
        """Hold each identity against what the book was opened with: the same again is no change."""
        for group in self._groups.values():
            opened = self._known.opened.get(group.stock.operation(self._known.site))
            if opened is None:
                self.found.groups.append(group)
            elif code := _differs(opened, group.stock):
                quantity, was = str(group.stock.quantity), str(opened.quantity)
                self.found.problems.extend(
                    Problem(line, code, "quantity", quantity, more=was) for line in group.lines
                )
            else:
                self.found.already.append(group)


def _differs(opened: Opened, stock: Stock) -> str:
    if not opened.is_posted:
        return "opened_parked"
    if opened.taken_back:
        return "opened_taken_back"
    return "" if opened.quantity == stock.quantity else "opened_differs"
