"""`dev` in a terminal, with a person at its keys."""

import os
import sys
from pathlib import Path

import pytest
import trustme

from rtstart.adapters.ports import choose_port
from tests.fakes.person import Terminal
from tests.fakes.projects import write_project

pytestmark = pytest.mark.integration

_HOSTILE = Path(__file__).parents[2] / "fakes" / "hostile.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose tunnel is a program of the tests."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.private_key_pem.write_to_path(tmp_path / "ca.pem.key")
    folder = write_project(tmp_path / "app", port=choose_port(None))
    run = f"{sys.executable} {_HOSTILE} {{port}} {tmp_path / 'ca.pem'}"
    with (folder / "rtstart.toml").open("a", encoding="utf-8") as config:
        config.write(
            f"[tunnels.command]\nrun = '''{run}'''\nurl_pattern = 'https://localhost:\\d+'\n"
        )
    return folder


def test_t_closes_the_public_address_and_opens_it_again(project: Path) -> None:
    environment = {**os.environ, "SSL_CERT_FILE": str(project.parent / "ca.pem")}
    words = ("-m", "rtstart", "dev", "--tunnel", "command")
    with Terminal(Path(sys.executable), *words, cwd=project, environment=environment) as terminal:
        terminal.wait_for("Invite")
        terminal.type("t")
        terminal.wait_for("closed; t opens it again")
        terminal.wait_for("quit")  # the block below it has come whole
        assert not any("Public" in line and "https:" in line for line in terminal.lines())
        terminal.type("t")
        terminal.wait_for("opening command")
        terminal.wait_for("Invite")
        terminal.type("q")

        assert terminal.end() == 0


def test_a_terminal_that_is_closed_ends_the_run_without_a_word_of_ours(project: Path) -> None:
    reports = project.parent / "reports"
    reports.mkdir()
    environment = {**os.environ, "TMPDIR": str(reports)}
    words = ("-m", "rtstart", "dev", "--tunnel", "none")
    with Terminal(Path(sys.executable), *words, cwd=project, environment=environment) as terminal:
        terminal.wait_for("Local")
        code = terminal.hang_up()

    assert (code, list(reports.iterdir())) == (0, [])
    assert not (project / ".rtstart" / "run.json").exists()
