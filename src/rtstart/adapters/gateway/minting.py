"""Requests that make ephemeral secrets: guarded, counted, and written down."""

import json
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from rtstart.adapters.gateway import answers
from rtstart.adapters.gateway.answers import Reply
from rtstart.adapters.gateway.arrived import Arrived
from rtstart.adapters.gateway.desk import Desk
from rtstart.adapters.gateway.proxy import Passage, pass_request, read_body
from rtstart.core.access import Visitor
from rtstart.core.audit import AuditLine
from rtstart.core.calls import CALLS_PATH
from rtstart.core.events import Minted
from rtstart.core.forwarding import AnswerPolicy
from rtstart.core.gate import is_from_own_page
from rtstart.core.mint_guard import (
    STOPPED,
    MintAllowed,
    MintAsked,
    MintDecision,
    MintGuard,
    MintRefused,
)


class _StoppedMeanwhile(Exception):
    """The kill switch was pressed while the token backend was asked."""


class _Ending:
    """How a request ended. Its answer counts from its head on: whoever hangs up while it comes has
    got the secret all the same.
    """

    def __init__(self, guard: MintGuard) -> None:
        self._guard = guard
        self.status = int(HTTPStatus.SERVICE_UNAVAILABLE)
        self.decision = "allowed"

    def hear(self, status: int) -> None:
        """The head of the answer has come; raise when it must not go out any more."""
        if self._guard.is_stopped:
            self.decision = STOPPED.code
            raise _StoppedMeanwhile
        self.status = status


class Minting:
    """Stands before the token backend."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(
        self, arrived: Arrived, passage: Passage, visitor: Visitor | None
    ) -> web.StreamResponse:
        """Answer one request for a secret; raise what `pass_request` raises."""
        desk, request = self._desk, arrived.request
        identifier, name = arrived.who(visitor)
        asked = MintAsked(
            visitor=identifier,
            method=request.method,
            content_type=request.headers.get("Content-Type", ""),
            from_own_page=is_from_own_page(arrived.asked, arrived.arrival.origin),
            is_local=arrived.is_local,
            body_bytes=request.content_length,
        )
        decision: MintDecision | None = desk.guard.check_form(asked)
        body = b""
        if decision is None:
            # Whole before it is counted: a body that drips must not hold a call's place.
            body = await read_body(
                request,
                limit=desk.settings.limits.body_bytes,
                within_s=desk.settings.bounds.small_body_within_s,
            )
            decision = desk.guard.decide(asked, now=desk.clock())
        if isinstance(decision, MintRefused):
            desk.emit(Minted(name, decision.status, 0.0, decision.code))
            self._audit(arrived, name, decision.code, decision.status)
            return await answers.write(arrived.connection, request, _refused(decision))
        return await self._pass(arrived, passage, decision, name=name, body=body)

    async def _pass(
        self,
        arrived: Arrived,
        passage: Passage,
        allowed: MintAllowed,
        *,
        name: str,
        body: bytes,
    ) -> web.StreamResponse:
        desk = self._desk
        started = desk.clock()
        guarded = replace(
            passage,
            policy=AnswerPolicy(
                frames_refused=not arrived.is_local,
                not_stored=True,
                calls_path=CALLS_PATH.encode(),
            ),
            visitor=desk.book.safety_identifier(allowed.visitor),
        )
        ending = _Ending(desk.guard)
        try:
            with desk.serving(allowed.visitor, arrived.connection):
                passed = await pass_request(
                    arrived.connection,
                    arrived.request,
                    guarded,
                    desk.settings.bounds,
                    whole=body,
                    heard=ending.hear,
                )
        except _StoppedMeanwhile:
            return await answers.write(arrived.connection, arrived.request, _refused(STOPPED))
        finally:
            ended = desk.clock()
            desk.guard.answered(allowed, status=ending.status, now=ended)
            desk.emit(Minted(name, ending.status, round((ended - started) * 1000, 1)))
            self._audit(arrived, name, ending.decision, ending.status)
        return passed.written

    def _audit(self, arrived: Arrived, name: str, decision: str, status: int) -> None:
        client = arrived.arrival.client
        self._desk.write_down(AuditLine("mint", name, client, arrived.agent, decision, status))


def _refused(refused: MintRefused) -> Reply:
    headers = []
    if refused.retry_after_s:
        headers.append((b"Retry-After", str(refused.retry_after_s).encode()))
    if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"Allow", b"POST"))
    reply = answers.problem(refused.status, refused.code, refused.words, headers=headers)
    if not refused.retry_after_s:
        return reply
    told = json.loads(reply.body)
    told["error"]["retry_after"] = refused.retry_after_s
    return replace(reply, body=json.dumps(told).encode() + b"\n")
