"""What `dev` is asked to do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rtstart.core.findings import Finding

Consent: TypeAlias = Callable[[Finding], Awaitable[bool]]
"""Asks whether rtstart may mend what the finding says, such as bring a newer Node."""


@dataclass(frozen=True, slots=True)
class DevRequest:
    """One call of `rtstart dev`.

    `tunnel` is empty for what rtstart.toml says. `port` is the gateway's, asked for by name, or
    None for a wish that may move. `is_public` lets visitors in without an invitation. `command` is
    run once all is ready; its code becomes ours. Without `uses_relay` the token backend speaks to
    the API by itself. `stop_after_s` ends the run by itself.
    With `record_dir`, an absolute path, the calls of the backend and of the emulator are recorded.
    `is_attended` says that a person can be asked.
    """

    project_dir: Path
    tunnel: str = ""
    emulate: bool = False
    uses_relay: bool = True
    port: int | None = None
    is_public: bool = False
    must_have_tunnel: bool = False
    open_browser: bool = False
    command: tuple[str, ...] = ()
    stop_after_s: float | None = None
    record_dir: Path | None = None
    is_attended: bool = False
    is_colored: bool = False
    columns: int | None = None
