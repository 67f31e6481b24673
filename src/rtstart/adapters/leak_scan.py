"""Looks for keys in what browsers get (built files, source maps) and in what git keeps."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rtstart.adapters.processes import run_to_end
from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.security import DOTENV_TRACKED, KEY_IN_BUILD, KEY_IN_GIT
from rtstart.core.leaks import CANDIDATES, LeakFinder
from rtstart.core.secrets import Masker

_BUILT = ("dist", "build", "out", "public", ".next/static", ".output/public")
_LARGEST_BYTES = 32 * 1024 * 1024
_NOT_TEXT = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".woff", ".woff2", ".ttf"}
    | {".wasm", ".mp3", ".mp4", ".wav", ".ogg", ".webm", ".zip", ".gz", ".br", ".pdf"}
)
_GIT_WITHIN_S = 30.0
_MOST = 20


class _Unmasked(Masker):
    """Leaves text as it is: what is read here is searched for keys and never shown."""

    def __call__(self, text: str) -> str:
        return text

    def settled(self, text: str) -> int:
        return len(text)


async def scan_build(project_dir: Path, *, literals: Iterable[str] = ()) -> list[Finding]:
    """Keys in the folders that are served as they are; at most 20 findings."""
    return await asyncio.to_thread(_scan_build, project_dir, LeakFinder(literals))


def _scan_build(project_dir: Path, finder: LeakFinder) -> list[Finding]:
    found: list[Finding] = []
    for path in _built_files(project_dir):
        text = path.read_bytes().decode("utf-8", "replace")
        relpath = path.relative_to(project_dir).as_posix()
        for leak in finder.find(text):
            what = f"{relpath} holds a key ({leak.masked})"
            found.append(KEY_IN_BUILD.found(what, where=f"{relpath}:{leak.line}"))
            if len(found) == _MOST:
                return found
    return found


def _built_files(project_dir: Path) -> Iterator[Path]:
    for folder in _BUILT:
        for path in sorted((project_dir / folder).rglob("*")):
            if path.suffix.lower() in _NOT_TEXT or path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size <= _LARGEST_BYTES:
                yield path


async def scan_git(project_dir: Path, *, env: Mapping[str, str]) -> list[Finding]:
    """Keys and `.env` files in the git index; nothing where there is no repository."""
    tracked = await _git(["ls-files"], project_dir, env)
    if tracked is None:
        return []
    found = [
        DOTENV_TRACKED.found(
            f"git keeps {name}",
            where=name,
            fix=Fix(DOTENV_TRACKED.fix.words, f"git rm --cached {name}"),
        )
        for name in tracked
        if _is_dotenv(name)
    ]
    candidates = await _git(["grep", "--cached", "-I", "-n", "-E", CANDIDATES], project_dir, env)
    finder = LeakFinder()
    for line in candidates or ():
        path, _, rest = line.partition(":")
        number, _, text = rest.partition(":")
        for leak in finder.find(text):
            what = f"{path} holds a key ({leak.masked})"
            found.append(KEY_IN_GIT.found(what, where=f"{path}:{number}"))
    return found[:_MOST]


def _is_dotenv(name: str) -> bool:
    file = name.rpartition("/")[2]
    is_example = file.endswith((".example", ".sample", ".template", ".dist"))
    return (file == ".env" or file.startswith(".env.")) and not is_example


async def _git(
    arguments: Sequence[str], project_dir: Path, env: Mapping[str, str]
) -> list[str] | None:
    """The lines that git says; None when there is no git or no repository here."""
    lines: list[str] = []
    told = await run_to_end(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=project_dir,
        env={**env, "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat"},
        deadline_s=_GIT_WITHIN_S,
        on_line=lines.append,
        masker=_Unmasked(),
    )
    return lines if told.code in (0, 1) else None  # 1: grep found nothing
