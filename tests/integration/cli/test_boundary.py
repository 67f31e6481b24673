"""What a bug of our own leaves behind: a report that can be sent to strangers."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import typer

from rtstart import __version__
from rtstart.cli.boundary import run

pytestmark = pytest.mark.integration


def test_s14_report_of_a_bug_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = {
        "by form": "sk-proj-" + "a1B2" * 10,
        "ephemeral": "ek_68af296e8e408191a1120a",
        "by name": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "token": "a-token-of-a-build-server",
        "invitation": "7FK2-QX9D",
    }
    monkeypatch.setenv("COMPANY_API_KEY", secrets["by name"])
    monkeypatch.setenv("RTSTART_INVITE_TOKEN", secrets["token"])
    monkeypatch.setenv("RTSTART_VERBOSE", "1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app = typer.Typer()

    @app.command()
    def broken() -> None:
        told = " ".join(secrets.values()).replace("7FK2-QX9D", "https://x.test/i/7FK2-QX9D")
        raise RuntimeError(told)

    code = run(app, [])

    (report,) = tmp_path.iterdir()
    text = report.read_text(encoding="utf-8") + "".join(capfd.readouterr())
    assert (code, "RuntimeError" in text) == (70, True)
    assert text.startswith(f"rtstart {__version__}, Python ")
    assert [name for name, secret in secrets.items() if secret in text] == []


def test_what_a_pipe_cannot_carry_breaks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "ünï"
    folder.mkdir()
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}

    def said(*words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "rtstart", *words]
        return subprocess.run(
            program, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    told = said("dev", "--json")
    plain = said("doctor")

    assert (told.returncode, plain.returncode) == (4, 3)
    (event, *_) = [json.loads(line) for line in told.stdout.splitlines()]
    assert event["findings"][0]["where"] == str(folder)
    assert str(tmp_path / "?n?") in plain.stdout
