"""What a scanned code means: the decisions of SPEC's chapter on codes, in their order.

What the site knows comes in as a `Known`, the year as an argument; a code that means nothing
stays raw, and one that can mean several things is asked. The phone's `codes.ts` is the twin,
held to this one by `tests/vectors/codes.json`.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from sync import gs1
from sync.code_text import clean
from sync.stock import Lot

GS1_SYMBOLOGIES: Final = frozenset({"]C1", "]d2", "]Q3", "]e0", "]J1"})
NEVER_GS1: Final = frozenset({"]C0"})
NEVER_UPC_E: Final = "]E4"
NAMES: Final = ("01", "02", "240", "241")
OPEN_NAMES: Final = ("240", "241")
COUNTS: Final = frozenset({"30", "37"})
BRACKETED: Final = r"\(([0-9]{2,4})\)((?:(?!\([0-9]{2,4}\)).)+)"
FOREIGN: Final = f'[^!-"%-?A-Z_a-z{gs1.GS}]'
"""A character that no element string holds."""

Scanner = Literal["new", "keeps", "loses"]
"""What is known of a scanner: nothing yet, it sent a separator, or it was seen to swallow one."""

OWN_IDENTIFIERS: Final = "9"
"""Of 90 to 99 each company says itself what they hold: nobody guesses that one begins here."""

ASKED_MAX: Final = 4
"""A question has no more answers than a small screen shows at once."""

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
    """An item; with `unit`, one of its packs, which holds `pack` base units (G12)."""

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
    """A code that nobody knows.

    `perhaps` is what it says if it is an element string, which nothing at it proves.
    """

    raw: str
    said: Said = Said()
    perhaps: Said | UnsetType = UNSET


class EitherMeant(Meant, frozen=True, tag="either"):
    """Several things that the code can mean, the likeliest first: a person says which."""

    meanings: tuple[Meant, ...]


class Named(NamedTuple):
    """One thing of the master data that a text names; with `unit`, a pack of `factor` of it."""

    kind: Literal["item", "location", "document", "partner"]
    code: str
    unit: str = ""
    factor: int = 1


class Known(Protocol):
    """What the site knows."""

    def exact(self, text: str) -> list[Named]:
        """Things with exactly this code, alias or pack's code; GTINs and UPC-E as GTIN-14 too."""

    def folded(self, text: str) -> list[Named]:
        """Things with this code or alias when letters are compared without case."""

    def lots(self, code: str) -> list[LotOf]:
        """Lots with exactly this code."""


def meaning(  # noqa: PLR0913, PLR0917 - the code, how it was read, and what is known
    raw: str, symbology: str | None, known: Known, year: int, separators: str = "",
    scanner: Scanner = "new",
) -> Meant:  # fmt: skip
    """Return what a code means here: one thing, or several to choose from."""
    text, kind = clean(raw, symbology, separators)
    marked = kind in GS1_SYMBOLOGIES or text.startswith(gs1.GS)
    found = _own(text) or (None if marked else _by_gtin(text, kind, known))
    if found:
        return found
    string = _element_string(text, marked=marked)
    ways = [] if kind in NEVER_GS1 else gs1.readings(string, year)
    if ways and (marked or _is_sure(text, string, ways[0])):
        return _by_readings(text, ways, known, scanner, year)
    if found := _by_code(text, known):
        return found
    if not ways:
        return UnknownMeant(text)
    found = _by_readings(text, ways, known, scanner, year)
    return found if string != text else _proved_or_raw(text, found, _values(ways[0]))


def _own(text: str) -> Meant | None:
    if match := re.fullmatch(r"BINCARD:([A-Z]+)", text, re.IGNORECASE):
        command = match[1].upper()
        return CommandMeant(command) if command in COMMANDS else None
    if match := re.fullmatch(r"BADGE:(.+)", text, re.IGNORECASE):
        return BadgeMeant(match[1])
    match = re.fullmatch(r"https?://[^#]+#/enrol/([^/?#]+)", text)
    return EnrolMeant(match[1]) if match else None


