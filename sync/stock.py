"""What is held, and where: the two coordinates of every posting.

A *key* says what exactly (item, lot, serial, status, owner), a *place* says where.
Both have one canonical text, used as database column, feed key and dictionary key,
so that server and phone never disagree about identity.
"""

from datetime import date
from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

QUANTITY_MAX: Final = 1_000_000_000
"""The largest quantity of one line, in base units: far above any bin, far below 2^53."""

Code = Annotated[str, Meta(min_length=1, max_length=96)]
Quantity = Annotated[int, Meta(gt=0, le=QUANTITY_MAX)]
Counted = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
Signed = Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
Millis = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Status = Literal["ok", "quality", "hold", "reject"]


CONTAINER: Final = "container/"
"""The item of every container: its own code is the serial, so it stands where it was sighted."""


def check_day(day: str | None) -> None:
    """Raise ValueError for 2026-02-31, which the pattern of a day lets through."""
    if day is not None:
        date.fromisoformat(day)


def is_day(day: str) -> bool:
    """Say whether a text is a day of the calendar, as `2026-02-28`."""
    try:
        return date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


class Lot(Struct, frozen=True, omit_defaults=True):
    """The identity of a lot within its item: equal codes with another expiry are siblings."""

    code: Code
    expires: Day | None = None
    supplier: Code | None = None

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        check_day(self.expires)


class Key(Struct, frozen=True, omit_defaults=True):
    """What exactly is held. `None` means none, never unknown: see `assumed` of the envelope."""

    item: Code
    lot: Lot | None = None
    serial: Code | None = None
    status: Status | None = "ok"
    owner: Code | None = None

    def __post_init__(self) -> None:
        """Give goods without a status the ordinary one: a key has one spelling."""
        if self.status is None:
            msgspec.structs.force_setattr(self, "status", "ok")


class Place(Struct, frozen=True, omit_defaults=True):
    """A location, a container, or a raw code that nobody knew. Exactly one is given."""

    location: Code | None = None
    container: Code | None = None
    code: Code | None = None

    def __post_init__(self) -> None:
        """Refuse a place that names nothing or several things."""
        if sum(part is not None for part in (self.location, self.container, self.code)) != 1:
            message = "a place is one of location, container or code"
            raise ValueError(message)

    @property
    def text(self) -> str:
        """The place as column and dictionary key: `06-B-10`, `container/T1`, `unidentified/X`."""
        if self.container is not None:
            return f"container/{self.container}"
        if self.code is not None:
            return f"unidentified/{self.code}"
        return self.location or ""


def container_key(code: str) -> Key:
    """Return the key of a container itself; what is in it stands at the place `container/CODE`."""
    return Key(item=CONTAINER, serial=code)


class _LotText(Struct, frozen=True, array_like=True):
    code: str
    expires: str | None
    supplier: str | None


class _KeyText(Struct, frozen=True, array_like=True):
    item: str
    lot: _LotText | None
    serial: str | None
    status: Status
    owner: str | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_KeyText).decode


def key_text(key: Key) -> str:
    """Return the key's canonical text: `["BE-2908",["K0902",null,null],null,"ok",null]`."""
    lot = (key.lot.code, key.lot.expires, key.lot.supplier) if key.lot else None
    return _encode((key.item, lot, key.serial, key.status, key.owner)).decode()


@lru_cache(maxsize=65_536)
def key_of(text: str) -> Key:
    """Return the key behind a canonical text. Raises `msgspec.ValidationError` on any other."""
    row = _decode(text)
    lot = Lot(row.lot.code, row.lot.expires, row.lot.supplier) if row.lot else None
    return Key(row.item, lot, row.serial, row.status, row.owner)


VIRTUAL: Final = frozenset({
    "supplier", "customer", "production", "cost", "scrap", "adjust", "count", "status", "transit",
    "suspense",
})  # fmt: skip
"""First parts of places that balance the books and hold nothing that can be counted."""


@lru_cache(maxsize=65_536)
def is_virtual(place: str) -> bool:
    """Say whether a place only balances the books: `supplier/1580`, `count`."""
    return place.split("/", 1)[0] in VIRTUAL
