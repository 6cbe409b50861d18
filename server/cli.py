"""The command `bincard`: every task of whoever looks after the server, with help that teaches.

Exit codes: 0 done, 1 a check failed or something was refused, 2 wrong use, 3 not ready.
"""

import argparse
import asyncio
import dataclasses
import json
import logging
import os
import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from server.commands import import_arguments
from server.commands.groups import add_groups
from server.commands.parsing import Commands, Run, add, add_anywhere, group, whole_number
from server.in_use import check_folder
from server.refusals import NotReady
from server.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from server.commands.said import Said

DONE, FAILED, USAGE, NOT_READY = 0, 1, 2, 3

UNREADABLE: Final = "A cell of the database cannot be read. Which one it is says: bincard verify"

START: Final = """\
A first day:
  bincard demo                              the demo factory, ready to scan
  bincard serve                             answer on http://127.0.0.1:8000

A site of your own:
  bincard migrate
  bincard site add PLANT --name "My plant" --time-zone Asia/Shanghai
  bincard user add 2001 --name "Fang Ping" --role supervisor --site PLANT
  bincard import items items.csv --site PLANT
  bincard device enrol --name "Handheld 1" --site PLANT

Settings are environment variables, such as BINCARD_DATA (the folder of database and key) and
BINCARD_ORIGIN (the https address that phones open); bincard settings lists them all.
Exit codes: 0 done, 1 a check failed or something was refused, 2 wrong use, 3 not ready.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # The database holds what PINs are checked by: nobody else on this machine reads what we write.
    os.umask(0o077)
    parser = _parser()
    asked = parser.parse_args(arguments)
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_InShort())
    try:
        settings = Settings.of(os.environ)
        return _run(asked.run, settings, asked)
    except SettingsInvalid as fault:
        return _complain(str(fault), USAGE)
    except KeyboardInterrupt:
        return 130


class _InShort(logging.Formatter):
    """What the book logs while a command runs, in a line: a trace is for the log of a server."""

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - as logging has it
        return f"  {ei[1]!r}"


def _run(run: Run, settings: Settings, asked: argparse.Namespace) -> int:
    try:
        if not asked.anywhere:
            check_folder(settings.data)
        result = run(settings, asked)
        said = result if not isinstance(result, Awaitable) else asyncio.run(_await(result))
    except NotReady as fault:
        return _complain(str(fault), NOT_READY)
    except json.JSONDecodeError as fault:
        return _complain(f"{UNREADABLE} ({fault})", FAILED)
    except (OSError, ValueError) as fault:
        return _complain(str(fault), FAILED)
    except Exception as fault:
        # Only now: a command that asks every ten seconds must not load the whole server.
        from server.api.errors import refusal_for
        from server.api.sentences import say
        from server.book.faults import unusable

        # What the book raises has a sentence too; anything else is a fault with its trace.
        if words := unusable(fault):
            return _complain(words, NOT_READY)
        known = refusal_for(fault)
        if "reference" in known.facts:
            raise
        return _complain(say(known), FAILED)
    if said.text:
        print(said.text)
    return said.exit_code


async def _await(result: "Awaitable[Said]") -> "Said":
    return await result


def _complain(sentence: str, code: int) -> int:
    print(f"bincard: {sentence}", file=sys.stderr)
    return code


def _serve(settings: Settings, asked: argparse.Namespace) -> "Said":
    from server.app import serve
    from server.commands.said import Said

    told = {name: value for name in ("database", "workers") if (value := getattr(asked, name))}
    settings = dataclasses.replace(settings, **told)
    serve(settings, lambda: print(f"Bincard answers on {settings.origin}", flush=True))
    return Said("")


def _demo(settings: Settings, told: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import sites

    return sites.demo(settings, told.sheet)


def _migrate(settings: Settings, asked: argparse.Namespace) -> "Said":
    from server.commands import sites

    return sites.migrate(settings, asked.wait)


def _verify(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import sites

    return sites.verify(settings, asked.site)


def _repair(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import sites

    return sites.repair(settings, asked.site, dry=asked.dry_run)


def _backup(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import backups

    return backups.backup(settings, asked.to)


def _restore(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import backups

    how = {"replace": asked.replace, "unproved": asked.unproved}
    return backups.restore(settings, asked.source, **how)


def _drill(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import drill

    return drill.drill(settings, asked.source.absolute() if asked.source else None)


def _copy(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import backups

    return backups.copy(settings, asked.source, asked.target)


def _operations(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import sites

    return sites.operations(settings, asked.site, asked.limit)


def _settings(settings: Settings, _: argparse.Namespace) -> "Said":
    from server.commands.settings import show

    return show(settings)


def _ready(settings: Settings, _: argparse.Namespace) -> "Said":
    from server.commands.asking import ready

    return ready(settings)


def _import(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import imports

    told = import_arguments.told_of(asked)
    opened = getattr(asked, "opened", None)
    job = imports.Job(asked.kind, asked.file, asked.apply, opened, asked.by, told)
    return imports.load(settings, asked.site, job)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bincard",
        description="The server of Bincard: it keeps the ledger that handhelds scan into.",
        epilog=START,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    answer = add(commands, "serve", _serve, "answer devices and browsers until stopped")
    answer.add_argument("--database", metavar="URL", help="instead of BINCARD_DATABASE")
    answer.add_argument(
        "--workers", type=whole_number(256), metavar="N", help="processes (BINCARD_WORKERS)"
    )
    demo = add_anywhere(
        commands, "demo", _demo, "load the demo factory once; print badges, PINs and a QR"
    )
    demo.add_argument("--sheet", type=Path, help="also draw the codes of a morning's work, as SVG")
    _add_migrate(commands)
    verify = add(commands, "verify", _verify, "replay the ledger and compare; 1 on a difference")
    verify.add_argument("--site", help="only this one")
    mend = add(
        commands, "repair", _repair,
        "write again what does not follow from the ledger, and say what that was",
    )  # fmt: skip
    mend.epilog = (
        "Log and postings are never changed; where they are broken it refuses and says what then. "
        "The server may run: devices wait their turn, and hear of the changed rows by the feed."
    )
    mend.add_argument("--site", help="only this one")
    mend.add_argument("--dry-run", action="store_true", help="say it only; 1 when there is any")
    save = add(commands, "backup", _backup, "copy database and key while serving, and replay it")
    save.add_argument("--to", type=Path, metavar="DIR", help="the folder (BINCARD_BACKUP_DIR)")
    put = add_anywhere(commands, "restore", _restore, "put a backup in place and begin a new epoch")
    put.add_argument("source", type=Path, metavar="FROM", help="the folder (its newest), or a file")
    put.add_argument("--replace", action="store_true", help="move aside what is there now")
    put.add_argument(
        "--unproved", action="store_true",
        help="take one that does not replay, too: its log is whole, what follows from it may be "
        "wrong until bincard repair",
    )  # fmt: skip
    proof = add(commands, "drill", _drill, "prove that a backup can be put back; 1 when it can't")
    proof.add_argument(
        "--from", dest="source", type=Path, metavar="DIR",
        help="prove this folder's newest, or a file, instead of making one now",
    )  # fmt: skip
    move = add(commands, "copy", _copy, "move every site to another, empty database, proved")
    move.add_argument("--from", dest="source", required=True, metavar="URL")
    move.add_argument("--to", dest="target", required=True, metavar="URL")
    latest = add(commands, "operations", _operations, "show the latest entries of the ledger")
    latest.add_argument("--site", help="needed when there are several")
    latest.add_argument("--limit", type=whole_number(), default=20, help="how many (20)")
    add_anywhere(
        commands, "ready", _ready, "ask the server whether it can do its work; 3 when it cannot"
    )
    add_anywhere(commands, "settings", _settings, "list the settings and what is in effect")
    _add_import(commands)
    add_groups(commands)
    return parser


def _add_migrate(commands: "Commands[argparse.ArgumentParser]") -> None:
    lift = add_anywhere(
        commands, "migrate", _migrate, "bring the database to the tables of this program"
    )
    lift.add_argument(
        "--wait", type=whole_number(3_600), default=0, metavar="SECONDS",
        help="for a database server that does not answer yet, as after a start of the machine",
    )  # fmt: skip


def _add_import(commands: "Commands[argparse.ArgumentParser]") -> None:
    kinds = group(commands, "import", "preview a file of another system; --apply writes it")
    for kind in import_arguments.KINDS:
        words = f"preview {kind} of another system; --apply writes them"
        import_arguments.add_to(add(kinds, kind, _import, words), kind)


if __name__ == "__main__":
    sys.exit(main())