def _by_gtin(text: str, symbology: str | None, known: Known) -> Meant | None:
    short = None if symbology == NEVER_UPC_E else gs1.upc_e(text)
    gtins = [gtin for gtin in (gs1.gtin14(text), short) if gtin]
    things = [thing for gtin in gtins for thing in known.exact(gtin)]
    return _one_or_all([*things, *known.exact(text)]) if things else None


def _is_sure(text: str, string: str, parts: list[gs1.Element]) -> bool:
    """Say whether an unmarked text can only be GS1: `10-01-02` also parses, as a batch."""
    link = text.startswith(("http://", "https://"))
    begins = parts[0].ai in {"00", "01", "02"} and parts[0].right
    return link or begins or (gs1.GS in string and not _is_bracketed(text))


def _element_string(text: str, *, marked: bool) -> str:
    """Return the element string behind a link, brackets or odd separators, or the text itself."""
    if text.startswith(("http://", "https://")):
        return _of_link(text)
    if _is_bracketed(text):
        return _joined(re.findall(BRACKETED, text))
    return _separated(text, marked=marked)


def _is_bracketed(text: str) -> bool:
    return re.fullmatch(f"({BRACKETED})+", text) is not None


def _separated(text: str, *, marked: bool) -> str:
    """Put a separator for the one character that no element string can hold.

    Scanners send what their keyboard has for it, `~` or `è`; only where a code is GS1 beyond doubt.
    """
    foreign = set(re.findall(FOREIGN, text))
    if len(foreign) != 1 or gs1.GS in text.removeprefix(gs1.GS):
        return text
    if not marked and not re.match(r"0[012][0-9]{14}", text):
        return text
    return text.replace(foreign.pop(), gs1.GS)


def _of_link(text: str) -> str:
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
    return _joined(pairs) if start < len(path) else text


def _joined(pairs: list[tuple[str, str]]) -> str:
    """Join identifiers and values; the separator at the end says that none is missing."""
    stripped = [(ai, value.strip()) for ai, value in pairs]
    filled = [f"{ai}{value.zfill(14) if ai == '01' else value}" for ai, value in stripped]
    return "".join(part + gs1.GS for part in filled)


def _unescape(text: str) -> str:
    """Undo %2F and its like; only ASCII may stand in an element string."""
    return re.sub(r"%([0-7][0-9A-Fa-f])", lambda match: chr(int(match[1], 16)), text)


Way = list[gs1.Element]


def _by_readings(text: str, ways: list[Way], known: Known, scanner: Scanner, year: int) -> Meant:
    """Choose among all that an element string can say, the way it stands being the first.

    A known lot proves where it ends; a swallowed separator that nothing proves is asked about.
    """
    plain, *others = ways
    proved = _proved(ways, known)
    if proved and not (scanner == "keeps" and _is_chance(proved[0], plain)):
        chosen = proved
    else:
        likely = [way for way in others if way in proved or _is_likely(way, plain, scanner)]
        likely.sort(key=lambda way: (way not in proved, _is_chance(way, plain), len(way)))
        chosen = [*likely, plain] if scanner == "loses" else [plain, *likely]
        chosen = [way for way in chosen if way is plain or way in likely[: ASKED_MAX - 1]]
    return _either(_by_elements(text, way, known, year) for way in chosen)


def _proved(ways: list[Way], known: Known) -> list[Way]:
    """Return the readings of which most is known: an item, its lot, a document."""
    proofs = [_proof(_values(way), known) for way in ways]
    most = max(proofs)
    return [way for way, proof in zip(ways, proofs, strict=True) if proof == most and most > 0]


