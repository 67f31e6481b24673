"""Brings `package-lock.json` of the Node templates up to date with their `package.json`.

    uv run python -m tools.lock_template

A lock file lies in the template so that an app installs in seconds what was tested here, and not
whatever was released since. It names no registry, so that a mirror serves as well.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.render import ROOT, render

_NODE_TEMPLATES = ("vite",)
_QUIET = ("--no-audit", "--no-fund")
_NAME = "name-of-the-package"


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


def main() -> int:
    """Write the lock files."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not on PATH", file=sys.stderr)
        return 1
    for template in _NODE_TEMPLATES:
        _lock(template, npm)
    return 0


if __name__ == "__main__":
    sys.exit(main())
