"""Moves whole sites from one database to another, and believes it only after having replayed them.

Everything is read in one picture, written in one transaction and proved before it is committed:
whatever fails leaves the target empty. Backups of PostgreSQL are such copies into a file.
"""

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection
from sqlmodel import SQLModel

from server.book.engine import address_of, make_engine
from server.book.rows import ROWS_AT_ONCE, insert, table
from server.book.verify import verify_site
from server.migrations import check_schema, migrate

MADE_AGAIN: Final = {"snapshot", "chunk", "lease", "installation"}
"""What any server makes anew when it is asked for, or has of its own from its first step on."""

FAULTS_SHOWN: Final = 5


class CopyError(ValueError):
    """A copy that could not be made; the message says what to do. The target is empty still."""


class Head(Struct, frozen=True):
    """How far a site goes, and what its log comes to there."""

    site: str
    epoch: int
    seq: int
    link: str
    scope: str


class Copied(Struct, frozen=True):
    """What was moved: the heads of the sites, and the number of rows by table."""

    heads: tuple[Head, ...]
    rows: dict[str, int]


def copy_book(source: str, target: str, *, proved: bool = True) -> Copied:
    """Copy everything to an empty database. Raises `CopyError` and `SchemaOld`.

    What is `proved` is replayed in the target; else that is left to who asked.
    """
    if address_of(source) == address_of(target):
        raise CopyError("That is one and the same database.")
    check_schema(source)
    migrate(target)
    reading = make_engine(source, writes=False, patient=True)
    writing = make_engine(target, writes=True, patient=True)
    try:
        with reading.begin() as old, writing.begin() as new:
            _check_empty(new)
            rows = {name: _copy(old, new, name) for name in _tables()}
            copied = Copied(heads_in(old), rows)
            if proved:
                _prove(old, new, copied)
        return copied
    finally:
        reading.dispose()
        writing.dispose()


def heads_in(connection: Connection) -> tuple[Head, ...]:
    """Return the head of every site."""
    of = table("site").c
    columns = [of[name] for name in Head.__struct_fields__]
    rows = connection.execute(sa.select(*columns).order_by(of.site))
    return tuple(Head(*row) for row in rows)


def _tables() -> list[str]:
    return [one.name for one in SQLModel.metadata.sorted_tables if one.name not in MADE_AGAIN]


def _check_empty(connection: Connection) -> None:
    for name in _tables():
        if connection.execute(sa.select(sa.literal(1)).select_from(table(name)).limit(1)).first():
            raise CopyError(
                "There is something in the target already. Name an empty database: a copy never "
                "writes over anything."
            )


def _copy(old: Connection, new: Connection, name: str) -> int:
    """Copy a table in its order, never holding more than a part of it."""
    of = table(name)
    query = sa.select(of).order_by(*of.primary_key)
    found = old.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}).mappings()
    number = 0
    for part in found.partitions():
        insert(new, name, [dict(row) for row in part])
        number += len(part)
    return number


def _prove(old: Connection, new: Connection, copied: Copied) -> None:
    """Count and compare both sides, and replay the new one."""
    faults = [*_differences(old, new, copied)]
    for head in copied.heads:
        faults += verify_site(new, head.site)
    if faults:
        shown = "\n".join(faults[:FAULTS_SHOWN])
        raise CopyError(
            f"The copy does not replay ({len(faults)} differences), so nothing was kept of it. "
            f"bincard verify shows whether the source does, bincard repair puts it right.\n{shown}"
        )


def _differences(old: Connection, new: Connection, copied: Copied) -> Iterator[str]:
    if heads_in(new) != copied.heads:
        yield "the heads of the chains differ"
    for name, number in copied.rows.items():
        count = new.scalar(sa.select(sa.func.count()).select_from(table(name)))
        if count != number:
            yield f"{name}: {number} rows were read, {count} are there"
    held = table("holding").c
    sums = sa.select(held.site, held.item, sa.func.sum(held.quantity)).group_by(
        held.site, held.item
    )
    one, two = ({(*row[:2], int(row[2])) for row in side.execute(sums)} for side in (old, new))
    for site, item, quantity in sorted(one ^ two):
        yield f"{site}: {item} comes to {quantity} on one side only"
