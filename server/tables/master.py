"""Who and what there is: sites, places, goods, partners, people and devices."""

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from server.tables.columns import big, key


class SiteRow(SQLModel, table=True):
    """A site, its settings, and the head of its log: the row that every change locks first."""

    __tablename__ = "site"
    site: str = key()
    name: str
    name_zh: str = ""
    time_zone: str = "UTC"
    over_receipt_percent: int = 0
    over_issue_percent: int = 0
    count_tolerance: int = 0
    count_tolerance_percent: int | None = None
    unsent_warning: int = 200
    unsent_warning_hours: int = 4
    closed_through: str | None = None
    adjust_limit: int | None = big(None)
    version: int = big()
    epoch: int = 1
    seq: int = big()
    link: str = "0" * 64
    scope: str = "0"
    clock: int = big()
    watermark: int = big()
    master_seq: int = big()


class WarehouseRow(SQLModel, table=True):
    """A named group of locations with a keeper."""

    __tablename__ = "warehouse"
    site: str = key()
    warehouse: str = key()
    name: str
    name_zh: str = ""
    version: int = big()


class LocationRow(SQLModel, table=True):
    """A place that can hold stock."""

    __tablename__ = "location"
    site: str = key()
    location: str = key()
    warehouse: str
    kind: str = "bin"
    walk: int = 0
    blocked: bool = False
    capacity: int | None = big(None)
    mixing: str = "any"
    version: int = big()


class ItemRow(SQLModel, table=True):
    """A thing that is held."""

    __tablename__ = "item"
    site: str = key()
    item: str = key()
    name: str
    name_zh: str = ""
    spec: str = ""
    unit: str = "EA"
    kind: str = "raw"
    lots: bool = False
    dated: bool = False
    serials: bool = False
    fifo: str = "reason"
    units: list[Any] = Field(default_factory=list, sa_type=sa.JSON)
    aliases: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    receive_status: str = "ok"
    count_tolerance: int | None = big(None)
    count_tolerance_percent: int | None = None
    active: bool = True
    version: int = big()


class PartnerRow(SQLModel, table=True):
    """A supplier or a customer."""

    __tablename__ = "partner"
    site: str = key()
    partner: str = key()
    kind: str
    name: str
    version: int = big()


class AliasRow(SQLModel, table=True):
    """What an unknown code turned out to be."""

    __tablename__ = "alias"
    site: str = key()
    raw: str = key()
    kind: str
    code: str
    version: int = big()


class PersonRow(SQLModel, table=True):
    """The roster."""

    __tablename__ = "person"
    __table_args__: ClassVar = (sa.Index("ix_person_badge", "site", "badge"),)
    site: str = key()
    person: str = key()
    name: str
    role: str
    badge: str
    language: str = "en"
    pin_stamp: str = ""
    active: bool = True
    adjust_limit: int | None = big(None)
    version: int = big()


class DeviceRow(SQLModel, table=True):
    """An enrolled phone, scanner or desk."""

    __tablename__ = "device"
    site: str = key()
    device: str = key()
    name: str
    revoked: bool = False
    off_since: int | None = big(None)
    parked: int | None = big(None)
    enrolled_at: int = big()
    former: str | None = None
    version: int = big()
