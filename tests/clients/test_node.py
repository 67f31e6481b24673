"""Node `openai` (over TLS, as it insists) and `@openai/agents-realtime` in Node, unmodified."""

import sys
from pathlib import Path

import pytest

import rtstart
from rtstart.adapters.emulator.audio.samples import RATE_HZ, Samples
from rtstart.adapters.emulator.ice import LOOPBACK
from rtstart.adapters.emulator.server import Emulator, EmulatorOptions
from tests.clients.node import NodeClients
from tests.fakes.realtime import KEY, PeerClient, recording, silence
from tests.fakes.speech import ONE_TURN, TWO_TURNS

pytestmark = [pytest.mark.clients, pytest.mark.timeout(150)]


def _tls(emulator: Emulator) -> dict[str, str]:
    assert emulator.options.tls is not None
    return {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": emulator.tls_base_url,
        "NODE_EXTRA_CA_CERTS": emulator.options.tls.authority_path,
    }


def _plain(emulator: Emulator) -> dict[str, str]:
    return {"OPENAI_API_KEY": KEY, "REALTIME_URL": emulator.realtime_url}


def _file(folder: Path, samples: Samples, name: str = "speech.pcm") -> str:
    path = folder / name
    path.write_bytes(samples.astype("<i2").tobytes())
    return str(path)


async def test_openai_mints(node: NodeClients, emulator: Emulator) -> None:
    minted = await node.run("openai_node.mjs", "mint", env=_tls(emulator))

    assert minted == {"prefix": "ek_", "voice": "marin"}


async def test_openai_is_refused_as_it_should_be(node: NodeClients, emulator: Emulator) -> None:
    refused = await node.run("openai_node.mjs", "refused", env=_tls(emulator))

    assert refused == {
        "kind": "BadRequestError",
        "status": 400,
        "code": "unknown_parameter",
        "param": "session.voice",
    }


async def test_openai_makes_calls(node: NodeClients, emulator: Emulator, tmp_path: Path) -> None:
    peer = PeerClient(silence(0))
    offer = tmp_path / "offer.sdp"
    offer.write_text((await peer.peer.createOffer()).sdp, encoding="utf-8", newline="")

    made = await node.run("openai_node.mjs", "calls", env={**_tls(emulator), "OFFER": str(offer)})
    await peer.hang_up()

    assert made["bodies"] == ["v=0", "v=0"]
    assert all(call_id.startswith("rtc_emu") for call_id in made["ids"])


@pytest.mark.parametrize("socket", ["ws", "websocket"])
async def test_openai_talks_in_text(node: NodeClients, emulator: Emulator, socket: str) -> None:
    talked = await node.run("openai_node.mjs", socket, env=_tls(emulator))

    assert talked["text"] == "You wrote: Hello"


async def test_openai_talks_in_sound(node: NodeClients, emulator: Emulator, tmp_path: Path) -> None:
    env = {**_tls(emulator), "SPEECH": _file(tmp_path, recording(ONE_TURN.path))}

    talked = await node.run("openai_node.mjs", "speak", env=env)

    assert talked["samples"] / RATE_HZ == pytest.approx(1.8, abs=0.2)


async def test_openai_is_closed_as_it_should_be(node: NodeClients, emulator: Emulator) -> None:
    closed = await node.run("openai_node.mjs", "model", env=_tls(emulator))

    assert closed == {
        "codes": ["invalid_model"],
        "code": 4000,
        "reason": "invalid_request_error.invalid_model",
    }


async def test_agents_talk_in_text(node: NodeClients, emulator: Emulator) -> None:
    talked = await node.run("agents_node.mjs", "text", env=_plain(emulator))

    assert talked == {
        "texts": [["user", "completed", "Hello"], ["assistant", "completed", "You wrote: Hello"]],
        "errors": [],
    }


async def test_agents_talk_in_sound(node: NodeClients, emulator: Emulator, tmp_path: Path) -> None:
    env = {**_plain(emulator), "SPEECH": _file(tmp_path, recording(ONE_TURN.path))}

    talked = await node.run("agents_node.mjs", "speech", env=env)

    (user, assistant) = talked["texts"]
    assert user[2].startswith("[speech, 1.7 s, pitch about ")
    assert assistant[2].startswith("You spoke for 1.7 s, pitch about ")
    assert talked["samples"] / RATE_HZ == pytest.approx(1.8, abs=0.2)
    assert (talked["errors"], talked["usage"]) == ([], True)


async def test_agents_run_a_tool_after_approval(node: NodeClients, emulator: Emulator) -> None:
    talked = await node.run("agents_node.mjs", "tool", env=_plain(emulator))

    assert talked["asked"] == ["get_time"]
    assert talked["ran"] == ["noon"]
    assert talked["texts"][-1] == ["assistant", "completed", "The tool answered: noon"]
    assert talked["errors"] == []


async def test_agents_are_interrupted(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    said = recording(TWO_TURNS.path)
    first, second = TWO_TURNS.turns
    cut = (first.end_ms + 700) * RATE_HZ // 1000
    env = {
        **_plain(emulator),
        "FIRST": _file(tmp_path, said[:cut], "first.pcm"),
        "SECOND": _file(tmp_path, said[second.start_ms * RATE_HZ // 1000 :], "second.pcm"),
    }

    talked = await node.run("agents_node.mjs", "interruption", env=env)

    assert talked == {"interrupted": 1, "errors": []}


async def test_agents_interrupt_by_hand_and_go_on(
    node: NodeClients, emulator: Emulator, tmp_path: Path
) -> None:
    env = {**_plain(emulator), "SPEECH": _file(tmp_path, recording(ONE_TURN.path))}

    talked = await node.run("agents_node.mjs", "manual", env=env)

    assert talked["statuses"] == ["cancelled", "completed"]


async def test_agents_learn_that_their_session_ended(node: NodeClients) -> None:
    async with Emulator(EmulatorOptions(advertise=(LOOPBACK,), session_s=1)) as emulator:
        ended = await node.run("agents_node.mjs", "end", env=_plain(emulator))

    assert ended == {"errors": ["session_expired"]}


async def test_agents_learn_that_their_model_is_refused(
    node: NodeClients, emulator: Emulator
) -> None:
    refused = await node.run("agents_node.mjs", "model", env=_plain(emulator))

    assert refused == {"errors": ["invalid_model"]}


async def test_the_node_helper_starts_and_stops_an_emulator(
    node: NodeClients, tmp_path: Path
) -> None:
    helper = Path(rtstart.__file__).parent / "testing" / "emulator.mjs"
    (node.app.folder / "emulator.mjs").write_text(helper.read_text("utf-8"), encoding="utf-8")
    scenario = tmp_path / "hello.yaml"
    scenario.write_text("{schema: 1, replies: [{do: [{say: Hello}]}]}", encoding="utf-8")

    told = await node.run(
        "helper.mjs",
        env={"PYTHON": sys.executable, "SCENARIO": str(scenario)},
    )

    assert told == {
        "text": "Hello",
        "refused": 429,
        "minted": "ek_",
        "wrong": 'name is "dropp", which is no fault; did you mean drop?',
        "gone": True,
    }
