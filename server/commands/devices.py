"""Devices from the command line: a QR for a person's phone, a token for a script."""

import io
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
import qrcode

from server.book import Book
from server.commands.desk import opened, site_or_only
from server.commands.said import Said, table
from server.installation import now_ms
from server.people import enrolment, floor
from server.people.enrolment import CODE_MS, Invitation
from server.people.tokens import device_token
from server.settings import Settings, token_key
from server.tls.store import TlsStore
from sync.case import OPERATOR


async def enrol_for_script(settings: Settings, site: str | None, name: str) -> Said:
    """Make a device at once and return its token as JSON."""
    async with opened(settings) as book:
        invitation = Invitation(await site_or_only(book, site), name, OPERATOR)
        made = await enrolment.enrol(book, invitation, "enrolled at the server", now_ms())
    token = device_token(token_key(settings.token_key_file), made.device, made.site)
    answer = {"device": made.device, "token": token, "site": made.site}
    return Said(msgspec.json.encode(answer).decode())


async def enrol_by_code(settings: Settings, site: str | None, name: str) -> Said:
    """Make a one-time code and show it as a QR."""
    async with opened(settings) as book:
        invitation = Invitation(await site_or_only(book, site), name, OPERATOR)
        return Said(await invite(book, settings, invitation))


async def invite(
    book: Book, settings: Settings, invitation: Invitation, lasts_ms: int = CODE_MS
) -> str:
    """Return a fresh enrolment code as text for the terminal."""
    url, now = settings.enrolment_url, now_ms()
    issued = await enrolment.issue_code(book, invitation, url, now, lasts_ms)
    lines = [
        *_to_trust(settings),
        qr(issued.url),
        f"Scan it with {invitation.name}, or open there: {issued.url}",
        f"It works once, {_for(lasts_ms)}.",
    ]
    if urlsplit(settings.origin).hostname in {"127.0.0.1", "localhost", "::1"}:
        lines.append(
            "This address is for browsers on this machine; "
            "set BINCARD_ORIGIN to the https address that phones see."
        )
    return "\n".join(lines)


def _to_trust(settings: Settings) -> list[str]:
    """Return what a phone does first to trust this server, where that is needed."""
    if not settings.tls:
        return []
    known = f"The fingerprint is {TlsStore(settings.data).authority().fingerprint}"
    if not settings.trust_port:
        return [known, ""]
    where = f"http://{urlsplit(settings.origin).hostname}{_port(settings.trust_port)}/trust"
    return [
        qr(where), f"First, on a phone that does not know this server yet: {where}", known, "",
    ]  # fmt: skip


def _port(port: int) -> str:
    return "" if port == 80 else f":{port}"  # noqa: PLR2004 - the port of http


async def list_devices(settings: Settings, site: str | None) -> Said:
    async with opened(settings) as book:
        found = await floor.floor(book, await site_or_only(book, site), now_ms())
    rows: list[tuple[object, ...]] = [
        (d.device, d.name, d.unsent, _clock(d.seen_at), _clock(d.complete_to), _state(d))
        for d in found.devices
    ]
    shown = table(("device", "name", "unsent", "last heard", "complete to", "state"), rows)
    return Said(f"{shown}\nData of the active devices are complete to {_clock(found.watermark)}.")


def _state(device: floor.DeviceSeen) -> str:
    if device.out is None:
        return "active"
    since = f" since {_clock(device.out_since)}" if device.out_since else ""
    return device.out.replace("_", " ") + since


def _clock(ms: int | None) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if ms else "-"


async def mark_floor(settings: Settings, site: str | None, device: str, *, on: bool) -> Said:
    async with opened(settings) as book:
        since = None if on else now_ms()
        await floor.mark(book, await site_or_only(book, site), device, OPERATOR, since)
    if on:
        return Said(f"{device} is back on the floor: its data are waited for.")
    return Said(f"{device} is off the floor: its data are not waited for, and taken all the same.")


async def revoke(settings: Settings, site: str | None, device: str) -> Said:
    async with opened(settings) as book:
        await enrolment.revoke(book, await site_or_only(book, site), device, OPERATOR)
    return Said(
        f"{device} is revoked. What it has not sent is taken for a while yet, "
        "for review; then no more."
    )


def _for(lasts_ms: int) -> str:
    minutes = lasts_ms // 60_000
    return f"for {minutes} minutes" if minutes < 120 else f"for {minutes // 60} hours"  # noqa: PLR2004


def qr(text: str) -> str:
    """Draw a QR with half blocks, dark on the terminal's light or light on its dark."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data(text)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue().rstrip("\n")
