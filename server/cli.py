"""The command `bincard`: every task of whoever looks after the server, with help that teaches.

Exit codes: 0 done, 1 a check failed or something was refused, 2 wrong use, 3 not ready.
"""

import argparse
import asyncio
import dataclasses
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from server.commands import import_arguments
from server.refusals import NotReady
from server.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from server.commands.said import Said

DONE, FAILED, USAGE, NOT_READY = 0, 1, 2, 3

Run = Callable[[Settings, argparse.Namespace], "Awaitable[Said] | Said"]

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
    try:
        settings = Settings.of(os.environ)
        return _run(asked.run, settings, asked)
    except SettingsInvalid as fault:
        return _complain(str(fault), USAGE)
    except KeyboardInterrupt:
        return 130


def _run(run: Run, settings: Settings, asked: argparse.Namespace) -> int:
    try:
        result = run(settings, asked)
        said = result if not isinstance(result, Awaitable) else asyncio.run(_await(result))
    except NotReady as fault:
        return _complain(str(fault), NOT_READY)
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


def _migrate(settings: Settings, _: argparse.Namespace) -> "Said":
    from server.commands import sites

    return sites.migrate(settings)


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


def _tls_make(settings: Settings, asked: argparse.Namespace) -> "Said":
    from server.commands import tls

    return tls.make(settings, asked.names, new_authority=asked.new_authority)


def _tls_show(settings: Settings, _: argparse.Namespace) -> "Said":
    from server.commands import tls

    return tls.show(settings)


def _tls_check(settings: Settings, _: argparse.Namespace) -> "Said":
    from server.commands import tls

    return tls.check(settings)


