"""`uv run talk FILE.wav`, and the sound files it reads and writes."""

import math
import os
import subprocess
import sys
import wave
from array import array
from pathlib import Path

import pytest

from app.settings import BadSetting, Settings, key_trouble, read_settings
from app.wav import BadWav, read_wav, resampled, write_wav
from tests.conftest import KEY


def _tone(path: Path, *, rate_hz: int, channels: int = 1, seconds: float = 1.5) -> None:
    count = round(rate_hz * seconds)
    samples = (round(9000 * math.sin(2 * math.pi * 440 * n / rate_hz)) for n in range(count))
    frames = array("h", (value for value in samples for _ in range(channels)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(frames.tobytes())


def _talk(folder: Path, *words: str, api_url: str) -> "subprocess.CompletedProcess[str]":
    env = os.environ | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": api_url}
    program = str(Path(sys.executable).parent / "talk")
    return subprocess.run(  # noqa: S603 - our own list
        [program, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_talk_saves_the_answer_to_a_file(tmp_path: Path, api_url: str) -> None:
    _tone(tmp_path / "question.wav", rate_hz=44_100, channels=2)

    done = _talk(tmp_path, "question.wav", "--out", "said.wav", api_url=api_url)

    assert done.returncode == 0, done.stderr
    assert "model: You spoke for 1.5 s" in done.stdout
    assert len(read_wav(tmp_path / "said.wav")) / 48_000 == pytest.approx(1.5, abs=0.3)


def test_talk_says_what_is_wrong(tmp_path: Path, api_url: str) -> None:
    _tone(tmp_path / "short.wav", rate_hz=24_000, seconds=0.05)
    _tone(tmp_path / "good.wav", rate_hz=24_000)

    nothing = _talk(tmp_path, "none.wav", api_url=api_url)
    short = _talk(tmp_path, "short.wav", api_url=api_url)
    nowhere = _talk(tmp_path, "good.wav", api_url="http://127.0.0.1:9/v1")

    assert [one.returncode for one in (nothing, short, nowhere)] == [1, 1, 1]
    assert "cannot be read as WAV" in nothing.stderr
    assert "shorter than a tenth of a second" in short.stderr
    assert "http://127.0.0.1:9/v1 was not reached" in nowhere.stderr
    assert not (tmp_path / "answer.wav").exists()


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 24_000, 44_100, 48_000])
def test_resampling_keeps_pitch_and_loudness(rate_hz: int) -> None:
    samples = array(
        "h", (round(9000 * math.sin(2 * math.pi * 440 * n / rate_hz)) for n in range(rate_hz))
    )

    found = resampled(samples, rate_hz, 24_000)

    expected = [9000 * math.sin(2 * math.pi * 440 * n / 24_000) for n in range(24_000)]
    worst = max(abs(a - b) for a, b in zip(found[200:-200], expected[200:-200], strict=True))
    assert len(found) == 24_000
    assert worst < 90  # 40 dB below


def test_resampling_down_leaves_out_what_would_fold_back() -> None:
    samples = array(
        "h", (round(9000 * math.sin(2 * math.pi * 15_000 * n / 48_000)) for n in range(48_000))
    )

    assert max(map(abs, resampled(samples, 48_000, 24_000)[200:-200])) < 90


def test_wav_of_another_width_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(8000))

    with pytest.raises(BadWav, match="8 bits a sample"):
        read_wav(tmp_path / "a.wav")


def test_wav_is_read_as_it_was_written(tmp_path: Path) -> None:
    data = array("h", range(-5000, 5000)).tobytes()

    write_wav(tmp_path / "a.wav", data)

    assert read_wav(tmp_path / "a.wav") == data


def test_settings_are_read_and_checked() -> None:
    settings = read_settings(
        {
            "OPENAI_API_KEY": " sk-test-one ",
            "OPENAI_BASE_URL": "http://localhost:1/v1/",
            "APP_ENV": "production",
            "PUBLIC_ORIGIN": "https://voice.example.com",
            "CALLS_PER_MINUTE": "7",
        }
    )

    assert settings == Settings(
        key="sk-test-one",
        api_url="http://localhost:1/v1",
        production=True,
        hosts=("voice.example.com",),
        calls_per_minute=7,
    )
    assert "sk-test-one" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("OPENAI_BASE_URL", "api.openai.com"), ("CALLS_PER_MINUTE", "many"), ("PUBLIC_ORIGIN", "x")],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f'{name} is "{value}"'):
        read_settings({name: value})


@pytest.mark.parametrize(
    ("key", "trouble"),
    [
        ("", "key_missing"),
        ("ek_123456789", "key_shape"),
        ("sk-your-api-key", "key_shape"),
        ("sk-test-emulated", None),
    ],
)
def test_a_key_is_looked_at_before_anybody_is_called(key: str, trouble: str | None) -> None:
    assert key_trouble(key) == trouble
