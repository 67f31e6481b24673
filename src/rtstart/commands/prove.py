"""Proving an address from outside before it is printed: every answer must be ours."""

import asyncio
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from rtstart.adapters.net.outside import Answer, AskFailed, Outside, outside
from rtstart.core.config import Framework
from rtstart.core.events import Emit, Found, ProofStep
from rtstart.core.findings import Finding, tunnel_proof
from rtstart.core.proof import (
    PASSING,
    Question,
    Subject,
    is_minted,
    is_warning_page,
    judge_nonce,
    mint_finding,
    proof_finding,
    questions,
    vite_socket_path,
)

_FIRST: tuple[Question, ...] = ("name", "certificate")
_OF_SERVICES: tuple[Question, ...] = ("page", "hmr", "mint")
"""What only the app's own services can answer; the gateway answers the rest."""
_NONCE = "/.rtstart/nonce"
_STREAM = "/.rtstart/stream"
_BODY = "/.rtstart/body"
_USUALLY_WITHIN_S = 10.0
_WITHIN_S: Mapping[Framework, float] = {"next": 40.0}
"""Next compiles a page when it is asked for the first time."""
_UPLOAD_BYTES = 1_000_000
_LEAST_GAP_S = 0.1
_LOOKS = 3
"""A machine that is busy reads two parts at once; a tunnel that holds them back does so always."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 2.0
_OK = 200
_REFUSALS = (401, 403)


class _Judged(Exception):
    """A question failed in a way that has a finding of its own."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.what)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Proof:
    """How many questions were asked and passed; a failed one has its finding."""

    asked: int
    passed: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """What the prover may use to come in: the page's nonce, and a way to be a visitor.

    `invitation` is the path of a fresh invitation, or empty where none is needed.
    """

    nonce: str
    invitation: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None


Waiting = Callable[[], Awaitable[object]]


async def prove(
    subject: Subject, keys: Keys, *, emit: Emit, until_ready: Waiting | None = None
) -> Proof:
    """Ask everything that must be true of this address; a step that fails stops what needs it.

    What needs the app's services is asked after `until_ready`; the way to them is proved before.
    """
    asked = questions(subject)
    if subject.is_carried and not subject.carries_streams:
        emit(ProofStep("stream", "skipped", 0.0, "this provider holds streams back"))
    within_s = _WITHIN_S.get(subject.framework, _USUALLY_WITHIN_S)
    async with outside(subject.origin, tls=keys.tls, deadline_s=within_s) as visitor:
        examiner = _Examiner(subject, keys, visitor, emit)
        for question in (one for one in asked if one in _FIRST):
            if not await examiner.ask(question):
                break
        else:
            if await examiner.come_in():
                rest = [one for one in asked if one not in _FIRST]
                await asyncio.gather(*(examiner.ask(one, until_ready) for one in rest))
    return Proof(len(asked), examiner.passed, tuple(examiner.findings))


