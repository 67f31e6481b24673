"""`rtstart webhook` sends a signed sample, and says whether the app does right with it."""

import asyncio
from pathlib import Path

import pytest

from rtstart.adapters.ports import choose_port
from rtstart.commands.dev import DevRequest
from rtstart.commands.webhook import send_webhook
from rtstart.core.errors import Failed
from rtstart.core.events import Announced, Event, Found, ProofStep
from tests.fakes.dev_sessions import session_of
from tests.fakes.projects import KEY, write_project

pytestmark = pytest.mark.integration

_SECRET = "whsec_" + "bXkgdmVyeSBvd24gc2VjcmV0"
_DECLARED = '[services.token.webhooks]\n"/hooks/openai" = "OPENAI_WEBHOOK_SECRET"\n'


def _project(folder: Path, *, declared: str = _DECLARED, secret: str = _SECRET) -> Path:
    dotenv = f"OPENAI_API_KEY={KEY}\nOPENAI_WEBHOOK_SECRET={secret}\n"
    project = write_project(folder / "app", port=choose_port(None), dotenv=dotenv)
    with (project / "rtstart.toml").open("a", encoding="utf-8") as config:
        config.write(declared)
    return project


async def test_sample_passes_the_gateway_by_its_signature_and_a_forged_one_does_not(
    tmp_path: Path,
) -> None:
    project = _project(tmp_path)
    told: list[Event] = []
    async with session_of(DevRequest(project, tunnel="none")) as run:
        await run.until(lambda event: isinstance(event, Announced))

        code = await send_webhook(project, {}, emit=told.append)

    assert code == 0
    assert [(one.name, one.state, one.detail) for one in told if isinstance(one, ProofStep)] == [
        ("genuine", "passed", "an incoming call is answered with 200"),
        ("again", "passed", "the same delivery once more is answered with 204"),
        ("forged", "passed", "a wrong signature is answered with 401"),
    ]


async def test_app_that_looks_at_no_signature_is_told_so(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    told: list[Event] = []
    async with server:
        address = f"http://127.0.0.1:{port}/hooks/openai"
        code = await send_webhook(_project(tmp_path), {}, address=address, emit=told.append)

    assert code == 3
    assert [one.finding.code for one in told if isinstance(one, Found)] == ["RT731"]


async def test_app_that_refuses_everything_is_told_so(tmp_path: Path) -> None:
    told: list[Event] = []

    code = await send_webhook(
        _project(tmp_path), {}, address="http://127.0.0.1:9/hooks/openai", emit=told.append
    )

    assert code == 3
    assert {one.finding.code for one in told if isinstance(one, Found)} == {"RT730"}


@pytest.mark.parametrize(
    ("declared", "secret", "address", "code"),
    [
        ("", _SECRET, "", "RT732"),
        (_DECLARED, "", "", "RT732"),
        (_DECLARED, _SECRET, "http://127.0.0.1:9/elsewhere", "RT732"),
        (_DECLARED, _SECRET, "", "RT309"),
    ],
)
async def test_webhook_says_what_is_missing(
    tmp_path: Path, declared: str, secret: str, address: str, code: str
) -> None:
    project = _project(tmp_path, declared=declared, secret=secret)

    with pytest.raises(Failed) as failed:
        await send_webhook(project, {}, address=address, emit=lambda _: None)

    assert failed.value.code == code


async def test_dev_refuses_a_webhook_secret_that_is_none(tmp_path: Path) -> None:
    project = _project(tmp_path, secret="not one")

    with pytest.raises(Exception, match="OPENAI_WEBHOOK_SECRET, which guards /hooks/openai"):
        await send_webhook(project, {}, emit=lambda _: None)
