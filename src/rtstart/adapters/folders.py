"""The folders on this machine that are rtstart's own, outside any project."""

import sys
from collections.abc import Mapping
from pathlib import Path

AUTHORITY_FILE = "rtstart-local-ca.crt"
"""The certificate of the local authority, in `ca` below the configuration folder."""


def cache_dir(environment: Mapping[str, str]) -> Path:
    """Where things lie that can be brought again: the user's cache folder. It may not exist."""
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "rtstart" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "rtstart"
    wished = environment.get("XDG_CACHE_HOME", "")
    return (Path(wished) if Path(wished).is_absolute() else Path.home() / ".cache") / "rtstart"


def config_dir(environment: Mapping[str, str]) -> Path:
    """Where rtstart keeps what it cannot make again, such as its authority. It may not exist."""
    if sys.platform == "win32":
        roaming = environment.get("APPDATA")
        return (Path(roaming) if roaming else Path.home() / "AppData" / "Roaming") / "rtstart"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "rtstart"
    wished = environment.get("XDG_CONFIG_HOME", "")
    return (Path(wished) if Path(wished).is_absolute() else Path.home() / ".config") / "rtstart"
