"""What tunnel providers may look at on this machine."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from rtstart.adapters.lan import lan_addresses
from rtstart.adapters.processes import run_to_end
from rtstart.adapters.tunnels.fetch import fetched_program

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "TERM"),
        *("SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"),
        *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS"),
        *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PATHEXT", "TEMP"),
        *("COMSPEC", "WINDIR", "HOMEDRIVE", "HOMEPATH"),
    }
)
"""What a tunnel's program gets of the environment. Not more: some read every option from there
(localtunnel takes HOST and PORT), and none may see the key.
"""


class ThisMachine:
    """The machine that rtstart runs on. `env` is the environment, with what `.env` adds."""

    def __init__(self, env: Mapping[str, str], project_dir: Path) -> None:
        self._env = dict(env)
        self._project_dir = project_dir

    @property
    def env(self) -> Mapping[str, str]:
        """The whole environment; a provider passes on what its program needs."""
        return self._env

    @property
    def system(self) -> Literal["linux", "darwin", "windows"]:
        """The operating system."""
        if sys.platform == "win32":
            return "windows"
        return "darwin" if sys.platform == "darwin" else "linux"

    @property
    def project_dir(self) -> str:
        """The project's folder."""
        return str(self._project_dir)

    def small_env(self) -> dict[str, str]:
        """The environment that every tunnel's program starts with."""
        return {name: value for name, value in self._env.items() if name.upper() in _KEPT}

    def find(self, program: str) -> str | None:
        """The path of a program on the PATH, else of one that was fetched before."""
        return shutil.which(program, path=self._env.get("PATH")) or fetched_program(
            program, self._env
        )

    def exists(self, path: str) -> bool:
        """Whether there is a file at this path."""
        return Path(path).expanduser().is_file()

    def has_module(self, name: str) -> bool:
        """Whether a Python module can be imported."""
        spec = importlib.util.find_spec(name)
        # A mere folder of this name in the working directory is a module too, with nothing in it.
        return spec is not None and spec.origin is not None

    def addresses(self) -> Sequence[str]:
        """This machine's addresses on local networks."""
        return lan_addresses()

    async def run(self, *command: str, within_s: float = 5.0) -> tuple[int, str]:
        """Run a program with the small environment; its code and its last 20 lines."""
        completed = await run_to_end(
            command, cwd=self._project_dir, env=self.small_env(), deadline_s=within_s
        )
        return completed.code, "\n".join(completed.last_lines)
