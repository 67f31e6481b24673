"""`rtstart --version` costs little more than importing Typer."""

import json
import subprocess
import sys

import pytest

from rtstart import __version__

pytestmark = pytest.mark.integration

_RUN = """
import json, sys
sys.argv = ["rtstart", "--version"]
from rtstart.cli.app import main
main()
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
print(json.dumps(sorted(name for name in sys.modules if name.startswith("rtstart.core"))))
"""
_HEAVY = {
    "aiohttp",
    "aiortc",
    "asyncio",
    "copier",
    "cryptography",
    "honcho",
    "httpx",
    "jinja2",
    "numpy",
    "psutil",
    "pydantic",
    "rich",
    "watchfiles",
    "yaml",
}


def test_version_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", _RUN], capture_output=True, text=True, check=True)

    said, modules, own = done.stdout.splitlines()
    assert said == f"rtstart {__version__}"
    assert _HEAVY & set(json.loads(modules)) == set()
    assert json.loads(own) == []


def test_version_is_said_among_other_words_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rtstart", "--version", "new"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"rtstart {__version__}\n"


def test_relay_does_not_load_the_command_line_of_httpx() -> None:
    code = (
        "import sys, rtstart.adapters.relay; print('rich' in sys.modules, 'click' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False False\n"
