"""Making certificates: the authority, and what it signs. Keys and certificates, no files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rtstart.core.networks import LOCAL_NETWORKS

RENEW_BEFORE = timedelta(days=30)
"""How long before its end a certificate is replaced."""

_AUTHORITY_DAYS = 3650
_LEAF_DAYS = 397  # the longest that browsers accept from public authorities, kept here too
_BACKDATED = timedelta(hours=1)  # clocks of phones are not always right
_LONGEST_COMMON_NAME = 64
Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority that can sign: its certificate and its key."""

    certificate: x509.Certificate
    key: Key


class NotAnAuthority(Exception):
    """Bytes do not hold an authority's certificate and the key that belongs to it."""


def read_authority(certificate_pem: bytes, key_pem: bytes) -> Authority:
    """Read an authority; raise NotAnAuthority."""
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
        certificate = x509.load_pem_x509_certificate(certificate_pem)
    except (ValueError, TypeError) as error:
        raise NotAnAuthority(str(error)) from error
    if not isinstance(key, Key) or certificate.public_key() != key.public_key():
        raise NotAnAuthority("key and certificate do not belong together")
    return Authority(certificate, key)


def new_authority(host_name: str, *, now: datetime) -> bytes:
    """A new authority for this machine, as PEM: key, then certificate.

    It may speak only for this machine's names and for private addresses.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "rtstart"),
            x509.NameAttribute(
                NameOID.COMMON_NAME,
                f"rtstart local CA on {host_name or 'this machine'}"[:_LONGEST_COMMON_NAME],
            ),
        ]
    )
    permitted: list[x509.GeneralName] = [
        x509.DNSName(one) for one in dict.fromkeys(("localhost", "local", _ascii(host_name))) if one
    ]
    permitted += [x509.IPAddress(ip_network(one)) for one in LOCAL_NETWORKS]
    certificate = (
        _builder(name, name, key, now=now, days=_AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _key_bytes(key) + certificate.public_bytes(serialization.Encoding.PEM)


def common_name(certificate: x509.Certificate) -> str:
    """The name under which trust stores list a certificate; empty when it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def issue(authority: Authority, names: Sequence[str], *, now: datetime) -> bytes:
    """A certificate for these names, as PEM: key, then certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rtstart gateway")])
    issuer = authority.certificate
    identifier = _identifier(issuer)
    leaf = (
        _builder(subject, issuer.subject, key, now=now, days=_LEAF_DAYS, until=issuer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(general_names(names)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return _key_bytes(key) + leaf.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    *,
    now: datetime,
    days: int,
    until: x509.Certificate | None = None,
) -> x509.CertificateBuilder:
    end = now - _BACKDATED + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(min(end, until.not_valid_after_utc) if until else end)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def names_for(
    host_name: str, addresses: Sequence[str], authority: x509.Certificate
) -> tuple[str, ...]:
    """The names and addresses a certificate of this machine is for, as far as the authority may
    speak for them.
    """
    host = _ascii(host_name)
    bare = host.removesuffix(".local")
    wished = ["localhost", "127.0.0.1", "::1", host, f"{bare}.local" if bare else "", *addresses]
    return tuple(one for one in dict.fromkeys(wished) if one and _may_name(authority, one))


def _may_name(authority: x509.Certificate, name: str) -> bool:
    try:
        limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    permitted = limits.permitted_subtrees or []
    address = _address(name)
    for one in permitted:
        if address is not None:
            network = one.value
            if isinstance(network, IPv4Network | IPv6Network) and address in network:
                return True
        elif isinstance(one, x509.DNSName) and f".{name}".endswith(f".{one.value}"):
            return True
    return False


def general_names(names: Iterable[str]) -> list[x509.GeneralName]:
    """Names and addresses in the form that certificates hold."""
    general: list[x509.GeneralName] = []
    for name in names:
        address = _address(name)
        general.append(x509.DNSName(name) if address is None else x509.IPAddress(address))
    return general


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _ascii(host_name: str) -> str:
    lowered = host_name.lower().strip(".")
    return lowered if lowered.isascii() else ""


def _identifier(issuer: x509.Certificate) -> x509.SubjectKeyIdentifier:
    try:
        return issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())


def _key_bytes(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
