"""How cells are read: each reader takes what is certain and asks about everything else.

A reader gets a cell as it stood and returns a value, or raises `CellError`. What it had to clean
it says in `How.cleaned`. Nothing here knows of tables.
"""

import calendar
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from server.imports.problems import CellError
from server.imports.workbook import NO_RESULT, Cell
from sync import gs1
from sync.code_text import code_text, has_unseen
from sync.records import Unit
from sync.stock import QUANTITY_MAX, is_virtual

CODE_MAX: Final = 96
MICRO_DIGITS: Final = 6
_EXACT: Final = 10**15
"""From here on a spreadsheet has dropped digits of a number."""

_ERROR: Final = re.compile(r"#(N/A|NV|[A-Z¡!0-9_]+[!?]|DIV/0!|#*)", re.IGNORECASE)
_DAMAGED: Final = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+|\d+\.0+")
_MONTH: Final = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE_MADE: Final = re.compile(
    rf"\d{{1,2}}[- ]{_MONTH}([- ]\d{{2,4}})?|{_MONTH}[- ]\d{{2,4}}"
    r"|(\d{4}年)?\d{1,2}月(\d{1,2}日)?"
    r"|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*|T\d+:\d{2}.*",
    re.IGNORECASE,
)
_DATE_PLAIN: Final = re.compile(
    r"(19|20)\d{2}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}[-/]\d{1,2}[-/](19|20)\d{2}"
)
_DAY: Final = re.compile(
    r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日|(\d{4})(\d{2})(\d{2}))"
    r"(?P<time>[T ].*)?"
)
_MONTH_ONLY: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})|年(\d{1,2})月)")
_MIDNIGHT: Final = re.compile(r"[T ]0?0:00(:00([.,]0+)?)?(Z|[+-]\d{2}:?\d{2})?")
_LIST: Final = re.compile(r"[,;、/\n\r]")
_THOUSANDS: Final = r"[1-9]\d{0,2}(,\d{3})+"
_PACK: Final = re.compile(r"([^\s=:]+)\s*=\s*(\d{1,9})\s*(?::(.+))?")


@dataclass
class How:
    """What a reader must know beside the cell, and what it says of it."""

    today: date
    decimal: str | None = None
    asks_commas: bool = False
    verbatim: bool = False
    last_day: bool = False
    cleaned: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reader:
    """How the cells of a column are read, and in words what may stand there."""

    read: Callable[[Cell, How], object]
    says: str
    is_list: bool = False


def _unwrapped(text: str, how: How) -> str:
    """Undo what a spreadsheet puts around a text to keep it, and say so."""
    match = re.fullmatch(r'="(.*)"', text)
    inner = match[1].replace('""', '"') if match else text.removeprefix("'")
    if inner != text:
        how.cleaned.append(text)
    return inner.strip()


def plain(cell: Cell, how: How) -> str:
    """Return the text of a cell that is a code, a number, a day or a choice."""
    if isinstance(cell, Decimal):
        return _text_of(cell)
    text = _unwrapped(cell.strip(), how)
    seen = code_text(text)
    if has_unseen(text) and not how.cleaned:
        how.cleaned.append(cell.strip())
    return seen


def _text_of(number: Decimal) -> str:
    whole = number == number.to_integral_value() and abs(number) < _EXACT
    return str(int(number)) if whole else str(number)


def words(cell: Cell, how: How) -> str:
    """Read a name as it stands, without the signs that nobody sees."""
    if isinstance(cell, Decimal):
        return _text_of(cell)
    match = re.fullmatch(r'="(.*)"', cell.strip())
    text = match[1] if match else cell
    if match:
        how.cleaned.append(cell.strip())
    kept = re.sub("[\u00ad\u200b\u2060\ufeff]", "", text).strip()
    check_printable(kept)
    return kept


def check_printable(text: str) -> None:
    """Raise `CellError` for control characters: no label shows them, no database likes NUL."""
    odd = [sign for sign in text if unicodedata.category(sign) in {"Cc", "Cs"} and sign != "\t"]
    if odd:
        raise CellError("unprintable", " ".join(f"U+{ord(sign):04X}" for sign in odd[:3]))


def code(cell: Cell, how: How) -> str:
    """Read a code as scanners read it; one that a spreadsheet damaged is no code any more."""
    return _code(cell, how, plain_dates=False)