def _site_add(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import sites
    from sync.records import Site

    site = Site(
        site=asked.site, name=asked.name, name_zh=asked.name_zh, time_zone=asked.time_zone
    )  # fmt: skip
    return sites.add(settings, site)


def _period_close(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import periods

    return periods.close(settings, asked.site, asked.through, dry_run=asked.dry_run)


def _import(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import imports

    told = import_arguments.told_of(asked)
    opened = getattr(asked, "opened", None)
    job = imports.Job(asked.kind, asked.file, asked.apply, opened, asked.by, told)
    return imports.load(settings, asked.site, job)


def _device_enrol(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import devices

    if asked.json:
        return devices.enrol_for_script(settings, asked.site, asked.name)
    return devices.enrol_by_code(settings, asked.site, asked.name)


def _device_list(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import devices

    return devices.list_devices(settings, asked.site)


def _device_revoke(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import devices

    return devices.revoke(settings, asked.site, asked.device)


def _device_floor(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import devices

    return devices.mark_floor(settings, asked.site, asked.device, on=asked.where == "on")


def _user_add(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    import msgspec

    from server.commands import people
    from server.people.roster import PersonChange

    change = {
        "person": asked.person, "name": asked.name, "role": asked.role,
        "badge": asked.badge, "language": asked.language, "pin": asked.pin or _ask_pin(),
    }  # fmt: skip
    return people.add(settings, asked.site, msgspec.convert(change, PersonChange))


def _user_list(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import people

    return people.list_people(settings, asked.site)


def _user_pin(settings: Settings, asked: argparse.Namespace) -> "Awaitable[Said]":
    from server.commands import people

    return people.set_pin(settings, asked.site, asked.person, asked.pin or _ask_pin())


def _ask_pin() -> str:
    """Ask on the terminal, so that the PIN stands in no history; scripts give it on a line."""
    if sys.stdin.isatty():
        return getpass.getpass("PIN (4 to 12 digits, a supervisor's at least 6): ")
    return sys.stdin.readline().strip()


def _number(most: int = 10**9) -> Callable[[str], int]:
    """Return how an argument is read that is a number from 1 on."""

    def number(text: str) -> int:
        found = int(text)
        if not 1 <= found <= most:
            raise argparse.ArgumentTypeError(f"give a number from 1 to {most:,}")
        return found

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bincard",
        description="The server of Bincard: it keeps the ledger that handhelds scan into.",
        epilog=START,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    answer = _add(commands, "serve", _serve, "answer devices and browsers until stopped")
    answer.add_argument("--database", metavar="URL", help="instead of BINCARD_DATABASE")
    answer.add_argument(
        "--workers", type=_number(256), metavar="N", help="processes (BINCARD_WORKERS)"
    )
    demo = _add(commands, "demo", _demo, "load the demo factory once; print badges, PINs and a QR")
    demo.add_argument("--sheet", type=Path, help="also draw the codes of a morning's work, as SVG")
    _add(commands, "migrate", _migrate, "bring the database to the tables of this program")
    verify = _add(commands, "verify", _verify, "replay the ledger and compare; 1 on a difference")
    verify.add_argument("--site", help="only this one")
    mend = _add(
        commands, "repair", _repair,
        "write again what does not follow from the ledger, and say what that was",
    )  # fmt: skip
    mend.epilog = (
        "Log and postings are never changed; where they are broken it refuses and says what then. "
        "The server may run: devices wait their turn, and hear of the changed rows by the feed."
    )
    mend.add_argument("--site", help="only this one")
    mend.add_argument("--dry-run", action="store_true", help="say it only; 1 when there is any")
    save = _add(commands, "backup", _backup, "copy database and key while serving, and replay it")
    save.add_argument("--to", type=Path, metavar="DIR", help="the folder (BINCARD_BACKUP_DIR)")
    put = _add(commands, "restore", _restore, "put a backup in place and begin a new epoch")
    put.add_argument("source", type=Path, metavar="FROM", help="the folder (its newest), or a file")
    put.add_argument("--replace", action="store_true", help="move aside what is there now")
    put.add_argument(
        "--unproved", action="store_true",
        help="take one that does not replay, too: its log is whole, what follows from it may be "
        "wrong until bincard repair",
    )  # fmt: skip
    proof = _add(commands, "drill", _drill, "prove that a backup can be put back; 1 when it can't")
    proof.add_argument(
        "--from", dest="source", type=Path, metavar="DIR",
        help="prove this folder's newest, or a file, instead of making one now",
    )  # fmt: skip
    move = _add(commands, "copy", _copy, "move every site to another, empty database, proved")
    move.add_argument("--from", dest="source", required=True, metavar="URL")
    move.add_argument("--to", dest="target", required=True, metavar="URL")
    latest = _add(commands, "operations", _operations, "show the latest entries of the ledger")
    latest.add_argument("--site", help="needed when there are several")
    latest.add_argument("--limit", type=_number(), default=20, help="how many (20)")
    _add(commands, "ready", _ready, "ask the server whether it can do its work; 3 when it cannot")
    _add(commands, "settings", _settings, "list the settings and what is in effect")
    _add_import(commands)
    _add_groups(commands)
    return parser


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    kinds = _group(commands, "import", "preview a file of another system; --apply writes it")
    for kind in import_arguments.KINDS:
        words = f"preview {kind} of another system; --apply writes them"
        import_arguments.add_to(_add(kinds, kind, _import, words), kind)


def _add_groups(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    site = _group(commands, "site", "sites, each with a ledger of its own")
    add = _add(site, "add", _site_add, "found a site")
    add.add_argument("site", help="a short code, such as PLANT")
    add.add_argument("--name", required=True)
    add.add_argument("--name-zh", default="")
    add.add_argument("--time-zone", default="UTC", help="such as Asia/Shanghai (UTC)")

    period = _group(commands, "period", "the periods of the books")
    close = _add(period, "close", _period_close, "account what comes late in the next period")
    close.add_argument("through", type=date.fromisoformat, help="the last day, as 2026-10-31")
    close.add_argument("--site", help="needed when there are several")
    close.add_argument("--dry-run", action="store_true", help="only say what is against it")

    tls = _group(commands, "tls", "https without a proxy")
    make = _add(tls, "make", _tls_make, "make the server's certificate, and its authority")
    make.add_argument("names", nargs="+", metavar="NAME", help="a host name or an address")
    make.add_argument("--new-authority", action="store_true", help="phones must trust it anew")
    _add(tls, "show", _tls_show, "show the fingerprint, the names, and until when")
    _add(tls, "check", _tls_check, "speak https as a phone does; 1 when it would be warned")

    device = _group(commands, "device", "handhelds and desks")
    enrol = _add(device, "enrol", _device_enrol, "let a device join: a QR, or a token with --json")
    enrol.add_argument("--name", required=True, help="what it is called on the floor")
    enrol.add_argument("--site", help="needed when there are several")
    enrol.add_argument("--json", action="store_true", help="make it at once, print its token")
    _add(device, "list", _device_list, "list them").add_argument("--site")
    revoke = _add(device, "revoke", _device_revoke, "shut one out; its records are still taken")
    revoke.add_argument("device", help="its id, from bincard device list")
    revoke.add_argument("--site")
    marked = _add(device, "floor", _device_floor, "say that one is off the floor, or back on it")
    marked.add_argument("device", help="its id, from bincard device list")
    marked.add_argument("where", choices=("on", "off"))
    marked.add_argument("--site")

    user = _group(commands, "user", "who may sign in")
    person = _add(user, "add", _user_add, "add a person; asks for the PIN")
    person.add_argument("person", help="the number that is typed when the badge is forgotten")
    person.add_argument("--name", required=True)
    person.add_argument("--role", choices=["worker", "supervisor"], default="worker")
    person.add_argument("--badge", help="what is printed on the badge (the number)")
    person.add_argument("--language", choices=["en", "zh"], default="en")
    person.add_argument("--pin", help="better typed when asked, or given on standard input")
    person.add_argument("--site", help="needed when there are several")
    _add(user, "list", _user_list, "list them").add_argument("--site")
    pin = _add(user, "pin", _user_pin, "set a new PIN")
    pin.add_argument("person")
    pin.add_argument("--pin", help="better typed when asked")
    pin.add_argument("--site")


def _group(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    parser = commands.add_parser(name, help=words, description=words.capitalize() + ".")
    return parser.add_subparsers(metavar="COMMAND", required=True)


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Run,
    words: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.set_defaults(run=run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
