"""Who answers to which code, so that no import brings in one with two meanings (G11)."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from sync import gs1, records
from sync.code_text import code_text

_WORDS: Final = {
    "item": "the item", "location": "the location", "document": "the document",
    "partner": "the partner",
}  # fmt: skip


class Thing(NamedTuple):
    """What a code means; with `unit`, a pack of the item."""

    kind: str
    code: str
    unit: str = ""

    def __str__(self) -> str:
        """Name the thing in a sentence."""
        pack = f", pack {self.unit}" if self.unit else ""
        return f"{_WORDS[self.kind]} {self.code}{pack}"


class Names:
    """All codes of a site as a scan compares them: GTINs and UPC-E as GTIN-14 too."""

    def __init__(self, rows: Iterable[records.Row]) -> None:
        self._owners: dict[str, Thing] = {}
        for row in rows:
            self.learn(row)

    def learn(self, row: records.Row) -> None:
        """Take a row for good; what it answered to before stays taken."""
        for text, thing in _names(row):
            for name in _spellings(text):
                self._owners.setdefault(name, thing)

    def taken(self, row: records.Row) -> tuple[str, Thing] | None:
        """Return a code of the row that means another thing already, and which."""
        own: dict[str, Thing] = {}
        for text, thing in _names(row):
            for name in _spellings(text):
                owner = self._owners.get(name)
                # What the row itself says of its item and packs replaces what the book says.
                if owner is None or owner[:2] == thing[:2]:
                    owner = own.setdefault(name, thing)
                if owner != thing:
                    return text, owner
        return None


def _spellings(text: str) -> set[str]:
    seen = code_text(text)
    return {seen, gs1.gtin14(seen) or seen, gs1.upc_e(seen) or seen}


def _names(row: records.Row) -> Iterator[tuple[str, Thing]]:
    match row:
        case records.Item():
            for text in (row.item, *row.aliases):
                yield text, Thing("item", row.item)
            for unit in row.units:
                for text in unit.aliases:
                    yield text, Thing("item", row.item, unit.code)
        case records.Location():
            yield row.location, Thing("location", row.location)
        case records.Partner():
            yield row.partner, Thing("partner", row.partner)
        case records.Document():
            yield row.document, Thing("document", row.document)
        case records.Alias():
            yield row.raw, Thing(row.kind, row.code)
        case _:
            return