class _Examiner:
    def __init__(self, subject: Subject, keys: Keys, visitor: Outside, emit: Emit) -> None:
        self.passed = 0
        self.findings: list[Finding] = []
        self._subject = subject
        self._keys = keys
        self._visitor = visitor
        self._emit = emit
        self._ways: Mapping[Question, Callable[[], Awaitable[str]]] = {
            "name": self._name,
            "certificate": self._visitor.handshake,
            "page": self._page,
            "websocket": self._websocket,
            "hmr": self._hmr,
            "mint refused": self._mint_refused,
            "mint": self._mint,
            "stream": self._stream,
            "upload": self._upload,
        }
        self._patient_until = time.monotonic() + subject.patience_s

    async def ask(self, question: Question, until_ready: Waiting | None = None) -> bool:
        """Ask one question, tell its result, and say whether it passed."""
        if until_ready is not None and question in _OF_SERVICES:
            await until_ready()
        return await self._judge(question, self._ways[question], is_whole=True)

    async def come_in(self) -> bool:
        """See that it is our gateway, and be let in. Trouble with that is trouble of the page."""
        return await self._judge("page", self._come_in, is_whole=False)

    async def _judge(
        self, question: Question, way: Callable[[], Awaitable[str]], *, is_whole: bool
    ) -> bool:
        began = time.monotonic()
        finding: Finding | None = None
        detail = ""
        try:
            detail = await self._patiently(way, may_repeat=question in _FIRST or not is_whole)
        except _Judged as judged:
            finding = judged.finding
        except AskFailed as failed:
            finding = proof_finding(question, self._subject, str(failed), failed.trouble)
        spent_ms = (time.monotonic() - began) * 1000
        if finding is None and not is_whole:
            return True
        if finding is None:
            self.passed += 1
            self._emit(ProofStep(question, "passed", spent_ms, detail))
            return True
        self._emit(ProofStep(question, "failed", spent_ms, finding.what))
        self._found(finding)
        return False

    def _found(self, finding: Finding) -> None:
        self.findings.append(finding)
        self._emit(Found(finding))

    async def _patiently(self, way: Callable[[], Awaitable[str]], *, may_repeat: bool) -> str:
        """Ask again while the address may be only just coming into being."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await way()
            except AskFailed as failed:
                is_early = may_repeat and failed.trouble in PASSING
                if not is_early or time.monotonic() + pause_s > self._patient_until:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _name(self) -> str:
        return ", ".join(await self._visitor.resolve())

    async def _come_in(self) -> str:
        answer = await self._visitor.ask("GET", _NONCE)
        location = answer.headers.get("location", "")
        trouble = judge_nonce(answer.status, answer.text, self._keys.nonce, location=location)
        if trouble is not None:
            raise AskFailed(f"something else answers there (status {answer.status})", trouble)
        if self._subject.is_carried:
            await self._look_for_warning_page()
        if self._keys.invitation:
            await self._accept_invitation()
        return ""

    async def _page(self) -> str:
        page = await self._visitor.ask("GET", "/", headers={"Accept": "text/html"})
        if page.status != _OK:
            raise AskFailed(f"the page was answered with {page.status}")
        return f"{len(page.text)} characters"

    async def _look_for_warning_page(self) -> None:
        answer = await self._visitor.ask_as_browser(_NONCE)
        is_ours = self._keys.nonce in answer.text
        if not is_ours and is_warning_page(answer.status, answer.headers.get("content-type", "")):
            self._found(tunnel_proof.WARNING_PAGE.found(where=self._subject.origin))

    async def _accept_invitation(self) -> None:
        answer = await self._visitor.ask(
            "POST",
            self._keys.invitation,
            headers={
                "Origin": self._subject.origin,
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body="",
        )
        if not (answer.status < 400 and "set-cookie" in answer.headers):
            raise AskFailed(f"the invitation was answered with {answer.status}")

    async def _websocket(self) -> str:
        said = secrets.token_hex(8)
        if await self._visitor.first_message("/.rtstart/echo", say=said) != said:
            raise AskFailed("the WebSocket echo came back changed")
        return ""

    async def _hmr(self) -> str:
        if self._subject.framework == "next":
            path, protocols = f"/_next/hmr?id={secrets.token_hex(4)}", ()
            await self._visitor.first_message(path, protocols=protocols)
            return "next"
        client = await self._visitor.ask("GET", "/@vite/client")
        path_found = vite_socket_path(client.text)
        if client.status != _OK or path_found is None:
            raise AskFailed(f"Vite's client was answered with {client.status}")
        await self._visitor.first_message(path_found, protocols=("vite-hmr",))
        return "vite"

    async def _mint_refused(self) -> str:
        async with outside(self._subject.origin, tls=self._keys.tls) as stranger:
            answer = await self._post_mint(stranger)
        if answer.status not in _REFUSALS:
            raise AskFailed(f"a stranger's mint was answered with {answer.status}, not refused")
        return str(answer.status)

    async def _mint(self) -> str:
        answer = await self._post_mint(self._visitor)
        if answer.status != _OK or not is_minted(answer.text):
            raise _Judged(mint_finding(answer.status, answer.text))
        return "ek_***"

    async def _stream(self) -> str:
        for _ in range(_LOOKS):
            gap_s = await self._visitor.gap(_STREAM)
            if gap_s >= _LEAST_GAP_S:
                return f"{gap_s * 1000:.0f} ms apart"
        raise AskFailed("two parts sent a quarter of a second apart came together", "held back")

    async def _upload(self) -> str:
        answer = await self._visitor.ask("POST", _BODY, body="x" * _UPLOAD_BYTES)
        if answer.status != _OK or answer.text.strip() != str(_UPLOAD_BYTES):
            words = f"a body of one megabyte was answered with {answer.status}"
            raise AskFailed(words, "too large")
        return "1 MB"

    async def _post_mint(self, visitor: Outside) -> Answer:
        return await visitor.ask(
            "POST",
            self._subject.mint,
            headers={"Origin": self._subject.origin, "Content-Type": "application/json"},
            body="{}",
        )
