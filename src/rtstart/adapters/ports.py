"""TCP ports of this machine: choosing a free one, and saying who holds one that is taken."""

import contextlib
import socket
import sys
from collections.abc import Collection
from dataclasses import dataclass

from rtstart.core.findings import Finding, Fix, machine

_TRIES = 50
_LARGEST = 65_535
_CONNECT_S = 0.2


@dataclass(frozen=True, slots=True)
class Holder:
    """The program that listens on a port. `command` is its command line, cut to be shown."""

    pid: int
    command: str

    @property
    def words(self) -> str:
        """Who it is, short enough for a line of a terminal."""
        short = self.command if len(self.command) <= 32 else f"{self.command[:31]}…"
        return f"pid {self.pid} ({short})"


def is_free(port: int) -> bool:
    """Whether a server can listen on this port of 127.0.0.1, with nobody on ::1 either.

    A stranger on ::1 alone would answer browsers that take `localhost` for the newer address.
    """
    return not is_answered(port) and _can_bind(port)


def is_answered(port: int) -> bool:
    """Whether somebody listens on this port of 127.0.0.1 or ::1."""
    return _accepts(socket.AF_INET, "127.0.0.1", port) or _accepts(socket.AF_INET6, "::1", port)


def choose_port(wish: int | None, *, taken: Collection[int] = ()) -> int:
    """The wish, else the next free port after it, else any that the system gives.

    Ports in `taken` are passed over.
    """
    if wish is not None:
        for port in range(wish, min(wish + _TRIES, _LARGEST + 1)):
            if port not in taken and is_free(port):
                return port
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
        if port not in taken and is_free(port):
            return port


def find_holder(port: int) -> Holder | None:
    """Who listens on this port, or None when the system does not say."""
    import psutil

    try:
        found = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        # macOS shows the whole table to root only; every user sees their own processes.
        return _find_among_processes(port)
    for one in found:
        if one.status == psutil.CONN_LISTEN and one.pid and _port_of(one.laddr) == port:
            return _holder(one.pid)
    return None


def port_taken(port: int, *, wanted_by: str = "", instead: str = "") -> Finding:
    """The finding RT201 for a port, naming its holder when that is known.

    `instead` is a command that does without this port.
    """
    holder = find_holder(port)
    who = f'"{wanted_by}" wants port {port}, which' if wanted_by else f"Port {port}"
    fix = machine.PORT_TAKEN.fix
    if instead:
        fix = Fix("Stop that program, or take a port that is free.", command=instead)
    elif holder:
        fix = Fix("Stop that program, or ask for another port.", command=f"kill {holder.pid}")
    if holder is None:
        return machine.PORT_TAKEN.found(f"{who} is taken", fix=fix, where=f"port {port}")
    return machine.PORT_TAKEN.found(
        f"{who} is taken by pid {holder.pid}",
        why=f"It runs: {holder.command}",
        fix=fix,
        where=f"port {port}",
        data={"port": port, "pid": holder.pid, "command": holder.command},
    )


def _accepts(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(_CONNECT_S)
            one.connect((address, port))
            # A port of the range for outgoing connections may be given to this very socket,
            # which is then connected with itself.
            return bool(one.getsockname() != one.getpeername())
    except OSError:
        return False


def _can_bind(port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
            if sys.platform == "win32":  # pragma: no cover
                one.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                # Servers set it too: a port whose last connections are still closing is free.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _find_among_processes(port: int) -> Holder | None:
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for one in process.net_connections("tcp"):
                if one.status == psutil.CONN_LISTEN and _port_of(one.laddr) == port:
                    return _holder(process.pid)
    return None


def _port_of(address: object) -> int | None:
    """psutil gives an empty tuple for a socket without an address."""
    return getattr(address, "port", None)


def _holder(pid: int) -> Holder:
    import psutil

    from rtstart.core.secrets import Masker

    try:
        process = psutil.Process(pid)
        command = " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        command = "a program of another user"
    command = Masker()(command)
    return Holder(pid, command if len(command) <= 120 else f"{command[:119]}…")
