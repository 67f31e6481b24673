"""Whether this machine's browsers already trust a local authority."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rtstart.adapters.processes.command import run_to_end
from rtstart.core.trust import Computer

_ASK_S = 5.0


def this_computer() -> Computer:
    """Which kind of trust store the browsers of this machine use."""
    if sys.platform == "darwin":
        return "macos"
    return "windows" if sys.platform == "win32" else "linux"


async def is_trusted(authority_name: str, env: Mapping[str, str]) -> bool | None:
    """Whether Chromium's store on Linux knows this authority; None where nobody can say.

    Trust on macOS and Windows is not asked for: their tools want to show a window.
    """
    certutil = shutil.which("certutil", path=env.get("PATH", os.defpath))
    if this_computer() != "linux" or certutil is None:
        return None
    store = _nss_store(env)
    if store is None:
        return False
    asked = await run_to_end(
        [certutil, "-L", "-d", f"sql:{store}", "-n", authority_name],
        cwd=store,
        env=env,
        deadline_s=_ASK_S,
    )
    return asked.code == 0


def _nss_store(env: Mapping[str, str]) -> Path | None:
    store = Path(env.get("HOME", "~")).expanduser() / ".pki" / "nssdb"
    return store if store.is_dir() else None
