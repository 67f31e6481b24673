"""Questions about the processes of this machine that the tests ask."""

import psutil


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected yet does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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
