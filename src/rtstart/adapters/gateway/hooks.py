"""Webhooks from outside: no invitation, but a signature over the body that was sent."""

from aiohttp import web

from rtstart.adapters.gateway import answers
from rtstart.adapters.gateway.arrived import Arrived
from rtstart.adapters.gateway.desk import Desk
from rtstart.adapters.gateway.proxy import Passage, pass_request, read_body
from rtstart.core.audit import AuditLine
from rtstart.core.routes import RequestPath, is_same_path
from rtstart.core.webhooks import BODY_BYTES, Delivered, Signed, webhook_key, why_refused


class Hooks:
    """Takes deliveries for the declared paths."""

    def __init__(self, desk: Desk) -> None:
        """Raise ValueError when a declared secret is none."""
        self._desk = desk
        self._keys = [(hook.path, webhook_key(hook.secret)) for hook in desk.settings.webhooks]
        self._delivered = Delivered()

    def key_for(self, path: RequestPath) -> bytes | None:
        """The key that guards a path; None for a path that is no webhook's."""
        return next((key for declared, key in self._keys if is_same_path(path, declared)), None)

    async def answer(self, arrived: Arrived, passage: Passage, key: bytes) -> web.StreamResponse:
        """Pass a genuine delivery on, once; raise what `pass_request` and `read_body` raise."""
        connection, request = arrived.connection, arrived.request
        if request.method != "POST":
            reply = answers.problem(
                405, "method_not_allowed", "Webhooks are posted.", headers=[(b"Allow", b"POST")]
            )
            return await answers.write(connection, request, reply)
        bounds = self._desk.settings.bounds
        body = await read_body(request, limit=BODY_BYTES, within_s=bounds.small_body_within_s)
        signed = Signed(
            id=request.headers.get("webhook-id", ""),
            timestamp=request.headers.get("webhook-timestamp", ""),
            signatures=request.headers.get("webhook-signature", ""),
        )
        why = why_refused(key, signed, body, now_unix=self._desk.wall_clock())
        self._audit(arrived, why or "genuine")
        if why is not None:
            reply = answers.problem(401, "bad_signature", f"This delivery is refused: {why}.")
            return await answers.write(connection, request, reply)
        if self._delivered.has(signed.id):
            return await answers.write(connection, request, answers.nothing(204))
        self._delivered.take(signed.id)
        status = 0
        try:
            passed = await pass_request(connection, request, passage, bounds, whole=body)
            status = passed.status
        finally:
            if status not in range(200, 300):
                self._delivered.give_back(signed.id)
        return passed.written

    def _audit(self, arrived: Arrived, decision: str) -> None:
        self._desk.write_down(
            AuditLine("webhook", "", arrived.arrival.client, arrived.agent, decision)
        )
