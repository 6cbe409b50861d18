"""https without a proxy from the command line: make certificates, show them, try them."""

import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from server.commands.said import Said
from server.settings import Settings
from server.settings import here as reachable
from server.tls import here
from server.tls.authority import is_due, names_of
from server.tls.store import TlsStore

CHECK_S = 10.0


def make(settings: Settings, names: Sequence[str], *, new_authority: bool) -> Said:
    """Make the server's certificate for the names and addresses under which phones reach it.

    Without any: for those that this machine has in its network.
    """
    store, now = TlsStore(settings.data), datetime.now(UTC)
    told = [name.strip().lower() for name in names] or here.names()
    own = ["localhost", "127.0.0.1", "::1"]
    store.make(list(dict.fromkeys([*told, *own])), now, new_authority=new_authority)
    return Said(
        f"{_shown(store)}\nSet BINCARD_TLS=1 and BINCARD_ORIGIN=https://{told[0]}"
        f"{_port(settings.port)}, and BINCARD_TRUST_PORT=80 for the page where phones learn to "
        "trust it; then start bincard serve. A server that runs takes it up within a minute."
    )


def address() -> Said:
    """Say the address of this machine in its network."""
    return Said(here.address())


def show(settings: Settings) -> Said:
    """Say what phones are asked to trust, for which names, and how long."""
    return Said(_shown(TlsStore(settings.data)))


def check(settings: Settings) -> Said:
    """Speak https with the running server, under the name that phones use, trusting what they do.

    Exits with 1 and a sentence where a phone would be shown a warning.
    """
    store, now = TlsStore(settings.data), datetime.now(UTC)
    authority, leaf = store.authority(), store.server()
    at = urlsplit(settings.origin)
    name, port = at.hostname or "", at.port or 443
    if at.scheme != "https":
        return Said("BINCARD_ORIGIN is no https address: phones would not use this.", exit_code=1)
    if name not in names_of(leaf):
        names = ", ".join(names_of(leaf))
        return Said(
            f"The certificate is for {names}, not for {name} of BINCARD_ORIGIN. "
            f"Run: bincard tls make {name}", exit_code=1,
        )  # fmt: skip
    trusting = ssl.create_default_context(cadata=authority.certificate.decode())
    try:
        with (
            socket.create_connection((reachable(settings.host), settings.port), CHECK_S) as plain,
            trusting.wrap_socket(plain, server_hostname=name) as spoken,
        ):
            given = spoken.getpeercert(binary_form=True)
    except (OSError, ssl.SSLError) as error:
        return Said(f"https://{name}:{port} does not answer as it should: {error}", exit_code=1)
    if given != leaf.read.public_bytes(Encoding.DER):
        return Said("The server shows another certificate than the newest one.", exit_code=1)
    late = " It is to be renewed, which a running server does by itself." * is_due(leaf, now)
    return Said(f"https://{name} answers with a certificate that phones accept.{late}")


def _shown(store: TlsStore) -> str:
    authority, leaf = store.authority(), store.server()
    lines = [
        f"Authority:   {authority.name}, until {authority.read.not_valid_after_utc:%Y-%m-%d}",
        f"Fingerprint: {authority.fingerprint}",
        f"Server:      {', '.join(names_of(leaf))}",
        f"             until {leaf.read.not_valid_after_utc:%Y-%m-%d}, renewed by the server",
    ]
    return "\n".join(lines)


def _port(port: int) -> str:
    return "" if port == 443 else f":{port}"  # noqa: PLR2004 - the port of https
