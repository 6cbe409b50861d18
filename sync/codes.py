"""What a scanned code means: the decisions of SPEC's chapter on codes, in their order.

What the site knows comes in as a `Known`, the year as an argument; a code that means nothing
stays raw. The phone's `codes.ts` is the twin, held to this one by `tests/vectors/codes.json`.
"""

import re
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from sync import gs1
from sync.code_text import code_text
from sync.stock import Lot

GS1_SYMBOLOGIES: Final = frozenset({"]C1", "]d2", "]Q3", "]e0", "]J1"})
NEVER_GS1: Final = frozenset({"]C0"})
COMMANDS: Final = ("UNDO", "DONE", "SKIP", "SHORT", "PRINT", "HELP")


class Said(Struct, frozen=True, omit_defaults=True):
    """What a label said beside the item."""

    lot: str | None = None
    expires: str | None = None
    produced: str | None = None
    serial: str | None = None
    quantity: int | None = None


class LotOf(Struct, frozen=True):
    """A lot that a bare lot code may mean."""

    item: str
    lot: Lot


class Meant(Struct, frozen=True, tag_field="kind"):
    """Base of the meanings; the tag is their `kind`."""


class ItemMeant(Meant, frozen=True, tag="item"):
    """An item; with `unit`, one of its packs, which holds `pack` base units."""

    item: str
    said: Said = Said()
    pack: int = 1
    unit: str | UnsetType = UNSET


class LocationMeant(Meant, frozen=True, tag="location"):
    location: str


class LotMeant(Meant, frozen=True, tag="lot"):
    candidates: tuple[LotOf, ...]


class DocumentMeant(Meant, frozen=True, tag="document"):
    document: str


class ContainerMeant(Meant, frozen=True, tag="container"):
    container: str


class PartnerMeant(Meant, frozen=True, tag="partner"):
    partner: str


class BadgeMeant(Meant, frozen=True, tag="badge"):
    badge: str


class CommandMeant(Meant, frozen=True, tag="command"):
    command: str


class EnrolMeant(Meant, frozen=True, tag="enrol"):
    code: str


class UnknownMeant(Meant, frozen=True, tag="unknown"):
    raw: str
    said: Said = Said()


class ChoiceMeant(Meant, frozen=True, tag="choice"):
    """A code with several meanings (G11): whoever scanned it says which."""

    candidates: tuple[Meant, ...]


class Named(NamedTuple):
    """One thing of the master data that a text names; with `unit`, a pack of `factor` of it."""

    kind: Literal["item", "location", "document", "partner"]
    code: str
    unit: str = ""
    factor: int = 1


class Known(Protocol):
    """What the site knows."""

    def exact(self, text: str) -> list[Named]:
        """Things with exactly this code, alias or code of a pack; GTINs as GTIN-14 too."""

    def folded(self, text: str) -> list[Named]:
        """Things with this code or alias when letters are compared without case."""

    def lots(self, code: str) -> list[LotOf]:
        """Lots with exactly this code."""


class Cleaned(NamedTuple):
    """A code without its wrapping: symbology identifier, odd separators, full-width forms."""

    text: str
    symbology: str | None


def clean(raw: str, symbology: str | None, separators: str = "") -> Cleaned:
    """Undo what scanners, profiles and Chinese input methods do to a code."""
    text = code_text(raw).replace("{GS}", gs1.GS).replace("^]", gs1.GS)
    for separator in separators:
        text = text.replace(separator, gs1.GS)
    if re.match(r"\][A-Za-z][0-9A-Za-z]", text):
        return Cleaned(text[3:], text[:3])
    return Cleaned(text, symbology)


def meaning(
    raw: str, symbology: str | None, known: Known, year: int, separators: str = ""
) -> Meant:
    """Return the one thing that a code means here."""
    text, kind = clean(raw, symbology, separators)
    marked = kind in GS1_SYMBOLOGIES or text.startswith(gs1.GS)
    found = _own(text) or (None if marked else _by_gtin(text, known))
    if found:
        return found
    parts = None if kind in NEVER_GS1 else gs1.elements(_element_string(text), year)
    sure = parts is not None and (marked or _is_sure(text, parts))
    if parts is not None and sure:
        return _by_elements(text, parts, known, year)
    if found := _by_code(text, known):
        return found
    return UnknownMeant(text) if parts is None else _by_elements(text, parts, known, year)


def _own(text: str) -> Meant | None:
    if match := re.fullmatch(r"BINCARD:([A-Z]+)", text, re.IGNORECASE):
        command = match[1].upper()
        return CommandMeant(command) if command in COMMANDS else None
    if match := re.fullmatch(r"BADGE:(.+)", text, re.IGNORECASE):
        return BadgeMeant(match[1])
    match = re.fullmatch(r"https?://[^#]+#/enrol/([^/?#]+)", text)
    return EnrolMeant(match[1]) if match else None


