"""Checks of an app's folder and of this machine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from rtstart.adapters.leak_scan import scan_build, scan_git
from rtstart.adapters.node import NODE
from rtstart.adapters.ports import choose_port, find_holder, is_free
from rtstart.adapters.processes.command import run_to_end
from rtstart.adapters.programs import Bringable, find
from rtstart.adapters.uv import UV
from rtstart.commands.doctor.checks import Checks, Result
from rtstart.commands.load import load_project
from rtstart.commands.tunnels import list_tunnels
from rtstart.core.api_key import key_fault
from rtstart.core.events import Emit
from rtstart.core.findings import Finding
from rtstart.core.findings.api import API_UNREACHABLE, KEY_REFUSED, NO_CREDIT
from rtstart.core.findings.services import PACKAGES_MISSING
from rtstart.core.plan import API_BASE_URL
from rtstart.core.project import Project, find_key

_API_WITHIN_S = 10.0
_FIX_WITHIN_S = 600.0
_UNAUTHORIZED = 401
_TOO_MANY = 429


async def examine_project(
    project_dir: Path, environment: Mapping[str, str], *, fixes: bool, emit: Emit
) -> int:
    """Check an app and this machine; 0 when nothing is wrong, 3 when there are errors.

    With `fixes`, what can be mended safely is mended, and looked at again.
    """
    checks = Checks(emit)
    if fixes:
        await _mend(project_dir, environment, checks)
    checks.tell(*await _Local(project_dir, environment, checks).run())
    return checks.code


async def _mend(project_dir: Path, environment: Mapping[str, str], checks: Checks) -> None:
    """Run the command of every finding that says it is safe, and tell of each."""
    results = await _Local(project_dir, environment, Checks(lambda _: None)).run()
    found = [one.fix for result in results for one in result.findings if one.fix.safe]
    for command in dict.fromkeys(fix.command for fix in found):

        async def mend(command: str = command) -> Result:
            ended = await run_to_end(
                command, cwd=project_dir, env=environment, deadline_s=_FIX_WITHIN_S
            )
            return Result(command if ended.code == 0 else f"{command}: {ended.last_lines}")

        await checks.run("fix", mend)


class _Local:
    def __init__(self, project_dir: Path, environment: Mapping[str, str], checks: Checks) -> None:
        self._project_dir = project_dir
        self._environment = environment
        self._checks = checks
        self._project: Project | None = None

    async def run(self) -> list[Result]:
        first = await self._checks.run("project", self._files)
        rest = await self._checks.run_all(
            {
                "key": self._key,
                "node": self._node,
                "uv": self._uv,
                "packages": self._packages,
                "port": self._port,
                "leaks": self._leaks,
                "tunnel": self._tunnel,
            }
        )
        return [first, *rest]

    async def _files(self) -> Result:
        self._project, warnings = load_project(self._project_dir)
        names = ", ".join(self._project.commands)
        template = self._project.config.template or "no template"
        return Result(f"{self._project.name} ({template}): {names}", tuple(warnings))

    async def _key(self) -> Result:
        if self._project is None:
            return _nothing_to_ask()
        key = find_key(self._project, self._environment)
        if not key.value:
            return Result("none, so the emulator answers")
        if fault := key_fault(key.value, where=key.source):
            return Result(findings=(fault,))
        settings = {**self._environment, **self._project.dotenv.values}
        base_url = settings.get("OPENAI_BASE_URL", "").rstrip("/") or API_BASE_URL
        return await _ask_api(base_url, key.value, source=key.source)

    async def _node(self) -> Result:
        return await self._program(NODE, is_needed=(self._project_dir / "package.json").exists())

    async def _uv(self) -> Result:
        return await self._program(UV, is_needed=bool(self._project and self._project.runs("uv")))

    async def _program(self, bringable: Bringable, *, is_needed: bool) -> Result:
        if not is_needed:
            return Result("not needed", is_skipped=True)
        found = await find(bringable, self._environment)
        if isinstance(found, Finding):
            return Result(findings=(found,))
        return Result(".".join(map(str, found.version)))

    async def _packages(self) -> Result:
        for needs, folder in (("package.json", "node_modules"), ("pyproject.toml", ".venv")):
            if (self._project_dir / needs).exists():
                if not (self._project_dir / folder).exists():
                    where = str(self._project_dir)
                    return Result(findings=(PACKAGES_MISSING.found(where=where),))
                return Result(f"installed in {folder}")
        return _nothing_to_ask()

    async def _port(self) -> Result:
        wish = self._project.config.port if self._project else 4173
        if await asyncio.to_thread(is_free, wish):
            return Result(f"{wish} is free")
        holder = await asyncio.to_thread(find_holder, wish)
        by = f" by pid {holder.pid}" if holder else ""
        following = await asyncio.to_thread(choose_port, wish)
        return Result(f"{wish} is taken{by}; dev takes {following}")

    async def _leaks(self) -> Result:
        key = find_key(self._project, self._environment).value if self._project else ""
        built, kept = await asyncio.gather(
            scan_build(self._project_dir, literals=[key] if key else []),
            scan_git(self._project_dir, env=self._environment),
        )
        return Result("no key in built files or in git", (*built, *kept))

    async def _tunnel(self) -> Result:
        table = await list_tunnels(self._project_dir, self._environment)
        candidates = table.choice.candidates
        if not candidates:
            return Result("none can be used here", table.broken)
        return Result(f"{candidates[0].name}: {candidates[0].reason}", table.broken)


async def _ask_api(base_url: str, key: str, *, source: str) -> Result:
    """Whether the API takes this key: listing models costs nothing."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_API_WITHIN_S) as client:
            answer = await client.get(
                f"{base_url}/models", headers={"Authorization": f"Bearer {key}"}
            )
    except httpx.HTTPError as error:
        words = f"{base_url} did not answer: {str(error) or type(error).__name__}"
        return Result(findings=(API_UNREACHABLE.found(words),))
    host = httpx.URL(base_url).host
    if answer.status_code == _UNAUTHORIZED:
        return Result(findings=(KEY_REFUSED.found(f"{host} refuses the key of {source}"),))
    if answer.status_code == _TOO_MANY:
        return Result(findings=(NO_CREDIT.found(f"{host} answers 429 to the key of {source}"),))
    if answer.is_error:
        return Result(f"{host} answers {answer.status_code}")
    return Result(f"of {source}, taken by {host}")


def _nothing_to_ask() -> Result:
    return Result("the project could not be read", is_skipped=True)
