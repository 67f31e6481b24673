"""One run of an app, from reading its files to the last process gone."""

import asyncio
import os
import time
import webbrowser
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtstart.adapters.processes.foreground import require_program, run_foreground
from rtstart.adapters.processes.runner import Runner
from rtstart.adapters.run_file import AlreadyRunning, RunFile, hold_project
from rtstart.adapters.tunnels.holder import TunnelHolder
from rtstart.commands.dev.doors import RunDoors, make_holder
from rtstart.commands.dev.layout import Layout, lay_out
from rtstart.commands.dev.leaks import looking_for_keys
from rtstart.commands.dev.people import People, last_words, people_of
from rtstart.commands.dev.request import Consent, DevRequest
from rtstart.commands.dev.telling import Telling
from rtstart.commands.load import load_project
from rtstart.commands.prove import Proof
from rtstart.core.calls import Spent
from rtstart.core.errors import Conflict, Failed, RtstartError
from rtstart.core.events import (
    CallsAllowed,
    CallsStopped,
    Emit,
    Event,
    Finished,
    Found,
    Minted,
    Refused,
    TunnelEnding,
    Visited,
)
from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.project import SECOND_RUN
from rtstart.core.findings.tunnel_refusals import ALL_FAILED
from rtstart.core.secrets import Masker
from rtstart.core.tunnels import Candidate

if TYPE_CHECKING:
    from rtstart.adapters.gateway import Gateway

_FIRST_WORDS_S = 4.0
"""How long a ready app waits for its public address before the local one is said alone."""


