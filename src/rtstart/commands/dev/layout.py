"""Deciding everything about a run before the first process starts: mode, ports, plan, routes."""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.lan import lan_addresses
from rtstart.adapters.ports import choose_port, find_holder, is_free, port_taken
from rtstart.commands.dev.request import Consent, DevRequest
from rtstart.commands.dev.tools import with_tools
from rtstart.commands.dev.ways import Ways, find_ways
from rtstart.core.access import TOKEN_NAME, is_easy_token
from rtstart.core.api_key import key_fault
from rtstart.core.config import KEY_NAME
from rtstart.core.errors import Conflict, NotAProject, Usage
from rtstart.core.events import Emit, PortMoved
from rtstart.core.findings.security import TOKEN_EASY
from rtstart.core.plan import Emulation, Plan, make_plan
from rtstart.core.project import Key, Project, find_key

_EMULATOR_WISH = 8765
_FIXED_PORT = ("url", "cloudflared-named", "devtunnel")
"""Ways whose own server leads to a port that does not move."""
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Layout:
    """What was decided. `mode` is said to people; `mint` is the mint route or empty.

    `public_port` is where tunnels lead to, 0 for any that is free. `relay_socket` is where the
    relay will answer: it is bound before the services start, because they are told its port.
    """

    project: Project
    plan: Plan
    gateway_port: int
    ports: Mapping[str, int]
    emulation: Emulation | None
    ways: Ways
    public_port: int
    relay_socket: socket.socket | None
    mode: str
    mint: str


async def lay_out(project: Project, request: DevRequest, *, consent: Consent, emit: Emit) -> Layout:
    """Decide by project, request and machine; `consent` is asked before Node or uv is brought.

    Raises Conflict for a port that was asked for and is taken, Usage for an unknown tunnel or an
    invite token that is easy to guess, Failed when the app's packages are not installed.
    """
    if is_easy_token(os.environ.get(TOKEN_NAME, "")):
        raise Usage.of(TOKEN_EASY.found(where=TOKEN_NAME))
    environment = await with_tools(project, os.environ, consent=consent, emit=emit)
    key = find_key(project, environment)
    uses_key = bool(key.value) and not request.emulate
    if uses_key and (fault := key_fault(key.value, where=key.source)):
        raise NotAProject.of(fault)
    uses_relay = request.uses_relay and _has_backend(project)
    if request.record_dir is not None:
        _check_recording(request.record_dir, is_possible=uses_relay or not uses_key)
    ways = await find_ways(
        project, request, environment, is_emulated=not uses_key, consent=consent, emit=emit
    )
    gateway_port = await asyncio.to_thread(_gateway_port, project, request)
    if request.port is None and gateway_port != project.config.port:
        emit(await asyncio.to_thread(_moved, project.config.port, gateway_port))
    ports = await asyncio.to_thread(_service_ports, project, gateway_port)
    emulation = None
    if not uses_key:
        port = choose_port(_EMULATOR_WISH, taken=(gateway_port, *ports.values()))
        record_dir = str(request.record_dir or "")
        emulation = Emulation(port, sys.executable, _offered_addresses(ways), record_dir)
    relay_socket = _loopback_socket() if uses_relay else None
    plan = make_plan(
        project,
        ports=ports,
        environment=environment,
        key=key,
        emulation=emulation,
        relay_port=relay_socket.getsockname()[1] if relay_socket else None,
    )
    return Layout(
        project=project,
        plan=plan,
        gateway_port=gateway_port,
        ports=ports,
        emulation=emulation,
        ways=ways,
        public_port=_public_port(ways),
        relay_socket=relay_socket,
        mode=_mode(request, key),
        mint=next((one.mint for one in project.services() if one.mint), ""),
    )


def _check_recording(folder: Path, *, is_possible: bool) -> None:
    if not is_possible:
        raise Usage(
            "No call passes here that could be recorded",
            why="With a key, only what the token backend sends through the relay does.",
            hint="rtstart dev --emulate --record .rtstart/calls",
        )
    from rtstart.adapters.recordings import have_folder

    have_folder(folder, hint="rtstart dev --record .rtstart/calls")


def _has_backend(project: Project) -> bool:
    return any(KEY_NAME in one.secrets for one in project.services())


def _loopback_socket() -> socket.socket:
    """A socket on a free port; who connects before it is answered waits, and is not refused."""
    return socket.create_server((_LOOPBACK, 0), backlog=128)


def _offered_addresses(ways: Ways) -> tuple[str, ...]:
    """Where the emulator's sound may be sent to: whoever comes in, by whichever way, may be on
    this machine or on the same network.
    """
    if not ways.candidates:
        return (_LOOPBACK,)
    chosen = ways.options.get("lan", {}).get("address")
    return (_LOOPBACK, *((chosen,) if chosen else lan_addresses()[:1]))


def _public_port(ways: Ways) -> int:
    """The port that an own server was told to lead to, where one way names it."""
    for one in ways.candidates:
        port = ways.options.get(one.name, {}).get("port", "")
        if one.name in _FIXED_PORT and port.isdecimal():
            return int(port)
    return 0


def _gateway_port(project: Project, request: DevRequest) -> int:
    if request.port is None:
        return choose_port(project.config.port)
    if not is_free(request.port):
        other = f"rtstart dev --port {choose_port(request.port)}"
        raise Conflict.of(port_taken(request.port, instead=other))
    return request.port


def _moved(wished: int, port: int) -> PortMoved:
    holder = find_holder(wished)
    return PortMoved(wished, port, holder.words if holder else "")


def _service_ports(project: Project, gateway_port: int) -> dict[str, int]:
    ports: dict[str, int] = {}
    for service in project.services():
        if service.port_env:
            ports[service.name] = choose_port(service.port, taken=(gateway_port, *ports.values()))
    return ports


def _mode(request: DevRequest, key: Key) -> str:
    recorded = ", recorded" if request.record_dir else ""
    if request.emulate:
        return f"EMULATED (asked for){recorded}"
    mode = f"key from {key.source}" if key.value else "EMULATED (no OPENAI_API_KEY)"
    return mode + recorded
