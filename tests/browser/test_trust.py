"""A phone that trusts our authority opens the app by name, by .local and by bare address."""

import os
import ssl
import subprocess
import threading
from datetime import UTC, datetime
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Error

from server.tls import authority as authorities
from server.tls.store import TlsStore
from tests.server.running import Server

pytestmark = pytest.mark.browser
HOSTS = ("bincard.lan", "bincard.local", "bank.example")


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "data")
    assert server.run("migrate").returncode == 0
    assert server.run("tls", "make", "bincard.lan", "bincard.local", "127.0.0.1").returncode == 0
    server.origin = f"https://bincard.lan:{server.port}"
    server.environment |= {"BINCARD_TLS": "1", "BINCARD_ORIGIN": server.origin}
    server.start()
    yield server
    server.end()


def certificates(server):
    return TlsStore(Path(server.environment["BINCARD_DATA"]))


@pytest.fixture
def phone(playwright, tmp_path, server):
    """A browser with a trust store of its own, which knows our authority."""
    home = tmp_path / "home"
    store = f"sql:{home / '.pki' / 'nssdb'}"
    (home / ".pki" / "nssdb").mkdir(parents=True)
    file = tmp_path / "authority.crt"
    file.write_bytes(certificates(server).authority().certificate)
    run = ["certutil", "-d", store]
    subprocess.run([*run, "-N", "--empty-password"], check=True)
    subprocess.run([*run, "-A", "-t", "C,,", "-n", "bincard", "-i", file], check=True)
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium", env={**os.environ, "HOME": str(home)},
        args=["--no-sandbox", "--disable-background-networking", "--host-resolver-rules="
              + ",".join(f"MAP {host} 127.0.0.1" for host in HOSTS)],
    )  # fmt: skip
    yield browser
    browser.close()


@pytest.fixture
def imposter(tmp_path, server, monkeypatch):
    """Somebody with our stolen authority, who speaks for a bank."""
    monkeypatch.setattr(authorities, "check_names", lambda *_: None)
    stolen = certificates(server).authority()
    leaf = authorities.make_leaf(stolen, ["bank.example"], datetime.now(UTC))
    file = tmp_path / "imposter.pem"
    file.write_bytes(leaf.certificate + leaf.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    web = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield web.server_port
    web.shutdown()
    web.server_close()


def test_the_app_is_installed_under_every_name_of_ours_and_nobody_else_can_use_our_authority(
    phone, server, imposter
):
    for host in ("bincard.lan", "bincard.local", "127.0.0.1"):
        page = phone.new_page()
        page.goto(f"https://{host}:{server.port}/")
        assert page.evaluate("isSecureContext && navigator.serviceWorker.ready.then(() => true)")
        page.close()
    page = phone.new_page()
    with pytest.raises(Error, match="ERR_CERT"):
        page.goto(f"https://bank.example:{imposter}/")
