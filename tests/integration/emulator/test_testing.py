"""What `rtstart.testing` and the pytest plug-in give to the tests of other projects."""

import asyncio
import gzip
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from openai import OpenAI, RateLimitError

from rtstart.adapters.recordings import read_recording
from rtstart.core.errors import Usage
from rtstart.testing import emulator, replay_client
from tests.fakes.realtime import connected, recording
from tests.fakes.speech import ONE_TURN

pytestmark = pytest.mark.integration

HELLO = """
    schema: 1
    replies: [{do: [{say: Hello from the scenario}]}]
"""


def _talk(client: OpenAI) -> str:
    with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hi"}],
            }
        )
        connection.response.create()
        for event in connection:
            if event.type == "response.output_text.done":
                return event.text
    raise AssertionError("the connection closed")


def test_a_plain_test_talks_with_a_scenario_and_sees_the_call(tmp_path: Path) -> None:
    scenario = tmp_path / "hello.yaml"
    scenario.write_text(dedent(HELLO), encoding="utf-8")

    with emulator(scenario=scenario) as api:
        with OpenAI(base_url=api.base_url, api_key=api.key, max_retries=0) as client:
            text = _talk(client)
            api.fault("no-quota")
            with pytest.raises(RateLimitError):
                client.realtime.client_secrets.create()
            api.clear_faults()
            minted = client.realtime.client_secrets.create()
        (call,) = api.calls()

    assert text == "Hello from the scenario"
    assert minted.value.startswith("ek_emu")
    assert call.transcript == [("user", "Hi"), ("assistant", "Hello from the scenario")]
    assert len(call.sent("response.create")) == 1
    assert call.received("session.created")[0]["session"]["model"] == call.model


