"""`rtstart new` as a person meets it: questions, keys, what stands on the screen, Ctrl-C."""

import re
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rtstart.adapters.scaffold.locate import find_source
from rtstart.adapters.scaffold.recipe import read_recipe
from tests.fakes.person import Terminal
from tests.fakes.processes import running_with
from tests.fakes.tools import Tools, names_in

pytestmark = pytest.mark.integration

_KEY = "sk-test-abcdefghijklmnopqrstuvwxyz0123456789"
_ASKS_KEY = "  ? OpenAI API key (hidden; Enter: none, the emulator answers)"

Open = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A machine with git, Node.js and npm."""
    tools = Tools(tmp_path / "bin").link("git", "sh", "sleep", "mkdir", "touch")
    return tools.node("24.1.0").script("npm", 'echo "added 41 packages in 2s"')


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder in which the user works."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def rtstart(place: Path, tools: Tools) -> Open:
    """Types a command there."""

    def open_terminal(*words: str, columns: int = 80, **more: str) -> Terminal:
        environment = tools.environment(**more)
        return Terminal(
            tools.rtstart(), *words, cwd=place, environment=environment, columns=columns
        )

    return open_terminal


def _files(screen: list[str]) -> str:
    """How many files were made, as the screen says."""
    match = re.search(r"\d+ files", "\n".join(screen))
    assert match is not None
    return match.group()


def _asks_template() -> list[str]:
    """How the question for the template looks when Enter was the answer."""
    questions = read_recipe(find_source()).questions
    (question,) = [one for one in questions if one.name == "template"]
    rows = [f"    {number}  {one.label}" for number, one in enumerate(question.choices, start=1)]
    return [f"  ? {question.prompt}", *rows, f"  ? 1-{len(rows)} (1)"]


def _take_first_template(terminal: Terminal) -> None:
    terminal.wait_for("Which app?")
    terminal.type("\r")


def test_new_with_a_path_asks_only_for_template_and_key(place: Path, rtstart: Open) -> None:
    with rtstart("new", "myapp") as terminal:
        _take_first_template(terminal)
        terminal.wait_for("API key")
        terminal.type("\r")
        code = terminal.end()

    screen = terminal.lines()
    assert code == 0
    assert screen == [
        *_asks_template(),
        _ASKS_KEY,
        f"  ✓ created  myapp  (vite, {_files(screen)})   ✓ installed 41 packages   ✓ git",
        "",
        "  cd myapp",
        "  rtstart dev",
    ]


def test_new_without_a_path_asks_for_the_name_until_it_fits(place: Path, rtstart: Open) -> None:
    with rtstart("new", columns=120) as terminal:
        terminal.wait_for("called?")
        terminal.type("x" * 61 + "\r")
        terminal.wait_for("at most 60")
        terminal.type("Mein Café\r")
        _take_first_template(terminal)
        terminal.wait_for("API key")
        terminal.type("\r")
        code = terminal.end()

    screen = terminal.lines()
    assert code == 0
    assert screen == [
        f"  ? What is the app called? (voice-app) {'x' * 61}",
        "    a name has at most 60 characters",
        "  ? What is the app called? (voice-app) Mein Café",
        *_asks_template(),
        _ASKS_KEY,
        f"  ✓ created  mein-café  (vite, {_files(screen)})   ✓ installed 41 packages   ✓ git",
        "",
        "  cd 'mein-café'",
        "  rtstart dev",
    ]
    assert names_in(place) == ["mein-café"]


def test_new_hides_the_key_and_asks_again_when_it_is_none(place: Path, rtstart: Open) -> None:
    with rtstart("new", "app") as terminal:
        _take_first_template(terminal)
        terminal.wait_for("API key")
        terminal.type("ek_secret_of_a_session\r")
        terminal.wait_for("ephemeral")
        terminal.type(f"{_KEY}\r")
        code = terminal.end()

    dotenv = place / "app" / ".env"
    assert code == 0
    assert _KEY not in terminal.received
    assert "ek_secret" not in terminal.received
    assert dotenv.read_text(encoding="utf-8").endswith(f"\nOPENAI_API_KEY={_KEY}\n")
    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600


def test_new_asks_on_the_terminal_when_only_its_result_is_piped(place: Path, tools: Tools) -> None:
    tools.rtstart()

    with Terminal(
        tools.folder / "sh", "-c", "rtstart new > out", cwd=place, environment=tools.environment()
    ) as terminal:
        terminal.wait_for("called?")
        terminal.type("my app\r")
        _take_first_template(terminal)
        terminal.wait_for("API key")
        terminal.type("\r")
        code = terminal.end()

    screen = terminal.lines()
    assert code == 0
    assert screen == [
        "  ? What is the app called? (voice-app) my app",
        *_asks_template(),
        _ASKS_KEY,
        f"  ✓ created  my-app  (vite, {_files(screen)})   ✓ installed 41 packages   ✓ git",
    ]
    assert (place / "out").read_text(encoding="utf-8") == "cd my-app\nrtstart dev\n"


def test_new_in_a_narrow_terminal_keeps_each_step_whole(rtstart: Open) -> None:
    with rtstart("new", "app", "--yes", columns=40) as terminal:
        terminal.end()

    screen = terminal.lines()
    assert screen[:3] == [
        f"  ✓ created  app  (vite, {_files(screen)})",
        "  ✓ installed 41 packages   ✓ git",
        "",
    ]


def test_new_shows_a_spinner_only_while_a_step_lasts(tools: Tools, rtstart: Open) -> None:
    tools.script("npm", 'sleep 1.1; echo "added 41 packages in 2s"')

    with rtstart("new", "app", "--yes") as terminal:
        terminal.wait_for("installing packages with npm")
        during = terminal.lines()
        terminal.wait_for("1 s")
        terminal.end()

    screen = terminal.lines()
    assert re.search(r"✓ created .*   [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] installing packages with npm", "".join(during))
    assert re.fullmatch(
        r"  ✓ created  app  \(vite, \d+ files\)   ✓ installed 41 packages  1\.\d s   ✓ git",
        screen[0],
    )


def test_new_obeys_no_color_and_a_dumb_terminal(rtstart: Open) -> None:
    with rtstart("new", "a", "--yes", "--no-install", NO_COLOR="1") as plain:
        plain.end()
    with rtstart("new", "b", "--yes", "--no-install", TERM="dumb") as dumb:
        dumb.end()

    assert re.search(r"\x1b\[[0-9;]*m", plain.received) is None
    assert "\x1b" not in dumb.received
    assert dumb.lines()[1] == "  + git"


def test_new_asks_before_it_brings_node(place: Path, tools: Tools, rtstart: Open) -> None:
    tools.node("20.20.2")

    with rtstart("new", "app") as terminal:
        _take_first_template(terminal)
        terminal.wait_for("Bring it?")
        terminal.type("n\r")
        code = terminal.end()

    assert code == 6
    shown = terminal.lines()[len(_asks_template()) :]
    assert shown[:4] == [
        "    Node.js 20.20.2 is too old; this app needs 22.18 or newer.",
        "  Node 24.19.0 can come as a package from PyPI (about 60 MB),",
        "  into rtstart's own cache; nothing else on this machine changes.",
        "  ? Bring it? (Y/n) n",
    ]
    assert names_in(place) == []


@pytest.mark.parametrize(
    ("words", "at"),
    [(("new",), "called?"), (("new", "app"), "API key"), (("new", "app"), "Bring it?")],
)
def test_ctrl_c_at_a_question_leaves_nothing(
    place: Path, tools: Tools, rtstart: Open, words: tuple[str, ...], at: str
) -> None:
    if at == "Bring it?":
        tools.node("20.1.0")

    with rtstart(*words) as terminal:
        if at != "called?":
            _take_first_template(terminal)
        terminal.wait_for(at)
        terminal.ctrl_c()
        code = terminal.end()

    assert code == 130
    assert terminal.lines()[-3:] == ["  ✗ Stopped", "", "  Nothing was made."]
    assert names_in(place) == []


def test_ctrl_d_at_a_question_leaves_nothing(place: Path, rtstart: Open) -> None:
    with rtstart("new") as terminal:
        terminal.wait_for("called?")
        terminal.type("\x04")
        code = terminal.end()

    assert (code, names_in(place)) == (130, [])


@pytest.mark.parametrize("step", ["init", "add", "commit"])
def test_ctrl_c_while_the_app_is_built_leaves_nothing(
    place: Path, tools: Tools, rtstart: Open, step: str
) -> None:
    real = (tools.folder / "git").readlink()
    waits = f'case "$*" in *{step}*) echo at {step} > /dev/tty; sleep 43.1;; esac'
    tools.script("git", f'{waits}; exec {real} "$@"')

    with rtstart("new", "deep/app", "--yes") as terminal:
        terminal.wait_for(f"at {step}")
        terminal.ctrl_c()
        code = terminal.end()

    assert code == 130
    assert names_in(place) == []
    assert running_with("43.1") == []


def test_ctrl_c_while_installing_keeps_the_whole_app_and_says_how_to_go_on(
    place: Path, tools: Tools, rtstart: Open
) -> None:
    tools.script("npm", "mkdir node_modules; echo > node_modules/half; sleep 41.9")

    with rtstart("new", "app", "--yes") as terminal:
        terminal.wait_for("installing packages with npm")
        terminal.ctrl_c()
        code = terminal.end()

    assert code == 130
    assert terminal.lines()[-7:] == [
        "  ✗ Stopped",
        "",
        '  The app itself is finished and kept in "app".',
        "",
        "  cd app",
        "  npm install",
        "  rtstart dev",
    ]
    assert "node_modules" not in names_in(place / "app")
    assert ".git" in names_in(place / "app")
    assert running_with("41.9") == []


def test_a_system_that_shuts_down_leaves_nothing_either(place: Path, rtstart: Open) -> None:
    with rtstart("new", "app") as terminal:
        _take_first_template(terminal)
        terminal.wait_for("API key")
        terminal.terminate()
        code = terminal.end()

    assert (code, names_in(place)) == (130, [])