def lot(cell: Cell, how: How) -> str:
    """Read a code that may well be a day: 2026-01-06 is a lot, 6-Jan never was."""
    return _code(cell, how, plain_dates=True)


def _code(cell: Cell, how: How, *, plain_dates: bool) -> str:
    if isinstance(cell, Decimal) and (cell != cell.to_integral_value() or abs(cell) >= _EXACT):
        raise CellError("code_damaged")
    text = plain(cell, how)
    if not how.verbatim:
        _check_undamaged(text, plain_dates=plain_dates)
    check_printable(text)
    if len(text) > CODE_MAX:
        raise CellError("code_too_long")
    if not how.cleaned and isinstance(cell, str) and text != cell.strip():
        how.cleaned.append(cell.strip())
    return text


def _check_undamaged(text: str, *, plain_dates: bool) -> None:
    if _DAMAGED.fullmatch(text):
        raise CellError("code_damaged")
    if _DATE_MADE.fullmatch(text) or (not plain_dates and _DATE_PLAIN.fullmatch(text)):
        raise CellError("code_is_date")


def place(cell: Cell, how: How) -> str:
    """Read the code of a location: what stands at a virtual place is never counted or found."""
    text = code(cell, how)
    if is_virtual(text) or text.split("/", 1)[0] in {"container", "unidentified"}:
        raise CellError("place_reserved")
    return text


def codes(cell: Cell, how: How) -> tuple[str, ...]:
    """Read codes that are parted by commas, semicolons, 、, slashes or line ends.

    Blanks inside a printed number, as in 4 006381 333931, are no ends; `verbatim` parts nothing.
    """
    if isinstance(cell, Decimal) or how.verbatim:
        return (code(cell, how),)
    text = _unwrapped(cell.strip(), how)
    parts = (part.strip() for part in _LIST.split(unicodedata.normalize("NFKC", text)))
    return tuple(dict.fromkeys(one for part in parts if part for one in _printed(part, how)))


def _printed(part: str, how: How) -> list[str]:
    """Return the codes in a part with blanks: one number, several numbers, or one code."""
    pieces = part.split(" ")
    joined = "".join(pieces)
    if len(pieces) > 1 and joined.isdigit():
        if gs1.gtin14(joined):
            how.cleaned.append(part)
            return [joined]
        if all(gs1.gtin14(piece) for piece in pieces):
            how.cleaned.append(part)
            return pieces
    return [code(part, how)]


def packs(cell: Cell, how: How) -> tuple[Unit, ...]:
    """Read packs such as CASE=12:614141007349; PALLET=480."""
    text = plain(cell, how)
    parts = [part.strip() for part in re.split(r"[;；、\n\r]", text) if part.strip()]
    found = [_pack(part, how) for part in parts]
    if len({unit.code for unit in found}) < len(found):
        raise CellError("not_a_pack")
    return tuple(found)


def _pack(text: str, how: How) -> Unit:
    match = _PACK.fullmatch(text)
    if match is None or not 1 < int(match[2]) <= QUANTITY_MAX:
        raise CellError("not_a_pack", text)
    aliases = codes(match[3].replace("|", ","), how) if match[3] else ()
    return Unit(code(match[1], how), int(match[2]), aliases=aliases)


def number(cell: Cell, how: How) -> Decimal:
    """Read a number whose spelling has one meaning. Raises `CellError` for any other."""
    if isinstance(cell, Decimal):
        return cell
    text = plain(cell, how)
    sign, digits = ("-", text[1:]) if text[:1] == "-" else ("", text.removeprefix("+"))
    if not re.fullmatch(r"\d[\d.,]*", digits) or not digits[-1].isdigit():
        raise CellError("not_a_number")
    return Decimal(sign + _spelled(digits, how))


def _spelled(digits: str, how: How) -> str:
    """Return digits with a decimal point: thousands are 1,234 unless `decimal` says otherwise."""
    if how.decimal == ",":
        digits = digits.translate(str.maketrans(".,", ",."))
    elif how.decimal is None and _is_unclear(digits, how):
        raise CellError("decimal_unclear")
    if not re.fullmatch(rf"(\d+|{_THOUSANDS})(\.\d+)?", digits):
        raise CellError("not_a_number")
    return digits.replace(",", "")


def _is_unclear(digits: str, how: How) -> bool:
    """Say whether a comma may be a decimal one, or a point one of thousands."""
    if "," in digits:
        return how.asks_commas or not re.fullmatch(rf"{_THOUSANDS}(\.\d+)?", digits)
    return re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", digits) is not None


