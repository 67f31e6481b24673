"""Running checks side by side, and telling each as it ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from rtstart.core.errors import RtstartError
from rtstart.core.events import Emit, Found, ProofState, ProofStep
from rtstart.core.findings import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found out. `detail` says in words what is there; `is_skipped` that nothing
    could be asked.
    """

    detail: str = ""
    findings: tuple[Finding, ...] = ()
    is_skipped: bool = False


Check = Callable[[], Awaitable[Result]]


@dataclass(slots=True)
class Checks:
    """Tells of every check, and keeps what was found."""

    emit: Emit
    findings: list[Finding] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code: 0 without errors, 3 with them."""
        return 3 if any(one.level == "error" for one in self.findings) else 0

    async def run(self, name: str, check: Check) -> Result:
        """Run one check and tell of it."""
        result, step = await _run(name, check)
        self.emit(step)
        return result

    async def run_all(self, checks: Mapping[str, Check]) -> list[Result]:
        """Run checks side by side; they are told of in their own order."""
        running = [asyncio.ensure_future(_run(name, check)) for name, check in checks.items()]
        results = []
        for one in running:
            result, step = await one
            self.emit(step)
            results.append(result)
        return results

    def tell(self, *results: Result) -> None:
        """Say what was found, after all the steps."""
        for result in results:
            for finding in result.findings:
                self.findings.append(finding)
                self.emit(Found(finding))


async def _run(name: str, check: Check) -> tuple[Result, ProofStep]:
    """What a check found out; what it raises for the user becomes its findings."""
    began = time.monotonic()
    try:
        result = await check()
    except RtstartError as error:
        result = Result(error.what, error.findings)
    spent_ms = (time.monotonic() - began) * 1000
    failed = any(one.level == "error" for one in result.findings)
    state: ProofState = "skipped" if result.is_skipped else "failed" if failed else "passed"
    detail = result.findings[0].what if failed else result.detail
    return result, ProofStep(name, state, spent_ms, detail)
