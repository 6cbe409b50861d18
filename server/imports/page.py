"""The columns of imports for people: the page of the documents and the help of the command."""

from typing import Final

from server.imports.columns import KINDS, TABLES, Kind

_INTRO: Final = """\
# Files that can be imported

`bincard import KIND FILE` reads a CSV, a TSV or an XLSX file of another system and shows what it
would change; with `--apply` it writes the good rows. Every row is in the book afterwards or is
named with the reason, and for stock the sum of the file is the sum of the book and of the rows
that are not in it. A second import of the same file changes nothing.

- **Encoding**: UTF-8, UTF-16, GB18030 and all that begins with a byte order mark. Anything else
  is shown by three of its names and taken with `--encoding NAME` only.
- **Numbers**: `1200` or `1,200`. What can be read in two ways (`1.000`; a comma in a file that is
  parted by `;`) is asked: `--decimal .` or `--decimal ,`.
- **Days**: `2026-11-21`, `2026/11/21`, `2026.11.21`, `2026年11月21日`, `20261121`; a time of zero
  behind it is fine. A month without a day is taken where the heading ends in `(last day)` or
  `（月末）`, or with `--last-day COLUMN`.
- **Codes** are stored as they are scanned: in Unicode's form NFKC, without signs that nobody sees,
  without blanks around them; `="00123"` and `'00123` are 00123. What a spreadsheet has damaged
  (`6.9E+12`, lost zeros, a bin that became a date, `#N/A`) is a problem row;
  `--verbatim COLUMN` takes codes as they stand.
- **Lists** of barcodes part at `,` `;` `、` `/` and line ends; the blanks in a printed
  `4 006381 333931` do not part it.
- **One code, one meaning**: a code that an item, a pack, a location, a document or a partner has
  already is a problem row.
- **Who**: the import is the operator's, or with `--by PERSON` that of somebody on the roster.
- **Twice the same stock** in one file (place, item, lot, expiry, supplier, status and owner) is
  added up, and that is said. Stock that the book was opened with is left alone, whatever a later
  file says of it.

Columns that nobody knows are named and left out. Headings are compared without case, blanks,
underscores and stars. This page is made from the program's own table: `python -m server.generate`.
"""
_WIDTH: Final = 20


def page() -> str:
    """Return the page of the documents."""
    return "\n".join([_INTRO, *(_section(kind) for kind in KINDS)])


def _section(kind: Kind) -> str:
    rows = [
        f"| `{name}`{' (needed)' if needed else ''} | {escaped(says)} | {', '.join(others)} |"
        for name, needed, says, others in _columns(kind)
    ]
    head = [f"## {kind}", "", "| column | what stands in it | also headed |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def escaped(text: str) -> str:
    """Return a text as it stands in a table of Markdown."""
    return text.replace("|", "\\|")


def help_of(kind: Kind) -> str:
    """Return the columns of a kind of file, as the command's help shows them."""
    lines = ["columns (the needed ones have a star):"]
    for name, needed, says, others in _columns(kind):
        star = "*" if needed else " "
        lines.append(f"  {star} {name:<{_WIDTH}} {says}")
        if others:
            lines.append(f"    {'':<{_WIDTH}} also: {', '.join(others)}")
    return "\n".join(lines)


def _columns(kind: Kind) -> list[tuple[str, bool, str, list[str]]]:
    found = []
    for column in TABLES[kind].columns:
        name, *others = column.known_as
        says = column.reader.says + (f"; {column.help}" if column.help else "")
        found.append((name, column.required, says, others))
    return found
