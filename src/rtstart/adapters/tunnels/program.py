"""A tunnel that is a program: run beside the services, its lines read, its local pages asked."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rtstart.adapters.processes import Runner
from rtstart.adapters.tunnels.machine import ThisMachine
from rtstart.core.findings import Finding
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.services import Service
from rtstart.core.tunnels import (
    TUNNEL_SERVICE,
    AddressFound,
    Connected,
    ProcessTunnel,
    StatusPage,
    TunnelNews,
)

_log = logging.getLogger(__name__)

_PAGE_EVERY_S = 0.3

Hear = Callable[[TunnelNews], None]


@dataclass(frozen=True, slots=True)
class Program:
    """The program of the provider `name`; its files are put into `files_dir`."""

    name: str
    way: ProcessTunnel
    files_dir: Path

    async def hold(self, runner: Runner, machine: ThisMachine, hear: Hear) -> Finding:
        """Run it to its end and tell its news; the finding says how it ended."""
        written = _write(self.files_dir, self.way.files)
        stop_listening = runner.listen(TUNNEL_SERVICE, lambda line: self._read(line, hear))
        runner.add(_service(self.way, machine))
        try:
            if self.way.address:
                self._tell(AddressFound(self.way.address), hear)
            async with asyncio.TaskGroup() as group:
                asking = [
                    group.create_task(_ask_page(page, lambda news: self._tell(news, hear)))
                    for page in self.way.pages
                ]
                code = await runner.wait_gone(TUNNEL_SERVICE)
                for task in asking:
                    task.cancel()
            return _ended(self.name, code, runner.last_lines(TUNNEL_SERVICE))
        finally:
            stop_listening()
            runner.remove(TUNNEL_SERVICE)
            await runner.wait_gone(TUNNEL_SERVICE)
            for path in written:
                path.unlink(missing_ok=True)

    def _tell(self, news: TunnelNews, hear: Hear) -> None:
        if isinstance(news, AddressFound) and self.way.is_connected_by_address:
            hear(Connected())
        hear(news)

    def _read(self, line: str, hear: Hear) -> None:
        try:
            news = self.way.read(line)
        except Exception:  # noqa: BLE001 - a plug-in's reader may fail on any line
            _log.warning("tunnel %s cannot read %r", self.name, line, exc_info=True)
            return
        if news is not None:
            self._tell(news, hear)


async def _ask_page(page: StatusPage, hear: Hear) -> None:
    """Ask a local page until it tells its news; what it tells does not change after."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=5.0)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with session.get(page.url, allow_redirects=False) as answer:
                    news = page.read(answer.status, await answer.text(errors="replace"))
                if news is not None:
                    hear(news)
                    return
            await asyncio.sleep(_PAGE_EVERY_S)


def _service(way: ProcessTunnel, machine: ThisMachine) -> Service:
    return Service(
        name=TUNNEL_SERVICE,
        command=way.command,
        cwd=machine.project_dir,
        env={**machine.small_env(), **way.env},
        grace_s=way.grace_s,
        restarts=0,
        is_essential=False,
        is_held=True,
        holds_input_open=way.holds_input_open,
    )


def _write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write a plan's files, readable by the user only; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files.items():
        path = folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        written.append(path)
    return written


def _ended(name: str, code: int, last_lines: tuple[str, ...]) -> Finding:
    last = next((line for line in reversed(last_lines) if line.strip()), "")
    why = f"It ended with code {code}." + (f" Its last line: {last[:240]}" if last else "")
    return refusals.ENDED.found(f"{name} ended", why=why)
