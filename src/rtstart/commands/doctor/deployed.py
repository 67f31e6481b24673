"""Checks of an app that is on the internet, asked as a stranger asks."""

import asyncio
import ssl
from urllib.parse import urlsplit

from rtstart.adapters.net.outside import Answer, AskFailed, Outside, outside
from rtstart.commands.doctor.checks import Checks, Result
from rtstart.core.deployed import (
    PRIVATE_FILES,
    Answered,
    judge_config,
    judge_file,
    judge_mint,
    judge_page,
    judge_script,
    scripts_of,
)
from rtstart.core.errors import Usage
from rtstart.core.events import Emit
from rtstart.core.findings import Finding, Fix
from rtstart.core.findings.deployed import NOT_SECURE, NOTHING_ANSWERS
from rtstart.core.hosts import is_localhost
from rtstart.core.proof import Question, Subject, proof_finding

_MINT = "/session"
_NONE = 0
"""The status of a page that was never answered."""


async def examine_address(address: str, *, emit: Emit, tls: ssl.SSLContext | None = None) -> int:
    """Check the app at an address; 0 when nothing is wrong, 3 when there are errors.

    `tls` says whom to trust, the system's authorities otherwise. Raises Usage for what is no
    address of an app.
    """
    origin = _origin(address)
    checks = Checks(emit)
    async with outside(origin, tls=tls) as visitor:
        checks.tell(*await _Deployed(origin, visitor, checks).run())
    return checks.code


class _Deployed:
    def __init__(self, origin: str, visitor: Outside, checks: Checks) -> None:
        self._origin = origin
        self._visitor = visitor
        self._checks = checks
        self._page_seen = Answered(_NONE)

    async def run(self) -> list[Result]:
        results: list[Result] = []
        for name, check in (
            ("name", self._name),
            ("tls", self._tls),
            ("page", self._page),
        ):
            results.append(await self._checks.run(name, check))
            if not self._may_go_on(name, results[-1]):
                return results
        results += await self._checks.run_all(
            {
                "token": self._token,
                "config": self._config,
                "scripts": self._scripts,
                "files": self._files,
                "health": self._health,
            }
        )
        return results

    def _may_go_on(self, name: str, result: Result) -> bool:
        """Whether there is anybody to ask more: a page that is wrong still tells something."""
        if name == "page":
            return self._page_seen.status != _NONE
        return all(one.level != "error" for one in result.findings)

    async def _name(self) -> Result:
        if not self._origin.startswith("https:"):
            if is_localhost(urlsplit(self._origin).hostname or ""):
                return Result("this machine")
            return Result(findings=(NOT_SECURE.found(where=self._origin),))
        try:
            return Result(", ".join(await self._visitor.resolve()))
        except AskFailed as failed:
            return self._failed("name", failed)

    async def _tls(self) -> Result:
        if not self._origin.startswith("https:"):
            return Result("not on this machine", is_skipped=True)
        try:
            return Result(f"signed by {await self._visitor.handshake()}")
        except AskFailed as failed:
            return self._failed("certificate", failed)

    async def _page(self) -> Result:
        try:
            self._page_seen = _answered(await self._visitor.ask_as_browser("/"))
        except AskFailed as failed:
            return self._failed("page", failed)
        size = len(self._page_seen.text.encode())
        return Result(
            f"{self._page_seen.status}, {size} bytes",
            tuple(judge_page(self._page_seen, where=self._origin)),
        )

    async def _token(self) -> Result:
        headers = {
            "Content-Type": "application/json",
            "Origin": self._origin,
            "Sec-Fetch-Site": "same-origin",
        }
        try:
            seen = _answered(await self._visitor.ask("POST", _MINT, headers=headers, body="{}"))
        except AskFailed as failed:
            return self._failed("mint", failed)
        return Result(
            f"a stranger's POST {_MINT} is answered with {seen.status}",
            tuple(judge_mint(seen, where=f"{self._origin}{_MINT}")),
        )

    async def _config(self) -> Result:
        try:
            seen = _answered(await self._visitor.ask("GET", f"{_MINT}/config"))
        except AskFailed as failed:
            return self._failed("mint", failed)
        told = seen.json()
        words = f"{told.get('model', 'no model')} at {told.get('realtime_url', 'no address')}"
        return Result(
            words if told else f"answered with {seen.status}",
            tuple(judge_config(seen, self._page_seen, where=self._origin)),
        )

    async def _scripts(self) -> Result:
        paths = scripts_of(self._page_seen.text, where=self._origin)
        answers = await asyncio.gather(
            *(self._visitor.ask("GET", path) for path in paths), return_exceptions=True
        )
        found: list[Finding] = []
        for path, answer in zip(paths, answers, strict=True):
            if isinstance(answer, Answer):
                found += judge_script(path, answer.text)
        return Result(f"{len(paths)} looked through for keys", tuple(found))

    async def _files(self) -> Result:
        found: list[Finding] = []
        for path in PRIVATE_FILES:
            try:
                found += judge_file(path, _answered(await self._visitor.ask("GET", path)))
            except AskFailed as failed:
                return self._failed("page", failed)
        return Result(f"{' and '.join(PRIVATE_FILES)} are not served", tuple(found))

    async def _health(self) -> Result:
        try:
            seen = await self._visitor.ask("GET", "/healthz")
        except AskFailed as failed:
            return self._failed("page", failed)
        return Result(f"/healthz answers {seen.status}")

    def _failed(self, question: Question, failed: AskFailed) -> Result:
        if failed.trouble == "no connection":
            fix = Fix(NOTHING_ANSWERS.fix.words, command=f"curl -v {self._origin}")
            found = NOTHING_ANSWERS.found(f"{self._origin}: {failed}", fix=fix)
            return Result(findings=(found,))
        subject = Subject(self._origin, is_public=True, framework="none", mint=_MINT)
        return Result(findings=(proof_finding(question, subject, str(failed), failed.trouble),))


def _answered(answer: Answer) -> Answered:
    return Answered(answer.status, answer.headers, answer.text)


def _origin(address: str) -> str:
    split = urlsplit(address if "://" in address else f"https://{address}")
    if split.scheme not in ("http", "https") or not split.hostname:
        raise Usage(f'"{address}" is no address of an app', hint="rtstart doctor https://…")
    return f"{split.scheme}://{split.netloc}"
