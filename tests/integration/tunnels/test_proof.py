"""The proof and the probe through tunnels that go wrong: each named by its right finding."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from rtstart.commands.probe import ProbeRequest, probe
from rtstart.commands.prove import Keys, Proof, prove
from rtstart.core.errors import Usage
from rtstart.core.events import AnswerSeen, Event, Found, ProofStep
from rtstart.core.proof import Subject
from tests.fakes.gateways import Running, running
from tests.fakes.hostile import HostileTunnel, Mode, hostile_tunnel

pytestmark = pytest.mark.integration

_ALL = ("name", "certificate", "page", "websocket", "stream", "upload")


@pytest.fixture
async def gateway() -> AsyncIterator[Running]:
    async with running(is_open=True) as one:
        yield one


async def _prove(
    gateway: Running,
    tunnel: HostileTunnel,
    *,
    patience_s: float = 0.0,
    carries_streams: bool = True,
    url: str = "",
) -> tuple[Proof, list[Event]]:
    events: list[Event] = []
    gateway.gateway.set_public_origin(url or tunnel.url)
    subject = Subject(
        origin=url or tunnel.url,
        is_public=False,
        framework="none",
        mint="",
        is_carried=True,
        carries_streams=carries_streams,
        patience_s=patience_s,
    )
    keys = Keys(gateway.gateway.nonce, tls=tunnel.client_tls)
    return await prove(subject, keys, emit=events.append), events


def _passed(events: list[Event]) -> list[str]:
    return sorted(
        event.name for event in events if isinstance(event, ProofStep) and event.state == "passed"
    )


@pytest.mark.parametrize("mode", ["good", "slow"])
async def test_every_question_passes_when_the_tunnel_is_good(gateway: Running, mode: Mode) -> None:
    async with hostile_tunnel(gateway.public, mode) as tunnel:
        proof, events = await _prove(gateway, tunnel)

    assert proof.findings == ()
    assert _passed(events) == sorted(_ALL)
    assert (proof.passed, proof.asked) == (6, 6)


@pytest.mark.parametrize(
    ("mode", "codes", "failed"),
    [
        ("wrong certificate", ["RT413"], ["certificate"]),
        ("not connected", ["RT426"], ["page"]),
        ("another app", ["RT418"], ["page"]),
        ("sign in", ["RT445"], ["page"]),
        ("host refused", ["RT419"], ["page"]),
        ("rate limits", ["RT443"], ["page"]),
        ("no http", ["RT426"], ["page"]),
        ("warning page", ["RT414"], []),
        ("drops upgrades", ["RT415"], ["websocket"]),
        ("refuses upgrades", ["RT415"], ["websocket"]),
        ("wrong accept", ["RT415"], ["websocket"]),
        ("answers upgrades", ["RT416"], ["websocket"]),
        ("strips upgrades", ["RT416"], ["websocket"]),
        ("buffers", ["RT417"], ["stream"]),
        ("small bodies", ["RT420"], ["upload"]),
    ],
)
async def test_fault_is_named_when_the_tunnel_is_hostile(
    gateway: Running, mode: Mode, codes: list[str], failed: list[str]
) -> None:
    async with hostile_tunnel(gateway.public, mode) as tunnel:
        proof, events = await _prove(gateway, tunnel)

    assert [finding.code for finding in proof.findings] == codes
    assert [
        event.name for event in events if isinstance(event, ProofStep) and event.state == "failed"
    ] == failed


async def test_s12_address_where_a_stranger_may_mint_does_not_pass(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public, "good") as tunnel:
        gateway.gateway.set_public_origin(tunnel.url)
        subject = Subject(
            origin=tunnel.url, is_public=True, framework="none", mint="/session", is_carried=True
        )
        events: list[Event] = []
        keys = Keys(gateway.gateway.nonce, tls=tunnel.client_tls)
        proof = await prove(subject, keys, emit=events.append)

    assert "mint refused" not in _passed(events)
    assert [(one.code, one.level) for one in proof.findings] == [("RT410", "error")]


async def test_name_is_asked_for_with_patience_when_it_does_not_resolve(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public) as tunnel:
        proof, events = await _prove(gateway, tunnel, url="https://nowhere.invalid", patience_s=0.8)

    assert [finding.code for finding in proof.findings] == ["RT412"]
    steps = [event for event in events if isinstance(event, ProofStep)]
    assert [step.name for step in steps] == ["name"]
    assert steps[0].milliseconds >= 400


async def test_page_is_asked_again_when_the_edge_is_not_connected_yet(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public, "not connected") as tunnel:
        events: list[Event] = []

        def mend(event: Event) -> None:
            events.append(event)
            if isinstance(event, ProofStep) and event.name == "certificate":
                tunnel.mode = "good"

        gateway.gateway.set_public_origin(tunnel.url)
        subject = Subject(
            tunnel.url, is_public=False, framework="none", mint="", is_carried=True, patience_s=5.0
        )
        keys = Keys(gateway.gateway.nonce, tls=tunnel.client_tls)
        proof = await prove(subject, keys, emit=mend)

    assert proof.findings == ()


async def test_way_is_proved_before_the_services_are_ready(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public) as tunnel:
        gateway.gateway.set_public_origin(tunnel.url)
        subject = Subject(tunnel.url, is_public=False, framework="none", mint="", is_carried=True)
        keys = Keys(gateway.gateway.nonce, tls=tunnel.client_tls)
        ready, events = asyncio.Event(), list[Event]()

        def tell(event: Event) -> None:
            events.append(event)
            if len(events) == len(_ALL) - 1:
                ready.set()

        proof = await prove(subject, keys, emit=tell, until_ready=ready.wait)

    assert (proof.passed, proof.asked) == (6, 6)
    assert _passed(events[-1:]) == ["page"]


async def test_streams_are_not_asked_for_when_the_provider_is_known_to_hold_them_back(
    gateway: Running,
) -> None:
    async with hostile_tunnel(gateway.public, "buffers") as tunnel:
        proof, events = await _prove(gateway, tunnel, carries_streams=False)

    assert proof.findings == ()
    assert events[0] == ProofStep("stream", "skipped", 0.0, "this provider holds streams back")


async def _probe(
    gateway: Running, tunnel: HostileTunnel, **changes: object
) -> tuple[int, list[Event]]:
    events: list[Event] = []
    gateway.gateway.set_public_origin(tunnel.url)
    request = ProbeRequest(tunnel.url, within_s=2.0, **changes)  # type: ignore[arg-type]  # words
    code = await probe(request, emit=events.append, tls=tunnel.client_tls)
    return code, events


async def test_probe_passes_every_layer_when_the_tunnel_is_good(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public) as tunnel:
        code, events = await _probe(gateway, tunnel)

    assert code == 0
    assert [(event.name, event.state) for event in events if isinstance(event, ProofStep)] == [
        (layer, "passed") for layer in ("name", "tcp", "tls", "http", "upgrade", "echo", "close")
    ]
    (head,) = [event for event in events if isinstance(event, AnswerSeen)]
    assert head.status == 101
    assert any(line.startswith("Sec-WebSocket-Accept: ") for line in head.headers)


@pytest.mark.parametrize(
    ("mode", "code", "finding", "words"),
    [
        ("wrong certificate", 13, "RT413", "the certificate is not valid"),
        ("no http", 14, "RT418", "what came back is no HTTP"),
        ("drops upgrades", 14, "RT415", "the connection was cut off"),
        ("refuses upgrades", 15, "RT415", "the upgrade was answered with 502 Whatever"),
        ("answers upgrades", 15, "RT416", "the upgrade was answered with 200 Whatever: Hello"),
        ("strips upgrades", 15, "RT416", "the upgrade was answered with 426 Upgrade Required"),
        ("sign in", 15, "RT445", "answered with 302 Found, to https://github.test/login"),
        ("rate limits", 15, "RT443", "the upgrade was answered with 429 Whatever"),
        (
            "not connected",
            15,
            "RT426",
            "the upgrade was answered with 530 Whatever by Cloudflare's edge: Error 1033",
        ),
        ("host refused", 15, "RT419", "by a Vite dev server that does not know this host"),
        ("wrong accept", 15, "RT415", "Sec-WebSocket-Accept does not belong to our key"),
    ],
)
async def test_probe_says_which_layer_failed(
    gateway: Running, mode: Mode, code: int, finding: str, words: str
) -> None:
    async with hostile_tunnel(gateway.public, mode) as tunnel:
        given, events = await _probe(gateway, tunnel, local_url=gateway.local_url)

    (found,) = [event.finding for event in events if isinstance(event, Found)]
    (failed,) = [
        event for event in events if isinstance(event, ProofStep) and event.state == "failed"
    ]
    assert (given, found.code) == (code, finding)
    assert words in failed.detail
    assert found.why.endswith("The local service passes the same probe: the way to it is at fault.")


async def test_probe_blames_the_service_when_it_fails_locally_too(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public) as tunnel:
        gateway.gateway.set_public_origin(tunnel.url)
        events: list[Event] = []
        request = ProbeRequest(
            f"{tunnel.url}/no-socket", local_url=f"{gateway.local_url}/no-socket"
        )
        code = await probe(request, emit=events.append, tls=tunnel.client_tls)

    (found,) = [event.finding for event in events if isinstance(event, Found)]
    assert code == 15
    assert "The local service fails at the same place" in found.why


@pytest.mark.parametrize(
    ("url", "code", "finding"),
    [("wss://nowhere.invalid", 11, "RT412"), ("ws://127.0.0.1:1", 12, "RT423")],
)
async def test_probe_says_so_when_there_is_nobody(url: str, code: int, finding: str) -> None:
    events: list[Event] = []

    assert await probe(ProbeRequest(url), emit=events.append) == code
    assert [event.finding.code for event in events if isinstance(event, Found)] == [finding]


async def test_probe_refuses_what_is_no_address() -> None:
    with pytest.raises(Usage):
        await probe(ProbeRequest("ftp://x"), emit=lambda _: None)


async def test_probe_offers_subprotocols_and_says_when_none_was_chosen(gateway: Running) -> None:
    async with hostile_tunnel(gateway.public) as tunnel:
        code, events = await _probe(gateway, tunnel, protocols=("realtime",))

    assert code == 15
    assert any(
        isinstance(event, ProofStep)
        and event.detail == "none of the subprotocols was chosen (realtime)"
        for event in events
    )


async def test_probe_shows_no_secret_when_one_was_offered_as_a_subprotocol(
    gateway: Running,
) -> None:
    async with hostile_tunnel(gateway.public) as tunnel:
        secret = "openai-insecure-api-key.ek_0123456789abcdef"
        code, events = await _probe(gateway, tunnel, protocols=("realtime", secret))

    assert code == 15
    assert "0123456789abcd" not in repr(events)
