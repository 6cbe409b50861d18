"""Pages continue after the last row seen, never at a number of rows to skip."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from server.refusals import Code, Refusal

Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""What fits a column: the databases fail at any other."""


def joined(*parts: object) -> str:
    """Return the place of a row in its order, as the text that asks for what follows it."""
    return msgspec.json.encode(parts).decode()


def split(text: str, *kinds: type[str] | type[int]) -> Sequence[str | int]:
    """Return the parts of such a text, of these kinds. Raises `Refusal` when it is none of ours."""
    try:
        parts = msgspec.json.decode(text, type=list[str | Whole])
    except msgspec.DecodeError:
        parts = []
    if [type(part) for part in parts] != [*kinds]:
        raise Refusal(Code.INVALID, reason="start is not the `next` of an earlier page")
    return parts


def after(
    columns: Sequence[sa.ColumnElement[str] | sa.ColumnElement[int]], parts: Sequence[str | int]
) -> sa.ColumnElement[bool]:
    """Say that a row comes after these parts in the order of these columns."""
    return sa.tuple_(*columns) > sa.tuple_(*(sa.literal(part) for part in parts))


def before(
    columns: Sequence[sa.ColumnElement[str] | sa.ColumnElement[int]], parts: Sequence[str | int]
) -> sa.ColumnElement[bool]:
    """Say that a row comes before these parts in the order of these columns."""
    return sa.tuple_(*columns) < sa.tuple_(*(sa.literal(part) for part in parts))
