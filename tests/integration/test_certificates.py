"""Certificates of the local authority, tried in real TLS handshakes."""

import asyncio
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from rtstart.adapters.certificates import (
    LocalCertificate,
    client_context,
    local_certificate,
    server_context,
)
from rtstart.adapters.certificates.authority import issue, read_authority
from rtstart.adapters.processes import run_to_end
from rtstart.core.errors import Failed

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
NO_MKCERT = {"PATH": "/nowhere"}


async def _certificate(
    folder: Path,
    *,
    host_name: str = "devbox",
    addresses: tuple[str, ...] = ("192.168.1.20",),
    now: datetime = NOW,
    env: dict[str, str] | None = None,
) -> LocalCertificate:
    return await local_certificate(
        folder, host_name=host_name, addresses=addresses, now=now, env=env or NO_MKCERT
    )


async def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """Shake hands over a real socket; return the negotiated version or what the client says."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
    port = listener.sockets[0].getsockname()[1]
    try:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname=name
        )
        version = writer.get_extra_info("ssl_object").version()
        writer.transport.abort()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        listener.close()
        await listener.wait_closed()
    return str(version)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _leaf(certificate: LocalCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.certificate_path.read_bytes())


async def test_every_name_of_this_machine_is_accepted(tmp_path: Path) -> None:
    made = await _certificate(tmp_path)
    server, client = server_context(made), client_context(made)

    names = ("localhost", "127.0.0.1", "::1", "devbox", "devbox.local", "192.168.1.20")
    assert made.names == names
    assert {name: await _handshake(server, client, name) for name in names} == dict.fromkeys(
        names, "TLSv1.3"
    )


async def test_other_names_and_strangers_are_refused(tmp_path: Path) -> None:
    made = await _certificate(tmp_path / "one")
    other = await _certificate(tmp_path / "two")

    said = [
        await _handshake(server_context(made), client_context(made), "example.com"),
        await _handshake(server_context(made), client_context(made), "192.168.1.21"),
        await _handshake(server_context(made), client_context(other), "localhost"),
        await _handshake(server_context(made), ssl.create_default_context(), "localhost"),
    ]

    assert [text.partition(",")[0].partition(":")[0] for text in said] == [
        "Hostname mismatch",
        "IP address mismatch",
        "unable to get local issuer certificate",
        "unable to get local issuer certificate",
    ]


async def test_stolen_authority_cannot_pass_for_a_site_of_the_internet(tmp_path: Path) -> None:
    made = await _certificate(tmp_path)
    pem = (tmp_path / "authority.pem").read_bytes()
    forged = tmp_path / "forged.pem"
    forged.write_bytes(issue(read_authority(pem, pem), ["api.openai.com", "8.8.8.8"], now=NOW))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(forged)

    said = await _handshake(server, client_context(made), "api.openai.com")

    assert said == "permitted subtree violation"


async def test_leaf_is_short_lived_and_for_servers_only(tmp_path: Path) -> None:
    leaf = _leaf(await _certificate(tmp_path))

    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert constraints.ca is False
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=397)


async def test_keys_are_the_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    made = await _certificate(folder)
    (folder / "authority.pem").chmod(0o644)
    await _certificate(folder)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"authority.pem": 0o600, "gateway.pem": 0o600, "rtstart-local-ca.crt": 0o644}
    assert b"PRIVATE" not in made.authority_path.read_bytes()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_authority_and_leaf_are_made_once(tmp_path: Path) -> None:
    first = await _certificate(tmp_path)
    before = _files(tmp_path)
    second = await _certificate(tmp_path)

    assert second == first
    assert _files(tmp_path) == before


@pytest.mark.parametrize(
    ("addresses", "days"), [(("192.168.1.21",), 0), (("192.168.1.20",), 370), ((), 0)]
)
async def test_leaf_is_made_anew_when_addresses_change_or_it_ends(
    tmp_path: Path, addresses: tuple[str, ...], days: int
) -> None:
    first = await _certificate(tmp_path, now=NOW - timedelta(days=days))
    old = _leaf(first)
    second = await _certificate(tmp_path, addresses=addresses)

    assert _leaf(second) != old
    assert second.authority_path.read_bytes() == first.authority_path.read_bytes()
    assert await _handshake(server_context(second), client_context(first), "localhost") == "TLSv1.3"


async def test_authority_that_ends_is_made_anew(tmp_path: Path) -> None:
    first = await _certificate(tmp_path, now=NOW - timedelta(days=3640))
    old = first.authority_path.read_bytes()
    second = await _certificate(tmp_path)

    assert second.authority_path.read_bytes() != old
    assert await _handshake(server_context(second), client_context(second), "devbox") == "TLSv1.3"


async def test_names_the_authority_may_not_speak_for_are_left_out(tmp_path: Path) -> None:
    made = await _certificate(tmp_path, host_name="Büro", addresses=("8.8.8.8", "10.1.2.3"))
    renamed = await _certificate(tmp_path, host_name="laptop.local", addresses=())

    assert made.names == ("localhost", "127.0.0.1", "::1", "10.1.2.3")
    assert renamed.names == ("localhost", "127.0.0.1", "::1", "laptop.local")


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN PRIVATE KEY-----\nxx\n"])
async def test_damaged_authority_is_named_and_not_replaced(tmp_path: Path, damage: bytes) -> None:
    await _certificate(tmp_path)
    path = tmp_path / "authority.pem"
    path.write_bytes(damage)

    with pytest.raises(Failed) as failed:
        await _certificate(tmp_path)

    assert (failed.value.code, failed.value.where) == ("RT404", str(path))
    assert path.read_bytes() == damage


async def test_key_of_another_authority_is_named(tmp_path: Path) -> None:
    await _certificate(tmp_path / "one")
    await _certificate(tmp_path / "two")
    one, two = (tmp_path / name / "authority.pem" for name in ("one", "two"))
    key = two.read_bytes().partition(b"-----BEGIN CERT")[0]
    one.write_bytes(key + one.read_bytes()[one.read_bytes().index(b"-----BEGIN CERT") :])

    with pytest.raises(Failed, match="cannot be read"):
        await _certificate(tmp_path / "one")


async def test_damaged_leaf_is_replaced_without_a_word(tmp_path: Path) -> None:
    made = await _certificate(tmp_path)
    made.certificate_path.write_bytes(b"damaged")
    again = await _certificate(tmp_path)

    assert await _handshake(server_context(again), client_context(made), "devbox") == "TLSv1.3"


async def test_two_runs_that_begin_together_share_one_authority(tmp_path: Path) -> None:
    made = await asyncio.gather(*(_certificate(tmp_path) for _ in range(4)))

    assert len({one.authority_path.read_bytes() for one in made}) == 1
    assert sorted(_files(tmp_path)) == ["authority.pem", "gateway.pem", "rtstart-local-ca.crt"]


async def _with_mkcert(tmp_path: Path, root: Path) -> LocalCertificate:
    program = tmp_path / "bin" / "mkcert"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = -CAROOT ] && echo "{root}"\n')
    program.chmod(0o755)
    env = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    return await _certificate(tmp_path / "config", addresses=("8.8.4.4",), env=env)


async def test_authority_of_mkcert_is_used_where_it_is_set_up(tmp_path: Path) -> None:
    await _certificate(tmp_path / "theirs")
    root = tmp_path / "caroot"
    root.mkdir()
    pem = (tmp_path / "theirs" / "authority.pem").read_bytes()
    authority = read_authority(pem, pem)
    (root / "rootCA.pem").write_bytes(
        authority.certificate.public_bytes(serialization.Encoding.PEM)
    )
    (root / "rootCA-key.pem").write_bytes(pem.partition(b"-----BEGIN CERT")[0])

    made = await _with_mkcert(tmp_path, root)

    assert (made.made_by, made.authority_path) == ("mkcert", root / "rootCA.pem")
    assert await _handshake(server_context(made), client_context(made), "devbox") == "TLSv1.3"
    assert not (tmp_path / "config" / "authority.pem").exists()


async def test_mkcert_that_was_never_set_up_is_passed_over(tmp_path: Path) -> None:
    made = await _with_mkcert(tmp_path, tmp_path / "nothing-there")

    assert made.made_by == "rtstart"


async def test_openssl_agrees_with_the_chain(tmp_path: Path) -> None:
    made = await _certificate(tmp_path)

    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(made.authority_path)]
    command.append(str(made.certificate_path))
    told = await run_to_end(command, cwd=tmp_path, env=os.environ, deadline_s=10)

    assert (told.code, told.last_lines) == (0, (f"{made.certificate_path}: OK",))
