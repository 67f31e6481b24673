"""The nextjs app's own commands pass on a fresh render, and fail when something is wrong."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.templates.app import App

pytestmark = [pytest.mark.templates, pytest.mark.timeout(180)]

Edit = Callable[[str, str, str], None]
_KEY = "sk-test-never-in-a-bundle"


@pytest.fixture
def edited(nextjs_app: App) -> Iterator[Edit]:
    """Replaces text in a file of the app for the length of one test."""
    before: dict[str, str] = {}

    def edit(relpath: str, old: str, new: str) -> None:
        text = (nextjs_app.folder / relpath).read_text(encoding="utf-8")
        before.setdefault(relpath, text)
        assert old in text
        (nextjs_app.folder / relpath).write_text(text.replace(old, new), encoding="utf-8")

    yield edit
    for relpath, text in before.items():
        (nextjs_app.folder / relpath).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("script", ["lint", "types", "test", "build"])
def test_script_passes_on_a_fresh_app(nextjs_app: App, script: str) -> None:
    done = nextjs_app.npm("run", script)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("relpath", "old", "new", "rule"),
    [
        ("src/page/failure-box.tsx", "  const session = ", "  console.log(1);\n$", "no-console"),
        ("src/page/failure-box.tsx", "  const trouble", "  if (ended) useSession();\n$", "hooks"),
        ("src/page/failure-box.tsx", "<h2>", "<img src='x.png' /><h2>", "alt-text"),
    ],
)
def test_lint_fails_on_what_react_forbids(
    nextjs_app: App, edited: Edit, relpath: str, old: str, new: str, rule: str
) -> None:
    edited(relpath, old, new.replace("$", old))

    done = nextjs_app.npm("run", "lint")

    assert done.returncode != 0
    assert rule in done.stdout


def test_types_fail_on_a_wrong_event_name(nextjs_app: App, edited: Edit) -> None:
    edited("src/realtime/dialogue.ts", '"response.cancel"', '"response.stop"')

    done = nextjs_app.npm("run", "types")

    assert done.returncode != 0
    assert "response.stop" in done.stdout


def test_types_pass_when_a_dev_server_was_ended_while_it_wrote_its_own(nextjs_app: App) -> None:
    types = nextjs_app.folder / ".next" / "dev" / "types"
    types.mkdir(parents=True, exist_ok=True)
    (types / "routes.d.ts").write_text("", encoding="utf-8")
    (types / "validator.ts").write_text('import "./routes.js";\n', encoding="utf-8")

    done = nextjs_app.npm("run", "types")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("relpath", "old", "new", "words"),
    [
        (
            "src/page/voice-page.tsx",
            'import { useLayoutEffect } from "react";',
            (
                'import { useLayoutEffect } from "react";\n'
                'import { config } from "../../server/session.ts";\nconsole.log(config());'
            ),
            "server-only",
        ),
        (
            "next.config.ts",
            "reactStrictMode: true,",
            "reactStrictMode: true, cacheComponents: true,",
            'Route segment config "runtime" is not compatible',
        ),
    ],
    ids=["server code in the page", "runtime beside cacheComponents"],
)
def test_build_fails(
    nextjs_app: App, edited: Edit, relpath: str, old: str, new: str, words: str
) -> None:
    edited(relpath, old, new)

    done = nextjs_app.npm("run", "build")

    assert done.returncode != 0
    assert words in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def test_no_key_is_in_what_is_built_when_one_is_in_the_environment_and_in_env_files(
    nextjs_app: App,
) -> None:
    env_file = nextjs_app.folder / ".env"
    env_file.write_text(f"OPENAI_API_KEY={_KEY}\n", encoding="utf-8")
    app = App(nextjs_app.folder, nextjs_app.env | {"OPENAI_API_KEY": _KEY}, "nextjs")

    try:
        done = app.npm("run", "build")
    finally:
        env_file.unlink()

    assert done.returncode == 0, done.stdout
    built = [path for path in (app.folder / ".next").rglob("*") if path.is_file()]
    assert [path.name for path in built if _KEY.encode() in path.read_bytes()] == []
    assert list((app.folder / ".next" / "standalone").glob(".env*")) == []
    assert any(path.suffix == ".js" for path in built)


def test_nothing_of_rtstart_is_imported(nextjs_app: App) -> None:
    pattern = re.compile(r"""(?:from|import|require)\s*\(?\s*["'][^"']*rtstart""")
    sources = [
        path
        for folder in ("app", "src", "server", "tests", "scripts")
        for path in (nextjs_app.folder / folder).rglob("*.[jt]s*")
    ]

    assert sources != []
    assert [path.name for path in sources if pattern.search(path.read_text("utf-8"))] == []
    assert "rtstart" not in (nextjs_app.folder / "package.json").read_text("utf-8")
