"""What a small site has, for files to be held against, and how a test reads a file."""

from datetime import date

from server.imports import report
from server.imports.reading import Asked
from server.imports.standing import Known
from server.imports.tables import preview
from sync import records

SITE = "PLANT"
TODAY = date(2026, 11, 28)

ROWS = [
    records.Item(item="00123", name="Bolt"),
    records.Item(item="M", name="Nut"),
    records.Item(item="PA-1", name="Paint", lots=True, dated=True),
    records.Item(item="L-1", name="Bearing", lots=True),
    records.Item(item="S-1", name="Scanner", serials=True),
    records.Location(location="06-B-10", warehouse="06"),
    records.Location(location="A-01", warehouse="06"),
    records.Location(location="A-02", warehouse="06"),
    records.Partner(partner="1580", kind="supplier", name="Litware"),
]


def known(rows=(), **more):
    return Known(SITE, rows, today=TODAY, **more)


def read(kind, text, rows=(), **asked):
    data = text if isinstance(text, bytes) else text.encode()
    on = rows if isinstance(rows, Known) else known(rows)
    return preview(kind, data, on, Asked(today=TODAY, **asked))


def problems(kind, text, rows=tuple(ROWS), **asked):
    return [(one.line, one.code) for one in read(kind, text, rows, **asked).problems]


def stock(text, rows=tuple(ROWS), **asked):
    """The stock that a file would open, with its pieces."""
    found = read("stock", text, rows, **asked)
    return [group.stock for group in found.decided.groups]


def notes(found):
    return [(one.line, one.code) for one in found.notes]


def told(found, opened=None):
    return "\n".join([*report.lines_of(found), *report.stock_told(found, SITE, opened)])
