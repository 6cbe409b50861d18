"""The arguments of `bincard import`: one set for every kind of file, and the columns as its help.

Loaded with the command line itself, so what it needs is loaded when it is shown.
"""

import argparse
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

KINDS: Final = ("items", "locations", "partners", "people", "stock")


def add_to(load: argparse.ArgumentParser, kind: str) -> None:
    """Give a parser the arguments of one kind of file."""
    load.set_defaults(kind=kind)
    load.formatter_class = argparse.RawDescriptionHelpFormatter
    load.format_help = partial(_help, load, kind)  # type: ignore[method-assign]
    load.add_argument("file", type=Path, help="CSV, TSV or XLSX with a header line")
    load.add_argument("--site", help="needed when there are several")
    writes = load.add_mutually_exclusive_group()
    writes.add_argument("--apply", action="store_true", help="write the good rows")
    writes.add_argument("--dry-run", action="store_true", help="write nothing, as without --apply")
    load.add_argument("--by", metavar="PERSON", help="who of the roster imports (the operator)")
    if kind == "stock":
        load.add_argument(
            "--opened", type=datetime.fromisoformat, metavar="MOMENT",
            help="the moment opening stock was counted, such as 2026-11-21T06:00 (now)",
        )  # fmt: skip
    _add_reading(load)


def _add_reading(load: argparse.ArgumentParser) -> None:
    """Add what the operator may say of a file that it does not say itself."""
    load.add_argument("--encoding", metavar="NAME", help="such as utf-8, gb18030, big5, cp1252")
    load.add_argument(
        "--decimal", choices=(".", ","), metavar="SIGN", help="the decimal sign: . or ,"
    )
    load.add_argument("--sheet", metavar="NAME", help="of a workbook (its first)")
    for name, words in (
        ("verbatim", "take what looks damaged in this column as it stands"),
        ("last-day", "a month in this column means its last day"),
    ):
        load.add_argument(
            f"--{name}", action="append", default=[], metavar="COLUMN", help=f"{words}; repeatable"
        )


def told_of(asked: argparse.Namespace) -> dict[str, object]:
    """Return what the operator said of the file, by the fields of `Asked`."""
    return {
        "encoding": asked.encoding, "sheet": asked.sheet, "decimal": asked.decimal,
        "verbatim": tuple(asked.verbatim), "last_day": tuple(asked.last_day),
    }  # fmt: skip


def _help(parser: argparse.ArgumentParser, kind: str) -> str:
    from server.imports.page import help_of  # noqa: PLC0415 - only for who asks

    parser.epilog = help_of(kind)  # type: ignore[arg-type]  # one of KINDS
    return argparse.ArgumentParser.format_help(parser)