def _proof(values: dict[str, str], known: Known) -> int:
    """Count the characters of open length that the site knows."""
    items, lot = _items_of(values, known), values.get("10", "")
    if items == []:
        return 0
    codes = {item.code for item in items or ()}
    is_lot = any(items is None or of.item in codes for of in known.lots(lot))
    named = [values[ai] for ai in OPEN_NAMES if items and ai in values]
    order = values.get("400", "")
    is_order = any(thing.kind == "document" for thing in known.exact(order))
    return len(lot) * is_lot + len("".join(named)) + len(order) * is_order


def _items_of(values: dict[str, str], known: Known) -> list[Named] | None:
    """Return the items and packs that a reading names; None where it names none at all."""
    names = [values[ai] for ai in NAMES if ai in values]
    for name in names:
        items = [thing for thing in known.exact(name) if thing.kind == "item"]
        if items:
            return items
    return [] if names else None


def _tail(way: Way, plain: Way) -> Way:
    """Return what a reading finds behind the value that it cuts short."""
    same = next((i for i, part in enumerate(way) if i >= len(plain) or part != plain[i]), len(way))
    return way[same + 1 :]


def _is_chance(way: Way, plain: Way) -> bool:
    """Say whether what was cut off may well be chance: `21` and any text behind it is a serial."""
    return not all(gs1.is_number(part.ai) for part in _tail(way, plain))


def _is_likely(way: Way, plain: Way, scanner: Scanner) -> bool:
    tail = _tail(way, plain)
    if any(part.ai in COUNTS and int(part.value) == 0 for part in tail):
        return False
    if any(part.ai.startswith(OWN_IDENTIFIERS) for part in tail):
        return False
    return scanner != "keeps" or not _is_chance(way, plain)


def _proved_or_raw(text: str, found: Meant, plain: dict[str, str]) -> Meant:
    """Keep what only parses as it is, where it leads to nothing that is known."""
    meanings = found.meanings if isinstance(found, EitherMeant) else (found,)
    if not all(isinstance(meant, UnknownMeant) for meant in meanings):
        return found
    perhaps = Said(lot=plain.get("10"), serial=plain.get("21"))
    return UnknownMeant(text, perhaps=UNSET if perhaps == Said() else perhaps)


def _values(way: Way) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in way:
        values.setdefault(part.ai, part.value)
    return values


def _by_elements(text: str, way: Way, known: Known, year: int) -> Meant:
    values = _values(way)
    said = _said(values, year)
    items = _items_of(values, known)
    if items:
        return _either(_item_meant(item, said, packs="37" in values) for item in items)
    if items is not None:
        return UnknownMeant(text, said)
    if "00" in values:
        return ContainerMeant(values["00"])
    if "400" in values:
        return _by_code(values["400"], known) or UnknownMeant(text, said)
    candidates = known.lots(said.lot) if said.lot else []
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


def _by_code(text: str, known: Known) -> Meant | None:
    if found := _one_or_all(known.exact(text)):
        return found
    lots = known.lots(text)
    return LotMeant(tuple(lots)) if lots else _one_or_all(known.folded(text))


def _one_or_all(things: list[Named]) -> Meant | None:
    """Return the thing that a code names; when it names several, a person says which."""
    return _either(map(_meant, things)) if things else None


def _either(meanings: Iterable[Meant]) -> Meant:
    """Return the one meaning, or all that differ."""
    different = tuple(dict.fromkeys(meanings))
    return different[0] if len(different) == 1 else EitherMeant(different[:ASKED_MAX])


def _meant(thing: Named) -> Meant:
    match thing.kind:
        case "item":
            return _item_meant(thing, Said(), packs=False)
        case "location":
            return LocationMeant(thing.code)
        case "document":
            return DocumentMeant(thing.code)
        case "partner":
            return PartnerMeant(thing.code)


def _item_meant(thing: Named, said: Said, *, packs: bool) -> Meant:
    """Return an item or its pack; with `packs` the label's quantity is a number of packs."""
    if packs and said.quantity is not None:
        said = replace(said, quantity=said.quantity * thing.factor)
    return ItemMeant(thing.code, said, thing.factor, thing.unit or UNSET)
