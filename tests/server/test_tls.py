"""https without a proxy: whom phones are asked to trust, for what, and how long."""

import plistlib
import ssl
import stat
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from server.tls.authority import NameOutsideError, Pair, is_due, make_leaf, names_of
from server.tls.serving import Certificate
from server.tls.store import NoCertificateError, TlsStore
from server.tls.trust import trust_app
from tests.server.running import Server

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NAMES = ["bincard.lan", "192.168.1.20"]


@pytest.fixture
def store(tmp_path):
    store = TlsStore(tmp_path)
    store.make(NAMES, NOW)
    return store


def test_a_phone_whose_clock_is_a_day_slow_accepts_the_certificate_and_no_browser_finds_it_too_long(
    store,
):
    leaf = store.server().read
    assert leaf.not_valid_before_utc <= NOW - timedelta(days=1)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=397)
    assert names_of(store.server()) == NAMES


def test_the_authority_may_speak_for_the_names_of_a_plant_and_for_no_bank(store):
    authority = store.authority()
    for name in ("bincard.lan", "other.local", "10.1.2.3", "fd00::7"):
        assert names_of(make_leaf(authority, [name], NOW)) == [name]
    for name in ("bank.example", "bincard.lan.example", "8.8.8.8", "2001:db8::1"):
        with pytest.raises(NameOutsideError, match="--new-authority"):
            make_leaf(authority, [name], NOW)


def test_a_public_name_is_one_that_its_authority_was_made_for(tmp_path):
    store = TlsStore(tmp_path)
    store.make(["scan.plant.example"], NOW)
    assert names_of(make_leaf(store.authority(), ["www.scan.plant.example"], NOW))
    with pytest.raises(NameOutsideError):
        make_leaf(store.authority(), ["plant.example"], NOW)


def test_the_server_renews_its_certificate_two_months_before_its_end_and_keeps_the_authority(store):
    before, authority = store.server(), store.authority()
    assert not store.renew(NOW + timedelta(days=300))
    late = NOW + timedelta(days=340)
    assert store.renew(late)
    assert store.authority() == authority
    assert names_of(store.server()) == NAMES
    assert store.server().read.not_valid_after_utc > before.read.not_valid_after_utc
    assert not is_due(store.server(), late)


def test_what_was_made_meanwhile_is_taken_up_without_a_restart(store):
    certificate = Certificate(store, lambda: NOW)
    told = []
    certificate.context.load_cert_chain = told.append
    certificate.look()
    assert told == []
    store.make(["other.lan"], NOW)
    certificate.look()
    assert told == [store.server_file]


def test_a_certificate_that_cannot_be_renewed_stays_in_use(store):
    certificate = Certificate(store, lambda: NOW)
    (store.folder / "authority.pem").unlink()
    certificate._now = lambda: NOW + timedelta(days=390)
    certificate.look()


def test_keys_are_for_the_owner_alone(store):
    for file in store.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_who_has_no_certificate_is_told_to_make_one(tmp_path):
    with pytest.raises(NoCertificateError, match="bincard tls make"):
        TlsStore(tmp_path).server()


async def asked(app, path, method="GET", browser=""):
    sent = []

    async def send(message):
        sent.append(message)

    told = [(b"user-agent", browser.encode())]
    await app({"type": "http", "method": method, "path": path, "headers": told}, None, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


async def test_whoever_typed_any_name_is_led_to_the_page_of_trust(store):
    authority = store.authority()
    app = trust_app(authority, "https://bincard.lan")
    assert (await asked(app, "/anything"))[:2][0] == 302
    status, headers, page = await asked(app, "/trust")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.decode().count(authority.fingerprint) == 2
    _, headers, pem = await asked(app, "/trust/bincard.crt")
    assert headers["content-type"] == "application/x-x509-ca-cert"
    assert Pair(pem, b"").fingerprint == authority.fingerprint
    der = (await asked(app, "/trust/bincard.cer"))[2]
    assert ssl.DER_cert_to_PEM_cert(der).split() == pem.decode().split()
    profile = plistlib.loads((await asked(app, "/trust/bincard.mobileconfig"))[2])
    assert profile["PayloadContent"][0]["PayloadContent"] == der
    assert (await asked(app, "/trust", "POST"))[0] == 302
    for _, _, body in [await asked(app, f"/trust/{name}") for name in ("authority.pem", "")]:
        assert body == b""


async def test_the_page_of_trust_shows_the_steps_of_the_phone_that_asks(store):
    app = trust_app(store.authority(), "https://bincard.lan")
    android = (await asked(app, "/trust", browser="Mozilla/5.0 (Linux; Android 14; K)"))[2].decode()
    assert android.count("<details open>") == 2
    assert "<details open>\n    <summary>Android" in android
    unknown = (await asked(app, "/trust"))[2].decode()
    assert unknown.count("<details open>") == 6
    assert "class=stop" not in unknown


async def test_who_opens_the_page_of_trust_in_a_messenger_is_shown_the_way_out(store):
    app = trust_app(store.authority(), "https://bincard.lan")
    page = (await asked(app, "/trust", browser="Android 14; MicroMessenger/8.0"))[2].decode()
    assert page.count("<p class=stop>") == 2


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    assert server.run("migrate").returncode == 0
    yield server
    server.end()


def test_a_certificate_without_a_name_is_for_this_machine_in_its_network(server):
    told = server.run("tls", "address")
    if told.returncode:
        pytest.skip(told.stderr)  # a machine without a network
    assert server.run("tls", "make").returncode == 0
    assert told.stdout.strip() in server.run("tls", "show").stdout


def test_the_server_speaks_https_and_says_how_to_trust_it(server):
    trust = Server(server.environment["BINCARD_DATA"]).port
    server.origin = f"https://bincard.lan:{server.port}"
    server.environment |= {
        "BINCARD_TLS": "1", "BINCARD_TRUST_PORT": str(trust), "BINCARD_ORIGIN": server.origin,
    }  # fmt: skip
    refused = server.run("serve")
    assert (refused.returncode != 0, "bincard tls make" in refused.stderr) == (True, True)
    assert server.run("tls", "make", "bincard.lan").returncode == 0
    assert server.run("tls", "check").returncode == 1
    server.start()
    checked = server.run("tls", "check")
    assert (checked.returncode, checked.stdout[:19]) == (0, "https://bincard.lan")
    assert server.run("ready").stdout == "ready\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{trust}/trust/bincard.crt") as answer:
        trusting = ssl.create_default_context(cadata=answer.read().decode())
    with urllib.request.urlopen(
        f"https://127.0.0.1:{server.port}/health", context=trusting
    ) as told:
        assert told.headers["strict-transport-security"].startswith("max-age=")
    server.run("site", "add", "PLANT", "--name", "Plant")
    sheet = server.run("device", "enrol", "--name", "PDA-01").stdout
    fingerprint = server.run("tls", "show").stdout.splitlines()[1].split()[-1]
    assert fingerprint in sheet
    assert f"http://bincard.lan:{trust}/trust" in sheet
    assert server.stop() == 0
