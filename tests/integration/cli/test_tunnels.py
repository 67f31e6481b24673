"""`rtstart probe` and `rtstart tunnels` as programs: exit codes, JSON, wrong names."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

from rtstart.adapters.processes import Completed, run_to_end
from tests.fakes.gateways import running
from tests.fakes.hostile import Mode, hostile_tunnel

pytestmark = pytest.mark.integration


async def _rtstart(
    *words: str, cwd: Path, **env: str
) -> tuple[Completed, list[Mapping[str, Any]]]:  # each as its JSON says
    said: list[str] = []
    completed = await run_to_end(
        [sys.executable, "-m", "rtstart", *words],
        cwd=cwd,
        env={**os.environ, **env},
        deadline_s=20,
        on_line=said.append,
    )
    return completed, [json.loads(line) for line in said if line.startswith("{")]


@pytest.mark.parametrize(
    ("mode", "code", "finding", "layers"),
    [
        ("good", 0, [], 7),
        ("wrong certificate", 13, ["RT413"], 7),
        ("no http", 14, ["RT418"], 7),
        ("answers upgrades", 15, ["RT416"], 7),
    ],
)
async def test_probe_ends_with_the_code_of_the_layer(
    tmp_path: Path, mode: Mode, code: int, finding: list[str], layers: int
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with (
        running(is_open=True) as gateway,
        hostile_tunnel(gateway.public, mode, authority=authority) as tunnel,
    ):
        gateway.gateway.set_public_origin(tunnel.url)
        completed, told = await _rtstart(
            "probe",
            tunnel.url,
            "--json",
            "--local",
            gateway.local_url,
            cwd=tmp_path,
            SSL_CERT_FILE=str(tmp_path / "ca.pem"),
        )

    assert completed.code == code
    assert [one["finding"]["code"] for one in told if one["event"] == "found"] == finding
    assert len([one for one in told if one["event"] == "proof_step"]) == layers


async def test_probe_refuses_what_is_no_address(tmp_path: Path) -> None:
    completed, _ = await _rtstart("probe", "ftp://example.test", cwd=tmp_path)

    assert completed.code == 2
    assert any("RT408" in line for line in completed.last_lines)


async def test_tunnels_lists_every_way_as_json(tmp_path: Path) -> None:
    completed, told = await _rtstart("tunnels", "--json", cwd=tmp_path)

    rows = {one["name"]: one for one in told}
    assert completed.code == 0
    assert {"cloudflared", "ngrok", "localtunnel", "ssh", "lan", "portpreview"} <= set(rows)
    assert rows["portpreview"]["finding"]["code"] == "RT433"
    assert rows["cloudflared"]["traits"]["plaintext"] == "Cloudflare"


async def test_tunnels_tells_faults_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "rtstart.toml").write_text('schema = 1\n[tunnels.url]\nport = "x"\n', "utf-8")
    (tmp_path / "Procfile").write_text("web: true\n", "utf-8")

    completed, _ = await _rtstart("tunnels", cwd=tmp_path)

    assert completed.code == 4
    assert any('tunnels.url.port is "x", which is no port' in one for one in completed.last_lines)


async def test_tunnels_says_why_a_plug_in_that_was_named_is_broken(tmp_path: Path) -> None:
    package = tmp_path / "acme_tunnel-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: acme-tunnel\nVersion: 1.0\n", "utf-8")
    points = "[rtstart.tunnels]\nacme = acme_tunnel:PROVIDER\n"
    (package / "entry_points.txt").write_text(points, "utf-8")

    completed, _ = await _rtstart("tunnels", "acme", cwd=tmp_path, PYTHONPATH=str(tmp_path))

    assert completed.code == 2
    assert any("No module named 'acme_tunnel'" in one for one in completed.last_lines)
    assert any("pip uninstall acme-tunnel" in one for one in completed.last_lines)


async def test_tunnels_offers_the_nearest_name(tmp_path: Path) -> None:
    completed, _ = await _rtstart("tunnels", "locltunnel", cwd=tmp_path)

    assert completed.code == 2
    assert any("Did you mean localtunnel?" in line for line in completed.last_lines)
