"""Questions about the processes of this machine that the tests ask."""

from collections.abc import Sequence

import psutil


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def still_running(pids: Sequence[int], *, within_s: float) -> list[int]:
    """Those that have not ended within a time: a killed process takes a moment to go."""
    waiting = [psutil.Process(pid) for pid in pids if is_running(pid)]
    _, alive = psutil.wait_procs(waiting, timeout=within_s)
    return [process.pid for process in alive if is_running(process.pid)]


def running_with(argument: str) -> list[int]:
    """The pids of running processes that have this argument on their command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if argument in process.cmdline() and is_running(process.pid):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
