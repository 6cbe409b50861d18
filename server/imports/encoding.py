"""From bytes to text: what a file says of its encoding is believed, all else is said or asked."""

import codecs
import re
from typing import Final, NamedTuple

from server.imports.problems import FileError, Problem

_BOMS: Final = (
    # UTF-32 first: its mark begins like that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)  # fmt: skip
_COMMON: Final = {
    "gb18030": ("gb2312", range(0xA1, 0xD8)),
    "big5": ("big5", range(0xA1, 0xC7)),
}
"""Encodings of Chinese: by which codec, and with which first bytes, their common signs stand."""
_COMMON_SHARE: Final = 0.8
_SAMPLES: Final = 3


class Decoded(NamedTuple):
    """A text, and what is to be said of how it was read."""

    text: str
    notes: list[Problem]


def decode(data: bytes, asked: str | None) -> Decoded:
    """Return the text of a file. Raises `FileError` where the encoding would be a guess."""
    if asked is not None:
        return Decoded(_as_asked(data, asked), [])
    for mark, name in _BOMS:
        if data.startswith(mark):
            return Decoded(_certain(data, name), [])
    if b"\0" in data:
        low = data[1::2].count(0) >= data[0::2].count(0)
        return _said(data, "utf-16-le" if low else "utf-16-be")
    try:
        return Decoded(data.decode("utf-8"), [])
    except UnicodeDecodeError:
        return _eight_bits(data)


def _as_asked(data: bytes, asked: str) -> str:
    try:
        codecs.lookup(asked)
        return data.decode(asked).removeprefix("\ufeff")
    except LookupError as error:
        raise FileError("encoding_unknown", asked) from error
    except UnicodeDecodeError as error:
        raise FileError("encoding_wrong", asked) from error


def _certain(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise FileError("not_text") from error


def _said(data: bytes, name: str) -> Decoded:
    text = _certain(data, name)
    return Decoded(text, [Problem(1, "encoding", value=name, more=samples(text))])


def _eight_bits(data: bytes) -> Decoded:
    """Take GB18030 where nearly all is common Chinese; ask about everything else."""
    if _is_common(data, "gb18030"):
        return _said(data, "gb18030")
    guess = "big5" if _is_common(data, "big5") else "cp1252"
    try:
        text = data.decode(guess)
    except UnicodeDecodeError as error:
        raise FileError("not_text") from error
    raise FileError("encoding_unclear", guess, samples(text))


def _is_common(data: bytes, name: str) -> bool:
    """Say whether nearly all that is not ASCII would be signs that everybody uses."""
    codec, first = _COMMON[name]
    try:
        signs = [sign for sign in data.decode(name) if ord(sign) > 127]  # noqa: PLR2004 - ASCII
    except UnicodeDecodeError:
        return False
    common = sum(_lead(sign, codec) in first for sign in signs)
    return common >= _COMMON_SHARE * len(signs)


def _lead(sign: str, codec: str) -> int:
    try:
        return sign.encode(codec)[0]
    except UnicodeEncodeError:
        return 0


def samples(text: str) -> str:
    """Return the first three cells that show how the text was read."""
    cells = (cell.strip() for cell in re.split(r'[\t,;\r\n"]+', text))
    telling = dict.fromkeys(cell[:40] for cell in cells if not cell.isascii())
    return " · ".join(list(telling)[:_SAMPLES])