async def test_a_call_is_recorded_and_its_answers_are_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTSTART_EMULATOR_MASKED", "Ada Lovelace\nCharles Babbage")
    with emulator(record=tmp_path) as api:
        async with connected(api.realtime_url) as client:
            await client.update(
                instructions="Charles Babbage has sk-proj-0123456789abcdef0123456789",
                audio={"input": {"transcription": {"model": "gpt-transcribe"}}},
            )
            await client.speak(recording(ONE_TURN.path))
            await client.events.next("response.done")
            first = client.answer_sound()
    (path,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder in memory

    with emulator(replay=path) as api:
        async with connected(api.realtime_url) as client:
            await client.update(audio={"input": {"transcription": {"model": "gpt-transcribe"}}})
            await client.speak(recording(ONE_TURN.path))
            await client.events.next("response.done")
            again = client.answer_sound()
            heard = client.events.of("conversation.item.input_audio_transcription.completed")

    text = gzip.decompress(path.read_bytes())
    assert (b"0123456789abcdef" in text, b"Babbage" in text) == (False, False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_recording(path).happenings) > 20
    assert len(first) > 24_000
    assert (again == first).all()
    assert heard[0]["transcript"].startswith("[speech, 1.7 s")


WEATHER = """
    schema: 1
    replies:
      - when: {heard: weather}
        do: [{call: {name: get_weather, arguments: {city: Rome}}}]
      - when: {tool: get_weather}
        do: [{say: It is sunny.}]
"""


async def test_the_client_of_a_recorded_call_is_replayed(tmp_path: Path) -> None:
    scenario = tmp_path / "weather.yaml"
    scenario.write_text(dedent(WEATHER), encoding="utf-8")
    with emulator(scenario=scenario, record=tmp_path / "calls", seed=1) as api:
        async with connected(api.realtime_url) as client:
            await client.events.next("session.created")
            tool = {"type": "function", "name": "get_weather", "parameters": {}}
            await client.update(output_modalities=["text"], tools=[tool])
            content = [{"type": "input_text", "text": "The weather?"}]
            item = {"type": "message", "role": "user", "content": content}
            await client.send("conversation.item.create", item=item)
            await client.send("response.create")
            called = (await client.events.next("response.done"))["response"]["output"][0]
            output = {"type": "function_call_output", "call_id": called["call_id"], "output": "{}"}
            await client.send("conversation.item.create", item=output)
            await client.send("response.create")
            await client.events.next("response.done")
    (path,) = (tmp_path / "calls").iterdir()

    with emulator(scenario=scenario, seed=2) as api:
        events = await asyncio.to_thread(replay_client, path, realtime_url=api.realtime_url)
    with emulator(faults=["slow-answer:for=5s"]) as api, pytest.raises(TimeoutError, match="done"):
        await asyncio.to_thread(replay_client, path, realtime_url=api.realtime_url, within_s=0.2)

    answers = [event["response"] for event in events if event["type"] == "response.done"]
    assert [answer["status"] for answer in answers] == ["completed", "completed"]  # type: ignore[call-overload,index] # JSON
    assert [event for event in events if event["type"] == "error"] == []
    assert "It is sunny." in str(answers[1])


async def test_a_call_over_webrtc_is_recorded_with_its_sound(tmp_path: Path) -> None:
    from tests.fakes.realtime import calling

    with emulator(record=tmp_path) as api:
        async with calling(api.base_url, recording(ONE_TURN.path)) as client:
            await client.events.next("response.done")
    (path,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder in memory

    sounds = {"microphone": 0, "loudspeaker": 0}
    for happening in read_recording(path).happenings:
        if happening.who in sounds:
            sounds[happening.who] += len(happening.audio)
    assert sounds["microphone"] / 48_000 > 2
    assert sounds["loudspeaker"] / 48_000 == pytest.approx(1.8, abs=0.2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no such file"),
        (b"", "it is empty"),
        (gzip.compress(b"", mtime=0)[:10] + b"\x07\xff\xff", "The file cannot be read"),
        (b"\xff\xfe", "The file cannot be read"),
        (gzip.compress(b'{"rtstart": "call", "schema": 1}\n' * 2, mtime=0), "line 2 has no known"),
    ],
)
def test_a_recording_that_cannot_be_read_is_explained(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "call.rtcall.gz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Usage) as refused, emulator(replay=path):
        pass

    assert words in refused.value.what


def test_an_interrupted_recording_is_read_up_to_where_it_breaks_off(tmp_path: Path) -> None:
    head = '{"rtstart": "call", "schema": 1, "medium": "socket", "model": "m"}\n'
    line = '{"t": 1, "from": "client", "event": {"type": "response.create"}}\n'
    path = tmp_path / "call.rtcall.gz"
    path.write_bytes(gzip.compress((head + line * 100).encode(), compresslevel=0)[:2000])

    assert 10 < len(read_recording(path).happenings) < 100


def test_a_wrong_fault_is_explained() -> None:
    with pytest.raises(Usage, match="did you mean drop"), emulator(faults=["dropp"]):
        pass


OTHER_PROJECT = """
    import os
    import httpx
    import pytest

    @pytest.mark.rtstart(scenario="hello.yaml", faults=["no-quota:times=1"])
    def test_it(rtstart_emulator):
        assert os.environ["OPENAI_BASE_URL"] == rtstart_emulator.base_url
        key = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
        with httpx.Client(base_url=rtstart_emulator.base_url, headers=key) as client:
            refused = client.post("/realtime/client_secrets")
            assert refused.json()["error"]["code"] == "insufficient_quota"
            minted = client.post("/realtime/client_secrets")
            assert minted.json()["value"].startswith("ek_")

    def test_nothing_is_left():
        assert "OPENAI_BASE_URL" not in os.environ
"""


async def test_the_plug_in_works_in_another_project(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(dedent(OTHER_PROJECT), encoding="utf-8")
    (tmp_path / "hello.yaml").write_text(dedent(HELLO), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "--strict-markers"),
        cwd=tmp_path,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()

    assert process.returncode == 0, out.decode()
    assert b"2 passed" in out
