"""`rtstart emulate` as a process."""

import asyncio
import json
import signal
import socket
import ssl
import sys

import httpx
import pytest

pytestmark = pytest.mark.integration

STOPS_WITHIN_S = 20
"""What loads in the background is waited for: seconds on a busy machine."""


async def _started(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "rtstart", "emulate", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_it_answers_and_ends_cleanly_when_asked(how: signal.Signals) -> None:
    process = await _started("--port", "0", "--json")
    assert process.stdout is not None
    told = json.loads(await process.stdout.readline())
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{told['url']}/healthz")

    process.send_signal(how)
    out, err = await asyncio.wait_for(process.communicate(), STOPS_WITHIN_S)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "emulated": True})
    assert (process.returncode, out, err) == (0, b"", b"")
    with pytest.raises(OSError, match="refused"), socket.socket() as gone:
        gone.connect(("127.0.0.1", int(told["url"].rpartition(":")[2])))


async def test_the_banner_says_emulated_and_the_address_is_the_result() -> None:
    process = await _started("--port", "0")
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()

    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), STOPS_WITHIN_S)

    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/v1")
    assert b"EMULATED" in err
    assert f"OPENAI_BASE_URL      {address}".encode() in err


async def test_it_names_the_port_when_it_is_taken() -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        process = await _started("--port", str(port))
        _, err = await asyncio.wait_for(process.communicate(), 10)

    assert process.returncode == 5
    assert f"127.0.0.1:{port}".encode() in err
    assert b"RT201" in err


async def test_it_speaks_tls_too_when_asked() -> None:
    process = await _started("--port", "0", "--tls-port", "0", "--json")
    assert process.stdout is not None
    told = json.loads(await process.stdout.readline())
    trust = ssl.create_default_context(cafile=told["authority_path"])
    async with httpx.AsyncClient(verify=trust) as client:
        answer = await client.get(told["tls_base_url"].replace("/v1", "/healthz"))

    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), STOPS_WITHIN_S)

    assert (answer.status_code, process.returncode) == (200, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--answers", "chat"), b"--answers chat --chat-model llama3.2"),
        (("--answers", "chat", "--chat-model", "m", "--chat-url", "here"), b'"here" is no address'),
        (("--fault", "dropp", "--fault", "mute:at=x"), b"did you mean drop?\n  mute:at=x: at must"),
        (("--advertise", "here"), b'"here" is no address of this machine'),
        (("--host", "192.0.2.1"), b"Cannot listen on 192.0.2.1:0"),
        (("--record", "/dev/null/calls"), b'Calls cannot be recorded in "/dev/null/calls"'),
        (("--", "no-such-program"), b"as in: -- npm test"),
    ],
)
async def test_a_wrong_wish_is_explained(options: tuple[str, ...], words: bytes) -> None:
    process = await _started("--port", "0", *options)
    _, err = await asyncio.wait_for(process.communicate(), 10)

    assert process.returncode == 2
    assert words in err


async def test_the_banner_says_which_model_answers() -> None:
    endpoint = ("--chat-model", "llama3.2", "--chat-url", "http://127.0.0.1:9/v1")
    process = await _started("--port", "0", "--answers", "chat", *endpoint)
    assert process.stdout is not None
    await process.stdout.readline()

    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), STOPS_WITHIN_S)

    assert b"llama3.2 at http://127.0.0.1:9/v1 answers" in err
