"""Templates render as meant: shared files byte for byte, names escaped, nothing of this machine."""

import json
import re
from pathlib import Path

import pytest

from rtstart.core.findings import CATALOGUE
from tools.render import ROOT, TEMPLATES, render

pytestmark = pytest.mark.integration

_SHARED = ROOT / "templates" / "_shared"
_INCLUDE = re.compile(r'\{% include "templates/_shared/([^"]+)" %\}')


def _stubs(template: str) -> dict[str, str]:
    """Rendered path to shared path, for files that are one include and nothing else.

    Files that come with an option are left out.
    """
    folder = ROOT / "templates" / template
    found = {}
    for path in folder.rglob("*.jinja"):
        if "{%" in path.name:
            continue
        if match := _INCLUDE.fullmatch(path.read_text(encoding="utf-8")):
            found[path.relative_to(folder).as_posix().removesuffix(".jinja")] = match[1]
    return found


def _stripped(template: str) -> set[str]:
    """Shared TypeScript that a template holds as JavaScript, its types taken out."""
    folder = ROOT / "templates" / template / "app"
    return {
        path.relative_to(folder).with_suffix(".ts").as_posix()
        for path in folder.rglob("web/*/*.js")
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_shared_file_is_rendered_byte_for_byte(template: str, tmp_path: Path) -> None:
    render(template, tmp_path / "app", "Voice Demo")

    stubs = _stubs(template)
    differing = [
        relpath
        for relpath, shared in stubs.items()
        if (tmp_path / "app" / relpath).read_bytes() != (_SHARED / shared).read_bytes()
    ]
    assert stubs != {}
    assert differing == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_shared_client_file_is_in_the_template(template: str) -> None:
    shared = {
        path.relative_to(_SHARED).as_posix()
        for path in (_SHARED / "web" / "realtime").rglob("*")
        if path.is_file()
    }

    assert shared - set(_stubs(template).values()) - _stripped(template) == set()


@pytest.mark.parametrize("template", TEMPLATES)
def test_answers_name_the_public_source_and_no_path_of_this_machine(
    template: str, tmp_path: Path
) -> None:
    render(template, tmp_path / "app", "Voice Demo")

    answers = (tmp_path / "app" / ".copier-answers.yml").read_text("utf-8")
    lines = answers.splitlines()[1:]
    options = [line for line in lines if line.endswith((": false", ": realtime"))]
    assert [line for line in lines if line not in options] == [
        "_commit: v0.0.0",
        "_src_path: https://github.com/rtstart/rtstart",
        "project_name: Voice Demo",
        f"template: {template}",
    ]


@pytest.mark.parametrize(
    ("name", "package", "title"),
    [
        ("Voice Demo", "voice-demo", "Voice Demo"),
        ('Tom & "Jerry" <3', "tom-jerry-3", "Tom &amp; &#34;Jerry&#34; &lt;3"),
        ("声", "voice-app", "声"),
    ],
)
def test_name_is_written_so_that_each_file_stays_valid(
    name: str, package: str, title: str, tmp_path: Path
) -> None:
    render("vite", tmp_path / "app", name)

    manifest = json.loads((tmp_path / "app" / "package.json").read_text("utf-8"))
    lock = json.loads((tmp_path / "app" / "package-lock.json").read_text("utf-8"))
    page = (tmp_path / "app" / "index.html").read_text("utf-8")
    assert (manifest["name"], lock["name"]) == (package, package)
    assert f"<title>{title}</title>" in page
    assert f"<h1>{title}</h1>" in page


@pytest.mark.parametrize("template", ["vite", "nextjs"])
@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"anthropic": True},
        {"client": "agents-sdk"},
        {"anthropic": True, "webhooks": True, "client": "agents-sdk"},
    ],
    ids=" ".join,
)
def test_lock_file_fits_the_manifest(
    template: str, answers: dict[str, object], tmp_path: Path
) -> None:
    render(template, tmp_path / "app", "Voice Demo", answers)

    manifest = json.loads((tmp_path / "app" / "package.json").read_text("utf-8"))
    lock = json.loads((tmp_path / "app" / "package-lock.json").read_text("utf-8"))
    packages = lock["packages"]
    assert packages[""]["dependencies"] == manifest["dependencies"]
    assert packages[""]["devDependencies"] == manifest["devDependencies"]
    assert [path for path, entry in packages.items() if "resolved" in entry] == []
    # A registry that lacks one platform's binary leaves it out in silence; `npm ci` then fails.
    wanted = {name for entry in packages.values() for name in entry.get("optionalDependencies", {})}
    assert wanted - {path.rpartition("node_modules/")[2] for path in packages} == set()


def test_no_file_that_a_wheel_or_git_would_leave_behind_is_rendered(tmp_path: Path) -> None:
    render("vite", tmp_path / "app", "Voice Demo")

    rendered = {path.name for path in (tmp_path / "app").rglob("*")}
    assert rendered & {"node_modules", "dist", "__pycache__", ".env", ".DS_Store"} == set()
    assert [name for name in rendered if name.endswith(".jinja")] == []


def test_failures_of_the_client_are_pages_of_the_catalogue() -> None:
    source = (_SHARED / "web" / "realtime" / "failures.ts").read_text(encoding="utf-8")
    pages = re.findall(r'code: "(RT\d{3})",\s+title: "([^"]+)"', source)

    assert len(pages) == source.count('code: "RT') >= 20
    catalogue = {code: entry.title for code, entry in CATALOGUE.items()}
    assert {code: catalogue.get(code) for code, _ in pages} == dict(pages)


def test_codes_named_elsewhere_in_the_templates_exist() -> None:
    named = {
        code
        for path in (ROOT / "templates").rglob("*")
        if path.is_file() and "node_modules" not in path.parts
        for code in re.findall(r"\bRT\d{3}\b", path.read_text(encoding="utf-8", errors="ignore"))
    }

    assert named - set(CATALOGUE) == set()
