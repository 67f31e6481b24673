"""The page as it is served: every module is there, kept well, and held to a policy."""

import json
import re
from pathlib import PurePosixPath

import pytest
from fastapi.testclient import TestClient

from app.site import WEB
from tests.conftest import client_for, settings_for

API = "https://api.example.com/v1"


def _page(*, production: bool = False) -> tuple[TestClient, str]:
    settings = settings_for(API, production=production)
    with client_for(settings) as client:
        return client, client.get("/").text


@pytest.mark.parametrize("production", [False, True])
def test_every_address_in_the_document_is_there(production: bool) -> None:
    client, html = _page(production=production)
    addresses = re.findall(r'(?:href|src)="(/[^"]+)"', html)

    assert len(addresses) > 30
    answers = {address: client.get(address) for address in addresses}
    assert [address for address, one in answers.items() if one.status_code != 200] == []
    kept = {one.headers["cache-control"] for one in answers.values()}
    assert kept == {"public, max-age=31536000, immutable" if production else "no-cache"}


def test_every_import_of_a_module_leads_to_a_file() -> None:
    imports = [
        (path.relative_to(WEB).as_posix(), name)
        for path in WEB.rglob("*.js")
        for name in re.findall(r'(?:from|import)\s*"(\.[^"]+)"', path.read_text(encoding="utf-8"))
    ]

    assert len(imports) > 50
    assert [
        (path, name)
        for path, name in imports
        if not (WEB / PurePosixPath(path).parent / name).is_file()
    ] == []


def test_document_tells_the_page_of_the_tools() -> None:
    _, html = _page()
    match = re.search(r'<script id="tools" type="application/json">(.*?)</script>', html)

    assert match is not None
    tools = {one["name"]: one for one in json.loads(match[1])}
    assert tools["open_page"]["asks"] is True
    assert tools["local_time"]["inPage"] is False
    functions = re.findall(r"^  (\w+)\(", (WEB / "tools.js").read_text(encoding="utf-8"), re.M)
    assert {one["name"] for one in tools.values() if one["inPage"]} == set(functions)


def test_policy_lets_the_page_call_the_api_and_nobody_else() -> None:
    settings = settings_for(API, production=True, realtime_url=f"{API}/realtime")
    with client_for(settings) as client:
        headers = client.get("/").headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["connect-src"] == "'self' https://api.example.com wss://api.example.com"
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["permissions-policy"].startswith("microphone=(self), camera=()")
    assert headers["strict-transport-security"] == "max-age=31536000"


def test_production_does_not_offer_what_is_for_development() -> None:
    client, html = _page(production=True)

    assert "reload.js" not in html
    assert client.get("/__reload").status_code == 404
