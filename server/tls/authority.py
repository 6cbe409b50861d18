"""The authority that phones are asked to trust, and the certificate that it signs for the server.

The authority can only speak for names and addresses of private networks, and for those that it was
made for: whoever stole its key could not pass for a bank. Certificates begin two days early, for
phones whose clock is slow, and last no longer than browsers allow.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EARLY: Final = timedelta(days=2)
LEAF_LASTS: Final = timedelta(days=397)
"""All in all, the early days included: browsers refuse more than 398."""

AUTHORITY_LASTS: Final = timedelta(days=3_650)
RENEW_BEFORE: Final = timedelta(days=60)

PRIVATE_ZONES: Final = ("local", "lan", "internal", "home.arpa", "localhost")
PRIVATE_NETWORKS: Final = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
                "fc00::/7", "fe80::/10", "::1/128")
)  # fmt: skip


class NameOutsideError(ValueError):
    """The authority may not speak for this name; the message says what to do."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, both as PEM."""

    certificate: bytes
    key: bytes

    @property
    def read(self) -> x509.Certificate:
        """The certificate, taken apart."""
        return x509.load_pem_x509_certificate(self.certificate)

    @property
    def name(self) -> str:
        """What phones call it in their lists."""
        (common,) = self.read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(common.value)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as phones show it: `AB:CD:…`."""
        return self.read.fingerprint(hashes.SHA256()).hex(":").upper()


def make_authority(names: Sequence[str], now: datetime) -> Pair:
    """Make an authority for private networks and for these host names and addresses besides."""
    key = ec.generate_private_key(ec.SECP256R1())
    day = now.astimezone(UTC).date().isoformat()
    subject = _name(f"Bincard {names[0][:40]} ({day})")
    built = (
        _begun(subject, subject, key.public_key(), now, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(_constraints(names), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pair(built, key)


def make_leaf(authority: Pair, names: Sequence[str], now: datetime) -> Pair:
    """Make the server's certificate. Raises `NameOutsideError` for what no phone would accept."""
    check_names(authority, names)
    root = authority.read
    signer = serialization.load_pem_private_key(authority.key, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is none of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    lasts = min(LEAF_LASTS, root.not_valid_after_utc - now + EARLY)
    built = (
        _begun(_name(names[0][:64]), root.subject, key.public_key(), now, lasts)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_general(names)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    leaf = _pair(built, key)
    # Clients want the way from the leaf to what they trust.
    return Pair(leaf.certificate + authority.certificate, leaf.key)


def names_of(leaf: Pair) -> list[str]:
    """Return the host names and addresses that a certificate is for."""
    held = leaf.read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in held]


def is_due(leaf: Pair, now: datetime) -> bool:
    """Say whether a certificate is to be renewed: it ends soon, or has not begun."""
    read = leaf.read
    return now > read.not_valid_after_utc - RENEW_BEFORE or now < read.not_valid_before_utc


def check_names(authority: Pair, names: Sequence[str]) -> None:
    """Raise `NameOutsideError` for a name that the authority may not speak for."""
    held = authority.read.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = [one.value for one in held.permitted_subtrees or ()]
    for name in names:
        if not any(_is_within(name, one) for one in permitted):
            raise NameOutsideError(
                f"The authority that phones trust may not speak for {name}. Use a name under "
                f".{PRIVATE_ZONES[0]} or .{PRIVATE_ZONES[1]}, or make another authority with "
                "--new-authority: then every phone must trust that one anew."
            )


def _is_within(name: str, permitted: object) -> bool:
    address = _address(name)
    if isinstance(permitted, str):
        return address is None and (name == permitted or name.endswith(f".{permitted}"))
    networks = ipaddress.IPv4Network | ipaddress.IPv6Network
    return address is not None and isinstance(permitted, networks) and address in permitted


def _constraints(names: Sequence[str]) -> x509.NameConstraints:
    own = [ipaddress.ip_network(name) for name in names if _address(name)]
    networks = [*PRIVATE_NETWORKS, *(one for one in own if not _is_private(one))]
    hosts = [name for name in names if _address(name) is None]
    zones = dict.fromkeys([*PRIVATE_ZONES, *hosts])
    permitted = [*map(x509.DNSName, zones), *map(x509.IPAddress, networks)]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _is_private(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return any(network.network_address in one for one in PRIVATE_NETWORKS)


def _general(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in dict.fromkeys(names):
        address = _address(name)
        found.append(x509.DNSName(name) if address is None else x509.IPAddress(address))
    return found


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    lasts: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now - EARLY + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    kept = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Pair(certificate.public_bytes(serialization.Encoding.PEM), kept)
