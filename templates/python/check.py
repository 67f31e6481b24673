"""Everything that must hold before a commit: `uv run check.py`. With `--audit` also the network's
word on known vulnerabilities of the packages.
"""

import subprocess
import sys

COMMANDS = [
    ["ruff", "format", "--check", "--quiet", "."],
    ["ruff", "check", "--quiet", "."],
    ["mypy"],
    ["pytest", "-q"],
]
AUDIT = ["pip-audit", "--progress-spinner=off", "--skip-editable"]


def main() -> int:
    """Run all of it, even when one fails; the code is that of the last that did."""
    code = 0
    for command in [*COMMANDS, *([AUDIT] if "--audit" in sys.argv[1:] else [])]:
        sys.stdout.write(f"$ {' '.join(command)}\n")
        sys.stdout.flush()
        code = subprocess.run(command, check=False).returncode or code  # noqa: S603 - our own list
    return code


if __name__ == "__main__":
    sys.exit(main())