def quantity(cell: Cell, how: How) -> int:
    found = number(cell, how)
    if found != found.to_integral_value():
        raise CellError("not_whole")
    if found < 0:
        raise CellError("quantity_negative")
    if found > QUANTITY_MAX:
        raise CellError("quantity_huge")
    return int(found)


def cost(cell: Cell, how: How) -> int:
    """Read what a base unit costs; returns millionths of the currency."""
    found = number(cell, how)
    if found < 0:
        raise CellError("quantity_negative")
    if found > QUANTITY_MAX:
        raise CellError("cost_huge")
    micro = found.scaleb(MICRO_DIGITS)
    if micro != micro.to_integral_value():
        raise CellError("cost_fine")
    return int(micro)


def day(back: int, ahead: int) -> Callable[[Cell, How], str]:
    """Return the reader of days from so many years ago to so many years ahead."""

    def read(cell: Cell, how: How) -> str:
        found = _day(plain(cell, how), how)
        years = found.year - how.today.year
        if not how.verbatim and not -back <= years <= ahead:
            raise CellError("year_odd")
        return found.isoformat()

    return read


def _day(text: str, how: How) -> date:
    month = _MONTH_ONLY.fullmatch(text)
    match = _DAY.fullmatch(text)
    if month and not how.last_day:
        raise CellError("month_only")
    if match and match["time"] and not _MIDNIGHT.fullmatch(match["time"]):
        raise CellError("day_with_time")
    try:
        if month:
            return _last_of(int(month[1]), int(month[2] or month[3]))
        if match:
            year, of_year, of_month = (
                int(part) for part in match.groups()[:-1] if _is_number(part)
            )
            return date(year, of_year, of_month)
    except ValueError as error:
        raise CellError("not_a_day") from error
    raise CellError("not_a_day")


def _is_number(part: str | None) -> bool:
    return part is not None and part.isdigit()


def _last_of(year: int, month: int) -> date:
    if not 1 <= month <= 12:  # noqa: PLR2004 - months
        raise ValueError(month)
    return date(year, month, calendar.monthrange(year, month)[1])


def choice(**spellings: str) -> Reader:
    """Accept each value in English and in the spellings given, separated by spaces."""
    values = {word: value for value, every in spellings.items() for word in every.lower().split()}
    says = "one of: " + ", ".join(spellings)

    def read(cell: Cell, how: How) -> str:
        text = plain(cell, how).lower()
        value = text if text in spellings else values.get(text)
        if value is None:
            raise CellError("not_a_choice", more=", ".join([*spellings, *values]))
        return value

    return Reader(read, says)


_YES_NO: Final = choice(
    yes="1 y t true x 是 有 启用 ja oui sí", no="0 n f false 否 无 未启用 nein non"
)


def _yes(cell: Cell, how: How) -> bool:
    return _YES_NO.read(cell, how) == "yes"


def _not(cell: Cell, how: How) -> bool:
    return not _yes(cell, how)


def check_no_error(cell: Cell) -> None:
    """Raise `CellError` for what a spreadsheet writes where it has no value."""
    if cell == NO_RESULT:
        raise CellError("formula_empty")
    if isinstance(cell, str) and _ERROR.fullmatch(cell.strip()):
        raise CellError("cell_error")


CODE: Final = Reader(code, "a code as it is scanned, up to 96 characters")
LOT: Final = Reader(lot, "a lot as it is scanned")
PLACE: Final = Reader(place, "the code of a place, as it is scanned")
WORDS: Final = Reader(words, "words")
CODES: Final = Reader(codes, "codes, parted by , ; 、 / or line ends", is_list=True)
PACKS: Final = Reader(
    packs, "packs as NAME=PIECES or NAME=PIECES:CODE|CODE, parted by ; or line ends", is_list=True
)
QUANTITY: Final = Reader(quantity, "a whole number: 1200 or 1,200")
COST: Final = Reader(cost, "money for one base unit, up to six decimals: 0.0125")
YES: Final = Reader(_yes, "yes or no (1 or 0, true or false, 是 or 否)")
NOT: Final = Reader(_not, "yes or no; yes means the opposite of the field")
EXPIRY: Final = Reader(day(20, 30), "a day: 2026-11-21, 2026/11/21, 2026年11月21日 or 20261121")
PAST: Final = Reader(day(60, 0), "a day that is past: 2026-11-21 or 20261121")
