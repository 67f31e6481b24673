"""Ending a whole tree of processes where there are no process groups.

Written for Windows and not yet run there: on other systems only its walk over the tree is tested.
"""

__all__ = ["kill_tree"]


def kill_tree(pid: int) -> None:
    """End a process and everything it has started, children first; a missing one is no error."""
    import psutil

    try:
        root = psutil.Process(pid)
        tree = [*reversed(root.children(recursive=True)), root]
    except psutil.Error:
        return
    for process in tree:
        try:
            process.kill()
        except psutil.Error:
            continue
