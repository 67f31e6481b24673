"""S16: keys in built files and in git are found, and never repeated."""

import os
from pathlib import Path

import pytest

from rtstart.adapters.leak_scan import scan_build, scan_git
from rtstart.adapters.processes import run_to_end

pytestmark = pytest.mark.integration

KEY = "sk-proj-" + "Ab1_" * 12


def _write(folder: Path, relpath: str, data: bytes | str) -> None:
    path = folder / relpath
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


async def _git(folder: Path, *arguments: str) -> None:
    env = os.environ | {
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@t.test",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@t.test",
    }
    told = await run_to_end(["git", *arguments], cwd=folder, env=env, deadline_s=20)
    assert told.code == 0, told.last_lines


async def test_bundles_and_source_maps_are_searched(project_dir: Path) -> None:
    _write(project_dir, "dist/assets/index.js", f'x\nconst k="{KEY}"')
    _write(project_dir, "dist/assets/index.js.map", f'{{"sourcesContent":["{KEY}"]}}')
    _write(project_dir, ".next/static/chunk.js", 'const p = "my own password"')
    _write(project_dir, "dist/logo.png", KEY)
    _write(project_dir, "src/clean.ts", KEY)
    _write(project_dir, "out/page.html", b"\xff\xfe no key")

    found = await scan_build(project_dir, literals=["my own password"])

    assert [(one.code, one.where) for one in found] == [
        ("RT703", "dist/assets/index.js:2"),
        ("RT703", "dist/assets/index.js.map:1"),
        ("RT703", ".next/static/chunk.js:1"),
    ]
    assert KEY not in repr(found)


async def test_findings_are_not_endless(project_dir: Path) -> None:
    _write(project_dir, "dist/a.js", "\n".join([KEY] * 50))

    assert len(await scan_build(project_dir)) == 20


async def test_what_git_keeps_is_searched_and_what_it_ignores_is_not(project_dir: Path) -> None:
    await _git(project_dir, "init", "-q")
    _write(project_dir, "server/mint.ts", f'\nconst key = "{KEY}";\n')
    _write(project_dir, ".env", f"OPENAI_API_KEY={KEY}\n")
    _write(project_dir, ".env.example", "OPENAI_API_KEY=\n")
    _write(project_dir, "web/.env.local", "X=1\n")
    _write(project_dir, "tests/fake.ts", 'const key = "sk-test-Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1"')
    await _git(project_dir, "add", "server", ".env.example", "web", "tests")

    found = await scan_git(project_dir, env=os.environ)

    assert [(one.code, one.where) for one in found] == [
        ("RT705", "web/.env.local"),
        ("RT704", "server/mint.ts:2"),
    ]
    assert found[0].fix.command == "git rm --cached web/.env.local"
    assert KEY not in repr(found)


async def test_folder_without_repository_has_nothing_in_git(project_dir: Path) -> None:
    assert await scan_git(project_dir, env=os.environ | {"GIT_CEILING_DIRECTORIES": "/"}) == []