class DevSession:
    """A run that can be steered while it goes on. All methods belong to the event loop's thread."""

    def __init__(self, request: DevRequest, *, consent: Consent, emit: Emit) -> None:
        self._request = request
        self._consent = consent
        self._tell = emit
        self._began = time.monotonic()
        self._stop = asyncio.Event()
        self._gateway: Gateway | None = None
        self._runner: Runner | None = None
        self._layout: Layout | None = None
        self._telling: Telling | None = None
        self._doors: RunDoors | None = None
        self._holder: TunnelHolder | None = None
        self._spent = Spent(0, 0.0, 0.0)
        self._is_tunnel_ending = False
        self._tunnel_findings: list[Finding] = []
        self._stopping_calls: asyncio.Task[None] | None = None

    # Steering -----------------------------------------------------------------------------------

    def request_stop(self) -> None:
        """End the run; asked again, end it at once."""
        if self._stop.is_set() and self._runner is not None:
            self._runner.request_stop()
        self._stop.set()

    def new_invitation(self) -> None:
        """Announce a fresh invitation in place of the last one."""
        if self._telling is not None:
            self._telling.new_invitation()

    def toggle_calls(self) -> None:
        """The kill switch: end all calls and give out no secrets; asked again, allow them."""
        gateway = self._gateway
        if gateway is None or (self._stopping_calls and not self._stopping_calls.done()):
            return
        if gateway.is_stopped:
            gateway.resume_calls()
            self._emit(CallsAllowed())
            self.new_invitation()
        else:
            self._stopping_calls = asyncio.create_task(self._stop_calls(gateway))

    async def _stop_calls(self, gateway: "Gateway") -> None:
        done = await gateway.stop_calls()
        self._emit(CallsStopped(len(done.dropped), done.hung_up, done.still_open))

    def drop(self, visitor_id: str) -> None:
        """Put a visitor out."""
        if self._gateway is not None:
            self._gateway.drop(visitor_id)

    def people(self) -> People | None:
        """Who is in and who talks; None while nobody can be."""
        gateway = self._gateway
        if gateway is None:
            return None
        return people_of(gateway, is_own=self._is_own, is_emulated=self._is_emulated)

    def restart(self) -> None:
        """Start the app's own services anew."""
        if self._runner is not None and self._layout is not None:
            for name in self._layout.project.commands:
                self._runner.restart(name)

    def toggle_tunnel(self) -> None:
        """Close the public address or open it again; one that is about to end stays longer."""
        if self._holder is None:
            return
        if not self._holder.is_wanted:
            self._holder.open()
        elif self._is_tunnel_ending:
            self._is_tunnel_ending = False
            self._holder.extend()
        else:
            self._holder.close("switched off")

    def open_browser(self) -> None:
        """Show the app in this machine's browser."""
        if self._telling is not None and self._telling.announced is not None:
            webbrowser.open(self._telling.local_url)

    @property
    def log_dir(self) -> Path:
        """Where the services' output is kept."""
        return self._request.project_dir / ".rtstart" / "logs"

    # The run ------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Run to the end and give the exit code; the last event is always one Finished.

        Raises RtstartError for what the user can act on, after everything has been stopped.
        """
        code, words = 1, ""
        try:
            code = await self._run_project()
            words = last_words(
                time.monotonic() - self._began,
                self._spent,
                is_emulated=self._is_emulated,
                logs=self.log_dir.relative_to(self._request.project_dir),
            )
        except RtstartError as error:
            code = error.exit_code
            self._emit(Refused(error.what, error.why, error.hint, error.code, error.findings))
            raise
        finally:
            self._emit(Finished(code, words))
        return code

    async def _run_project(self) -> int:
        project, warnings = load_project(self._request.project_dir)
        for warning in warnings:
            self._emit(Found(warning))
        if self._request.command:
            cwd = self._request.project_dir
            require_program(self._request.command, cwd=cwd, env=os.environ)
        try:
            with hold_project(self._request.project_dir) as run_file:
                self._layout = await lay_out(
                    project, self._request, consent=self._consent, emit=self._emit
                )
                secrets = self._layout.plan.secrets
                async with looking_for_keys(self._request.project_dir, secrets, emit=self._emit):
                    return await self._run_layout(self._layout, run_file)
        except AlreadyRunning as other:
            raise Conflict.of(_second_run(other.run)) from other

    async def _run_layout(self, layout: Layout, run_file: RunFile) -> int:
        async with Runner(
            layout.plan.services,
            emit=self._emit,
            masker=Masker(layout.plan.secrets),
            log_dir=self.log_dir,
            is_colored=self._request.is_colored,
            columns=self._request.columns,
        ) as runner:
            self._runner = runner
            runner.start()
            # The services start while this process loads what it needs for itself.
            await asyncio.to_thread(import_module, "rtstart.commands.dev.door")
            from rtstart.commands.dev.door import open_doors

            async with open_doors(layout, self._request, emit=self._emit) as gateway:
                self._gateway = gateway
                try:
                    return await self._run_gateway(layout, gateway, runner, run_file)
                finally:
                    self._spent = gateway.spent

    async def _run_gateway(
        self, layout: Layout, gateway: "Gateway", runner: Runner, run_file: RunFile
    ) -> int:
        self._telling = Telling(
            layout,
            gateway,
            self._request,
            run_file,
            local_url=f"http://localhost:{await gateway.listen_local(layout.gateway_port)}",
            began=self._began,
            emit=self._emit,
        )
        doors = RunDoors(
            layout,
            gateway,
            is_open=self._request.is_public,
            emit=self._emit,
            on_address=self._on_address,
        )
        self._doors = doors
        async with await make_holder(layout, gateway, runner, doors) as holder:
            self._holder = holder
            holder.open()
            await self._until_ready(runner)
            if self._stop.is_set():
                return await self._ended(runner)
            doors.is_ready.set()
            await self._say_first(layout, doors, holder, self._telling)
            return await self._until_end(runner)

    async def _until_ready(self, runner: Runner) -> None:
        ready = asyncio.ensure_future(runner.wait_ready())
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((ready, stop), return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
        finally:
            stop.cancel()
            if not ready.done():
                ready.cancel()

    async def _say_first(
        self, layout: Layout, doors: RunDoors, holder: TunnelHolder, telling: Telling
    ) -> None:
        """Say the addresses for the first time: all of them if the public one is not slow."""
        is_settled = not layout.ways.candidates or await self._until_settled(holder)
        if self._stop.is_set() or telling.announced is not None:
            self._require_proof(doors)
            return
        if self._request.must_have_tunnel and is_settled:
            raise Failed.of(*(self._tunnel_findings or [ALL_FAILED.found()]))
        proof = await doors.prove_local(telling.local_url)
        if telling.announced is None:
            reason = "asked for" if not layout.ways.candidates else "no way has worked"
            self._announce("", "none", reason if is_settled else "still opening", proof)

    async def _until_settled(self, holder: TunnelHolder) -> bool:
        """Wait for the public address; for ever where a command or a script needs it."""
        is_needed = self._request.must_have_tunnel or self._request.command
        settled = asyncio.ensure_future(holder.wait_settled())
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait(
                (settled, stop),
                timeout=None if is_needed else _FIRST_WORDS_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            return settled.done()
        finally:
            settled.cancel()
            stop.cancel()

    def _require_proof(self, doors: RunDoors) -> None:
        errors = [one for one in doors.proof.findings if one.level == "error"]
        if errors and self._request.must_have_tunnel:
            raise Failed.of(*errors)

    def _on_address(self, url: str, candidate: Candidate, proof: Proof) -> None:
        self._is_tunnel_ending = False
        self._tunnel_findings.clear()
        self._announce(url, candidate.name, candidate.reason, proof)

    def _announce(self, url: str, tunnel: str, reason: str, proof: Proof) -> None:
        if self._telling is None:
            return
        is_first = self._telling.announced is None
        self._telling.announce(url, tunnel, reason, proof)
        if is_first and self._request.open_browser:
            self.open_browser()

    async def _until_end(self, runner: Runner) -> int:
        """Wait for a stop, a failure, the user's command or the time that was given."""
        command = asyncio.ensure_future(self._run_command())
        waiting: list[asyncio.Future[Any]] = [  # their results differ, and only one is read
            command,
            asyncio.ensure_future(self._stop.wait()),
            asyncio.ensure_future(runner.wait_end()),
        ]
        try:
            await asyncio.wait(
                waiting,
                timeout=self._request.stop_after_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            code = command.result() if command.done() else 0
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return code or await self._ended(runner)

    async def _ended(self, runner: Runner) -> int:
        if self._holder is not None:
            self._holder.leave()
        if runner.failure is None:
            runner.request_stop()
        failure = await runner.wait_end()
        if failure is not None:
            raise Failed.of(failure)
        return 0

    async def _run_command(self) -> int:
        """The code of the user's command; never ends when there is none."""
        if not self._request.command:
            await asyncio.Event().wait()
        env = {**os.environ, **(self._telling.variables() if self._telling else {})}
        return await run_foreground(self._request.command, cwd=self._request.project_dir, env=env)

    # Telling ------------------------------------------------------------------------------------

    def _emit(self, event: Event) -> None:
        """Tell an event on; what the proof itself does at the door is no visitor's doing."""
        if isinstance(event, Visited | Minted) and self._is_own(event.visitor):
            return
        if isinstance(event, Found) and not (self._telling and self._telling.announced):
            self._tunnel_findings.append(event.finding)
        self._is_tunnel_ending = self._is_tunnel_ending or isinstance(event, TunnelEnding)
        self._tell(event)

    def _is_own(self, visitor: str) -> bool:
        return self._doors is not None and self._doors.is_own(visitor)

    @property
    def _is_emulated(self) -> bool:
        return self._layout is not None and self._layout.emulation is not None


def _second_run(run: Mapping[str, object]) -> Finding:
    pid, address = run.get("pid"), run.get("local_url")
    words = "This project is already running"
    if pid:
        words += f" (pid {pid}" + (f", {address})" if address else ")")
    fix = Fix("Use the running one, or stop it.", command=f"kill {pid}" if pid else "")
    return SECOND_RUN.found(words, fix=fix)
