"""Brings the lock files of the templates up to date with what they ask for.

    uv run python -m tools.lock_template

That is `package-lock.json` of the Node templates and `uv.lock` of the python template. A lock file
lies in the template so that an app installs in seconds what was tested here, and not
whatever was released since. It names no registry, so that a mirror serves as well.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.render import ROOT, render

_NODE_TEMPLATES = ("vite", "nextjs")
_QUIET = ("--no-audit", "--no-fund")
_NAME = "name-of-the-package"
_PYPI = "https://pypi.org/simple"


def _lock(template: str, npm: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rtstart-lock-") as folder:
        target = Path(folder)
        render(template, target, _NAME)
        (target / "package-lock.json").unlink(missing_ok=True)
        subprocess.run(
            [npm, "install", "--package-lock-only", *_QUIET, "--omit-lockfile-registry-resolved"],
            cwd=target,
            check=True,
        )
        text = (target / "package-lock.json").read_text(encoding="utf-8")
    stub = text.replace(f'"{_NAME}"', '"{= package_name =}"')
    path = ROOT / "templates" / template / "package-lock.json.jinja"
    path.write_text(stub, encoding="utf-8")


def _lock_python(uv: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rtstart-lock-") as folder:
        target = Path(folder)
        render("python", target, _NAME)
        (target / "uv.lock").unlink(missing_ok=True)
        subprocess.run([uv, "lock", "--default-index", _PYPI], cwd=target, check=True)
        text = (target / "uv.lock").read_text(encoding="utf-8")
    stub = text.replace(f'"{_NAME}"', '"{= package_name =}"')
    path = ROOT / "templates" / "python" / "uv.lock.jinja"
    path.write_text(stub, encoding="utf-8")


def main() -> int:
    """Write the lock files; `--python` only that one, which needs no Node."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv is not on PATH", file=sys.stderr)
        return 1
    _lock_python(uv)
    if "--python" in sys.argv[1:]:
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not on PATH", file=sys.stderr)
        return 1
    for template in _NODE_TEMPLATES:
        _lock(template, npm)
    return 0


if __name__ == "__main__":
    sys.exit(main())