def _by_gtin(text: str, known: Known) -> Meant | None:
    gtin = gs1.gtin14(text)
    return _one_of(known.exact(gtin)) if gtin else None


def _is_sure(text: str, parts: list[gs1.Element]) -> bool:
    """Say whether an unmarked text can only be GS1: `10-01-02` also parses, as a batch."""
    link = text.startswith(("http://", "https://"))
    return link or gs1.GS in text or (parts[0].ai in {"00", "01", "02"} and parts[0].right)


def _element_string(text: str) -> str:
    """Return the element string that a GS1 Digital Link stands for, or the text itself."""
    match = re.fullmatch(r"https?://[^/?#]+/([^?#]*)(\?[^#]*)?(#.*)?", text)
    if not match:
        return text
    path = [_unescape(part) for part in match[1].split("/")]
    start = next((i for i, part in enumerate(path) if part in {"00", "01"}), len(path))
    pairs = list(zip(path[start::2], path[start + 1 :: 2], strict=False))
    for pair in (match[2] or "?")[1:].split("&"):
        ai, _, value = pair.partition("=")
        pairs += [(ai, _unescape(value))] if re.fullmatch(r"[0-9]{2,4}", ai) else []
    filled = [f"{ai}{value.zfill(14) if ai == '01' else value}" for ai, value in pairs]
    return gs1.GS.join(filled) if start < len(path) else text


def _unescape(text: str) -> str:
    """Undo %2F and its like; only ASCII may stand in an element string."""
    return re.sub(r"%([0-7][0-9A-Fa-f])", lambda match: chr(int(match[1], 16)), text)


def _by_elements(text: str, parts: list[gs1.Element], known: Known, year: int) -> Meant:
    values: dict[str, str] = {}
    for part in parts:
        values.setdefault(part.ai, part.value)
    said = _said(values, year)
    names = [values[ai] for ai in ("01", "02", "240", "241") if ai in values]
    for name in names:
        items = [thing for thing in known.exact(name) if thing.kind == "item"]
        if items:
            packs = "37" in values
            return _choice([_meant(one, _unglued(one.code, said, known), packs) for one in items])
    if "00" in values and not names:
        return ContainerMeant(values["00"])
    if "400" in values and not names:
        return _by_code(values["400"], known) or UnknownMeant(text, said)
    candidates = known.lots(said.lot) if said.lot and not names else []
    return LotMeant(tuple(candidates)) if candidates else UnknownMeant(text, said)


def _said(values: dict[str, str], year: int) -> Said:
    count = values.get("37") or values.get("30")
    best = values.get("17") or values.get("15") or ""
    return Said(
        lot=values.get("10"),
        expires=gs1.iso_day(best, year),
        produced=gs1.iso_day(values.get("11", ""), year),
        serial=values.get("21"),
        quantity=int(count) if count and int(count) > 0 else None,
    )


def _unglued(item: str, said: Said, known: Known) -> Said:
    """Part a known lot from the serial that a scanner without GS glued to it."""
    lot = said.lot
    if lot is None or said.serial is not None or _is_lot(item, lot, known):
        return said
    for cut in range(1, len(lot) - 2):
        if lot[cut : cut + 2] == "21" and _is_lot(item, lot[:cut], known):
            return Said(lot[:cut], said.expires, said.produced, lot[cut + 2 :], said.quantity)
    return said


def _is_lot(item: str, lot: str, known: Known) -> bool:
    return any(candidate.item == item for candidate in known.lots(lot))


def _by_code(text: str, known: Known) -> Meant | None:
    if found := _one_of(known.exact(text)):
        return found
    lots = known.lots(text)
    if lots:
        return LotMeant(tuple(lots))
    return _one_of(known.folded(text))


def _one_of(things: list[Named]) -> Meant | None:
    """Return what a text names; None when it names nothing, a choice when several things."""
    return _choice([_meant(thing, Said()) for thing in things]) if things else None


def _choice(meanings: list[Meant]) -> Meant:
    different = list(dict.fromkeys(meanings))
    return different[0] if len(different) == 1 else ChoiceMeant(tuple(different))


def _meant(thing: Named, said: Said, packs: bool = False) -> Meant:  # noqa: FBT001, FBT002
    """Return a thing as a meaning; with `packs` the label's quantity is a number of its packs."""
    match thing.kind:
        case "item":
            if packs and said.quantity is not None:
                said = replace(said, quantity=said.quantity * thing.factor)
            return ItemMeant(thing.code, said, thing.factor, thing.unit or UNSET)
        case "location":
            return LocationMeant(thing.code)
        case "document":
            return DocumentMeant(thing.code)
        case "partner":
            return PartnerMeant(thing.code)
