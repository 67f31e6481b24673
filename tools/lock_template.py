"""Brings the lock files of the templates up to date with what they ask for.

    uv run python -m tools.lock_template                # all, with what is newest now
    uv run python -m tools.lock_template --keep nextjs  # one, and only what is missing in it

That is `package-lock.json` of the Node templates and `uv.lock` of the python template. A lock file
lies in the template so that an app installs in seconds what was tested here, and not
whatever was released since. It names no registry, so that a mirror serves as well.

Answers that bring dependencies along make another lock file each. They are laid into one, where
each entry stands under the condition of the answers that have it.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from textwrap import indent
from typing import Any

from tools.render import ROOT, TEMPLATES, render

_QUIET = ("--no-audit", "--no-fund")
_NAME = "name-of-the-package"
_PYPI = "https://pypi.org/simple"


# What brings dependencies along to a Node template, and the condition that is then true in it.
# The first is the app as it is without being asked for more.
_ANSWERS: list[tuple[dict[str, object], str]] = [
    ({}, "(not anthropic and client == 'realtime')"),
    ({"anthropic": True}, "(anthropic and client == 'realtime')"),
    ({"client": "agents-sdk"}, "(not anthropic and client == 'agents-sdk')"),
    ({"anthropic": True, "client": "agents-sdk"}, "(anthropic and client == 'agents-sdk')"),
]

Lock = dict[str, Any]  # any JSON, as npm writes it


def _lock_of(template: str, answers: dict[str, object], npm: str, start: Lock | None) -> Lock:
    """The lock of these answers; what `start` holds stays as it is, None for the template's own."""
    with tempfile.TemporaryDirectory(prefix="rtstart-lock-") as folder:
        target = Path(folder)
        render(template, target, _NAME, answers)
        if start is not None:
            (target / "package-lock.json").unlink()
        if start:
            (target / "package-lock.json").write_text(json.dumps(start), encoding="utf-8")
        subprocess.run(
            [npm, "install", "--package-lock-only", *_QUIET, "--omit-lockfile-registry-resolved"],
            cwd=target,
            check=True,
        )
        lock: Lock = json.loads((target / "package-lock.json").read_text(encoding="utf-8"))
    return lock


def merged(locks: Sequence[tuple[str, Lock]]) -> str:
    """All locks as one template; each is given with the condition under which it is the one."""
    everywhere: list[str] = []
    somewhere: list[str] = []
    paths = sorted({path for _, lock in locks for path in lock["packages"]})
    for path in paths:
        conditions: dict[str, list[str]] = {}
        for condition, lock in locks:
            if path in lock["packages"]:
                entry = json.dumps({path: lock["packages"][path]}, indent=2, ensure_ascii=False)
                text = indent("\n".join(entry.splitlines()[1:-1]), "  ")
                conditions.setdefault(text, []).append(condition)
        for text, those in conditions.items():
            if len(those) == len(locks):
                everywhere.append(text)
            else:
                somewhere.append(f"{{% if {' or '.join(those)} %}}{text},\n{{% endif %}}")
    top = {key: value for key, value in locks[0][1].items() if key != "packages"}
    head = json.dumps(top, indent=2).removesuffix("\n}")
    body = "".join(somewhere) + ",\n".join(everywhere)
    return f'{head},\n  "packages": {{\n{body}\n  }}\n}}\n'


def _write(template: str, npm: str, *, keep: bool) -> None:
    locks: list[tuple[str, Lock]] = []
    for given, condition in _ANSWERS:
        # What all apps have, they have in the same version: the first one's.
        start = None if keep else locks[0][1] if locks else {}
        locks.append((condition, _lock_of(template, given, npm, start)))
    stub = merged(locks).replace(f'"{_NAME}"', '"{= package_name =}"')
    path = ROOT / "templates" / template / "package-lock.json.jinja"
    path.write_text(stub, encoding="utf-8")


def _uv_lock_of(answers: dict[str, object], uv: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="rtstart-lock-") as folder:
        target = Path(folder)
        render("python", target, _NAME, answers)
        (target / "uv.lock").unlink(missing_ok=True)
        subprocess.run([uv, "lock", "--default-index", _PYPI], cwd=target, check=True)
        return (target / "uv.lock").read_text(encoding="utf-8").splitlines(keepends=True)


def laid_together(without: Sequence[str], having: Sequence[str], condition: str) -> str:
    """Two texts as one template: lines that only one has stand under the condition or its no."""
    parts: list[str] = []
    matcher = SequenceMatcher(a=without, b=having, autojunk=False)
    for _, a, a_end, b, b_end in matcher.get_opcodes():
        old, new = "".join(without[a:a_end]), "".join(having[b:b_end])
        if old == new:
            parts.append(old)
            continue
        if new:
            parts.append(f"{{% if {condition} %}}{new}{{% endif %}}")
        if old:
            parts.append(f"{{% if not {condition} %}}{old}{{% endif %}}")
    return "".join(parts)


def _lock_python(uv: str) -> None:
    without, having = _uv_lock_of({}, uv), _uv_lock_of({"anthropic": True}, uv)
    text = laid_together(without, having, "anthropic")
    stub = text.replace(f'"{_NAME}"', '"{= package_name =}"')
    path = ROOT / "templates" / "python" / "uv.lock.jinja"
    path.write_text(stub, encoding="utf-8")


def main() -> int:
    """Write the lock files of the templates that are named, or of all."""
    words = sys.argv[1:]
    templates = [word for word in words if word != "--keep"] or list(TEMPLATES)
    programs = {name: shutil.which(name) for name in ("uv", "npm")}
    for template in templates:
        name = "uv" if template == "python" else "npm"
        program = programs[name]
        if program is None:
            print(f"{name} is not on PATH", file=sys.stderr)
            return 1
        if template == "python":
            _lock_python(program)
        else:
            _write(template, program, keep="--keep" in words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
