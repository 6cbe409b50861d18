"""Commands that come in groups: `bincard site …`, `clock …`, `tls …`, `device …`, `user …`."""

import argparse
import getpass
import sys
from collections.abc import Awaitable
from datetime import date

from server.commands.parsing import Commands, add, add_anywhere, group
from server.commands.said import Said
from server.settings import Settings


def add_groups(commands: "Commands[argparse.ArgumentParser]") -> None:
    site = group(commands, "site", "sites, each with a ledger of its own")
    new = add(site, "add", _site_add, "found a site")
    new.add_argument("site", help="a short code, such as PLANT")
    new.add_argument("--name", required=True)
    new.add_argument("--name-zh", default="")
    new.add_argument("--time-zone", default="UTC", help="such as Asia/Shanghai (UTC)")

    period = group(commands, "period", "the periods of the books")
    close = add(period, "close", _period_close, "account what comes late in the next period")
    close.add_argument("through", type=date.fromisoformat, help="the last day, as 2026-10-31")
    close.add_argument("--site", help="needed when there are several")
    close.add_argument("--dry-run", action="store_true", help="only say what is against it")

    clock = group(commands, "clock", "the server's clock")
    accept = add(clock, "accept", _clock_accept, "say that it is right, where the server doubts it")
    accept.epilog = (
        "Set the clock first (timedatectl), and look at it: what is received by a wrong clock is "
        "dated wrong for ever. The server may run; it goes on within seconds."
    )

    tls = group(commands, "tls", "https without a proxy")
    make = add_anywhere(tls, "make", _tls_make, "make the server's certificate, and its authority")
    make.add_argument(
        "names", nargs="*", metavar="NAME", help="a host name or an address (this machine's own)"
    )
    make.add_argument("--new-authority", action="store_true", help="phones must trust it anew")
    add_anywhere(tls, "address", _tls_address, "say the address of this machine in its network")
    add(tls, "show", _tls_show, "show the fingerprint, the names, and until when")
    add(tls, "check", _tls_check, "speak https as a phone does; 1 when it would be warned")

    device = group(commands, "device", "handhelds and desks")
    enrol = add(device, "enrol", _device_enrol, "let a device join: a QR, or a token with --json")
    enrol.add_argument("--name", required=True, help="what it is called on the floor")
    enrol.add_argument("--site", help="needed when there are several")
    enrol.add_argument("--json", action="store_true", help="make it at once, print its token")
    add(device, "list", _device_list, "list them").add_argument("--site")
    revoke = add(device, "revoke", _device_revoke, "shut one out; its records are still taken")
    revoke.add_argument("device", help="its id, from bincard device list")
    revoke.add_argument("--site")
    marked = add(device, "floor", _device_floor, "say that one is off the floor, or back on it")
    marked.add_argument("device", help="its id, from bincard device list")
    marked.add_argument("where", choices=("on", "off"))
    marked.add_argument("--site")

    user = group(commands, "user", "who may sign in")
    person = add(user, "add", _user_add, "add a person; asks for the PIN")
    person.add_argument("person", help="the number that is typed when the badge is forgotten")
    person.add_argument("--name", required=True)
    person.add_argument("--role", choices=["worker", "supervisor"], default="worker")
    person.add_argument("--badge", help="what is printed on the badge (the number)")
    person.add_argument("--language", choices=["en", "zh"], default="en")
    person.add_argument("--pin", help="better typed when asked, or given on standard input")
    person.add_argument("--site", help="needed when there are several")
    add(user, "list", _user_list, "list them").add_argument("--site")
    pin = add(user, "pin", _user_pin, "set a new PIN")
    pin.add_argument("person")
    pin.add_argument("--pin", help="better typed when asked")
    pin.add_argument("--site")


def _clock_accept(settings: Settings, _: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import clock

    return clock.accept(settings)


def _tls_make(settings: Settings, asked: argparse.Namespace) -> Said:
    from server.commands import tls

    return tls.make(settings, asked.names, new_authority=asked.new_authority)


def _tls_address(_settings: Settings, _: argparse.Namespace) -> Said:
    from server.commands import tls

    return tls.address()


def _tls_show(settings: Settings, _: argparse.Namespace) -> Said:
    from server.commands import tls

    return tls.show(settings)


def _tls_check(settings: Settings, _: argparse.Namespace) -> Said:
    from server.commands import tls

    return tls.check(settings)


def _site_add(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import sites
    from sync.records import Site

    site = Site(
        site=asked.site, name=asked.name, name_zh=asked.name_zh, time_zone=asked.time_zone
    )  # fmt: skip
    return sites.add(settings, site)


def _period_close(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import periods

    return periods.close(settings, asked.site, asked.through, dry_run=asked.dry_run)


def _device_enrol(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import devices

    if asked.json:
        return devices.enrol_for_script(settings, asked.site, asked.name)
    return devices.enrol_by_code(settings, asked.site, asked.name)


def _device_list(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import devices

    return devices.list_devices(settings, asked.site)


def _device_revoke(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import devices

    return devices.revoke(settings, asked.site, asked.device)


def _device_floor(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import devices

    return devices.mark_floor(settings, asked.site, asked.device, on=asked.where == "on")


def _user_add(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    import msgspec

    from server.commands import people
    from server.people.roster import PersonChange

    change = {
        "person": asked.person, "name": asked.name, "role": asked.role,
        "badge": asked.badge, "language": asked.language, "pin": asked.pin or _ask_pin(),
    }  # fmt: skip
    return people.add(settings, asked.site, msgspec.convert(change, PersonChange))


def _user_list(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import people

    return people.list_people(settings, asked.site)


def _user_pin(settings: Settings, asked: argparse.Namespace) -> Awaitable[Said]:
    from server.commands import people

    return people.set_pin(settings, asked.site, asked.person, asked.pin or _ask_pin())


def _ask_pin() -> str:
    """Ask on the terminal, so that the PIN stands in no history; scripts give it on a line."""
    if sys.stdin.isatty():
        return getpass.getpass("PIN (4 to 12 digits, a supervisor's at least 6): ")
    return sys.stdin.readline().strip()
