"""`rtstart new` for scripts and agents: nothing asks, standard output is the result."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.tools import Tools, names_in

pytestmark = pytest.mark.integration


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A machine with git, Node.js and npm."""
    tools = Tools(tmp_path / "bin").link("git", "sh")
    return tools.node("24.1.0").script("npm", 'echo "added 41 packages in 2s"')


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder in which the user works."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def _rtstart(place: Path, tools: Tools, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [tools.rtstart(), *words],
        cwd=place,
        env=tools.environment(LANG="C.UTF-8"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


_VITE = ("--template", "vite")


def _without_times(line: str) -> dict[str, Any]:
    """A line of JSON without what differs from run to run."""
    fields: dict[str, Any] = json.loads(line)
    return {name: value for name, value in fields.items() if name not in {"at", "seconds"}}


def test_new_piped_tells_steps_as_lines_and_gives_the_next_commands(
    place: Path, tools: Tools
) -> None:
    done = _rtstart(place, tools, "new", "myapp", *_VITE)

    lines = done.stderr.split("\n")
    assert done.returncode == 0
    assert done.stdout == "cd myapp\nrtstart dev\n"
    assert lines[0].startswith("  ✓ created  myapp  (vite, ")
    assert lines[1:] == ["  ✓ installed 41 packages", "  ✓ git", ""]
    assert "\x1b" not in done.stderr


def test_new_names_the_short_command_where_it_is_the_same_rtstart(
    place: Path, tools: Tools
) -> None:
    environment = tools.environment(LANG="C.UTF-8")
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment.get("PATH", "")]
    )

    done = subprocess.run(
        [sys.executable, "-m", "rtstart", "new", "myapp", "--yes", "--no-install", "--no-git"],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "rtstart dev"


def test_new_json_tells_every_event_with_its_schema(place: Path, tools: Tools) -> None:
    done = _rtstart(place, tools, "new", "myapp", *_VITE, "--json")

    told = [_without_times(line) for line in done.stdout.splitlines()]
    files = told[-2]["files"]
    assert done.stderr == ""
    assert told == [
        {"schema": 1, "event": "step_started", "step": "create", "words": "creating myapp"},
        {
            "schema": 1,
            "event": "step_done",
            "step": "create",
            "words": f"created  myapp  (vite, {files} files)",
        },
        {
            "schema": 1,
            "event": "step_started",
            "step": "install",
            "words": "installing packages with npm",
        },
        {"schema": 1, "event": "step_done", "step": "install", "words": "installed 41 packages"},
        {"schema": 1, "event": "step_done", "step": "git", "words": "git"},
        {
            "schema": 1,
            "event": "created",
            "project_dir": str(place / "myapp"),
            "name": "myapp",
            "template": "vite",
            "files": files,
            "has_repository": True,
            "is_installed": True,
            "next_commands": ["cd myapp", "rtstart dev"],
        },
        {"schema": 1, "event": "finished", "code": 0, "words": ""},
    ]


def test_new_json_ends_with_the_findings_when_it_fails(place: Path, tools: Tools) -> None:
    done = _rtstart(place, tools, "new", "a", "--template", "rust", "--set", "x=1", "--json")

    told = [_without_times(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [(one["event"], one.get("finding", {}).get("code")) for one in told] == [
        ("found", "RT111"),
        ("found", "RT111"),
        ("finished", None),
    ]
    assert told[-1]["code"] == 2
    assert names_in(place) == []


def test_new_without_a_terminal_names_what_to_give(place: Path, tools: Tools) -> None:
    done = _rtstart(place, tools, "new")

    assert done.returncode == 2
    assert "RT114" in done.stderr
    assert "--yes" in done.stderr


def test_new_without_a_terminal_does_not_bring_node_unasked(place: Path, tools: Tools) -> None:
    tools.node("20.1.0")

    done = _rtstart(place, tools, "new", "app", *_VITE)

    assert done.returncode == 6
    assert "  rtstart new app --yes\n" in done.stderr
    assert names_in(place) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", 'project_name = "From File"\n'),
        ("a.yml", "_commit: v0\nproject_name: From File\n"),
        ("a.json", '{"project_name": "From File"}'),
    ],
)
def test_new_reads_answers_from_a_file_and_options_win(
    place: Path, tools: Tools, tmp_path: Path, name: str, text: str
) -> None:
    answers = tmp_path / name
    answers.write_text(text, encoding="utf-8")
    for app, more in (("one", ()), ("two", ("--set", "project_name=From Option"))):
        words = ("new", app, *_VITE, "--config", str(answers), *more, "--no-install", "--no-git")
        assert _rtstart(place, tools, *words).returncode == 0

    titles = [
        line
        for app in ("one", "two")
        for line in (place / app / ".copier-answers.yml").read_text(encoding="utf-8").split("\n")
        if line.startswith("project_name")
    ]
    assert titles == ["project_name: From File", "project_name: From Option"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.toml", "x = \n", "a.toml: Invalid value (at line 1, column 5)"),
        ("a.yml", "x: [\n", "a.yml: while parsing"),
        ("a.json", "{", "a.json: Expecting property name"),
        ("a.yml", "- x\n", "a.yml holds no names with values"),
        ("a.txt", "x", "a.txt: its name must end in .toml, .yml, .yaml or .json"),
    ],
)
def test_new_says_what_is_wrong_with_a_file_of_answers(
    place: Path, tools: Tools, tmp_path: Path, name: str, text: str, says: str
) -> None:
    answers = tmp_path / name
    answers.write_text(text, encoding="utf-8")

    done = _rtstart(place, tools, "new", "app", *_VITE, "--config", str(answers))

    assert done.returncode == 2
    assert says in done.stderr
    assert "RT115" in done.stderr


def test_new_says_that_a_file_of_answers_is_not_there(place: Path, tools: Tools) -> None:
    done = _rtstart(place, tools, "new", "app", "--config", "none.toml", "--set", "novalue")

    assert done.returncode == 2
    assert "none.toml: No such file or directory" in done.stderr
    assert "An answer is NAME=VALUE" in done.stderr


def test_new_dry_run_gives_the_files_and_writes_none(place: Path, tools: Tools) -> None:
    done = _rtstart(place, tools, "new", "app", *_VITE, "--dry-run")

    listed = done.stdout.splitlines()
    assert done.returncode == 0
    assert {".env", "package.json", "rtstart.toml", "Procfile"} <= set(listed)
    assert f"{len(listed)} files would be written" in done.stderr
    assert names_in(place) == []


def test_new_list_options_for_people_and_programs(place: Path, tools: Tools) -> None:
    people = _rtstart(place, tools, "new", "--list-options")
    programs = _rtstart(place, tools, "new", "--list-options", "--json")

    assert people.stdout.splitlines()[:2] == [
        "  project_name   text                     What is the app called?",
        "  template       vite | nextjs | python   Which app?",
    ]
    (line,) = programs.stdout.splitlines()
    assert [option["name"] for option in json.loads(line)["options"]] == [
        "project_name",
        "template",
        "client",
        "anthropic",
        "webhooks",
    ]


def test_new_refuses_to_run_what_it_does_not_install(place: Path, tools: Tools) -> None:
    done = _rtstart(place, tools, "new", "app", "--dev", "--no-install")

    assert done.returncode == 2
    assert names_in(place) == []
