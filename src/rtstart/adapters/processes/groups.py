"""Whole process groups: ask one to end, kill it, ask whether anybody is left in it.

Every child is the leader of a session and group of its own, so its pid names the group too.
"""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

if sys.platform == "win32":  # pragma: no cover
    from rtstart.adapters.processes import windows

    def ask_group(pid: int) -> None:
        """End the tree at once: a console program without a console cannot be asked."""
        windows.kill_tree(pid)

    def kill_group(pid: int) -> None:
        """End the process and everything below it."""
        windows.kill_tree(pid)

    def is_group_alive(pid: int) -> bool:
        """Never: Windows has no groups, and the tree was ended with its root."""
        del pid
        return False

else:

    def ask_group(pid: int) -> None:
        """Send SIGTERM to every process of the group; nothing happens when it is empty."""
        _signal_group(pid, signal.SIGTERM)

    def kill_group(pid: int) -> None:
        """Send SIGKILL to every process of the group; nothing happens when it is empty."""
        _signal_group(pid, signal.SIGKILL)

    def is_group_alive(pid: int) -> bool:
        """Whether a process of the group still runs; one that only waits to be collected does not.

        A container whose first process collects late, or never, keeps such entries for long.
        """
        try:
            os.killpg(pid, 0)
        except (ProcessLookupError, PermissionError):
            # macOS says "not permitted" when only uncollected members are left.
            return False
        return any(_runs(member) for member in _members(pid))

    def _members(group: int) -> Iterator[int]:
        for pid in _all_pids():
            try:
                if os.getpgid(pid) == group:
                    yield pid
            except (ProcessLookupError, PermissionError):
                continue

    def _all_pids() -> Iterable[int]:
        if sys.platform == "linux":
            # Importing psutil costs more than the whole of a stop.
            return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
        import psutil

        return psutil.pids()

    def _runs(pid: int) -> bool:
        if sys.platform == "linux":
            try:
                state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
            except OSError:
                return False
            return state not in (b"Z", b"X")
        import psutil

        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    def _signal_group(pid: int, number: signal.Signals) -> None:
        if pid <= 1:
            # 0 is our own group, and -1 everything this user owns.
            raise ValueError(f"{pid} is no group of a child")
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            return
