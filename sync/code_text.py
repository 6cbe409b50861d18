"""A code as text: one spelling for what is stored and what is scanned (G10), without its wrapping.

Scanners, Chinese input methods and spreadsheets write one code in several ways: full width, with
signs that nobody sees, with blanks around it. Both sides of a look-up go through `code_text`.
The phone's `code-text.ts` is the twin, held to this one by `tests/vectors/code_text.json`.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from sync import gs1

_UNSEEN: Final = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
"""Soft hyphen, zero-width signs, marks of writing direction, byte order marks."""


def code_text(raw: str) -> str:
    """Return a code in its one spelling: NFKC, without unseen signs, without blanks around it."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", raw)).strip(" \t\r\n")


def has_unseen(raw: str) -> bool:
    """Say whether a text holds signs that nobody sees."""
    return _UNSEEN.search(raw) is not None


SEPARATORS: Final = (
    "{GS}", "^]", "<GS>", "[GS]", "\u241d", "{FNC1}", "<FNC1>", "[FNC1]", "\\x1d", "\\u001d",
)  # fmt: skip
"""How scanners and their profiles write a separator that they cannot type."""


class Cleaned(NamedTuple):
    """A code without its wrapping: symbology identifier, odd separators, full-width forms."""

    text: str
    symbology: str | None


def clean(raw: str, symbology: str | None, separators: str = "") -> Cleaned:
    """Undo what scanners, profiles and Chinese input methods do to a code."""
    text = code_text(raw)
    for separator in (*SEPARATORS, *separators):
        text = text.replace(separator, gs1.GS)
    text = re.sub(f"{gs1.GS}+", gs1.GS, text)
    if re.match(r"\][A-Za-z][0-9A-Za-z]", text):
        return Cleaned(text[3:], text[:3])
    return Cleaned(text, symbology)
