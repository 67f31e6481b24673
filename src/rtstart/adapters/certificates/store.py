"""Where certificates are kept: the user's configuration folder, never a project.

The authority is made once. Where mkcert is set up, its authority signs instead, because devices
probably trust it already.
"""

import os
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import which
from tempfile import mkstemp
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from rtstart.adapters.certificates.authority import (
    RENEW_BEFORE,
    Authority,
    NotAnAuthority,
    common_name,
    general_names,
    issue,
    names_for,
    new_authority,
    read_authority,
)
from rtstart.adapters.folders import AUTHORITY_FILE
from rtstart.adapters.processes import run_to_end
from rtstart.core.errors import Failed
from rtstart.core.findings.tunnel import AUTHORITY_BROKEN

_AUTHORITY_FILE = "authority.pem"
_PUBLIC_FILE = AUTHORITY_FILE
_LEAF_FILE = "gateway.pem"
_MKCERT_WITHIN_S = 5.0

Maker: TypeAlias = Literal["rtstart", "mkcert"]
"""Whose authority signed."""


@dataclass(frozen=True, slots=True)
class LocalCertificate:
    """What the gateway needs for TLS on the local network.

    `certificate_path` holds key and certificate and is readable by the user alone;
    `authority_path` is what a device must trust, and `authority_name` how trust stores list it.
    `names` are the names and addresses it is good for.
    """

    certificate_path: Path
    authority_path: Path
    authority_name: str
    made_by: Maker
    names: tuple[str, ...]
    not_after: datetime


async def local_certificate(
    folder: Path,
    *,
    host_name: str,
    addresses: Sequence[str],
    now: datetime,
    env: Mapping[str, str],
) -> LocalCertificate:
    """The certificate for `localhost`, this machine's name and its LAN addresses.

    Made on first use, and again when the names change or 30 days before it ends. `folder` is in
    the user's configuration folder; `env` is used to look for mkcert. Raise Failed when what is
    there cannot be used.
    """
    _private_folder(folder)
    made_by: Maker = "mkcert"
    found = await _mkcert_authority(env, folder, now=now)
    if found is None:
        made_by = "rtstart"
        found = _own_authority(folder, host_name, now=now)
    authority, authority_path = found
    names = names_for(host_name, addresses, authority.certificate)
    path = folder / _LEAF_FILE
    leaf = _usable_leaf(path, authority.certificate, names, now=now)
    if leaf is None:
        pem = issue(authority, names, now=now)
        _write(path, pem, mode=0o600)
        leaf = x509.load_pem_x509_certificate(pem)
    return LocalCertificate(
        certificate_path=path,
        authority_path=authority_path,
        authority_name=common_name(authority.certificate),
        made_by=made_by,
        names=names,
        not_after=leaf.not_valid_after_utc,
    )


def server_context(certificate: LocalCertificate) -> ssl.SSLContext:
    """TLS for a listener with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate.certificate_path)
    context.set_alpn_protocols(["http/1.1"])
    return context


def client_context(certificate: LocalCertificate) -> ssl.SSLContext:
    """TLS for a client of this machine that trusts this authority and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate.authority_path)
    return context


async def _mkcert_authority(
    env: Mapping[str, str], folder: Path, *, now: datetime
) -> tuple[Authority, Path] | None:
    program = which("mkcert", path=env.get("PATH"))
    if program is None:
        return None
    told = await run_to_end([program, "-CAROOT"], cwd=folder, env=env, deadline_s=_MKCERT_WITHIN_S)
    if told.code != 0 or not told.last_lines:
        return None
    root = Path(told.last_lines[-1].strip())
    path = root / "rootCA.pem"
    try:
        found = read_authority(path.read_bytes(), (root / "rootCA-key.pem").read_bytes())
    except (OSError, NotAnAuthority):
        return None  # never set up here, or its key is kept elsewhere
    return (found, path) if _is_fresh(found.certificate, now=now) else None


def _own_authority(folder: Path, host_name: str, *, now: datetime) -> tuple[Authority, Path]:
    path = folder / _AUTHORITY_FILE
    found = _read(path) if path.exists() else None
    if found is not None and not _is_fresh(found.certificate, now=now):
        path.unlink()
        found = None
    if found is None:
        _write_once(path, new_authority(host_name, now=now))
        found = _read(path)
    _keep_private(path)
    public = folder / _PUBLIC_FILE
    pem = found.certificate.public_bytes(serialization.Encoding.PEM)
    if not public.exists() or public.read_bytes() != pem:
        _write(public, pem, mode=0o644)
    return found, public


def _read(path: Path) -> Authority:
    try:
        pem = path.read_bytes()
        return read_authority(pem, pem)
    except (OSError, NotAnAuthority) as error:
        raise Failed.of(AUTHORITY_BROKEN.found(why=f"{error}.", where=str(path))) from error


def _is_fresh(certificate: x509.Certificate, *, now: datetime) -> bool:
    return certificate.not_valid_after_utc > now + RENEW_BEFORE


def _usable_leaf(
    path: Path, issuer: x509.Certificate, names: tuple[str, ...], *, now: datetime
) -> x509.Certificate | None:
    if not path.exists():
        return None
    try:
        pem = path.read_bytes()
        read_authority(pem, pem)
        leaf = x509.load_pem_x509_certificate(pem)
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        leaf.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 (whatever is wrong with it, a new one is made in its place)
        return None
    if not _is_fresh(leaf, now=now) or leaf.not_valid_before_utc > now:
        return None
    if list(found) != general_names(names):
        return None
    _keep_private(path)
    return leaf


def _private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _keep_private(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _write(path: Path, data: bytes, *, mode: int) -> None:
    temporary = _temporary(path, data, mode=mode)
    temporary.replace(path)


def _write_once(path: Path, data: bytes) -> None:
    """Write a file unless it is there: of two runs that begin together, one makes the authority."""
    temporary = _temporary(path, data, mode=0o600)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink()


def _temporary(path: Path, data: bytes, *, mode: int) -> Path:
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    temporary = Path(name)
    temporary.chmod(mode)
    return temporary
